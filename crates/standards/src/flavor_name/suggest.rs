//! What a refused name most likely meant.
//!
//! A tolerant reading of the name: parts in any order, letters of either case, delimiters of any version. What cannot
//! be understood is left out, and figures are rounded so that the suggestion never promises more than the name did.

use super::{
    Cpu, CpuBrand, CpuKind, CpuVendor, Disk, DiskKind, FlavorName, Gpu, GpuGeneration, GpuVendor, Hypervisor,
    PREFIX, Ram,
};

/// Names that are longer are not worth a guess.
const LONGEST: usize = 200;

impl FlavorName {
    /// The valid name that a refused one most likely meant; `None` where too little can be understood.
    pub fn suggest(refused: &str) -> Option<Self> {
        let text = refused.trim();
        let prefix = text.get(..PREFIX.len())?;
        if text.len() > LONGEST || !prefix.eq_ignore_ascii_case(PREFIX) {
            return None;
        }
        let body = text.get(PREFIX.len()..)?;
        let first_version = body.replace('-', "_").replace(':', "-");
        let mixed = body.replace(':', "-");
        let readings = if body.contains(':') { vec![first_version, mixed] } else { vec![mixed] };
        readings.iter().find_map(|body| read(body))
    }
}

/// Reads the part behind `SCS-`, with dashes inside of parts and underscores between extensions.
fn read(body: &str) -> Option<FlavorName> {
    let (main, extensions) = body.split_once('_').unwrap_or((body, ""));
    let mut parts = main.split('-');
    let cpu = cpu(parts.next()?)?;
    let (ram, kind_after_ram) = ram(parts.next()?)?;
    let mut disks = parts.filter(|part| !part.is_empty());
    let disk = match (disks.next(), kind_after_ram) {
        (Some(part), None) => disk(part)?,
        (None, Some(kind)) => Some(Disk { count: 1, size_gb: None, kind: Some(kind) }),
        (None, None) => None,
        (Some(_), Some(_)) => return None,
    };
    if disks.next().is_some() {
        return None;
    }
    let mut name = FlavorName {
        cpu,
        ram,
        disk,
        hypervisor: None,
        hwvirt: false,
        cpu_brand: None,
        gpu: None,
        infiniband: false,
    };
    for extension in extensions.split('_') {
        extend(&mut name, extension)?;
    }
    let spelled = name.to_string();
    (FlavorName::parse(&spelled).ok()? == name).then_some(name)
}

/// Splits a text behind the characters that satisfy the condition.
fn span(text: &str, accept: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !accept(c)).unwrap_or(text.len()))
}

fn digits(text: &str) -> (&str, &str) {
    span(text, |c| c.is_ascii_digit())
}

fn cpu(part: &str) -> Option<Cpu> {
    let (count, letters) = digits(part);
    let insecure = letters.contains('i');
    let kind = letters.replace('i', "").to_ascii_uppercase();
    let kind = match kind.as_str() {
        // the usual kind, where none is named
        "" if !count.is_empty() => CpuKind::SharedCore,
        letter => CpuKind::ALL.into_iter().find(|kind| kind.letter().to_string() == letter)?,
    };
    Some(Cpu { count: count.parse().unwrap_or(1).max(1), kind, insecure })
}

/// The RAM, and a disk type that was written behind it without a dash.
fn ram(part: &str) -> Option<(Ram, Option<DiskKind>)> {
    let (size, letters) = span(part, |c| c.is_ascii_digit() || c == '.');
    let halves = size.parse::<f64>().ok()? * 2.0;
    if !(1.0..1e9).contains(&halves) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1e9")]
    let half_gib = halves as u64;
    let mut ram = Ram { half_gib, no_ecc: false, oversubscribed: false };
    let mut kind = None;
    for letter in letters.chars() {
        match letter.to_ascii_lowercase() {
            'u' => ram.no_ecc = true,
            'o' => ram.oversubscribed = true,
            letter => kind = Some(disk_kind(letter)?),
        }
    }
    Some((ram, kind))
}

fn disk_kind(letter: char) -> Option<DiskKind> {
    DiskKind::ALL.into_iter().find(|kind| kind.letter() == letter)
}

