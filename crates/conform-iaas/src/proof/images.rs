//! SCS-0102's properties and uniqueness, SCS-0104.

use kogge_standards::standard_images::builtin_specs;
use serde_json::{Value, json};

use super::{Change, Mutation, sound_images};

/// The image that most mutations change: no rule of SCS-0104 concerns its name.
const PLAIN: &str = "Rocky 9";
const UBUNTU: &str = "Ubuntu 24.04";
const UNIQUENESS: &str = "scs-0102-os_purpose-uniqueness";
const RECENCY: &str = "scs-0102-image-recency";

fn object(name: &str) -> String {
    format!("image {name:?}")
}

fn property(key: &str) -> String {
    format!("scs-0102-prop-{}", if key == "os_hash_algo" { "hash_algo" } else { key })
}

/// One more image, like Ubuntu's, that no other rule notices.
fn plain(name: &str, what: impl Into<String>, set: &[(&'static str, Value)]) -> Mutation {
    let mut own = vec![("os_distro", json!("rocky")), ("os_version", json!("9"))];
    own.extend_from_slice(set);
    Mutation::new(name, what).change(Change::NewImage {
        name: json!(PLAIN),
        like: UBUNTU.to_owned(),
        set: own,
    })
}

/// A value of a property: right, or wrong.
fn valued(name: &str, key: &'static str, value: Value, right: bool) -> Mutation {
    let what = if value.is_null() {
        format!("an image without {key}")
    } else {
        format!("an image with {key} {value}")
    };
    let mutation = plain(name, what, &[(key, value)]);
    if right { mutation.tolerated(property(key)) } else { mutation.fails(property(key), object(PLAIN)) }
}

/// The properties, one by one.
pub(super) fn properties() -> Vec<Mutation> {
    let values = [
        ("arch-other", "architecture", json!("ppc64le"), false),
        ("arch-glance-word", "architecture", json!("riscv64"), false),
        ("arch-risc-v", "architecture", json!("risc-v"), true),
        ("arch-none", "architecture", Value::Null, false),
        ("hash-md5", "os_hash_algo", json!("md5"), false),
        ("hash-sha256", "os_hash_algo", json!("sha256"), true),
        ("min-disk-0", "min_disk", json!(0), false),
        ("min-ram-0", "min_ram", json!(0), false),
        ("os-version-empty", "os_version", json!(""), false),
        ("os-version-none", "os_version", Value::Null, false),
        ("os-distro-none", "os_distro", Value::Null, false),
        ("purpose-other", "os_purpose", json!("fun"), false),
        ("purpose-none", "os_purpose", Value::Null, false),
        ("purpose-old", "os_purpose", json!("oldgeneric"), true),
        ("disk-bus-ide", "hw_disk_bus", json!("ide"), false),
        ("disk-bus-none", "hw_disk_bus", Value::Null, true),
        ("hypervisor-vmware", "hypervisor_type", json!("vmware"), false),
        ("hypervisor-glance-word", "hypervisor_type", json!("hyperv"), false),
        ("hypervisor-esxi", "hypervisor_type", json!("esxi"), true),
        ("hypervisor-none", "hypervisor_type", Value::Null, true),
        ("rng-other", "hw_rng_model", json!("pseudo"), false),
        ("rng-none", "hw_rng_model", Value::Null, true),
        ("user-empty", "image_original_user", json!(""), false),
        ("user-none", "image_original_user", Value::Null, false),
        ("source-plain", "image_source", json!("example.org/x.img"), false),
        ("source-capitals", "image_source", json!("HTTPS://example.org/x.img"), false),
        ("source-s3", "image_source", json!("s3://bucket/x.img"), false),
        ("source-private", "image_source", json!("private"), true),
        ("source-ftp", "image_source", json!("ftp://x"), true),
        ("description-empty", "image_description", json!(""), false),
        ("frequency-other", "replace_frequency", json!("often"), false),
        ("frequency-none", "replace_frequency", Value::Null, false),
        ("until-empty", "provided_until", json!(""), false),
        ("until-nonsense", "provided_until", json!("sometime"), true),
        ("validity-last", "uuid_validity", json!("last"), false),
        ("validity-last-x", "uuid_validity", json!("last-x"), false),
        ("validity-last-3", "uuid_validity", json!("last-3"), true),
        ("validity-date", "uuid_validity", json!("2027-01-31"), true),
        ("validity-none", "uuid_validity", Value::Null, true),
        ("hotfix-word", "hotfix_hours", json!("soon"), false),
        ("hotfix-fraction", "hotfix_hours", json!("1.5"), false),
        ("hotfix-empty", "hotfix_hours", json!(""), true),
        ("build-date-slashes", "image_build_date", json!("2026/11/20"), false),
        ("build-date-none", "image_build_date", Value::Null, false),
        ("build-date-after", "image_build_date", json!("2026-11-24 23:59"), false),
        ("build-date-future", "image_build_date", json!("2027-01-01"), false),
        ("build-date-same-day", "image_build_date", json!("2026-11-24"), true),
    ];
    let single = values.into_iter().map(|(name, key, value, right)| valued(name, key, value, right));
    single.chain(combined()).chain(population()).collect()
}

/// What needs two properties, or leaves the question open.
fn combined() -> Vec<Mutation> {
    let gib = 1u64 << 30;
    vec![
        plain(
            "min-disk-small",
            "1 GiB of min_disk for a file of one byte more",
            &[("min_disk", json!(1)), ("size", json!(gib + 1))],
        )
        .fails(property("min_disk"), object(PLAIN)),
        plain(
            "min-disk-exact",
            "1 GiB of min_disk for a file of that size",
            &[("min_disk", json!(1)), ("size", json!(gib))],
        )
        .tolerated(property("min_disk")),
        plain("size-null", "an image without a size yet", &[("size", Value::Null)])
            .opens(property("min_disk"), PLAIN),
        plain("min-ram-63", "63 MiB of min_ram", &[("min_ram", json!(63))])
            .notes(property("min_ram"), object(PLAIN)),
        plain(
            "created-nonsense",
            "a registration time that cannot be read counts as 1970",
            &[("created_at", json!("yesterday"))],
        )
        .fails(property("image_build_date"), object(PLAIN)),
        plain("created-none", "an image without registration time", &[("created_at", Value::Null)])
            .opens(property("image_build_date"), PLAIN),
        plain(
            "future-build",
            "built and registered tomorrow",
            &[("created_at", json!("2026-11-25T12:00:00Z")), ("image_build_date", json!("2026-11-25"))],
        )
        .fails(property("image_build_date"), object(PLAIN)),
    ]
}

/// Whose images are judged at all.
fn population() -> Vec<Mutation> {
    let wrong = |name, what, key, value| plain(name, what, &[("architecture", json!("m68k")), (key, value)]);
    vec![
        wrong("image-community", "a wrong community image", "visibility", json!("community"))
            .fails(property("architecture"), object(PLAIN)),
        wrong("image-private", "a wrong private image", "visibility", json!("private"))
            .tolerated(property("architecture")),
        wrong("image-hidden", "a wrong hidden image: the list does not show it", "os_hidden", json!(true))
            .tolerated(property("architecture")),
        Mutation::new("images-gone", "no images at all: nothing to judge, and nothing to boot")
            .change(Change::NoImages)
            .tolerated("scs-0102-*")
            .tolerated("scs-0104-source-*")
            .fails("scs-0104-image-*", "image list")
            .opens("scs-0101-*", "no public image"),
    ]
}

/// One generic image per architecture, distribution and version.
pub(super) fn unique() -> Vec<Mutation> {
    let second = |name, what, set: &[(&'static str, Value)]| {
        let change = Change::NewImage { name: json!("Noble"), like: UBUNTU.to_owned(), set: set.to_vec() };
        Mutation::new(name, what).change(change)
    };
    vec![
        second("generic-twice", "a second generic image of Ubuntu 24.04", &[]).fails(UNIQUENESS, "image "),
        second("generic-other-architecture", "one for aarch64", &[("architecture", json!("aarch64"))])
            .tolerated(UNIQUENESS),
        second(
            "generic-old",
            "an old one with os_purpose oldgeneric",
            &[("os_purpose", json!("oldgeneric"))],
        )
        .tolerated(UNIQUENESS),
        second("generic-community", "a community image", &[("visibility", json!("community"))])
            .tolerated(UNIQUENESS),
        second("generic-other-spelling", "os_version spelled 24.04.0", &[("os_version", json!("24.04.0"))])
            .tolerated(UNIQUENESS),
    ]
}

/// Standard images: each of them gone, each from elsewhere, and the quirks of names.
pub(super) fn standard() -> Vec<Mutation> {
    let each = builtin_specs().flat_map(|(suffix, spec)| {
        let name = shown_name(spec.name_scheme.as_deref(), &spec.name);
        let gone = Mutation::new(format!("{suffix}-gone"), format!("no image {name:?}"))
            .change(Change::NoImage(name.clone()))
            .fails(format!("scs-0104-image-{suffix}"), "image list")
            .tolerated(format!("scs-0104-source-{suffix}"));
        let elsewhere = Mutation::new(format!("{suffix}-elsewhere"), format!("{name:?} from a mirror"))
            .image(&name, &[("image_source", json!("https://mirror.example/x.img"))])
            .fails(format!("scs-0104-source-{suffix}"), object(&name));
        [gone, elsewhere]
    });
    each.chain(named()).collect()
}

/// The name of the sound image that a rule concerns.
fn shown_name(scheme: Option<&str>, name: &str) -> String {
    let fits = |image: &Value| {
        let shown = image.get("name")?.as_str()?;
        let pattern = regex::Regex::new(&format!("^(?:{})$", scheme?)).ok()?;
        pattern.is_match(shown).then(|| shown.to_owned())
    };
    sound_images().iter().find_map(fits).unwrap_or_else(|| name.to_owned())
}

fn named() -> Vec<Mutation> {
    let (source, image) = ("scs-0104-source-ubuntu-2404", "scs-0104-image-ubuntu-2404");
    let from = |name, what, source_url: &str| {
        Mutation::new(name, what)
            .image(UBUNTU, &[("image_source", json!(source_url))])
            .fails(source, object(UBUNTU))
    };
    let copy = |name: &'static str, what, image_name: &str, like: &str, set: &[(&'static str, Value)]| {
        let mut own =
            vec![("os_purpose", json!("custom")), ("image_source", json!("https://mirror.example/"))];
        own.extend_from_slice(set);
        Mutation::new(name, what).change(Change::NewImage {
            name: json!(image_name),
            like: like.to_owned(),
            set: own,
        })
    };
    let capi = "ubuntu-capi-image-v1.31.1";
    vec![
        from(
            "source-minimal",
            "the minimal build of Ubuntu",
            "https://cloud-images.ubuntu.com/minimal/releases/noble/",
        ),
        from("source-http", "the right address with http", "http://cloud-images.ubuntu.com/noble/x.img"),
        Mutation::new("image-lts", "\"Ubuntu 24.04\" is called \"Ubuntu 24.04 LTS\"")
            .image(UBUNTU, &[("name", json!("Ubuntu 24.04 LTS"))])
            .fails(image, "image list"),
        Mutation::new("image-not-public", "\"Ubuntu 24.04\" is private")
            .image(UBUNTU, &[("visibility", json!("private"))])
            .fails(image, "image list"),
        copy(
            "image-twice",
            "a second \"Ubuntu 24.04\" from a mirror, listed last: it counts",
            UBUNTU,
            UBUNTU,
            &[],
        )
        .fails(source, object(UBUNTU))
        .notes(RECENCY, object(UBUNTU)),
        copy(
            "capi-longer",
            "a name that only begins like the scheme counts",
            &format!("{capi}-custom"),
            capi,
            &[],
        )
        .fails("scs-0104-source-capi-2", object(&format!("{capi}-custom"))),
        copy("capi-two-digits", "version 10.1 does not fit the scheme", "ubuntu-capi-image-v10.1", capi, &[])
            .tolerated("scs-0104-source-capi-2"),
        Mutation::new("image-nameless", "an image without a name")
            .change(Change::NewImage {
                name: Value::Null,
                like: UBUNTU.to_owned(),
                set: vec![("os_version", json!("x"))],
            })
            .opens("scs-0104-source-capi-*", "without a name")
            .opens("scs-0104-image-capi-*", "without a name"),
    ]
}
