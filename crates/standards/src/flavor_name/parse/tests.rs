//! The verdict table of the standard's digest, error positions, and properties over arbitrary text.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Dashes,
    Colons,
    Rejected,
    NotScs,
}

/// Name, verdict, canonical form, short form.
const TABLE: &[(&str, Is, &str, &str)] = &[
    ("SCS-1L-1", Is::Dashes, "SCS-1L-1", "SCS-1L-1"),
    ("SCS-1V-4", Is::Dashes, "SCS-1V-4", "SCS-1V-4"),
    ("SCS-4V-16-50", Is::Dashes, "SCS-4V-16-50", "SCS-4V-16-50"),
    ("SCS-2V-4-20s", Is::Dashes, "SCS-2V-4-20s", "SCS-2V-4-20s"),
    ("SCS-2C-4-10n", Is::Dashes, "SCS-2C-4-10n", "SCS-2C-4-10n"),
    ("SCS-2Li-4-10n", Is::Dashes, "SCS-2Li-4-10n", "SCS-2Li-4-10n"),
    ("SCS-8Ti-32-50p_i1", Is::Dashes, "SCS-8Ti-32-50p_i1", "SCS-8Ti-32-50p"),
    ("SCS-1V-0.5", Is::Dashes, "SCS-1V-0.5", "SCS-1V-0.5"),
    ("SCS-2C-3.5-10n", Is::Dashes, "SCS-2C-3.5-10n", "SCS-2C-3.5-10n"),
    ("SCS-1V-10.5", Is::Dashes, "SCS-1V-10.5", "SCS-1V-10.5"),
    ("SCS-2C-4u-10n", Is::Dashes, "SCS-2C-4u-10n", "SCS-2C-4u-10n"),
    ("SCS-2C-4o-10n", Is::Dashes, "SCS-2C-4o-10n", "SCS-2C-4o-10n"),
    ("SCS-2C-4uo-10n", Is::Dashes, "SCS-2C-4uo-10n", "SCS-2C-4uo-10n"),
    ("SCS-1L-1u-5", Is::Dashes, "SCS-1L-1u-5", "SCS-1L-1u-5"),
    ("SCS-2C-4-3x10s", Is::Dashes, "SCS-2C-4-3x10s", "SCS-2C-4-3x10s"),
    ("SCS-2C-4-3x10", Is::Dashes, "SCS-2C-4-3x10", "SCS-2C-4-3x10"),
    ("SCS-4C-16-2x200p_a1", Is::Dashes, "SCS-4C-16-2x200p_a1", "SCS-4C-16-2x200p_a"),
    ("SCS-2C-4-n", Is::Dashes, "SCS-2C-4-n", "SCS-2C-4-n"),
    ("SCS-2C-4-", Is::Dashes, "SCS-2C-4-", "SCS-2C-4-"),
    ("SCS-2C-4-_ib", Is::Dashes, "SCS-2C-4-_ib", "SCS-2C-4-_ib"),
    ("SCS-2C-4-3x", Is::Dashes, "SCS-2C-4-3x", "SCS-2C-4-3x"),
    ("SCS-2C-4-3xs", Is::Dashes, "SCS-2C-4-3xs", "SCS-2C-4-3xs"),
    ("SCS-2C-4-x10", Is::Dashes, "SCS-2C-4-10", "SCS-2C-4-10"),
    ("SCS-2C-4-10s_bms_z3", Is::Dashes, "SCS-2C-4-10s_bms_z3", "SCS-2C-4-10s"),
    ("SCS-2C-4_bms_z3", Is::Dashes, "SCS-2C-4_bms_z3", "SCS-2C-4"),
    ("SCS-2C-4-10_kvm_hwv", Is::Dashes, "SCS-2C-4-10_kvm_hwv", "SCS-2C-4-10"),
    ("SCS-2C-4-10_hwv", Is::Dashes, "SCS-2C-4-10_hwv", "SCS-2C-4-10"),
    ("SCS-2C-4-10_chy", Is::Dashes, "SCS-2C-4-10_chy", "SCS-2C-4-10"),
    ("SCS-4V-16_i", Is::Dashes, "SCS-4V-16_i", "SCS-4V-16"),
    ("SCS-4V-16_i0", Is::Dashes, "SCS-4V-16_i", "SCS-4V-16"),
    ("SCS-4V-16_i05", Is::Dashes, "SCS-4V-16_i5", "SCS-4V-16"),
    ("SCS-4V-16_ihhh", Is::Dashes, "SCS-4V-16_ihhh", "SCS-4V-16"),
    ("SCS-4V-16_i6", Is::Dashes, "SCS-4V-16_i6", "SCS-4V-16"),
    ("SCS-4V-16_z_ib", Is::Dashes, "SCS-4V-16_z_ib", "SCS-4V-16_ib"),
    ("SCS-4V-16_a3hh", Is::Dashes, "SCS-4V-16_a3hh", "SCS-4V-16_a"),
    ("SCS-4V-16_r", Is::Dashes, "SCS-4V-16_r", "SCS-4V-16_r"),
    ("SCS-4V-16_i3h_ib", Is::Dashes, "SCS-4V-16_i3h_ib", "SCS-4V-16_ib"),
    ("SCS-16V-64-500s_GNa-14-6h", Is::Dashes, "SCS-16V-64-500s_GNa-14-6h", "SCS-16V-64-500s_GNa-14-6"),
    (
        "SCS-16T-64-200s_GNa-72-24_ib",
        Is::Dashes,
        "SCS-16T-64-200s_GNa-72-24_ib",
        "SCS-16T-64-200s_GNa-72-24_ib",
    ),
    ("SCS-2C-4-_bms_z3h_GNa-64_ib", Is::Dashes, "SCS-2C-4-_bms_z3h_GNa-64_ib", "SCS-2C-4-_GNa-64_ib"),
    (
        "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64_ib",
        Is::Dashes,
        "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64_ib",
        "SCS-16T-64-3x10s_GNa-64_ib",
    ),
    (
        "SCS-64C-512-2x3840p_bms_i6hh_GNg-132-80h_ib",
        Is::Dashes,
        "SCS-64C-512-2x3840p_bms_i6hh_GNg-132-80h_ib",
        "SCS-64C-512-2x3840p_GNg-132-80_ib",
    ),
    (
        "SCS-4V-16_hyv_hwv_z5hhh_gA3-10h-4h_ib",
        Is::Dashes,
        "SCS-4V-16_hyv_hwv_z5hhh_gA3-10h-4h_ib",
        "SCS-4V-16_gA3-10-4_ib",
    ),
    ("SCS-4V-16_GN", Is::Dashes, "SCS-4V-16_GN", "SCS-4V-16_GN"),
    ("SCS-4V-16_GNh", Is::Dashes, "SCS-4V-16_GNh", "SCS-4V-16_GN"),
    ("SCS-4V-16_GNah_ib", Is::Dashes, "SCS-4V-16_GNah_ib", "SCS-4V-16_GNa_ib"),
    ("SCS-4V-16_GNah-64", Is::Dashes, "SCS-4V-16_GNah-64", "SCS-4V-16_GNa-64"),
    ("SCS-4V-16_GNl-142hh-48", Is::Dashes, "SCS-4V-16_GNl-142hh-48", "SCS-4V-16_GNl-142-48"),
    ("SCS-4V-16_GNu-160-288h", Is::Dashes, "SCS-4V-16_GNu-160-288h", "SCS-4V-16_GNu-160-288"),
    ("SCS-4V-16_GA3.1-96-48", Is::Dashes, "SCS-4V-16_GA3.1-96-48", "SCS-4V-16_GA3.1-96-48"),
    ("SCS-4V-16_GA3.5", Is::Dashes, "SCS-4V-16_GA3.5", "SCS-4V-16_GA3.5"),
    ("SCS-4V-16_GI0.95-96", Is::Dashes, "SCS-4V-16_GI0.95-96", "SCS-4V-16_GI0.95-96"),
    ("SCS-4V-16_gNa-14", Is::Dashes, "SCS-4V-16_gNa-14", "SCS-4V-16_gNa-14"),
    ("SCS-01V-04", Is::Dashes, "SCS-1V-4", "SCS-1V-4"),
    ("SCS-1V-4.0", Is::Dashes, "SCS-1V-4", "SCS-1V-4"),
    ("SCS-1V-.5", Is::Dashes, "SCS-1V-0.5", "SCS-1V-0.5"),
    ("SCS-4V-16-050", Is::Dashes, "SCS-4V-16-50", "SCS-4V-16-50"),
    ("SCS-4V-16-1x50", Is::Dashes, "SCS-4V-16-50", "SCS-4V-16-50"),
    ("SCS-1V:4", Is::Colons, "SCS-1V-4", "SCS-1V-4"),
    ("SCS-1V:4:10", Is::Colons, "SCS-1V-4-10", "SCS-1V-4-10"),
    ("SCS-2V:4:20s-ib", Is::Colons, "SCS-2V-4-20s_ib", "SCS-2V-4-20s_ib"),
    (
        "SCS-4C:32:100s-kvm-hwv-i3h-GNa:64",
        Is::Colons,
        "SCS-4C-32-100s_kvm_hwv_i3h_GNa-64",
        "SCS-4C-32-100s_GNa-64",
    ),
    ("SCS-2-4-10n", Is::Rejected, "", ""),
    ("SCS-2iT-4-10n", Is::Rejected, "", ""),
    ("SCS-2C-4ou-10n", Is::Rejected, "", ""),
    ("SCS-2C-4-1.5n", Is::Rejected, "", ""),
    ("SCS-2C-4-n_bms_3", Is::Rejected, "", ""),
    ("SCS-2C-4-10_hwv_xen", Is::Rejected, "", ""),
    ("SCS-2C:4:10-chy", Is::Rejected, "", ""),
    ("SCS-1V-4:10", Is::Rejected, "", ""),
    ("SCS-V-4", Is::Rejected, "", ""),
    ("SCS-0V-4", Is::Rejected, "", ""),
    ("SCS-1V", Is::Rejected, "", ""),
    ("SCS-1V-", Is::Rejected, "", ""),
    ("SCS-1V-0", Is::Rejected, "", ""),
    ("SCS-1V-1.25", Is::Rejected, "", ""),
    ("SCS-1V-1.2.3", Is::Rejected, "", ""),
    ("SCS-4V--50", Is::Rejected, "", ""),
    ("SCS-4V-16-0", Is::Rejected, "", ""),
    ("SCS-4V-16-0x50", Is::Rejected, "", ""),
    ("SCS-4V-16--", Is::Rejected, "", ""),
    ("SCS-4V-16n", Is::Rejected, "", ""),
    ("SCS-4V-16-50N", Is::Rejected, "", ""),
    ("SCS-4v-16-50", Is::Rejected, "", ""),
    ("SCS-4V-16-50 ", Is::Rejected, "", ""),
    ("SCS-1D-1.5-8s", Is::Rejected, "", ""),
    ("SCS-4V-16_i7", Is::Rejected, "", ""),
    ("SCS-4V-16_a6", Is::Rejected, "", ""),
    ("SCS-4V-16_r1", Is::Rejected, "", ""),
    ("SCS-4V-16_ihhhh", Is::Rejected, "", ""),
    ("SCS-4V-16_i_i", Is::Rejected, "", ""),
    ("SCS-4V-16_i_kvm", Is::Rejected, "", ""),
    ("SCS-4V-16_vmw_bms", Is::Rejected, "", ""),
    ("SCS-4V-16_GNx", Is::Rejected, "", ""),
    ("SCS-4V-16_GNl-142hhh-48", Is::Rejected, "", ""),
    ("SCS-4V-16_GA5", Is::Rejected, "", ""),
    ("SCS-4V-16_Ga-14", Is::Rejected, "", ""),
    ("SCS-4V-16_GNa14", Is::Rejected, "", ""),
    ("SCS-4V-16_GNa-0", Is::Rejected, "", ""),
    ("SCS-4V-16_GNa-", Is::Rejected, "", ""),
    ("SCS-4V-16_GNa_ib", Is::Rejected, "", ""),
    ("SCS-4V-16_GN_ib", Is::Rejected, "", ""),
    ("SCS-4V:16-GNa-ib", Is::Rejected, "", ""),
    ("SCS-4V-16_ib_GNa", Is::Rejected, "", ""),
    ("SCS-4V-16_foo", Is::Rejected, "", ""),
    ("SCS-foo", Is::Rejected, "", ""),
    ("scs-4V-16-50", Is::NotScs, "", ""),
    ("m1.small", Is::NotScs, "", ""),
];

