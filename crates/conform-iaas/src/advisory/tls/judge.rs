//! What was seen of a server, and how it stands to Mozilla's profiles *modern* and *intermediate*.

use std::collections::BTreeMap;

use kogge_conform::Severity;

use super::hello::Version;
use super::suites::{self, INTERMEDIATE, WEAK};

/// Something to be said about a server, whose name is added by whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) severity: Severity,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) fix: String,
}

impl Remark {
    fn new(severity: Severity, expected: impl Into<String>, found: String, fix: &str) -> Self {
        Self { severity, expected: expected.into(), found, fix: fix.to_owned() }
    }

    pub(super) fn violation(expected: impl Into<String>, found: String, fix: &str) -> Self {
        Self::new(Severity::Violation, expected, found, fix)
    }

    pub(super) fn warning(expected: impl Into<String>, found: String, fix: &str) -> Self {
        Self::new(Severity::Warning, expected, found, fix)
    }

    pub(super) fn info(expected: impl Into<String>, found: String) -> Self {
        Self::new(Severity::Info, expected, found, "")
    }

    pub(super) fn undecidable(expected: impl Into<String>, found: String) -> Self {
        Self::new(
            Severity::Undecidable,
            expected,
            found,
            "look from a place with a better connection, or later",
        )
    }
}

/// How a server met an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// It takes it.
    Taken,
    /// It refuses, in these words.
    Refused(String),
    /// Nobody knows, for this reason.
    Unclear(String),
}

/// What a server offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) versions: BTreeMap<Version, Met>,
    /// The suites that it took, in the order in which it took them.
    pub(super) suites: Vec<u16>,
    /// Why not all suites could be asked for.
    pub(super) suites_unclear: Option<String>,
    /// Whether it compresses.
    pub(super) compression: bool,
}

const FIX: &str =
    "configure the server after Mozilla's profile `intermediate`: ssl-config.mozilla.org writes the lines";

/// The versions: TLS 1.2 and 1.3, and no older ones.
pub(super) fn versions(offers: &Offers) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (version, met) in &offers.versions {
        let name = version.name();
        let remark = match (version, met) {
            (Version::Tls12 | Version::Tls13, Met::Taken) => None,
            (Version::Tls12, Met::Refused(_)) => None,
            (Version::Tls13, Met::Refused(how)) => {
                Some(Remark::warning("TLS 1.3 is offered", format!("refused: {how}"), FIX))
            }
            (_, Met::Taken) => {
                Some(Remark::violation(format!("{name} is refused"), "it is accepted".to_owned(), FIX))
            }
            (_, Met::Refused(_)) => None,
            (_, Met::Unclear(why)) => {
                Some(Remark::undecidable(format!("an answer to an offer of {name}"), why.clone()))
            }
        };
        remarks.extend(remark);
    }
    let took = |version| offers.versions.get(&version) == Some(&Met::Taken);
    let known = offers.versions.values().all(|met| !matches!(met, Met::Unclear(_)));
    if known && !took(Version::Tls12) && !took(Version::Tls13) {
        remarks.push(Remark::violation("TLS 1.2 or TLS 1.3", "neither is accepted".to_owned(), FIX));
    }
    if offers.compression {
        let found = "it compresses, so that an attacker can guess secrets (CRIME)".to_owned();
        remarks.push(Remark::violation("no compression by TLS", found, "switch TLS compression off"));
    }
    let only_newest = took(Version::Tls13)
        && offers.versions.iter().all(|(v, met)| *v == Version::Tls13 || matches!(met, Met::Refused(_)));
    let stands = if only_newest { "so it is" } else { "other versions, or not this one" };
    remarks.push(Remark::info("TLS 1.3 alone, for the profile `modern`", stands.to_owned()));
    remarks
}

/// The suites: those of the profile, and no others.
pub(super) fn suites(offers: &Offers) -> Vec<Remark> {
    let weak = WEAK.iter().filter(|weak| offers.suites.contains(&weak.number));
    let mut remarks: Vec<Remark> = weak
        .map(|weak| {
            let found = format!("{} is accepted: {}", weak.name, weak.weakness.words());
            Remark::violation("only suites of the profile `intermediate`", found, FIX)
        })
        .collect();
    let others =
        offers.suites.iter().filter(|number| suites::TLS13_OTHERS.iter().any(|(other, _)| other == *number));
    remarks.extend(others.map(|number| {
        let found = format!("{} is accepted: in no profile", suites::name(*number));
        Remark::violation("only suites of the profile `intermediate`", found, FIX)
    }));
    if let Some(why) = &offers.suites_unclear {
        remarks.push(Remark::undecidable("an answer to every offer of cipher suites", why.clone()));
    }
    let good = INTERMEDIATE.iter().chain(&suites::TLS13).filter(|(number, _)| offers.suites.contains(number));
    let names: Vec<&str> = good.map(|(_, name)| *name).collect();
    remarks.push(Remark::info(
        "suites of the profile `intermediate`",
        if names.is_empty() { "none".to_owned() } else { names.join(", ") },
    ));
    remarks
}

