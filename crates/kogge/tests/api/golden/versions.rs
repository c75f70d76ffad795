//! In which microversions a route is asked.

use kogge::cloud::Door;
use kogge_http::RouteInfo;

/// Versions of Nova in which what we serve changes (`kogge_compute::microversion`), and the last.
const COMPUTE: [u16; 58] = [
    1, 2, 3, 5, 7, 9, 10, 11, 13, 15, 16, 19, 21, 26, 28, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 45, 47, 49,
    50, 51, 52, 53, 54, 55, 57, 58, 61, 62, 63, 64, 66, 67, 70, 71, 73, 74, 75, 83, 84, 86, 88, 90, 92, 94,
    96, 98, 100, 103,
];
/// Those in which bodies of requests change most.
const COMPUTE_BODIES: [u16; 8] = [1, 10, 36, 52, 64, 75, 94, 103];
/// Versions of Cinder in which what we serve changes (`kogge_volume::microversion`), and the last.
const VOLUME: [u16; 37] = [
    1, 3, 4, 8, 9, 11, 12, 13, 15, 18, 21, 22, 23, 27, 30, 31, 34, 36, 39, 41, 42, 43, 45, 47, 48, 53, 54,
    56, 57, 59, 60, 62, 63, 64, 65, 68, 71,
];
/// Those in which bodies of requests change most.
const VOLUME_BODIES: [u16; 6] = [0, 13, 43, 53, 66, 71];
const PLACEMENT: [u16; 40] = {
    let mut all = [0; 40];
    let mut minor = 0;
    while minor < 40 {
        all[minor as usize] = minor;
        minor += 1;
    }
    all
};
const PLACEMENT_BODIES: [u16; 7] = [0, 7, 11, 13, 27, 34, 39];

/// All versions in which something changes; an empty one is a request that names none.
pub(super) fn all(door: &Door) -> Vec<String> {
    let minors: &[u16] = match door.service {
        "compute" => &COMPUTE,
        "block-storage" => &VOLUME,
        "placement" => &PLACEMENT,
        _ => &[],
    };
    std::iter::once(String::new()).chain(minors.iter().map(|minor| version(door, *minor))).collect()
}

/// The versions for good bodies of a route: the first that has it, the newest, and some between.
pub(super) fn of_bodies(door: &Door, route: &RouteInfo) -> Vec<String> {
    let minors: &[u16] = match door.service {
        "compute" => &COMPUTE_BODIES,
        "block-storage" => &VOLUME_BODIES,
        "placement" => &PLACEMENT_BODIES,
        _ => return vec![String::new()],
    };
    let mut texts: Vec<String> = minors.iter().map(|minor| version(door, *minor)).collect();
    if let Some(since) = route.versions.since {
        texts.retain(|text| text.len() > since.to_string().len() || *text > since.to_string());
        texts.insert(0, since.to_string());
    }
    texts
}

/// The first and the newest that a route has.
pub(super) fn ends(door: &Door, route: &RouteInfo) -> Vec<String> {
    let Some(versions) = &door.versions else { return vec![String::new()] };
    let first = route.versions.since.unwrap_or(versions.min).to_string();
    vec![first, newest(door)]
}

/// The newest; empty where there are none.
pub(super) fn newest(door: &Door) -> String {
    door.versions.as_ref().map(|versions| versions.max.to_string()).unwrap_or_default()
}

fn version(door: &Door, minor: u16) -> String {
    let major = match door.service {
        "placement" => 1,
        "block-storage" => 3,
        _ => 2,
    };
    format!("{major}.{minor}")
}