/// The disk part; `Some(None)` where it says that there is no disk.
fn disk(part: &str) -> Option<Option<Disk>> {
    let (count, rest) = match part.split_once(['x', 'X']) {
        Some((count, rest)) => (count.parse().unwrap_or(1).max(1), rest),
        None => (1, part),
    };
    let (size, rest) = digits(rest);
    let (_fraction, letters) = span(rest, |c| c.is_ascii_digit() || c == '.');
    let kind = match letters {
        "" => None,
        letters => Some(disk_kind(letters.parse::<char>().ok()?.to_ascii_lowercase())?),
    };
    let size_gb = size.parse().ok().filter(|size| *size > 0);
    let nothing = size_gb.is_none() && kind.is_none();
    Some((!nothing).then_some(Disk { count, size_gb, kind }))
}

/// Takes an extension into the name; what is not understood is left out. `None` where two contradict each other.
fn extend(name: &mut FlavorName, extension: &str) -> Option<()> {
    let word = extension.to_ascii_lowercase();
    let hypervisor = Hypervisor::ALL.into_iter().find(|hypervisor| hypervisor.code() == word);
    if let Some(hypervisor) = hypervisor {
        if name.hypervisor.is_some_and(|other| other != hypervisor) {
            return None;
        }
        name.hypervisor = Some(hypervisor);
    } else if word == "hwv" {
        name.hwvirt = true;
    } else if word == "ib" {
        name.infiniband = true;
    } else if let Some(gpu) = gpu(extension) {
        name.gpu.get_or_insert(gpu);
    } else if let Some(brand) = cpu_brand(extension) {
        name.cpu_brand.get_or_insert(brand);
    }
    Some(())
}

fn cpu_brand(extension: &str) -> Option<CpuBrand> {
    let mut letters = extension.chars();
    let first = letters.next()?;
    let vendor = CpuVendor::ALL.into_iter().find(|vendor| vendor.letter() == first)?;
    let (generation, clock) = digits(letters.as_str());
    if !clock.chars().all(|c| c == 'h') {
        return None;
    }
    let known = |generation: &u8| usize::from(*generation) < vendor.generations().len();
    let generation = generation.parse().ok().filter(known).unwrap_or(0);
    Some(CpuBrand { vendor, generation, clock: count(clock, 3) })
}

/// How many characters, but no more than the most.
fn count(letters: &str, most: u8) -> u8 {
    u8::try_from(letters.len()).unwrap_or(most).min(most)
}

