//! Projects. Upstream: `keystone/resource/core.py`.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};

use super::bounds::{checked_count, checked_description, checked_extra, described};
use super::names::{PROJECT_NAME, checked_name, checked_tag, new_id};
use super::patch::merge;
use super::permission::{allow, allow_or_missing, is_seen, own_domain, with_project};
use super::{Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Extra, Project};
use crate::policy;

/// How deep projects may lie below a domain.
const DEEPEST: usize = 5;
/// Most tags of a project.
const MOST_TAGS: usize = 80;

/// A project to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewProject {
    pub(crate) name: String,
    /// `None`: the domain of the caller's token, else `default`; a parent elsewhere is then refused, as in Keystone.
    pub(crate) domain_id: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) is_domain: bool,
    pub(crate) description: String,
    pub(crate) enabled: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) immutable: Option<bool>,
    pub(crate) extra: Extra,
}

/// A change of a project or domain.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProjectUpdate {
    pub(crate) name: Option<String>,
    pub(crate) domain_id: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) is_domain: Option<bool>,
    pub(crate) description: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) tags: Option<Vec<String>>,
    /// `Some(None)` takes the option away.
    pub(crate) immutable: Option<Option<bool>>,
    pub(crate) extra: Extra,
}

/// Tags, checked; one that stands twice is refused, as Keystone's schema does.
pub(super) fn checked_tags(tags: &[String]) -> Result<Vec<String>> {
    checked_count("tags", tags.len(), MOST_TAGS)?;
    let mut checked: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = checked_tag(tag)?;
        if checked.contains(&tag) {
            return Err(Error::Invalid(format!("Invalid input for field 'tags': '{tag}' stands twice")));
        }
        checked.push(tag);
    }
    Ok(checked)
}

impl Identity {
    pub(super) fn allowed_project(&self, caller: &Caller, rule: &Rule, id: &str) -> Result<Arc<Project>> {
        let found = self.snapshot().projects.get(id).cloned();
        allow_or_missing(
            caller,
            rule,
            found,
            |project| with_project(Target::none(), project),
            || Error::not_found("project", id),
        )
    }

    /// Makes a project, or with `is_domain` a domain.
    ///
    /// # Errors
    /// 403 by the policy, 400 for the place in the tree, 409 for the name.
    pub(crate) async fn create_project(&self, caller: &Caller, new: NewProject) -> Result<Arc<Project>> {
        let asked = new.domain_id.clone().unwrap_or_else(|| "None".to_owned());
        allow(caller, &policy::CREATE_PROJECT, &Target::none().attr("target.project.domain_id", asked))?;
        let in_domain = || Self::domain_for_new(caller, new.domain_id.clone());
        let domain_id = if new.is_domain { new.domain_id.clone() } else { Some(in_domain()) };
        let project = Project {
            id: new_id(),
            name: checked_name("name", &new.name, PROJECT_NAME)?,
            parent_id: new.parent_id.or_else(|| domain_id.clone()),
            domain_id,
            is_domain: new.is_domain,
            description: checked_description(new.description)?,
            enabled: new.enabled,
            tags: checked_tags(&new.tags)?,
            immutable: new.immutable,
            extra: checked_extra(new.extra)?,
        };
        self.write(|draft| {
            draft.check_place(&project)?;
            draft.put_project(project.clone())
        })
        .await
    }

