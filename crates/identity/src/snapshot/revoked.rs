//! Revocations, indexed for one look per token.

use std::sync::Arc;

use super::Snapshot;
use super::chunks::Chunked;
use crate::model::Revocation;
use crate::token::{Token, TokenScope};

/// The latest `issued_before` per audit id, user and project; revocations that name several of them apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Revoked {
    audit_ids: Chunked<i64>,
    users: Chunked<i64>,
    projects: Chunked<i64>,
    mixed: Chunked<Revocation>,
}

impl Revoked {
    pub(super) fn add(&mut self, event: &Revocation) {
        let (map, key) = match (&event.audit_id, &event.user_id, &event.project_id) {
            (Some(id), None, None) => (&mut self.audit_ids, id),
            (None, Some(id), None) => (&mut self.users, id),
            (None, None, Some(id)) => (&mut self.projects, id),
            _ => {
                self.mixed.insert(&event.id, event.clone());
                return;
            }
        };
        let latest = map.get(key).map_or(event.issued_before, |latest| event.issued_before.max(*latest));
        map.insert(key, latest);
    }
}

impl<'a> FromIterator<&'a Arc<Revocation>> for Revoked {
    fn from_iter<I: IntoIterator<Item = &'a Arc<Revocation>>>(events: I) -> Self {
        let mut revoked = Self::default();
        events.into_iter().for_each(|event| revoked.add(event));
        revoked
    }
}

impl Snapshot {
    /// True where a revocation covers the token.
    #[must_use]
    pub fn is_revoked(&self, token: &Token) -> bool {
        let issued = token.issued_at.as_micros();
        let covers = |latest: Option<&i64>| latest.is_some_and(|latest| issued <= *latest);
        let project = match &token.scope {
            TokenScope::Project(id) => Some(id),
            _ => None,
        };
        covers(self.revoked.users.get(&token.user_id))
            || token.audit_ids.first().is_some_and(|id| covers(self.revoked.audit_ids.get(id)))
            || project.is_some_and(|id| covers(self.revoked.projects.get(id)))
            || self.revoked.mixed.iter().any(|event| matches(event, token, project))
    }
}

fn matches(event: &Revocation, token: &Token, project: Option<&String>) -> bool {
    let same = |wanted: &Option<String>, have: Option<&String>| wanted.is_none() || wanted.as_ref() == have;
    token.issued_at.as_micros() <= event.issued_before
        && same(&event.audit_id, token.audit_ids.first())
        && same(&event.user_id, Some(&token.user_id))
        && same(&event.project_id, project)
}

#[cfg(test)]
mod tests {
    use kogge_clock::Timestamp;

    use super::*;
    use crate::model::Change;
    use crate::token::Method;

    fn token(issued: i64) -> Token {
        Token {
            user_id: "u".to_owned(),
            methods: vec![Method::Password],
            scope: TokenScope::Project("p".to_owned()),
            application_credential_id: None,
            issued_at: Timestamp::from_seconds(issued),
            expires_at: Timestamp::from_seconds(issued + 3600),
            audit_ids: vec!["a".to_owned(), "chain".to_owned()],
        }
    }

    fn event(audit: Option<&str>, user: Option<&str>, project: Option<&str>) -> Revocation {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let before = Timestamp::from_seconds(100).as_micros();
        Revocation {
            id: "r".to_owned(),
            audit_id: own(audit),
            user_id: own(user),
            project_id: own(project),
            issued_before: before,
            revoked_at: before,
        }
    }

    #[test]
    fn each_attribute_revokes_what_was_issued_up_to_its_second() {
        for event in [
            event(Some("a"), None, None),
            event(None, Some("u"), None),
            event(None, None, Some("p")),
            event(None, Some("u"), Some("p")),
        ] {
            let mut snapshot = Snapshot::default();
            snapshot.apply(&Change::Revocation(event.clone()));
            assert!(snapshot.is_revoked(&token(100)), "{event:?}");
            assert!(!snapshot.is_revoked(&token(101)), "{event:?}");
        }
    }

    #[test]
    fn other_tokens_are_left_alone() {
        for event in [
            event(Some("chain"), None, None),
            event(None, Some("x"), None),
            event(None, None, Some("x")),
            event(None, Some("u"), Some("x")),
        ] {
            let mut snapshot = Snapshot::default();
            snapshot.apply(&Change::Revocation(event.clone()));
            assert!(!snapshot.is_revoked(&token(50)), "{event:?}");
        }
    }

    #[test]
    fn a_purged_revocation_no_longer_counts() {
        let mut snapshot = Snapshot::default();
        snapshot.apply(&Change::Revocation(event(None, Some("u"), None)));
        snapshot.apply(&Change::Delete(crate::model::Kind::Revocation, "r".to_owned()));
        snapshot.settle();
        assert!(!snapshot.is_revoked(&token(50)));
    }
}