fn verdict(name: &str) -> Is {
    match FlavorName::parse_tolerant(name) {
        Ok(Parsed { spelling: Spelling::Dashes, .. }) => Is::Dashes,
        Ok(Parsed { spelling: Spelling::Colons, .. }) => Is::Colons,
        Err(error) if error.kind == ParseErrorKind::NotScs => Is::NotScs,
        Err(_) => Is::Rejected,
    }
}

#[test]
fn every_row_of_the_verdict_table_holds() {
    assert_eq!(TABLE.len(), 108);
    for (name, expected, canonical, short) in TABLE {
        assert_eq!(verdict(name), *expected, "{name}");
        if let Ok(parsed) = FlavorName::parse_tolerant(name) {
            assert_eq!(parsed.name.to_string(), *canonical, "{name}");
            assert_eq!(parsed.name.short(), *short, "{name}");
        }
    }
}

#[test]
fn the_strict_parser_refuses_colons() {
    for (name, expected, ..) in TABLE {
        assert_eq!(FlavorName::parse(name).is_ok(), *expected == Is::Dashes, "{name}");
    }
}

#[test]
fn the_documents_reading_differs_in_gpus_without_units_only() {
    let differing: Vec<_> = TABLE
        .iter()
        .map(|row| row.0)
        .filter(|name| {
            FlavorName::parse_tolerant(name).is_ok()
                != FlavorName::parse_tolerant_as(name, Reading::Document).is_ok()
        })
        .collect();
    assert_eq!(differing, ["SCS-4V-16_GNa_ib", "SCS-4V-16_GN_ib", "SCS-4V:16-GNa-ib"]);
}

