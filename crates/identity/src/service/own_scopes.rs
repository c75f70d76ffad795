//! What a token may be exchanged for: `/v3/auth/{projects,domains,system}`.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::Identity;
use super::permission::allow;
use crate::error::Result;
use crate::model::Project;
use crate::policy;
use crate::token::TokenScope;

impl Identity {
    fn own(caller: &Caller, rule: &Rule) -> Result<String> {
        allow(caller, rule, &Target::own(caller))?;
        Ok(caller.user.id.to_string())
    }

    /// The projects on which the caller has a role.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn own_projects(&self, caller: &Caller) -> Result<Vec<Arc<Project>>> {
        let id = Self::own(caller, &policy::GET_AUTH_PROJECTS)?;
        let snapshot = self.snapshot();
        Ok(snapshot.project_ids_of(&id).iter().filter_map(|id| snapshot.projects.get(id)).cloned().collect())
    }

    /// The domains on which the caller has a role.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn own_domains(&self, caller: &Caller) -> Result<Vec<Arc<Project>>> {
        let id = Self::own(caller, &policy::GET_AUTH_DOMAINS)?;
        let snapshot = self.snapshot();
        Ok(snapshot.domain_ids_of(&id).iter().filter_map(|id| snapshot.domain(id)).cloned().collect())
    }

    /// True where the caller has a role on the system.
    ///
    /// # Errors
    /// 403 by the policy.
    pub(crate) fn own_system(&self, caller: &Caller) -> Result<bool> {
        let id = Self::own(caller, &policy::GET_AUTH_SYSTEM)?;
        Ok(!self.snapshot().role_ids(&id, &TokenScope::System).is_empty())
    }
}
