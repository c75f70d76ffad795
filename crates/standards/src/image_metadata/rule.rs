//! The property rules as a table: testcase, property, what is right, advice, check.

use super::{SeenImage, date, judge_naming_offenders};
use crate::verdict::{Finding, Judgement, Severity};

/// One property rule.
pub(super) struct Rule {
    testcase: &'static str,
    property: &'static str,
    expected: &'static str,
    /// Advice: a value to set, or a sentence.
    advice: Advice,
    /// Whether upstream's test writes all offenders' names into one line.
    names_offenders: bool,
    check: fn(&SeenImage, &Context) -> Option<Problem>,
}

enum Advice {
    /// A property and its value.
    Set(&'static str),
    /// An option of `openstack image set`, and what its value has to be.
    Option(&'static str, &'static str),
    /// In words.
    Say(&'static str),
}

struct Context {
    property: &'static str,
    now: f64,
}

type Problem = (Severity, String);

impl Rule {
    /// Judges the images, `now` in seconds since the epoch.
    pub(super) fn judge(&self, images: &[&SeenImage], now: f64) -> Judgement {
        let context = Context { property: self.property, now };
        let mut findings = Vec::new();
        let mut nameless = false;
        for image in images {
            let Some((severity, found)) = (self.check)(image, &context) else { continue };
            nameless |= self.names_offenders && image.name.is_none() && severity != Severity::Undecidable;
            let expected = format!("{} {}", self.property, self.expected);
            findings.push(Finding::new(severity, image.object(), expected, found).fix(self.fix(image)));
        }
        judge_naming_offenders(self.testcase, findings, nameless)
    }

    /// Whether the image, by itself, keeps the test case from passing; `now` in seconds since the epoch.
    pub(super) fn is_broken_by(&self, image: &SeenImage, now: f64) -> bool {
        let problem = (self.check)(image, &Context { property: self.property, now });
        problem.is_some_and(|(severity, _)| severity >= Severity::Violation)
    }

    /// Test case and property.
    pub(super) const fn names(&self) -> (&'static str, &'static str) {
        (self.testcase, self.property)
    }

    fn fix(&self, image: &SeenImage) -> String {
        match self.advice {
            Advice::Set(value) => {
                format!("openstack image set --property {}={value} {}", self.property, image.argument())
            }
            Advice::Option(option, value) => {
                format!("openstack image set {option} {}, with {value}", image.argument())
            }
            Advice::Say(what) => what.to_owned(),
        }
    }
}

const fn rule(
    testcase: &'static str,
    property: &'static str,
    expected: &'static str,
    advice: Advice,
    check: fn(&SeenImage, &Context) -> Option<Problem>,
) -> Rule {
    Rule { testcase, property, expected, advice, names_offenders: true, check }
}

/// A rule whose test reports each offender by itself.
const fn one_by_one(rule: Rule) -> Rule {
    Rule { names_offenders: false, ..rule }
}

/// All property rules, in the order of the scope file.
pub(super) static RULES: [Rule; 18] = [
    rule(
        "scs-0102-prop-architecture",
        "architecture",
        "is x86_64, aarch64 or risc-v",
        Advice::Set("x86_64"),
        |image, cx| one_of(image.property(cx.property), &["x86_64", "aarch64", "risc-v"]),
    ),
    rule(
        "scs-0102-prop-hash_algo",
        "os_hash_algo",
        "is sha256 or sha512",
        Advice::Say("upload the image anew to a cloud whose image service hashes with sha512, its default"),
        |image, cx| one_of(image.property(cx.property), &["sha256", "sha512"]),
    ),
    rule(
        "scs-0102-prop-min_disk",
        "min_disk",
        "is set and holds the image file",
        Advice::Option("--min-disk GIB", "GIB at least the virtual size of the image"),
        |image, _| min_disk(image),
    ),
    rule(
        "scs-0102-prop-min_ram",
        "min_ram",
        "is set (64 MiB or more are plausible)",
        Advice::Option("--min-ram MIB", "MIB enough to boot and run for 10 s"),
        |image, _| min_ram(image),
    ),
    rule("scs-0102-prop-os_version", "os_version", "is set", Advice::Set("VERSION"), |image, cx| {
        non_empty(image.property(cx.property))
    }),
    rule("scs-0102-prop-os_distro", "os_distro", "is set", Advice::Set("DISTRIBUTION"), |image, cx| {
        non_empty(image.property(cx.property))
    }),
    rule(
        "scs-0102-prop-os_purpose",
        "os_purpose",
        "is generic, oldgeneric, minimal, k8snode, gpu, network or custom",
        Advice::Set("custom"),
        |image, cx| {
            let purposes = ["generic", "oldgeneric", "minimal", "k8snode", "gpu", "network", "custom"];
            one_of(image.property(cx.property), &purposes)
        },
    ),
    rule(
        "scs-0102-prop-hw_disk_bus",
        "hw_disk_bus",
        "is scsi (recommended) or virtio, or absent",
        Advice::Set("scsi"),
        |image, cx| one_of_or_absent(image.property(cx.property), &["virtio", "scsi"]),
    ),
    rule(
        "scs-0102-prop-hypervisor_type",
        "hypervisor_type",
        "is qemu, kvm, xen, hyper-v or esxi, or absent",
        Advice::Set("qemu"),
        |image, cx| one_of_or_absent(image.property(cx.property), &["qemu", "kvm", "xen", "hyper-v", "esxi"]),
    ),
    rule(
        "scs-0102-prop-hw_rng_model",
        "hw_rng_model",
        "is virtio or absent",
        Advice::Set("virtio"),
        |image, cx| one_of_or_absent(image.property(cx.property), &["virtio"]),
    ),
    one_by_one(rule(
        "scs-0102-prop-image_build_date",
        "image_build_date",
        "is a date (YYYY-MM-DD, with hh:mm[:ss] if known, UTC), not after the registration and not in the future",
        Advice::Set("YYYY-MM-DD"),
        build_date,
    )),
    rule(
        "scs-0102-prop-image_original_user",
        "image_original_user",
        "is a login name, or none",
        Advice::Set("none"),
        |image, cx| non_empty(image.property(cx.property)),
    ),
    rule(
        "scs-0102-prop-image_source",
        "image_source",
        "is a URL (http, https, ftp or ftps), or private",
        Advice::Set("private"),
        |image, cx| source(image.property(cx.property)),
    ),
    rule(
        "scs-0102-prop-image_description",
        "image_description",
        "is a URL or text",
        Advice::Set("TEXT"),
        |image, cx| non_empty(image.property(cx.property)),
    ),
    rule(
        "scs-0102-prop-replace_frequency",
        "replace_frequency",
        "is yearly, quarterly, monthly, weekly, daily, critical_bug or never",
        Advice::Set("never"),
        |image, cx| one_of(image.property(cx.property), &super::recency::FREQUENCIES.map(|(word, _)| word)),
    ),
    rule(
        "scs-0102-prop-provided_until",
        "provided_until",
        "is a date, none or notice",
        Advice::Set("none"),
        |image, cx| non_empty(image.property(cx.property)),
    ),
    one_by_one(rule(
        "scs-0102-prop-uuid_validity",
        "uuid_validity",
        "is none, notice, forever, last-N or a date, or absent",
        Advice::Set("none"),
        |image, cx| uuid_validity(image.property(cx.property)),
    )),
    one_by_one(rule(
        "scs-0102-prop-hotfix_hours",
        "hotfix_hours",
        "is a whole number, or absent",
        Advice::Set("0"),
        |image, cx| hotfix_hours(image.property(cx.property)),
    )),
];

fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "not set".to_owned(), |value| format!("{value:?}"))
}

