//! Verdicts of SCS-0104.

use super::*;
use crate::verdict::Verdict;

fn image(name: &str, source: Option<&str>) -> SeenImage {
    SeenImage {
        name: Some(name.to_owned()),
        visibility: "public".to_owned(),
        properties: source.map(|source| ("image_source".to_owned(), source.to_owned())).into_iter().collect(),
        ..SeenImage::default()
    }
}

const NOBLE: &str =
    "https://cloud-images.ubuntu.com/releases/noble/release/ubuntu-24.04-server-cloudimg-amd64.img";

fn verdict(testcase: &str, images: &[SeenImage]) -> Verdict {
    judge_0104(images).into_iter().find(|judgement| judgement.testcase == testcase).unwrap().verdict
}

#[test]
fn an_empty_cloud_passes_the_source_tests_and_fails_the_image_tests() {
    let judged = judge_0104(&[]);
    assert_eq!(judged.len(), 18);
    for judgement in judged {
        let expected = if judgement.testcase.contains("-source-") { Verdict::Pass } else { Verdict::Fail };
        assert_eq!(judgement.verdict, expected, "{}", judgement.testcase);
    }
}

#[test]
fn a_source_has_to_begin_with_an_accepted_prefix() {
    for (source, expected) in [
        (Some(NOBLE), Verdict::Pass),
        (Some("https://cloud-images.ubuntu.com/noble/current/x.img"), Verdict::Pass),
        (Some("http://cloud-images.ubuntu.com/noble/current/x.img"), Verdict::Fail),
        (Some("https://cloud-images.ubuntu.com/minimal/releases/noble/x.img"), Verdict::Fail),
        (Some("https://cloud-images.ubuntu.com/jammy/x.img"), Verdict::Fail),
        (Some("private"), Verdict::Fail),
        (None, Verdict::Fail),
    ] {
        assert_eq!(
            verdict("scs-0104-source-ubuntu-2404", &[image("Ubuntu 24.04", source)]),
            expected,
            "{source:?}"
        );
    }
}

#[test]
fn names_are_exact() {
    for name in ["Ubuntu 24.04 LTS", "ubuntu 24.04", "Ubuntu 24.04 "] {
        let images = [image(name, Some("private"))];
        assert_eq!(verdict("scs-0104-image-ubuntu-2404", &images), Verdict::Fail, "{name}");
        assert_eq!(verdict("scs-0104-source-ubuntu-2404", &images), Verdict::Pass, "{name}");
    }
    assert_eq!(verdict("scs-0104-image-ubuntu-2404", &[image("Ubuntu 24.04", None)]), Verdict::Pass);
}

#[test]
fn of_equal_names_only_the_last_one_listed_is_seen() {
    let (right, wrong) = (image("Ubuntu 24.04", Some(NOBLE)), image("Ubuntu 24.04", Some("private")));
    assert_eq!(verdict("scs-0104-source-ubuntu-2404", &[wrong.clone(), right.clone()]), Verdict::Pass);
    assert_eq!(verdict("scs-0104-source-ubuntu-2404", &[right, wrong]), Verdict::Fail);
}

#[test]
fn schemes_are_anchored_at_the_beginning_only() {
    for (name, one, two) in [
        ("ubuntu-capi-image v1.30", Verdict::Pass, Verdict::Fail),
        ("ubuntu-capi-image-v1.30.1", Verdict::Fail, Verdict::Pass),
        ("ubuntu-capi-image-v1.30.1-custom", Verdict::Fail, Verdict::Pass),
        ("ubuntu-capi-image-v12.30", Verdict::Fail, Verdict::Fail),
        ("my ubuntu-capi-image-v1.30", Verdict::Fail, Verdict::Fail),
        ("ubuntu-capi-image", Verdict::Fail, Verdict::Fail),
    ] {
        let images = [image(name, None)];
        let found = (verdict("scs-0104-image-capi-1", &images), verdict("scs-0104-image-capi-2", &images));
        assert_eq!(found, (one, two), "{name}");
    }
}

