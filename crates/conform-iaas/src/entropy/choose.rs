//! Which image and which flavor the machine gets: upstream's choice, quirks included.

use kogge_conform::Problem;
use kogge_standards::flavors::SeenFlavor;
use kogge_standards::image_metadata::SeenImage;

use super::Disk;

/// The best image: Debian before Ubuntu before all others, the newest version; of equal ones the first.
pub(super) fn image(images: &[SeenImage]) -> Result<&SeenImage, Problem> {
    let offered = images.iter().filter(|i| matches!(i.visibility.as_str(), "public" | "community"));
    offered
        .reduce(|best, other| if rank(other) > rank(best) { other } else { best })
        .ok_or_else(|| Problem::setup("there is no public image to boot"))
}

fn rank(image: &SeenImage) -> (u8, u64) {
    let read = |key: &str| image.property(key).map(str::trim).filter(|text| !text.is_empty());
    let (Some(distro), Some(version)) = (read("os_distro"), read("os_version")) else { return (0, 0) };
    let version = version.to_lowercase();
    match distro.to_lowercase().as_str() {
        "debian" => (2, debian(&version)),
        "ubuntu" => (1, ubuntu(&version)),
        _ => (0, 0),
    }
}

fn debian(version: &str) -> u64 {
    if version.bytes().all(|b| b.is_ascii_digit()) {
        return version.parse().unwrap_or(0);
    }
    match version {
        "buster" => 10,
        "bullseye" => 11,
        "bookworm" => 12,
        "trixie" => 13,
        _ => 0,
    }
}

fn ubuntu(version: &str) -> u64 {
    let parts = version.split_once('.').filter(|(a, b)| a.len() == 2 && b.len() == 2);
    parts.and_then(|(a, b)| format!("{a}{b}").parse().ok()).unwrap_or(0)
}

/// The smallest flavor with enough RAM, by vCPUs + MiB / 3 + GB / 10: in effect the one with the least RAM. Flavors
/// that allow a random number device come first. Without a volume, the flavor's own disk must hold the image.
pub(super) fn flavor<'a>(
    flavors: &'a [SeenFlavor],
    image: &SeenImage,
    disk: Disk,
) -> Result<&'a SeenFlavor, Problem> {
    let name = image.name.as_deref().unwrap_or(&image.id);
    let least = image
        .min_ram
        .ok_or_else(|| Problem::setup(format!("image {name:?} has no min_ram to choose a flavor by")))?;
    let least_disk = if disk == Disk::Volume { 0 } else { image.min_disk.unwrap_or(0).max(1) };
    let fits = |f: &&SeenFlavor| f.ram_mib >= least && f.disk_gb >= least_disk;
    let fitting: Vec<&SeenFlavor> = flavors.iter().filter(fits).collect();
    let allows = |f: &&&SeenFlavor| {
        let specs = f.extra_specs.as_ref();
        specs.and_then(|s| s.get("hw_rng:allowed")).is_some_and(|v| v.eq_ignore_ascii_case("true"))
    };
    let preferred: Vec<&SeenFlavor> = fitting.iter().filter(allows).copied().collect();
    let candidates = if preferred.is_empty() { fitting } else { preferred };
    candidates.into_iter().min_by_key(|f| weight(f)).ok_or_else(|| {
        let and_disk = if least_disk > 0 { format!(" and {least_disk} GB of disk") } else { String::new() };
        Problem::setup(format!("no flavor has the {least} MiB of RAM{and_disk} that image {name:?} needs"))
    })
}

/// Thirty times upstream's weight, so that it stays whole.
fn weight(flavor: &SeenFlavor) -> u128 {
    u128::from(flavor.vcpus) * 30 + u128::from(flavor.ram_mib) * 10 + u128::from(flavor.disk_gb) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, distro: &str, version: &str) -> SeenImage {
        SeenImage {
            name: Some(name.into()),
            visibility: "public".into(),
            min_ram: Some(512),
            properties: [("os_distro".into(), distro.into()), ("os_version".into(), version.into())].into(),
            ..SeenImage::default()
        }
    }

    fn sized(name: &str, vcpus: u64, ram_mib: u64, disk_gb: u64, rng: bool) -> SeenFlavor {
        let specs =
            if rng { [("hw_rng:allowed".to_owned(), "True".to_owned())].into() } else { Default::default() };
        SeenFlavor {
            name: name.into(),
            vcpus,
            ram_mib,
            disk_gb,
            extra_specs: Some(specs),
            ..SeenFlavor::default()
        }
    }

    #[test]
    fn debian_goes_before_ubuntu_and_newer_before_older() {
        let all = [
            seen("fedora", "fedora", "40"),
            seen("u24", "ubuntu", "24.04"),
            seen("d11", " Debian ", "11"),
            seen("d13", "debian", "Trixie"),
            seen("d12", "debian", "12"),
        ];
        assert_eq!(image(&all).unwrap().name.as_deref(), Some("d13"));
        assert_eq!(image(&all[..2]).unwrap().name.as_deref(), Some("u24"));
        assert_eq!(image(&all[..1]).unwrap().name.as_deref(), Some("fedora"));
        assert!(image(&[]).is_err());
    }

    #[test]
    fn of_equal_images_the_first_is_taken_and_private_ones_never() {
        let private = SeenImage { visibility: "private".into(), ..seen("p", "debian", "13") };
        let all = [private, seen("a", "debian", "12"), seen("b", "debian", "12")];
        assert_eq!(image(&all).unwrap().name.as_deref(), Some("a"));
    }

    #[test]
    fn the_least_ram_wins_unless_a_random_device_is_offered() {
        let image = seen("i", "debian", "12");
        let flavors = [
            sized("big", 1, 4096, 0, false),
            sized("small", 8, 1024, 20, false),
            sized("tiny", 1, 256, 0, true),
        ];
        assert_eq!(flavor(&flavors, &image, Disk::Volume).unwrap().name, "small");
        let flavors = [sized("rng", 1, 8192, 0, true), sized("small", 1, 1024, 0, false)];
        assert_eq!(flavor(&flavors, &image, Disk::Volume).unwrap().name, "rng");
    }

    #[test]
    fn without_a_volume_the_flavor_must_hold_the_image() {
        let image = SeenImage { min_disk: Some(5), ..seen("i", "debian", "12") };
        let flavors = [sized("diskless", 1, 1024, 0, false), sized("disk", 2, 2048, 5, false)];
        assert_eq!(flavor(&flavors, &image, Disk::OwnDisk).unwrap().name, "disk");
        assert_eq!(flavor(&flavors, &image, Disk::Volume).unwrap().name, "diskless");
        let problem = flavor(&flavors[..1], &image, Disk::OwnDisk).unwrap_err();
        assert!(problem.text().contains("512 MiB of RAM and 5 GB of disk"), "{problem}");
        // an image that needs no disk cannot be booted from none either
        assert!(flavor(&flavors[..1], &seen("i", "debian", "12"), Disk::OwnDisk).is_err());
    }

    #[test]
    fn no_flavor_or_no_figure_is_a_problem() {
        let image = seen("i", "debian", "12");
        assert!(flavor(&[sized("tiny", 1, 128, 0, false)], &image, Disk::Volume).is_err());
        let unknown = SeenImage { min_ram: None, ..image };
        assert!(
            flavor(&[sized("x", 1, 1024, 0, false)], &unknown, Disk::Volume)
                .unwrap_err()
                .text()
                .contains("min_ram")
        );
    }
}
