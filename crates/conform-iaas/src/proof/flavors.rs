//! SCS-0100 and SCS-0103: names, sizes, standard flavors.

use kogge_standards::standard_flavors;

use super::{Change, Mutation, NewFlavor};

const SYNTAX: &str = "scs-0100-syntax-check";
const SEMANTICS: &str = "scs-0100-semantics-check";

fn object(name: &str) -> String {
    format!("flavor {name:?}")
}

fn flavor(name: &str, vcpus: u64, ram: u64, disk: u64) -> NewFlavor {
    NewFlavor { name: name.to_owned(), vcpus, ram, disk, specs: Vec::new(), public: true }
}

fn with(name: &str, what: &str, new: NewFlavor) -> Mutation {
    Mutation::new(name, what).change(Change::NewFlavor(new))
}

/// A flavor of this name, with sizes that no name of the table exceeds.
fn named(name: &str, what: &str, flavor_name: &str) -> Mutation {
    with(name, what, flavor(flavor_name, 4, 16_384, 100))
}

/// Names that follow the scheme, or do not.
pub(super) fn names() -> Vec<Mutation> {
    let wrong = |name, what, flavor: &str| named(name, what, flavor).fails(SYNTAX, object(flavor));
    let tolerated = |name, what, flavor| named(name, what, flavor).tolerated(SYNTAX).tolerated(SEMANTICS);
    let hidden = NewFlavor { public: false, ..flavor("SCS-2X-4", 2, 4096, 0) };
    let endless = format!("SCS-4V-{}", "9".repeat(400));
    vec![
        wrong("name-cpu-type", "a flavor SCS-2X-4: there is no CPU type X", "SCS-2X-4"),
        wrong("name-lower-case", "a flavor SCS-2v-4: letters are case-sensitive", "SCS-2v-4"),
        wrong("name-quarter-gib", "a flavor SCS-2V-4.25: RAM goes in halves", "SCS-2V-4.25"),
        wrong("name-marker-order", "a flavor SCS-2V-4ou: it is uo", "SCS-2V-4ou"),
        wrong("name-generation", "a flavor SCS-2C-4_z7: no such generation", "SCS-2C-4_z7"),
        wrong("name-document-example", "the document's own invalid example", "SCS-2C-4-n_bms_3"),
        wrong(
            "name-gpu-infiniband",
            "a GPU without units before _ib: valid, but not for upstream",
            "SCS-4V-16_GNa_ib",
        ),
        named("name-colons", "a flavor SCS-2V:4 in the spelling of version 1", "SCS-2V:4")
            .notes(SYNTAX, object("SCS-2V:4"))
            .notes(SEMANTICS, object("SCS-2V:4")),
        tolerated("name-foreign", "a flavor m1.large, which no rule concerns", "m1.large"),
        tolerated("name-other-prefix", "a flavor scs-2X-4: the prefix is in capitals", "scs-2X-4"),
        with("name-unseen", "a flavor SCS-2X-4 that only another project sees", hidden).tolerated(SYNTAX),
        named("name-endless-ram", "RAM of 400 digits, a number that becomes infinite", &endless)
            .opens(SYNTAX, "RAM")
            .opens(SEMANTICS, "RAM"),
    ]
}

