//! SCS-0102: is an image as young as it promises? All times are relative to [`super::NOW`].

use serde_json::{Value, json};

use super::{Change, Mutation};

const RECENCY: &str = "scs-0102-image-recency";
const UBUNTU: &str = "Ubuntu 24.04";
/// A monthly image built then is long overdue.
const LONG_AGO: &str = "2026-09-01";
/// A day that has not come yet, so that it excuses nothing.
const LATER: &str = "2027-01-01";

fn object(name: &str) -> String {
    format!("image {name:?}")
}

fn ubuntu(name: impl Into<String>, what: impl Into<String>, set: &[(&'static str, Value)]) -> Mutation {
    Mutation::new(name, what).image(UBUNTU, set)
}

/// An overdue image whose end of provision is this.
fn overdue(name: &str, what: &str, until: Value) -> Mutation {
    ubuntu(name, what, &[("image_build_date", json!(LONG_AGO)), ("provided_until", until)])
}

/// All of them.
pub(super) fn all() -> Vec<Mutation> {
    [periods(), ends(), replaced(), promises()].concat()
}

/// Eleven tenths of every period, and a second more.
fn periods() -> Vec<Mutation> {
    let table = [
        ("daily", "2026-11-23 04:30:00", "2026-11-23 04:29:59"),
        ("weekly", "2026-11-16 07:30:00", "2026-11-16 07:29:59"),
        ("monthly", "2026-10-21 05:36:00", "2026-10-21 05:35:59"),
        ("quarterly", "2026-08-15 03:12:00", "2026-08-15 03:11:59"),
        ("yearly", "2025-10-18 20:00:00", "2025-10-18 19:59:59"),
    ];
    let built = |frequency: &str, date: &str| {
        [
            ("replace_frequency", json!(frequency)),
            ("image_build_date", json!(date)),
            ("provided_until", json!(LATER)),
        ]
    };
    let both = table.into_iter().flat_map(|(frequency, last, late)| {
        [
            ubuntu(
                format!("age-{frequency}"),
                format!("{frequency}, and 1.1 periods old"),
                &built(frequency, last),
            )
            .tolerated(RECENCY),
            ubuntu(
                format!("age-{frequency}-over"),
                format!("{frequency}, and a second older"),
                &built(frequency, late),
            )
            .fails(RECENCY, object(UBUNTU)),
        ]
    });
    both.collect()
}

/// What an end of provision excuses.
fn ends() -> Vec<Mutation> {
    vec![
        overdue("end-none", "overdue, provided_until none", json!("none")).tolerated(RECENCY),
        overdue("end-notice", "overdue, provided_until notice", json!("notice")).tolerated(RECENCY),
        overdue("end-past", "overdue, and the end of its provision has passed", json!("2026-11-01"))
            .tolerated(RECENCY),
        overdue("end-future", "overdue, provided until next year", json!(LATER))
            .fails(RECENCY, object(UBUNTU)),
        overdue("end-nonsense", "overdue, provided_until is no date", json!("sometime"))
            .fails(RECENCY, object(UBUNTU)),
        overdue("end-unset", "overdue, without provided_until: the whole test stays open", Value::Null)
            .opens(RECENCY, "provided_until")
            .fails("scs-0102-prop-provided_until", object(UBUNTU)),
    ]
}

/// One more overdue image under this name, beside the fresh "Ubuntu 24.04".
fn old(name: &'static str, what: &str, image: &str) -> Mutation {
    let set = vec![
        ("os_purpose", json!("oldgeneric")),
        ("image_build_date", json!(LONG_AGO)),
        ("provided_until", json!(LATER)),
    ];
    Mutation::new(name, what).change(Change::NewImage { name: json!(image), like: UBUNTU.to_owned(), set })
}

/// Old images beside fresh ones.
fn replaced() -> Vec<Mutation> {
    let fine = |name, what, image: &str| old(name, what, image).notes(RECENCY, object(image));
    let bad = |name, what, image: &str| old(name, what, image).fails(RECENCY, object(image));
    vec![
        fine("old-dated", "an overdue \"Ubuntu 24.04 20260901\"", "Ubuntu 24.04 20260901"),
        fine("old-dashed-date", "an overdue \"Ubuntu 24.04 2026-09-01\"", "Ubuntu 24.04 2026-09-01"),
        fine("old-prev", "an overdue \"Ubuntu 24.04 prev\"", "Ubuntu 24.04 prev"),
        fine("old-unmarked", "an overdue \"Ubuntu 24.04 Server\": only a warning", "Ubuntu 24.04 Server"),
        bad("old-blankless", "a name without blanks can never be replaced", "ubuntu-24.04-20260901"),
        bad("old-other-name", "nothing is called \"Ubuntu\"", "Ubuntu 20260901"),
        bad("old-both", "the replacement is overdue as well", "Ubuntu 24.04 20260901")
            .image(UBUNTU, &[("image_build_date", json!(LONG_AGO)), ("provided_until", json!(LATER))]),
    ]
}

/// Frequencies that promise nothing, and dates that cannot be read.
fn promises() -> Vec<Mutation> {
    let aged = |name, what, frequency: Value| {
        ubuntu(
            name,
            what,
            &[
                ("replace_frequency", frequency),
                ("image_build_date", json!("2001-01-01")),
                ("provided_until", json!(LATER)),
            ],
        )
        .tolerated(RECENCY)
    };
    vec![
        aged("promise-never", "built in 2001, replaced never", json!("never")),
        aged("promise-critical", "built in 2001, replaced for critical bugs", json!("critical_bug")),
        aged("promise-unknown", "built in 2001, an unknown frequency promises nothing", json!("often"))
            .fails("scs-0102-prop-replace_frequency", object(UBUNTU)),
        aged("promise-unset", "built in 2001, no frequency counts as never", Value::Null)
            .fails("scs-0102-prop-replace_frequency", object(UBUNTU)),
        ubuntu(
            "age-by-registration",
            "no build date: the registration counts, and is old",
            &[
                ("image_build_date", Value::Null),
                ("created_at", json!("2026-09-01T00:00:00Z")),
                ("provided_until", json!(LATER)),
            ],
        )
        .fails(RECENCY, object(UBUNTU))
        .fails("scs-0102-prop-image_build_date", object(UBUNTU)),
        ubuntu(
            "age-unknown",
            "neither build date nor registration",
            &[("image_build_date", Value::Null), ("created_at", Value::Null)],
        )
        .opens(RECENCY, "neither")
        .opens("scs-0102-prop-image_build_date", UBUNTU),
    ]
}