fn gpu(extension: &str) -> Option<Gpu> {
    let mut letters = extension.chars();
    let passthrough = match letters.next()? {
        'G' => true,
        'g' => false,
        _ => return None,
    };
    let second = letters.next()?.to_ascii_uppercase();
    let vendor = GpuVendor::ALL.into_iter().find(|vendor| vendor.letter() == second)?;
    let rest = letters.as_str();
    let codes = vendor.generations().iter().map(|(code, _)| *code);
    let code = codes.filter(|code| rest.starts_with(code)).max_by_key(|code| code.len());
    let rest = match code {
        Some(code) => rest.get(code.len()..).unwrap_or_default(),
        // a generation that does not exist goes
        None => span(rest, |c| c != '-' && c != 'h').1,
    };
    let mut gpu = Gpu {
        passthrough,
        vendor,
        generation: code.and_then(|code| GpuGeneration::find(vendor, code)),
        units: None,
        clock: 0,
        vram_gib: None,
        bandwidth: 0,
    };
    let mut figures = rest.split('-').filter(|figure| !figure.is_empty()).peekable();
    let bare_clock = figures.next_if(|figure| figure.starts_with('h')).unwrap_or_default();
    let mut figure = || {
        let (number, letters) = digits(figures.next().unwrap_or_default());
        (number.parse().ok().filter(|number| *number > 0), letters)
    };
    // a clock right behind the generation stands in the place of the units
    let (units, clock) = if bare_clock.is_empty() { figure() } else { (None, bare_clock) };
    let (vram, bandwidth) = figure();
    (gpu.units, gpu.vram_gib) = (units, vram);
    gpu.clock = count(clock, 2);
    gpu.bandwidth = count(bandwidth, 2);
    Some(gpu)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn suggestion(name: &str) -> Option<String> {
        FlavorName::suggest(name).map(|name| name.to_string())
    }

    #[test]
    fn refused_names_of_the_verdict_table_get_the_name_that_was_meant() {
        for (refused, meant) in [
            ("SCS-2-4-10n", "SCS-2V-4-10n"),
            ("SCS-2iT-4-10n", "SCS-2Ti-4-10n"),
            ("SCS-2C-4ou-10n", "SCS-2C-4uo-10n"),
            ("SCS-2C-4-1.5n", "SCS-2C-4-1n"),
            ("SCS-2C-4-n_bms_3", "SCS-2C-4-n_bms"),
            ("SCS-2C-4-10_hwv_xen", "SCS-2C-4-10_xen_hwv"),
            ("SCS-2C:4:10-chy", "SCS-2C-4-10_chy"),
            ("SCS-1V-4:10", "SCS-1V-4-10"),
            ("SCS-V-4", "SCS-1V-4"),
            ("SCS-0V-4", "SCS-1V-4"),
            ("SCS-1V-1.25", "SCS-1V-1"),
            ("SCS-4V-16-0", "SCS-4V-16"),
            ("SCS-4V-16-0x50", "SCS-4V-16-50"),
            ("SCS-4V-16--", "SCS-4V-16"),
            ("SCS-4V-16n", "SCS-4V-16-n"),
            ("SCS-4V-16-50N", "SCS-4V-16-50n"),
            ("SCS-4v-16-50", "SCS-4V-16-50"),
            ("SCS-4V-16-50 ", "SCS-4V-16-50"),
            ("SCS-4V-16_i7", "SCS-4V-16_i"),
            ("SCS-4V-16_a6", "SCS-4V-16_a"),
            ("SCS-4V-16_r1", "SCS-4V-16_r"),
            ("SCS-4V-16_ihhhh", "SCS-4V-16_ihhh"),
            ("SCS-4V-16_i_i", "SCS-4V-16_i"),
            ("SCS-4V-16_i_kvm", "SCS-4V-16_kvm_i"),
            ("SCS-4V-16_GNx", "SCS-4V-16_GN"),
            ("SCS-4V-16_GNl-142hhh-48", "SCS-4V-16_GNl-142hh-48"),
            ("SCS-4V-16_Ga-14", "SCS-4V-16_GA-14"),
            ("SCS-4V-16_GNa14", "SCS-4V-16_GNa-14"),
            ("SCS-4V-16_GNa-0", "SCS-4V-16_GNa"),
            ("SCS-4V-16_GNa-", "SCS-4V-16_GNa"),
            ("SCS-4V-16_ib_GNa-14", "SCS-4V-16_GNa-14_ib"),
            ("SCS-4V-16_foo", "SCS-4V-16"),
            ("scs-4V-16-50", "SCS-4V-16-50"),
            ("SCS-4V-16_GNahh-64h", "SCS-4V-16_GNahh-64h"),
        ] {
            assert_eq!(suggestion(refused).as_deref(), Some(meant), "{refused}");
        }
    }

    #[test]
    fn where_too_little_is_said_nothing_is_suggested() {
        for refused in [
            "SCS-1V",
            "SCS-1V-",
            "SCS-1V-0",
            "SCS-1V-1.2.3",
            "SCS-4V--50",
            "SCS-1D-1.5-8s",
            "SCS-4V-16_vmw_bms",
            "SCS-4V-16_GNa_ib",
            "SCS-4V:16-GNa-ib",
            "SCS-foo",
            "SCS-",
            "m1.small",
            "ümläut",
            "",
        ] {
            assert_eq!(suggestion(refused), None, "{refused}");
        }
        assert_eq!(suggestion(&format!("SCS-4v-16{}", "_foo".repeat(100))), None);
    }

    proptest! {
        #[test]
        fn every_suggestion_is_a_valid_name(text in "SCS-[0-9VLTCi]{1,3}[-:][0-9.uo]{1,4}[-:_x0-9nshpiGNahbkvm]{0,20}") {
            if let Some(suggested) = suggestion(&text) {
                prop_assert!(FlavorName::parse(&suggested).is_ok());
            }
        }

        #[test]
        fn a_valid_name_is_suggested_as_itself(text in "SCS-[1-9]{1,2}[VLTC]i?-[1-9]u?o?(-[1-9]x[1-9]{1,3}[nshp])?(_kvm)?(_hwv)?(_z3h)?(_GNa-14h-6h)?(_ib)?") {
            let canonical = FlavorName::parse(&text).unwrap();
            prop_assert_eq!(FlavorName::suggest(&text), Some(canonical));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = FlavorName::suggest(&text);
            let _ = FlavorName::suggest(&format!("SCS-1V-4{text}"));
        }
    }
}
