//! A plan in a file: to be looked at by people, and made as it stands.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::Plan;

/// The version of the form. It grows when a key changes its meaning or goes.
const FORMAT: u32 = 1;

/// A plan, and for which cloud it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlan {
    format: u32,
    /// The cloud's name in the configuration.
    pub cloud: String,
    /// The address of its identity service.
    pub auth_url: String,
    /// When it was made, `2026-11-24T08:00:00Z`.
    pub made_at: String,
    /// The administrator who looked.
    pub user: String,
    /// The test cases that are to pass.
    pub testcases: BTreeSet<String>,
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
}

/// Why a file is no plan that can be made here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredPlanError {
    /// It is something else.
    #[error("this is no plan of kogge: {0}")]
    Form(String),
    /// Another version of this program wrote it.
    #[error("the plan has format {0}; this program reads {FORMAT}")]
    Format(u32),
    /// It is of another cloud.
    #[error("the plan is of the cloud at {there}, this is {here}")]
    OtherCloud {
        /// As the plan has it.
        there: String,
        /// As the configuration has it.
        here: String,
    },
}

impl StoredPlan {
    /// A plan for a cloud.
    #[must_use]
    pub fn new(
        (cloud, auth_url): (&str, &str),
        made_at: String,
        user: String,
        testcases: BTreeSet<String>,
        plan: Plan,
    ) -> Self {
        let (cloud, auth_url) = (cloud.to_owned(), auth_url.to_owned());
        Self { format: FORMAT, cloud, auth_url, made_at, user, testcases, plan }
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`StoredPlanError`] if it is none, or of another format.
    pub fn read(text: &str) -> Result<Self, StoredPlanError> {
        let plan: Self =
            serde_json::from_str(text).map_err(|error| StoredPlanError::Form(error.to_string()))?;
        if plan.format == FORMAT { Ok(plan) } else { Err(StoredPlanError::Format(plan.format)) }
    }

    /// Fails if it is of another cloud than the one at this address.
    ///
    /// # Errors
    /// [`StoredPlanError::OtherCloud`].
    pub fn is_of(&self, auth_url: &str) -> Result<(), StoredPlanError> {
        if self.auth_url == auth_url {
            return Ok(());
        }
        Err(StoredPlanError::OtherCloud { there: self.auth_url.clone(), here: auth_url.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::{Action, Change};
    use kogge_conform::ObjectRef;
    use serde_json::json;

    fn plan() -> StoredPlan {
        let action = Action::UnsetSpec { id: "f".to_owned(), key: "scs:name-v2".to_owned() };
        let change = Change {
            testcases: vec!["scs-0103-flavor-1v-4".to_owned()],
            object: ObjectRef { name: "flavor \"x\"".to_owned(), id: Some("f".to_owned()) },
            what: "extra specs".to_owned(),
            before: String::new(),
            after: String::new(),
            why: String::new(),
            safe: true,
            caution: String::new(),
            command: action.command(),
            overwrites: json!({"scs:name-v2": "SCS-1V-4"}),
            action,
        };
        let plan = Plan { changes: vec![change], ..Plan::default() };
        StoredPlan::new(("c", "http://k"), "2026-11-24T08:00:00Z".into(), "ann".into(), BTreeSet::new(), plan)
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let text = serde_json::to_string_pretty(&plan()).unwrap();
        assert_eq!(StoredPlan::read(&text).unwrap(), plan());
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        assert!(matches!(StoredPlan::read("{}"), Err(StoredPlanError::Form(_))));
        let mut other = serde_json::to_value(plan()).unwrap();
        other["format"] = json!(7);
        assert_eq!(StoredPlan::read(&other.to_string()), Err(StoredPlanError::Format(7)));
    }

    #[test]
    fn a_plan_is_made_on_its_own_cloud_only() {
        plan().is_of("http://k").unwrap();
        plan().is_of("http://other").unwrap_err();
    }
}
