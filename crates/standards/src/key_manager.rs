//! Key manager of SCS-0116: verdicts over what a run of its steps observed.

use serde::{Deserialize, Serialize};

use crate::verdict::{Finding, Judgement, Verdict};

/// Testcase (recommended): the catalog has a key manager.
pub const PRESENCE: &str = "scs-0116-presence";

/// Testcase: an ordinary member can keep a secret there.
pub const PERMISSIONS: &str = "scs-0116-permissions";

/// Catalog type of the key manager.
pub const SERVICE_TYPE: &str = "key-manager";

/// Name of the secret that the test makes and removes.
pub const SECRET_NAME: &str = "scs-member-role-test-secret";

/// How the steps ended: list and remove old secrets, make one, find it in the list, remove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All steps succeeded.
    Worked,
    /// A step was refused with 403; the text says which.
    Forbidden(String),
    /// The new secret was not in the list.
    NotListed,
    /// A step failed in any other way; the text says which and how.
    Broken(String),
}

/// Judges [`PRESENCE`] by the service types of the catalog.
pub fn judge_presence<'a>(catalog: impl IntoIterator<Item = &'a str>) -> Judgement {
    let present = catalog.into_iter().any(|kind| kind == SERVICE_TYPE);
    let finding = Finding::violation("service catalogue", "a service of type key-manager", "none")
        .fix("offer the Key Manager API (recommended)");
    Judgement::from_findings(PRESENCE, if present { vec![] } else { vec![finding] })
}

/// Judges [`PERMISSIONS`]. `roles` are the token's role names; `outcome` is `None` where the catalog has no key
/// manager, which passes.
pub fn judge_permissions<'a>(
    roles: impl IntoIterator<Item = &'a str>,
    outcome: Option<&Outcome>,
) -> Judgement {
    if let Some(finding) = unsuitable(roles) {
        return Judgement::from_findings(PERMISSIONS, vec![finding]);
    }
    let findings = match outcome {
        None | Some(Outcome::Worked) => vec![],
        Some(Outcome::Forbidden(step)) => vec![
            Finding::violation("key manager", "role member can manage secrets", format!("403 at: {step}"))
                .fix("let the key manager's policy treat role member as its role creator"),
        ],
        Some(Outcome::NotListed) => vec![Finding::undecidable(
            "key manager",
            "the new secret in the list",
            "it is not listed; upstream's test breaks off there",
        )],
        Some(Outcome::Broken(how)) => {
            vec![Finding::undecidable("key manager", "an answer to judge by", how.as_str())]
        }
    };
    let judgement = Judgement::from_findings(PERMISSIONS, findings);
    if outcome == Some(&Outcome::NotListed) { judgement.document_says(Verdict::Fail) } else { judgement }
}

/// Why a user with these roles cannot run the suite at all: upstream's pre-flight check. Names are compared exactly.
pub fn unsuitable<'a>(roles: impl IntoIterator<Item = &'a str>) -> Option<Finding> {
    let roles: Vec<&str> = roles.into_iter().collect();
    let powerful = roles.iter().any(|role| ["admin", "manager"].contains(role));
    let found = format!("{roles:?}");
    if powerful {
        let expected = "neither role admin nor role manager";
        return Some(
            Finding::undecidable("user", expected, found).fix("use an ordinary member of a project"),
        );
    }
    (!roles.contains(&"member")).then(|| {
        Finding::undecidable("user", "role member", found).fix("give the user role member on the project")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(roles: &[&str], outcome: Option<&Outcome>) -> Verdict {
        judge_permissions(roles.iter().copied(), outcome).verdict
    }

    #[test]
    fn a_cloud_without_key_manager_passes_the_permissions_but_not_the_presence_test() {
        assert_eq!(verdict(&["member"], None), Verdict::Pass);
        assert_eq!(judge_presence(["compute", "key_manager"]).verdict, Verdict::Fail);
        assert_eq!(judge_presence(["compute", "key-manager"]).verdict, Verdict::Pass);
    }

    #[test]
    fn only_a_refusal_fails_everything_else_is_undecided() {
        for (outcome, expected) in [
            (Outcome::Worked, Verdict::Pass),
            (Outcome::Forbidden("create".to_owned()), Verdict::Fail),
            (Outcome::NotListed, Verdict::Abort),
            (Outcome::Broken("500".to_owned()), Verdict::Abort),
        ] {
            assert_eq!(verdict(&["reader", "member"], Some(&outcome)), expected, "{outcome:?}");
        }
    }

    #[test]
    fn an_unlisted_secret_fails_by_the_document() {
        let judgement = judge_permissions(["member"], Some(&Outcome::NotListed));
        assert_eq!(judgement.by_document, Some(Verdict::Fail));
    }

    #[test]
    fn too_many_and_too_few_roles_keep_it_undecided() {
        for roles in [&["member", "admin"][..], &["member", "manager"], &["reader"], &["Member"], &[]] {
            assert_eq!(verdict(roles, None), Verdict::Abort, "{roles:?}");
            assert!(unsuitable(roles.iter().copied()).is_some());
        }
        assert_eq!(unsuitable(["member", "reader", "load-balancer_member"]), None);
    }
}
