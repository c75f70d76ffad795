//! Verdicts of SCS-0100 over lists of flavors.

use super::*;

fn flavor(name: &str, vcpus: u64, ram_mib: u64, disk_gb: u64) -> SeenFlavor {
    SeenFlavor { name: name.to_owned(), vcpus, ram_mib, disk_gb, ..SeenFlavor::default() }
}

#[test]
fn the_semantics_examples_of_the_standards_digest_hold() {
    let (pass, fail, abort) = (Verdict::Pass, Verdict::Fail, Verdict::Abort);
    for (name, vcpus, ram, disk, expected, notes) in [
        ("SCS-2V-4-20s", 2, 4096, 20, pass, 0),
        ("SCS-2V-4-20s", 2, 4045, 20, pass, 0),
        ("SCS-2V-4-20s", 2, 4044, 20, fail, 0),
        ("SCS-2V-4-20s", 2, 4000, 20, fail, 0),
        ("SCS-2V-4-20s", 4, 8192, 40, pass, 3),
        ("SCS-2V-4-20s", 2, 4096, 19, fail, 0),
        ("SCS-2V-4-20s", 1, 4096, 20, fail, 0),
        ("SCS-2V-4", 2, 4096, 20, pass, 1),
        ("SCS-1V-0.5", 1, 512, 0, pass, 0),
        ("SCS-1V-0.5", 1, 461, 0, pass, 0),
        ("SCS-1V-0.5", 1, 460, 0, fail, 0),
        ("SCS-16V-128", 16, 131_021, 0, pass, 0),
        ("SCS-16V-128", 16, 131_020, 0, fail, 0),
        ("SCS-2C-4-3x10s", 2, 4096, 10, pass, 0),
        ("SCS-2C-4-n", 2, 4096, 0, abort, 0),
        ("SCS-foo", 0, 0, 0, pass, 0),
        ("SCS-1V:4", 1, 4096, 0, pass, 0),
        ("SCS-1V-10.5", 1, 10_752, 0, pass, 1),
        ("m1.small", 0, 0, 0, pass, 0),
    ] {
        let judgement = judge_semantics(&[flavor(name, vcpus, ram, disk)]);
        assert_eq!(judgement.verdict, expected, "{name} {vcpus}/{ram}/{disk}");
        assert_eq!(judgement.with_severity(Severity::Info).count(), notes, "{name} {vcpus}/{ram}/{disk}");
    }
}

#[test]
fn every_name_of_the_verdict_table_with_a_disk_without_size_keeps_the_semantics_undecided() {
    for (name, ram) in [
        ("SCS-2C-4-n", 4096),
        ("SCS-2C-4-", 4096),
        ("SCS-2C-4-_ib", 4096),
        ("SCS-2C-4-3x", 4096),
        ("SCS-2C-4-3xs", 4096),
        ("SCS-2C-4-_bms_z3h_GNa-64_ib", 4096),
    ] {
        let flavors = [flavor(name, 2, ram, 0)];
        assert_eq!(judge_syntax(&flavors).verdict, Verdict::Pass, "{name}");
        let judgement = judge_semantics(&flavors);
        let verdicts = (judgement.verdict, judgement.by_document);
        assert_eq!(verdicts, (Verdict::Abort, Some(Verdict::Pass)), "{name}");
    }
}

#[test]
fn ram_boundaries_follow_the_closed_form() {
    for half_gib in [1, 2, 3, 7, 8, 64, 128, 256, 1000, 4096, 16_384] {
        let name = format!("SCS-1V-{}", half_gib as f64 / 2.0);
        let least = half_gib * 512 - 51;
        assert_eq!(judge_semantics(&[flavor(&name, 1, least, 0)]).verdict, Verdict::Pass, "{name}");
        assert_eq!(judge_semantics(&[flavor(&name, 1, least - 1, 0)]).verdict, Verdict::Fail, "{name}");
        let noted = |ram| {
            judge_semantics(&[flavor(&name, 1, ram, 0)]).findings.iter().any(|f| f.found.contains("MiB"))
        };
        assert!(!noted(half_gib * 512 + 51) && noted(half_gib * 512 + 52), "{name}");
    }
}

#[test]
fn a_disk_without_size_keeps_it_undecided_but_the_document_would_decide() {
    let judgement = judge_semantics(&[flavor("SCS-2C-4-n", 2, 4096, 0)]);
    assert_eq!((judgement.verdict, judgement.by_document), (Verdict::Abort, Some(Verdict::Pass)));
    let judgement = judge_semantics(&[flavor("SCS-2C-4-n", 2, 4096, 0), flavor("SCS-2V-4", 1, 4096, 0)]);
    assert_eq!((judgement.verdict, judgement.by_document), (Verdict::Abort, Some(Verdict::Fail)));
    assert_eq!(judgement.with_severity(Severity::Violation).count(), 1);
}

#[test]
fn one_bad_name_fails_the_syntax_check_and_is_named() {
    let judgement = judge_syntax(&[flavor("SCS-1V-4", 1, 4096, 0), flavor("SCS-1v-4", 1, 4096, 0)]);
    assert_eq!(judgement.verdict, Verdict::Fail);
    assert_eq!(judgement.findings[0].object, "flavor \"SCS-1v-4\"");
    assert!(judgement.findings[0].expected.contains("position 5"));
    let fix = &judgement.findings[0].fix;
    assert!(fix.starts_with("flavors cannot be renamed") && fix.ends_with("delete this one"), "{fix}");
    assert_eq!(judgement.by_document, None);
}

#[test]
fn other_names_and_no_names_pass() {
    assert_eq!(judge_syntax(&[]).verdict, Verdict::Pass);
    assert_eq!(judge_syntax(&[flavor("scs-4V-16-50", 1, 1, 1)]).findings, []);
}

#[test]
fn colons_pass_with_a_warning_that_gives_the_new_spelling() {
    let judgement = judge_syntax(&[flavor("SCS-1V:4:10", 1, 4096, 10)]);
    assert_eq!(judgement.verdict, Verdict::Pass);
    assert_eq!(judgement.findings[0].expected, "SCS-1V-4-10");
    assert_eq!(judgement.findings[0].severity, Severity::Warning);
}

#[test]
fn a_name_that_only_upstream_refuses_fails_but_the_document_passes_it() {
    let judgement = judge_syntax(&[flavor("SCS-4V-16_GNa_ib", 4, 16_384, 0)]);
    assert_eq!((judgement.verdict, judgement.by_document), (Verdict::Fail, Some(Verdict::Pass)));
}

#[test]
fn ram_too_long_for_a_number_keeps_both_checks_undecided() {
    let endless = flavor(&format!("SCS-1V-{}", "9".repeat(400)), 1, 1, 1);
    for judgement in [judge_syntax(std::slice::from_ref(&endless)), judge_semantics(&[endless])] {
        assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Abort, 1));
    }
}
