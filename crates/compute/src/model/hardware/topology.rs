//! How virtual CPUs are arranged: what an image prefers within what flavor and image allow.

use std::cmp::Reverse;

use kogge_node_api::Topology;

use super::asked::{Asked, number};

/// What no word limits.
const NO_LIMIT: u32 = 65_536;

/// Figures of sockets, cores and threads; 0 where nothing is said.
type Figures = [u32; 3];

const PARTS: [&str; 3] = ["sockets", "cores", "threads"];

/// How `vcpus` are arranged; nothing where neither flavor nor image says a word about it.
pub(super) fn of(asked: &Asked<'_>, vcpus: u32) -> Result<Option<Topology>, String> {
    let (flavor_most, image_most) = (figures(asked, "max_", true)?, figures(asked, "max_", false)?);
    let (flavor, image) = (figures(asked, "", true)?, figures(asked, "", false)?);
    if [flavor_most, image_most, flavor, image] == [[0; 3]; 4] {
        return Ok(None);
    }
    if exceeds(image_most, flavor_most) {
        return Err(format!(
            "Image vCPU limits {} exceed the flavor's {} (hw_cpu_max_sockets, hw_cpu_max_cores, hw_cpu_max_threads).",
            say(image_most),
            say(flavor_most)
        ));
    }
    let most: Figures = std::array::from_fn(|i| {
        [image_most[i], flavor_most[i]].into_iter().find(|most| *most > 0).unwrap_or(NO_LIMIT)
    });
    if exceeds(image, most) {
        return Err(format!(
            "Image vCPU topology {} exceeds the limits {} (hw_cpu_sockets, hw_cpu_cores, hw_cpu_threads).",
            say(image),
            say(most)
        ));
    }
    let flavor = if exceeds(flavor, most) { [0; 3] } else { flavor };
    let wanted = if image == [0; 3] { flavor } else { image };
    best(vcpus, wanted, most).map(Some).ok_or_else(|| {
        format!("Requested vCPU limits {} are impossible to satisfy for {vcpus} vCPUs.", say(most))
    })
}

fn figures(asked: &Asked<'_>, which: &str, flavor: bool) -> Result<Figures, String> {
    let mut found = [0; 3];
    for (figure, part) in found.iter_mut().zip(PARTS) {
        let key = format!("hw{}cpu_{which}{part}", if flavor { ':' } else { '_' });
        let text = if flavor { asked.flavor(&key) } else { asked.image(&key) };
        *figure = text.map(|text| number(&key, text, 0, NO_LIMIT)).transpose()?.unwrap_or(0);
    }
    Ok(found)
}

/// Whether one figure is above its limit; 0 is none.
fn exceeds(figures: Figures, limits: Figures) -> bool {
    figures.iter().zip(limits).any(|(figure, limit)| limit > 0 && *figure > limit)
}

/// Of all ways to arrange so many, within the limits, the one that has most of what is wanted; of those the one with the
/// fewest threads, then the most sockets.
fn best(vcpus: u32, wanted: Figures, most: Figures) -> Option<Topology> {
    let divisors = |number: u32| (1..=number).filter(move |divisor| number.is_multiple_of(*divisor));
    let all = divisors(vcpus).flat_map(|sockets| {
        divisors(vcpus / sockets).map(move |cores| [sockets, cores, vcpus / sockets / cores])
    });
    let hits = |one: &Figures| one.iter().zip(wanted).filter(|(figure, wanted)| **figure == *wanted).count();
    let fits = all.filter(|one| !exceeds(*one, most));
    let [sockets, cores, threads] = fits.max_by_key(|one| (hits(one), Reverse(one[2]), one[0]))?;
    Some(Topology { sockets, cores, threads })
}

fn say([sockets, cores, threads]: Figures) -> String {
    format!("{sockets}:{cores}:{threads} (sockets:cores:threads)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_arrangement_is_novas() {
        let found = |vcpus, wanted, most| best(vcpus, wanted, most).map(|t| [t.sockets, t.cores, t.threads]);
        let any = [NO_LIMIT; 3];
        // the examples of Nova's own tests
        assert_eq!(found(8, [0; 3], any), Some([8, 1, 1]));
        assert_eq!(found(8, [0; 3], [4, 2, 1]), Some([4, 2, 1]));
        assert_eq!(found(8, [0; 3], [2, NO_LIMIT, NO_LIMIT]), Some([2, 4, 1]));
        assert_eq!(found(8, [4, 0, 2], any), Some([4, 1, 2]));
        assert_eq!(found(8, [0, 2, 2], any), Some([2, 2, 2]));
        assert_eq!(found(8, [0; 3], [1, 1, 65_536]), Some([1, 1, 8]));
        assert_eq!(found(7, [0; 3], [4, 4, 1]), None);
        assert_eq!(found(64, [1, 64, 1], any), Some([1, 64, 1]));
    }
}