fn violation_unless(fine: bool, value: Option<&str>) -> Option<Problem> {
    (!fine).then(|| (Severity::Violation, shown(value)))
}

fn one_of(value: Option<&str>, accepted: &[&str]) -> Option<Problem> {
    violation_unless(value.is_some_and(|value| accepted.contains(&value)), value)
}

fn one_of_or_absent(value: Option<&str>, accepted: &[&str]) -> Option<Problem> {
    violation_unless(value.is_none_or(|value| accepted.contains(&value)), value)
}

fn non_empty(value: Option<&str>) -> Option<Problem> {
    violation_unless(value.is_some_and(|value| !value.is_empty()), value)
}

const GIB: u128 = 1 << 30;

fn min_disk(image: &SeenImage) -> Option<Problem> {
    match (image.min_disk.unwrap_or(0), image.size) {
        (0, _) => Some((Severity::Violation, "not set or 0".to_owned())),
        (_, None) => Some((Severity::Undecidable, "an image without a size to compare with".to_owned())),
        (gib, Some(size)) if u128::from(gib) * GIB < u128::from(size) => {
            Some((Severity::Violation, format!("{gib} GiB for a file of {size} bytes")))
        }
        _ => None,
    }
}

fn min_ram(image: &SeenImage) -> Option<Problem> {
    match image.min_ram.unwrap_or(0) {
        0 => Some((Severity::Violation, "not set or 0".to_owned())),
        mib if mib < 64 => Some((Severity::Warning, format!("{mib} MiB"))),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "upstream compares with a floating-point time as well")]
fn build_date(image: &SeenImage, cx: &Context) -> Option<Problem> {
    let Some(created) = image.created_at.as_deref() else {
        return Some((Severity::Undecidable, "an image without a registration time".to_owned()));
    };
    let registered = date::api(created).unwrap_or(0);
    let text = image.property(cx.property);
    match text.and_then(date::property) {
        None => Some((Severity::Violation, shown(text))),
        Some(built) if built > registered => {
            Some((Severity::Violation, format!("{}, after the registration at {created:?}", shown(text))))
        }
        Some(built) if built as f64 > cx.now => {
            Some((Severity::Violation, format!("{}, in the future", shown(text))))
        }
        Some(_) => None,
    }
}

fn source(value: Option<&str>) -> Option<Problem> {
    let is_url = |text: &str| {
        text.split_once("://").is_some_and(|(scheme, _)| ["http", "https", "ftp", "ftps"].contains(&scheme))
    };
    violation_unless(value.is_some_and(|text| text == "private" || is_url(text)), value)
}

fn uuid_validity(value: Option<&str>) -> Option<Problem> {
    let text = value?;
    let last = text.strip_prefix("last-").is_some_and(is_decimal);
    violation_unless(
        ["none", "notice", "forever"].contains(&text) || last || date::property(text).is_some(),
        value,
    )
}

fn hotfix_hours(value: Option<&str>) -> Option<Problem> {
    violation_unless(value.is_none_or(|text| text.is_empty() || is_decimal(text)), value)
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
