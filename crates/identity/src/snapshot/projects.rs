//! The tree of projects.

use std::sync::Arc;

use super::Snapshot;
use crate::model::Project;

/// Deeper trees are refused when a project is made; walking up stops here whatever the data says.
pub(crate) const DEEPEST: usize = 64;

impl Snapshot {
    /// The projects above one, nearest first, without its domain.
    #[must_use]
    pub fn ancestors(&self, project: &Project) -> Vec<Arc<Project>> {
        let mut above = Vec::new();
        let mut next = project.parent_id.as_deref();
        while let Some(parent) = next.and_then(|id| self.projects.get(id)).filter(|parent| !parent.is_domain)
        {
            if above.len() >= DEEPEST {
                break;
            }
            above.push(Arc::clone(parent));
            next = parent.parent_id.as_deref();
        }
        above
    }

    /// The projects directly below one (or below a domain).
    #[must_use]
    pub fn children(&self, id: &str) -> Vec<Arc<Project>> {
        self.projects.among("parent_id", id, "").cloned().collect()
    }

    /// All projects below one, parents before children.
    #[must_use]
    pub fn subtree(&self, id: &str) -> Vec<Arc<Project>> {
        let mut below = self.children(id);
        let mut at = 0;
        while at < below.len() {
            let more = self.children(&below[at].id);
            below.extend(more);
            at += 1;
        }
        below
    }
}