#[test]
fn every_part_arrives_in_its_field() {
    let name = FlavorName::parse("SCS-16Ti-64.5uo-3x10s_bms_hwv_i3h_gA3.1-64hh-24h_ib").unwrap();
    assert_eq!(name.cpu, Cpu { count: 16, kind: CpuKind::DedicatedThread, insecure: true });
    assert_eq!(name.ram, Ram { half_gib: 129, no_ecc: true, oversubscribed: true });
    assert_eq!(name.disk, Some(Disk { count: 3, size_gb: Some(10), kind: Some(DiskKind::Ssd) }));
    assert_eq!(name.hypervisor, Some(Hypervisor::Bms));
    assert!(name.hwvirt && name.infiniband);
    assert_eq!(name.cpu_brand, Some(CpuBrand { vendor: CpuVendor::Intel, generation: 3, clock: 1 }));
    let gpu = name.gpu.unwrap();
    assert_eq!((gpu.passthrough, gpu.vendor, gpu.generation.unwrap().code()), (false, GpuVendor::Amd, "3.1"));
    assert_eq!((gpu.units, gpu.clock, gpu.vram_gib, gpu.bandwidth), (Some(64), 2, Some(24), 1));
}

#[test]
fn errors_point_at_the_offender_and_name_what_would_be_right() {
    for (name, position, kind, expected) in [
        ("SCS-2-4-10n", 5, ParseErrorKind::MainPart, "CPU type"),
        ("SCS-V-4", 4, ParseErrorKind::CpuCount, "vCPUs"),
        ("SCS-1V", 6, ParseErrorKind::MainPart, "'-'"),
        ("SCS-1V-1.25", 7, ParseErrorKind::Ram, "multiple of 0.5"),
        ("SCS-4V-16-0", 10, ParseErrorKind::DiskSize, "disk size"),
        ("SCS-4V-16-0x50", 10, ParseErrorKind::DiskCount, "number of disks"),
        ("SCS-4V-16_i7", 11, ParseErrorKind::CpuGeneration, "from 0 to 6"),
        ("SCS-4V-16_r1", 11, ParseErrorKind::CpuGeneration, "no generation"),
        ("SCS-4V-16_ihhhh", 11, ParseErrorKind::CpuClock, "at most 3"),
        ("SCS-4V-16_GNx", 12, ParseErrorKind::GpuGeneration, "f, k, m"),
        ("SCS-4V-16_GNa-0", 14, ParseErrorKind::GpuUnits, "units"),
        ("SCS-4V-16_GNa-1-0", 16, ParseErrorKind::GpuMemory, "memory"),
        ("SCS-4V-16_GNl-142hhh-48", 17, ParseErrorKind::GpuClock, "at most 2"),
        ("SCS-4V-16_GNl-1-1hhh", 17, ParseErrorKind::GpuBandwidth, "at most 2"),
        ("SCS-4V-16_ib_GNa", 12, ParseErrorKind::Extra, "the end of the name"),
        ("SCS-4V-16_vmw_bms", 13, ParseErrorKind::Extra, "_hwv, a CPU vendor"),
        ("m1.small", 0, ParseErrorKind::NotScs, "SCS-"),
    ] {
        let error = FlavorName::parse(name).unwrap_err();
        assert_eq!((error.position, error.kind), (position, kind), "{name}: {error}");
        assert!(error.expected.contains(expected), "{name}: {error}");
    }
}