/// The least `max-age` of the profiles in seconds: two years.
const HSTS_SECONDS: u64 = 63_072_000;

/// The header `Strict-Transport-Security`: noted, since clients of APIs do not heed it.
pub(super) fn hsts(header: Option<&str>) -> Remark {
    let expected = format!("Strict-Transport-Security with max-age={HSTS_SECONDS}");
    let Some(header) = header else {
        return Remark::info(expected, "there is no such header".to_owned());
    };
    let ages = header.split(';').filter_map(|part| part.trim().split_once('='));
    let age = ages
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
        .find_map(|(_, value)| value.trim().trim_matches('"').parse::<u64>().ok());
    let shown: String = header.chars().filter(|c| !c.is_control()).take(80).collect();
    let stands = if age.is_some_and(|age| age >= HSTS_SECONDS) { "as wanted" } else { "less than wanted" };
    Remark::info(expected, format!("{shown:?}, {stands}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offers(taken: &[Version], suites: &[u16]) -> Offers {
        let met = |v: Version| if taken.contains(&v) { Met::Taken } else { Met::Refused("alert 70".into()) };
        Offers {
            versions: Version::ALL.map(|v| (v, met(v))).into(),
            suites: suites.to_vec(),
            ..Offers::default()
        }
    }

    fn violations(remarks: &[Remark]) -> usize {
        remarks.iter().filter(|r| r.severity == Severity::Violation).count()
    }

    #[test]
    fn the_two_newest_versions_are_enough_and_the_profile_is_told() {
        let both = versions(&offers(&[Version::Tls12, Version::Tls13], &[]));
        assert_eq!(violations(&both), 0);
        assert!(both.iter().any(|r| r.found.starts_with("other versions")));
        let newest = versions(&offers(&[Version::Tls13], &[]));
        assert!(violations(&newest) == 0 && newest.iter().any(|r| r.found == "so it is"));
        let middle = versions(&offers(&[Version::Tls12], &[]));
        assert!(violations(&middle) == 0 && middle.iter().any(|r| r.severity == Severity::Warning));
    }

    #[test]
    fn a_server_without_tls_1_2_or_newer_fails_twice() {
        assert_eq!(violations(&versions(&offers(&[Version::Tls11], &[]))), 2);
        assert_eq!(violations(&versions(&offers(&[], &[]))), 1);
    }

    #[test]
    fn what_is_unclear_is_not_judged() {
        let mut all = offers(&[Version::Tls12], &[]);
        all.versions.insert(Version::Ssl30, Met::Unclear("no answer".into()));
        let remarks = versions(&all);
        assert!(remarks.iter().any(|r| r.severity == Severity::Undecidable));
        assert_eq!(violations(&remarks), 0);
    }

    #[test]
    fn compression_is_a_violation() {
        let all = Offers { compression: true, ..offers(&[Version::Tls12], &[]) };
        assert_eq!(violations(&versions(&all)), 1);
    }

    proptest! {
        #[test]
        fn each_old_version_is_one_violation(ssl3: bool, one: bool, two: bool) {
            let mut taken = vec![Version::Tls12, Version::Tls13];
            taken.extend([(ssl3, Version::Ssl30), (one, Version::Tls10), (two, Version::Tls11)].into_iter().filter(|(on, _)| *on).map(|(_, v)| v));
            prop_assert_eq!(violations(&versions(&offers(&taken, &[]))), taken.len() - 2);
        }

        #[test]
        fn each_weak_suite_is_one_violation(picked in proptest::collection::btree_set(0..WEAK.len(), 0..10)) {
            let mut taken: Vec<u16> = picked.iter().map(|at| WEAK[*at].number).collect();
            taken.push(INTERMEDIATE[0].0);
            prop_assert_eq!(violations(&suites(&offers(&[], &taken))), picked.len());
        }

        #[test]
        fn any_header_is_read(text in ".{0,60}") {
            let _ = hsts(Some(&text));
        }
    }

    #[test]
    fn two_years_are_wanted() {
        assert!(hsts(Some("max-age=63072000; includeSubDomains")).found.ends_with(", as wanted"));
        assert!(hsts(Some("includeSubDomains; Max-Age=\"100\"")).found.ends_with("less than wanted"));
        assert!(hsts(None).found.contains("no such header"));
    }
}
