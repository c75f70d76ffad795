//! Tags of projects.

use kogge_auth::Caller;

use super::names::checked_tag;
use super::projects::{checked_tags, refuse_immutable};
use super::{Draft, Identity};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::policy;

/// How a list of projects is narrowed by tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct TagFilter {
    pub(crate) all: Vec<String>,
    pub(crate) any: Vec<String>,
    pub(crate) not_all: Vec<String>,
    pub(crate) not_any: Vec<String>,
}

impl TagFilter {
    pub(super) fn fits(&self, tags: &[String]) -> bool {
        let has = |tag: &String| tags.contains(tag);
        self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && (self.not_all.is_empty() || !self.not_all.iter().all(has))
            && !self.not_any.iter().any(has)
    }
}

fn missing(tag: &str) -> Error {
    Error::Missing(format!("Could not find project tag: {tag}."))
}

impl Identity {
    /// The tags of a project.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is no such project.
    pub(crate) fn list_tags(&self, caller: &Caller, id: &str) -> Result<Vec<String>> {
        Ok(self.allowed_project(caller, &policy::LIST_PROJECT_TAGS, id)?.tags.clone())
    }

    /// Asks whether a project has a tag.
    ///
    /// # Errors
    /// 403 by the policy, 404 where it has not.
    pub(crate) fn check_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> {
        let project = self.allowed_project(caller, &policy::GET_PROJECT_TAG, id)?;
        if project.tags.iter().any(|found| found == tag) { Ok(()) } else { Err(missing(tag)) }
    }

    /// Gives a project exactly these tags.
    ///
    /// # Errors
    /// 403 by the policy and for immutable projects, 400 for the tags.
    pub(crate) async fn replace_tags(
        &self,
        caller: &Caller,
        id: &str,
        tags: &[String],
    ) -> Result<Vec<String>> {
        self.allowed_project(caller, &policy::UPDATE_PROJECT_TAGS, id)?;
        let tags = checked_tags(tags)?;
        self.write(|draft| draft.change_tags(id, |_| Ok(tags))).await
    }

    /// Adds a tag.
    ///
    /// # Errors
    /// As for [`Identity::replace_tags`].
    pub(crate) async fn add_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> {
        self.allowed_project(caller, &policy::CREATE_PROJECT_TAG, id)?;
        let tag = checked_tag(tag)?;
        let add = |mut tags: Vec<String>| {
            // Keystone validates the tags as they will be: none stands twice
            tags.push(tag);
            checked_tags(&tags)
        };
        self.write(|draft| draft.change_tags(id, add)).await.map(|_| ())
    }

    /// Removes a tag.
    ///
    /// # Errors
    /// As for [`Identity::replace_tags`]; 404 where the project has it not.
    pub(crate) async fn remove_tag(&self, caller: &Caller, id: &str, tag: &str) -> Result<()> {
        self.allowed_project(caller, &policy::DELETE_PROJECT_TAG, id)?;
        let remove = |mut tags: Vec<String>| {
            let at = tags.iter().position(|found| found == tag).ok_or_else(|| missing(tag))?;
            tags.remove(at);
            Ok(tags)
        };
        self.write(|draft| draft.change_tags(id, remove)).await.map(|_| ())
    }

    /// Removes all tags.
    ///
    /// # Errors
    /// As for [`Identity::replace_tags`].
    pub(crate) async fn clear_tags(&self, caller: &Caller, id: &str) -> Result<()> {
        self.allowed_project(caller, &policy::DELETE_PROJECT_TAGS, id)?;
        self.write(|draft| draft.change_tags(id, |_| Ok(Vec::new()))).await.map(|_| ())
    }
}

impl Draft {
    fn change_tags(
        &mut self,
        id: &str,
        change: impl FnOnce(Vec<String>) -> Result<Vec<String>>,
    ) -> Result<Vec<String>> {
        let old = self.projects.get(id).cloned().ok_or_else(|| Error::not_found("project", id))?;
        refuse_immutable(&old, "update", false)?;
        let tags = change(old.tags.clone())?;
        self.put(Project { tags: tags.clone(), ..(*old).clone() });
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_filters_are_the_api_working_groups() {
        let own = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let tags = own(&["a", "b"]);
        let all = |wanted: &[&str]| TagFilter { all: own(wanted), ..TagFilter::default() }.fits(&tags);
        let any = |wanted: &[&str]| TagFilter { any: own(wanted), ..TagFilter::default() }.fits(&tags);
        let not_all =
            |wanted: &[&str]| TagFilter { not_all: own(wanted), ..TagFilter::default() }.fits(&tags);
        let not_any =
            |wanted: &[&str]| TagFilter { not_any: own(wanted), ..TagFilter::default() }.fits(&tags);
        assert!(all(&["a", "b"]) && !all(&["a", "c"]));
        assert!(any(&["a", "c"]) && !any(&["c"]));
        assert!(not_all(&["a", "c"]) && !not_all(&["a", "b"]));
        assert!(not_any(&["c"]) && !not_any(&["a", "c"]));
    }
}