#[test]
fn infinite_ram_is_an_error_of_its_own() {
    let text = format!("SCS-1V-{}", "9".repeat(400));
    assert_eq!(FlavorName::parse_tolerant(&text).unwrap_err().kind, ParseErrorKind::RamOverflow);
    let first_attempt_decides = format!("SCS-1V:{}", "9".repeat(400));
    assert_eq!(
        FlavorName::parse_tolerant(&first_attempt_decides).unwrap_err().kind,
        ParseErrorKind::MainPart
    );
}

#[test]
fn numbers_beyond_sixty_four_bits_are_accepted_as_the_greatest() {
    let name = FlavorName::parse("SCS-99999999999999999999999V-1-99999999999999999999999").unwrap();
    assert_eq!((name.cpu.count, name.disk.unwrap().size_gb), (u64::MAX, Some(u64::MAX)));
    assert_eq!(FlavorName::parse(&name.to_string()).unwrap(), name);
    let too_long = format!("SCS-{}V-1", "1".repeat(4301));
    assert_eq!(FlavorName::parse(&too_long).unwrap_err().kind, ParseErrorKind::CpuCount);
}

#[test]
fn a_fraction_below_the_resolution_of_floating_point_is_not_seen() {
    assert_eq!(FlavorName::parse("SCS-1V-4.00000000000000000000001").unwrap().ram.half_gib, 8);
    assert!(FlavorName::parse("SCS-1V-4.0001").is_err());
}