/// Sizes against what the name promises.
pub(super) fn sizes() -> Vec<Mutation> {
    let sized = |name, what, f: NewFlavor| with(name, what, f);
    let short = |name, what, f: NewFlavor| {
        let object = object(&f.name);
        sized(name, what, f).fails(SEMANTICS, object)
    };
    let more = |name, what, f: NewFlavor| {
        let object = object(&f.name);
        sized(name, what, f).notes(SEMANTICS, object)
    };
    let sizeless = |name, what, f: NewFlavor| {
        let reason = object(&f.name);
        sized(name, what, f).opens(SEMANTICS, &reason)
    };
    vec![
        short("size-vcpus", "SCS-3V-6 with 2 vCPUs", flavor("SCS-3V-6", 2, 6144, 0)),
        short("size-ram-52", "SCS-3C-4 with 4044 MiB: 52 short", flavor("SCS-3C-4", 3, 4044, 0)),
        sized(
            "size-ram-51",
            "SCS-3C-4 with 4045 MiB: 51 short are rounded away",
            flavor("SCS-3C-4", 3, 4045, 0),
        )
        .tolerated(SEMANTICS),
        sized(
            "size-ram-over-51",
            "SCS-3C-4 with 4147 MiB: 51 more are not noticed",
            flavor("SCS-3C-4", 3, 4147, 0),
        )
        .tolerated(SEMANTICS),
        more(
            "size-ram-over-52",
            "SCS-3C-4 with 4148 MiB: more than promised",
            flavor("SCS-3C-4", 3, 4148, 0),
        ),
        more("size-more-vcpus", "SCS-3C-4 with 8 vCPUs", flavor("SCS-3C-4", 8, 4096, 0)),
        more("size-odd-half", "SCS-3C-10.5: halves from 10 GiB up", flavor("SCS-3C-10.5", 3, 10_752, 0)),
        short("size-disk", "SCS-3C-4-20 with 10 GB", flavor("SCS-3C-4-20", 3, 4096, 10)),
        more("size-unpromised-disk", "SCS-3C-4 with 10 GB of disk", flavor("SCS-3C-4", 3, 4096, 10)),
        sized(
            "size-two-disks",
            "SCS-3C-4-2x10 with 10 GB: one disk is compared",
            flavor("SCS-3C-4-2x10", 3, 4096, 10),
        )
        .tolerated(SEMANTICS),
        sizeless("size-none", "SCS-3C-4-n, a disk part without size", flavor("SCS-3C-4-n", 3, 4096, 10)),
        sizeless("size-none-counted", "SCS-3C-4-3x, three of them", flavor("SCS-3C-4-3x", 3, 4096, 0)),
        short(
            "size-colons",
            "SCS-3V:6 with 2 vCPUs: old names are compared too",
            flavor("SCS-3V:6", 2, 6144, 0),
        )
        .notes(SYNTAX, object("SCS-3V:6")),
    ]
}

fn id(name: &str) -> String {
    format!("scs-0103-flavor-{}", name.trim_start_matches("SCS-").to_lowercase())
}

/// The standard flavors: each of them gone, and every clause on some of them.
pub(super) fn standard() -> Vec<Mutation> {
    let gone = standard_flavors().iter().map(|standard| {
        let name = standard.name;
        Mutation::new(
            format!("flavor-{}-gone", &standard.testcase()["scs-0103-flavor-".len()..]),
            format!("no {name}"),
        )
        .change(Change::NoFlavor(name.to_owned()))
        .fails(standard.testcase(), object(name))
    });
    gone.chain(figures()).chain(specs()).chain(lookup()).collect()
}

fn figures() -> Vec<Mutation> {
    let set = |name, what, flavor: &str, key, value| {
        Mutation::new(name, what)
            .change(Change::FlavorFigure { flavor: flavor.to_owned(), key, value })
            .fails(id(flavor), object(flavor))
    };
    let more = |mutation: Mutation, flavor| mutation.notes(SEMANTICS, object(flavor));
    vec![
        more(
            set("flavor-more-vcpus", "SCS-2V-4 with 4 vCPUs: equal, not at least", "SCS-2V-4", "vcpus", 4),
            "SCS-2V-4",
        ),
        set("flavor-fewer-vcpus", "SCS-4V-8 with 2 vCPUs", "SCS-4V-8", "vcpus", 2)
            .fails(SEMANTICS, object("SCS-4V-8")),
        more(set("flavor-more-ram", "SCS-2V-8 with 8292 MiB", "SCS-2V-8", "ram", 8292), "SCS-2V-8"),
        set("flavor-ram-51", "SCS-2V-8 with 8141 MiB: enough for its name only", "SCS-2V-8", "ram", 8141),
        set("flavor-less-ram", "SCS-2V-8 with 8000 MiB", "SCS-2V-8", "ram", 8000)
            .fails(SEMANTICS, object("SCS-2V-8")),
        more(set("flavor-disk", "SCS-1V-4 with a 20 GB disk", "SCS-1V-4", "disk", 20), "SCS-1V-4"),
        set("flavor-less-disk", "SCS-2V-4-20s with 10 GB", "SCS-2V-4-20s", "disk", 10)
            .fails(SEMANTICS, object("SCS-2V-4-20s")),
    ]
}