#[test]
fn every_image_of_a_scheme_needs_an_accepted_source() {
    let right = image(
        "ubuntu-capi-image-v1.30.1",
        Some("https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/x"),
    );
    assert_eq!(verdict("scs-0104-source-capi-2", std::slice::from_ref(&right)), Verdict::Pass);
    let images = [right, image("ubuntu-capi-image-v1.31.1", Some("https://example.org/"))];
    assert_eq!(verdict("scs-0104-source-capi-2", &images), Verdict::Fail);
}

#[test]
fn private_and_shared_images_are_not_seen() {
    let private = SeenImage { visibility: "private".to_owned(), ..image("Ubuntu 24.04", Some(NOBLE)) };
    assert_eq!(verdict("scs-0104-image-ubuntu-2404", &[private]), Verdict::Fail);
}

#[test]
fn an_image_without_a_name_keeps_the_scheme_tests_undecided() {
    let nameless = SeenImage { name: None, ..image("", None) };
    let judged = judge_0104(&[nameless]);
    let undecided: Vec<_> = judged.iter().filter(|judgement| judgement.verdict == Verdict::Abort).collect();
    assert_eq!(undecided.len(), 4);
    assert!(
        undecided
            .iter()
            .all(|judgement| judgement.testcase.contains("-capi-") && judgement.by_document.is_some())
    );
}

#[test]
fn a_requirement_file_is_read_with_one_source_or_many() {
    let yaml = "images:\n- name: A\n  source: https://a/\n  status: mandatory\n- name: B\n  name_scheme: \"b[0-9]\\\\.\"\n  source: [https://b/, https://c/]\n";
    let specs = read_image_file(yaml).unwrap();
    assert_eq!(specs[0].status, Status::Mandatory);
    assert_eq!(
        specs[1],
        ImageSpec {
            name: "B".into(),
            name_scheme: Some(r"b[0-9]\.".into()),
            source: vec!["https://b/".into(), "https://c/".into()],
            status: Status::Optional,
        }
    );
    for broken in
        ["", "images: 1", "images: [{name: A}]", "images: [{name: A, source: a, status: perhaps}]", "[: "]
    {
        assert!(read_image_file(broken).is_err(), "{broken:?}");
    }
}

#[test]
fn by_the_document_mandatory_images_fail_and_recommended_ones_are_warned_about() {
    let judged = judge_image_file(&image_file(ImageFile::V5), &[]);
    let failed: Vec<_> = judged.iter().filter(|j| j.verdict == Verdict::Fail).map(|j| &*j.testcase).collect();
    assert_eq!(failed, ["scs-0104:Ubuntu 24.04"]);
    assert_eq!(judged.iter().filter(|judgement| !judgement.findings.is_empty()).count(), 3);
    let v4 = judge_image_file(&image_file(ImageFile::V4), &[]);
    assert_eq!(v4.iter().find(|j| j.verdict == Verdict::Fail).unwrap().testcase, "scs-0104:Ubuntu 22.04");
}

#[test]
fn by_the_document_a_wrong_source_fails_an_optional_image_too() {
    let images = [image("Ubuntu 24.04", Some(NOBLE)), image("Debian 11", Some("private"))];
    let judged = judge_image_file(&image_file(ImageFile::V5), &images);
    let failed: Vec<_> = judged.iter().filter(|j| j.verdict == Verdict::Fail).map(|j| &*j.testcase).collect();
    assert_eq!(failed, ["scs-0104:Debian 11"]);
}

#[test]
fn a_scheme_that_is_no_regular_expression_is_reported_not_ignored() {
    let spec = ImageSpec {
        name: "x".into(),
        name_scheme: Some("(".into()),
        source: vec![],
        status: Status::Mandatory,
    };
    assert_eq!(judge_image_file(&[spec], &[])[0].verdict, Verdict::Abort);
}
