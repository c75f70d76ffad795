//! The table of documents against the counts and dates of the standards' repository.

use jiff::civil::date;

use super::*;

#[test]
fn there_are_as_many_documents_of_each_kind_as_upstream() {
    let count = |kind| documents().iter().filter(|document| document.kind == kind).count();
    let found = [Kind::Standard, Kind::Procedural, Kind::DecisionRecord, Kind::Supplement].map(count);
    assert_eq!(found, [41, 12, 24, 25]);
}

#[test]
fn the_documents_of_a_number_stand_together_versions_before_supplements() {
    assert!(documents().is_sorted_by_key(|document| document.id.get(..12)));
    let mut ids: Vec<_> = documents().iter().map(Document::short_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), documents().len());
}

#[test]
fn status_and_dates_agree() {
    for document in documents() {
        let id = document.id;
        let expected = match document.status {
            None => (false, false, document.kind == Kind::Supplement),
            Some(Status::Draft) => (false, false, true),
            Some(Status::Stable) => (true, false, true),
            Some(Status::Deprecated) => (true, true, document.stabilized_at < document.deprecated_at),
        };
        let (stable, deprecated) = (document.stabilized_at.is_some(), document.deprecated_at.is_some());
        assert_eq!((stable, deprecated, true), expected, "{id}");
        assert!(document.asks.ends_with('.') && !document.title.is_empty(), "{id}");
    }
}

#[test]
fn of_one_number_at_most_one_version_is_stable() {
    for document in documents().iter().filter(|document| document.status == Some(Status::Stable)) {
        let same = versions_of(document.number()).into_iter();
        assert_eq!(same.filter(|other| other.status == Some(Status::Stable)).count(), 1, "{}", document.id);
    }
}

#[test]
fn documents_are_found_by_file_short_id_and_number() {
    let flavors = document("scs-0103-v1").unwrap();
    assert_eq!(flavors.id, "scs-0103-v1-standard-flavors");
    assert_eq!(document("SCS-0103-v1-standard-flavors.md"), Some(flavors));
    assert_eq!((flavors.number(), flavors.version(), flavors.track()), ("0103", "v1", Track::IaaS));
    assert_eq!(flavors.stabilized_at, Some(date(2024, 2, 8)));
    let naming: Vec<_> = versions_of("scs-0100").iter().map(|document| document.version()).collect();
    assert_eq!(naming, ["v1", "v2", "v3"]);
    assert_eq!(versions_of("0103").len(), 1);
    assert_eq!(document("scs-9999-v1"), None);
    assert!(versions_of("scs-9999").is_empty());
}

#[test]
fn versions_know_their_successor_and_their_supplements() {
    let old = document("scs-0123-v1").unwrap();
    assert_eq!(old.replaced_by().map(Document::short_id).as_deref(), Some("scs-0123-v2"));
    assert_eq!(old.supplements().map(Document::short_id).collect::<Vec<_>>(), ["scs-0123-w1"]);
    assert_eq!(document("scs-0123-v2").unwrap().replaced_by(), None);
    assert_eq!(document("scs-0123-w1").unwrap().replaced_by(), None);
}

#[test]
fn every_module_of_the_built_in_scopes_points_at_a_document() {
    for module in &crate::scope::scs_compatible_iaas().modules {
        let page = module.url.rsplit('/').next().unwrap();
        assert!(document(page).is_some(), "{page}");
    }
}
