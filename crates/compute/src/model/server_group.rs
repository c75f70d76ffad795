//! Server groups: servers that should share a host, or should not.
//!
//! [`Company`] judges hosts for one more member. It is pure: the caller read, in the transaction that will write the
//! place, where the other members are.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{ProjectId, ServerGroupId, UserId};
use kogge_resource::words;

words! {
    /// How the members of a group are placed.
    pub enum GroupPolicy {
        /// No more than [`ServerGroup::max_per_host`] on one host.
        AntiAffinity = "anti-affinity",
        /// All on one host.
        Affinity = "affinity",
        /// On different hosts as far as it goes; since 2.15.
        SoftAntiAffinity = "soft-anti-affinity",
        /// On one host as far as it goes; since 2.15.
        SoftAffinity = "soft-affinity",
    }
}

impl GroupPolicy {
    /// Those that microversions before 2.15 know.
    pub const HARD: &'static [&'static str] = &["anti-affinity", "affinity"];
}

record! {
    /// A server group. Neither name nor policy ever changes.
    pub ServerGroup in "server_groups" {
        /// Its id.
        id: ServerGroupId,
        /// Whose it is.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// Display name; need not be unique.
        name: String,
        /// How its members are placed.
        policy: GroupPolicy,
        /// Most members on one host, from 1, where the policy is anti-affinity and somebody said so; since 2.64.
        max_per_host: Option<i64>,
        /// When it was made.
        created_at: Timestamp,
    }
}

/// The group of a server that needs a host, and where the other members are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// The group.
    pub group: ServerGroup,
    /// Number of other members by host; hosts without any are left out.
    pub members: BTreeMap<String, i64>,
}

impl Company {
    fn on(&self, host: &str) -> i64 {
        self.members.get(host).copied().unwrap_or(0)
    }

    /// Why the group's policy keeps the server off `host`; soft policies never do.
    #[must_use]
    pub fn objection(&self, host: &str) -> Option<String> {
        let ServerGroup { id, policy, max_per_host, .. } = &self.group;
        let (here, policy) = (self.on(host), *policy);
        match policy {
            GroupPolicy::AntiAffinity => {
                let most = max_per_host.unwrap_or(1);
                let word = if here == 1 { "server" } else { "servers" };
                let why = || {
                    format!(
                        "runs {here} {word} of group {id}, whose policy anti-affinity allows {most} there"
                    )
                };
                (here >= most).then(why)
            }
            GroupPolicy::Affinity => {
                let why = || format!("runs no server of group {id}, whose policy is affinity");
                (here == 0 && !self.members.is_empty()).then(why)
            }
            GroupPolicy::SoftAffinity | GroupPolicy::SoftAntiAffinity => None,
        }
    }

    /// How welcome the server is on `host`: the host with the largest number is best. Hard policies only object.
    #[must_use]
    pub fn preference(&self, host: &str) -> i64 {
        match self.group.policy {
            GroupPolicy::SoftAffinity => self.on(host),
            GroupPolicy::SoftAntiAffinity => -self.on(host),
            GroupPolicy::Affinity | GroupPolicy::AntiAffinity => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(policy: GroupPolicy, max_per_host: Option<i64>, members: &[(&str, i64)]) -> Company {
        let group = ServerGroup {
            id: ServerGroupId::random(),
            project_id: ProjectId::random(),
            user_id: UserId::random(),
            name: "g".to_owned(),
            policy,
            max_per_host,
            created_at: Timestamp::from_seconds(0),
        };
        let members = members.iter().map(|(host, count)| ((*host).to_owned(), *count)).collect();
        Company { group, members }
    }

    #[test]
    fn hard_policies_object_and_soft_ones_prefer() {
        use GroupPolicy::{Affinity, AntiAffinity, SoftAffinity, SoftAntiAffinity};
        // policy, most per host, members elsewhere; then for host a: refused, preference
        for (policy, most, members, refused, preference) in [
            (Affinity, None, &[][..], false, 0),
            (Affinity, None, &[("a", 1)], false, 0),
            (Affinity, None, &[("b", 1)], true, 0),
            (Affinity, None, &[("a", 1), ("b", 1)], false, 0),
            (AntiAffinity, None, &[], false, 0),
            (AntiAffinity, None, &[("a", 1)], true, 0),
            (AntiAffinity, None, &[("b", 5)], false, 0),
            (AntiAffinity, Some(2), &[("a", 1)], false, 0),
            (AntiAffinity, Some(2), &[("a", 2)], true, 0),
            (SoftAffinity, None, &[("b", 1)], false, 0),
            (SoftAffinity, None, &[("a", 3), ("b", 1)], false, 3),
            (SoftAntiAffinity, None, &[("a", 3)], false, -3),
            (SoftAntiAffinity, None, &[("b", 3)], false, 0),
        ] {
            let company = company(policy, most, members);
            assert_eq!(company.objection("a").is_some(), refused, "{policy:?} {most:?} {members:?}");
            assert_eq!(company.preference("a"), preference, "{policy:?} {most:?} {members:?}");
        }
    }

    #[test]
    fn an_objection_names_the_group_the_policy_and_the_figures() {
        let one = company(GroupPolicy::AntiAffinity, Some(2), &[("a", 2)]);
        let id = one.group.id;
        let expected = format!("runs 2 servers of group {id}, whose policy anti-affinity allows 2 there");
        assert_eq!(one.objection("a"), Some(expected));
    }
}
