//! Where projects may lie, and how they are called. Upstream: `keystone/resource/core.py`.

use std::sync::Arc;

use super::Draft;
use crate::error::{Error, Result};
use crate::model::Project;

/// How deep projects may lie below a domain.
const DEEPEST: usize = 5;

impl Draft {
    /// A project lies in an enabled branch of its own domain, not too deep; a domain lies nowhere.
    pub(crate) fn check_place(&self, project: &Project) -> Result<()> {
        if project.is_domain {
            let placed = project.domain_id.is_some() || project.parent_id.is_some();
            let because = "only root projects are allowed to act as domains.";
            return if placed { Err(Error::invalid(because)) } else { Ok(()) };
        }
        let domain_id = project.domain();
        let parent_id = project.parent_id.as_deref().unwrap_or(domain_id);
        let domain = self
            .domain(domain_id)
            .ok_or_else(|| Error::Invalid(format!("Could not find domain: {domain_id}.")))?;
        let parent = self.projects.get(parent_id);
        let parent = parent.ok_or_else(|| Error::Invalid(format!("Could not find project: {parent_id}.")))?;
        if parent.domain() != domain_id {
            let because =
                "cannot create project, the parent (or one of its ancestors) is in a different domain.";
            return Err(Error::invalid(because));
        }
        let mut above = self.ancestors(parent);
        above.push(Arc::clone(parent));
        above.push(Arc::clone(domain));
        if let Some(disabled) = above.iter().find(|above| !above.enabled) {
            let because =
                format!("cannot create a project in a branch containing a disabled project: {}", disabled.id);
            return Err(Error::Invalid(because));
        }
        let depth = above.iter().filter(|above| !above.is_domain).count();
        if depth >= DEEPEST {
            return Err(Error::Refused(format!("Max hierarchy depth reached for {parent_id} branch.")));
        }
        Ok(())
    }

    /// Writes a project after looking at its name.
    pub(crate) fn put_project(&mut self, project: Project) -> Result<Arc<Project>> {
        let taken = match &project.domain_id {
            Some(domain_id) => self.project_named(domain_id, &project.name),
            None => self.domain_named(&project.name),
        };
        if let Some(other) = taken.filter(|other| other.id != project.id) {
            let because = match project.is_domain {
                true => format!(
                    "it is not permitted to have two projects acting as domains with the same name: {}",
                    other.name
                ),
                false => format!(
                    "it is not permitted to have two projects with either the same name or same id in the same domain: \
                     name is {}, project id {}",
                    project.name, project.id
                ),
            };
            return Err(Error::Conflict { kind: "project", because });
        }
        Ok(self.put(project))
    }

    /// Nothing is enabled below what is disabled, and nothing disabled above what is enabled.
    pub(crate) fn check_enabling(&self, old: &Project, enabled: Option<bool>) -> Result<()> {
        let id = &old.id;
        match (old.enabled, enabled) {
            (false, Some(true)) if self.ancestors(old).iter().any(|above| !above.enabled) => {
                Err(Error::Refused(format!("Cannot enable project {id} since it has disabled parents")))
            }
            (true, Some(false)) if !old.is_domain && self.subtree(id).iter().any(|below| below.enabled) => {
                Err(Error::Refused(format!(
                    "Cannot disable project {id} since its subtree contains enabled projects."
                )))
            }
            _ => Ok(()),
        }
    }
}