fn specs() -> Vec<Mutation> {
    let set = |name, what, flavor: &str, key, value: Option<&str>| {
        Mutation::new(name, what).change(Change::FlavorSpec {
            flavor: flavor.to_owned(),
            key,
            value: value.map(str::to_owned),
        })
    };
    let wrong = |name, what, flavor: &str, key, value| {
        set(name, what, flavor, key, value).fails(id(flavor), object(flavor))
    };
    vec![
        wrong(
            "spec-cpu-type",
            "scs:cpu-type of SCS-4V-16 is crowded-core",
            "SCS-4V-16",
            "scs:cpu-type",
            Some("crowded-core"),
        ),
        wrong("spec-no-cpu-type", "SCS-4V-16 without scs:cpu-type", "SCS-4V-16", "scs:cpu-type", None),
        wrong("spec-no-name-v1", "SCS-8V-32 without scs:name-v1", "SCS-8V-32", "scs:name-v1", None),
        wrong(
            "spec-dashed-name-v1",
            "scs:name-v1 of SCS-8V-32 in dashes",
            "SCS-8V-32",
            "scs:name-v1",
            Some("SCS-8V-32"),
        ),
        wrong(
            "spec-no-name-v2",
            "SCS-4V-16 without scs:name-v2: found by name, and wrong",
            "SCS-4V-16",
            "scs:name-v2",
            None,
        ),
        wrong(
            "spec-nvme",
            "scs:disk0-type of SCS-2V-4-20s is nvme",
            "SCS-2V-4-20s",
            "scs:disk0-type",
            Some("nvme"),
        ),
        wrong(
            "spec-no-disk-type",
            "SCS-4V-16-100s without scs:disk0-type",
            "SCS-4V-16-100s",
            "scs:disk0-type",
            None,
        ),
        wrong(
            "spec-recommended-ssd",
            "scs:disk0-type of SCS-1V-2-5 is ssd",
            "SCS-1V-2-5",
            "scs:disk0-type",
            Some("ssd"),
        ),
        set(
            "spec-more",
            "SCS-4V-16 with one more extra spec scs:name-v3",
            "SCS-4V-16",
            "scs:name-v3",
            Some("x"),
        )
        .tolerated(id("SCS-4V-16")),
        Mutation::new("spec-null", "m1.null shows null for its extra specs")
            .change(Change::NewFlavor(flavor("m1.null", 1, 512, 0)))
            .change(Change::NullSpecs("m1.null".to_owned()))
            .opens("scs-0103-*", "m1.null"),
    ]
}

fn standard_specs(name: &str) -> Vec<(&'static str, String)> {
    standard_flavors().iter().find(|f| f.name == name).map(|f| f.extra_specs().collect()).unwrap_or_default()
}

fn lookup() -> Vec<Mutation> {
    let claims = |ram| NewFlavor { specs: standard_specs("SCS-2V-8"), ..flavor("m1.claims", 2, ram, 0) };
    vec![
        with("flavor-shadowed", "another flavor claims scs:name-v2=SCS-2V-8 with 4096 MiB", claims(4096))
            .fails(id("SCS-2V-8"), object("m1.claims")),
        with("flavor-other-name", "SCS-2V-8 is called m1.claims; its extra specs are right", claims(8192))
            .change(Change::NoFlavor("SCS-2V-8".to_owned()))
            .tolerated(id("SCS-2V-8")),
        with(
            "flavor-colon-name",
            "SCS-2V-8 is called SCS-2V:8 and has no extra specs",
            flavor("SCS-2V:8", 2, 8192, 0),
        )
        .change(Change::NoFlavor("SCS-2V-8".to_owned()))
        .fails(id("SCS-2V-8"), object("SCS-2V-8"))
        .notes(SYNTAX, object("SCS-2V:8")),
    ]
}