    /// The projects of a list, without domains unless `is_domain` asks for them; with a domain's token its own.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_projects(
        &self,
        caller: &Caller,
        query: &ListQuery,
        tags: &super::tags::TagFilter,
    ) -> Result<Listed<Arc<Project>>> {
        allow(caller, &policy::LIST_PROJECTS, &own_domain(caller))?;
        let snapshot = self.snapshot();
        let domains = query.has("is_domain");
        let seen = snapshot.projects.iter().filter(|project| {
            project.domain_id.as_deref().map_or(caller.domain_id().is_none(), |id| is_seen(caller, id))
                && (domains || !project.is_domain)
                && tags.fits(&project.tags)
        });
        query.page(seen.cloned().collect(), self.config().list_limit)
    }

    /// A project.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_project(&self, caller: &Caller, id: &str) -> Result<Arc<Project>> {
        self.allowed_project(caller, &policy::GET_PROJECT, id)
    }

    /// Changes a project.
    ///
    /// # Errors
    /// 403 by the policy and for immutable ones, 400 and 403 for what cannot change, 409 for the name.
    pub(crate) async fn update_project(
        &self,
        caller: &Caller,
        id: &str,
        update: ProjectUpdate,
    ) -> Result<Arc<Project>> {
        self.allowed_project(caller, &policy::UPDATE_PROJECT, id)?;
        self.write(|draft| {
            let old = draft.projects.get(id).cloned().ok_or_else(|| Error::not_found("project", id))?;
            draft.change_project(&old, update)
        })
        .await
    }

    /// Removes a project without projects below; its tokens end.
    ///
    /// # Errors
    /// 403 by the policy, for immutable ones and those with projects below; 404 where there is none.
    pub(crate) async fn delete_project(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed_project(caller, &policy::DELETE_PROJECT, id)?;
        self.write(|draft| {
            let project = draft.projects.get(id).cloned().ok_or_else(|| Error::not_found("project", id))?;
            refuse_immutable(&project, "delete", false)?;
            if project.is_domain && project.enabled {
                let because = format!("Cannot delete a project acting as a domain {id} that is enabled. Disable it first.");
                return Err(Error::Refused(because));
            }
            if !draft.children(id).is_empty() {
                let because = format!(
                    "Cannot delete the project {id} since it is not a leaf in the hierarchy. Delete the projects below first."
                );
                return Err(Error::Refused(because));
            }
            draft.remove_project(id);
            Ok(())
        })
        .await
    }
}

fn kind(project: &Project) -> &'static str {
    if project.is_domain { "domain" } else { "project" }
}

/// An immutable object refuses everything but the update that makes it mutable.
pub(super) fn refuse_immutable(project: &Project, action: &str, only_unlocks: bool) -> Result<()> {
    if project.immutable != Some(true) || only_unlocks {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "Unable to {action} immutable {} resource: `{}. Set resource option \"immutable\" to false first.",
        kind(project),
        project.id
    )))
}

impl ProjectUpdate {
    /// True for nothing but taking `immutable` away.
    fn only_unlocks(&self) -> bool {
        self.immutable.is_some_and(|value| value != Some(true))
            && self.name.is_none()
            && self.description.is_none()
            && self.enabled.is_none()
            && self.tags.is_none()
            && self.extra.is_empty()
    }
}

impl Draft {
    /// A project lies in an enabled branch of its own domain, not too deep; a domain lies nowhere.
    fn check_place(&self, project: &Project) -> Result<()> {
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
    pub(super) fn put_project(&mut self, project: Project) -> Result<Arc<Project>> {
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
        self.put(project.clone());
        Ok(Arc::new(project))
    }

    /// Changes a project or domain.
    pub(super) fn change_project(&mut self, old: &Project, update: ProjectUpdate) -> Result<Arc<Project>> {
        refuse_immutable(old, "update", update.only_unlocks())?;
        if update.domain_id.as_ref().is_some_and(|domain| Some(domain) != old.domain_id.as_ref()) {
            return Err(Error::invalid("Cannot change Domain ID"));
        }
        if update.parent_id.as_ref().is_some_and(|parent| Some(parent) != old.parent_id.as_ref()) {
            return Err(Error::Refused("Update of `parent_id` is not allowed.".to_owned()));
        }
        if update.is_domain.is_some_and(|is_domain| is_domain != old.is_domain) {
            return Err(Error::invalid("Update of `is_domain` is not allowed."));
        }
        self.check_enabling(old, update.enabled)?;
        let mut project = old.clone();
        if let Some(name) = &update.name {
            project.name = checked_name("name", name, PROJECT_NAME)?;
        }
        if let Some(tags) = &update.tags {
            project.tags = checked_tags(tags)?;
        }
        project.description = described(project.description, update.description)?;
        project.enabled = update.enabled.unwrap_or(project.enabled);
        project.immutable = update.immutable.unwrap_or(project.immutable);
        project.extra = merge(&project.extra, update.extra)?;
        self.put_project(project)
    }

    fn check_enabling(&self, old: &Project, enabled: Option<bool>) -> Result<()> {
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