#[test]
fn long_names_are_parsed_in_linear_time() {
    for tail in ["h", "_", "-", "x", "1", ".", "i", "_i", "_hw", "_GN", "-1h"] {
        let text = format!("SCS-1V-4_GNa-1{}", tail.repeat(400_000));
        let _ = FlavorName::parse_tolerant(&text);
        let text = format!("SCS-1V-4-{}", tail.repeat(400_000));
        let _ = FlavorName::parse_tolerant(&text);
    }
}

#[test]
fn non_ascii_digits_and_letters_are_refused() {
    for name in
        ["SCS-１V-4", "SCS-1V-٤", "SCS-1V-4-５", "SCS-1V-4_GNä", "SCS-1V-4_ｉb", "SCS-1V-4\n", "SCS-1V-4\0"]
    {
        assert_eq!(verdict(name), Is::Rejected, "{name:?}");
    }
}

/// Texts that are close to names.
fn nearly_a_name() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "1", "2", "16", "0", "007", "V", "L", "T", "C", "i", "-", ":", "_", "4", ".", "0.5", "u", "o", "x",
        "3x", "10", "n", "s", "h", "hh", "p", "_kvm", "_chy", "-kvm", "_hwv", "_i", "_z3", "_a2h", "_r",
        "_GNa", "_gA3.1", "_GI", "-14", "_ib", "-ib", "é", " ",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("SCS-{}", pieces.concat()))
}

/// Names, valid for the most part.
fn name() -> impl Strategy<Value = String> {
    "SCS-[1-9][0-9]{0,3}[LVTC]i?-[1-9][0-9]{0,3}(\\.[05])?u?o?(-([1-9]x)?([1-9][0-9]{0,3})?[nhsp]?)?(_(kvm|xen|vmw|hyv|bms|chy))?(_hwv)?(_([iz][0-6]?|a[0-5]?|r)h{0,3})?(_[Gg](N[fkmpvtalgbu]?|A(0\\.4|3\\.1|4)?|I(0\\.95|4)?)(-[1-9][0-9]?)?h{0,2}(-[1-9][0-9]?h{0,2})?)?(_ib)?"
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = FlavorName::parse_tolerant(&text);
        let _ = FlavorName::parse_tolerant_as(&format!("SCS-1V-4{text}"), Reading::Document);
    }

    #[test]
    fn printing_what_was_parsed_and_parsing_it_again_changes_nothing(text in prop_oneof![nearly_a_name(), name()]) {
        if let Ok(parsed) = FlavorName::parse_tolerant(&text) {
            let printed = parsed.name.to_string();
            prop_assert_eq!(FlavorName::parse(&printed).unwrap(), parsed.name.clone());
            // version 1 has no word for Cloud Hypervisor
            if parsed.name.hypervisor != Some(Hypervisor::Chy) {
                let colons = parsed.name.spelled(Spelling::Colons);
                let again = FlavorName::parse_as(&colons, Spelling::Colons, Reading::Upstream);
                prop_assert_eq!(again.unwrap(), parsed.name);
            }
        }
    }

    #[test]
    fn names_made_by_the_documents_grammar_are_accepted_in_its_reading(text in name()) {
        prop_assert!(FlavorName::parse_as(&text, Spelling::Dashes, Reading::Document).is_ok(), "{}", text);
    }

    #[test]
    fn explanations_put_together_are_the_canonical_name(text in name()) {
        if let Ok(name) = FlavorName::parse(&text) {
            let parts: String = name.explain().into_iter().map(|part| part.text).collect();
            prop_assert_eq!(format!("SCS-{parts}"), name.to_string());
        }
    }

    #[test]
    fn error_positions_lie_on_characters_of_the_name(text in nearly_a_name()) {
        if let Err(error) = FlavorName::parse(&text) {
            prop_assert!(text.is_char_boundary(error.position));
        }
    }
}
