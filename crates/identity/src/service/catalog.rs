//! The catalog, rendered once per state, address and project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kogge_auth::Caller;
use serde_json::value::RawValue;

use super::{Identity, Resolved};
use crate::error::{Error, Result};
use crate::policy;
use crate::service::permission::allow;
use kogge_auth::Target;

/// Rendered catalogs of the newest state. Bounded: addresses are the client's choice.
#[derive(Debug, Default)]
pub(super) struct CatalogCache(Mutex<Cached>);

#[derive(Debug, Default)]
struct Cached {
    version: i64,
    rendered: HashMap<(String, Option<String>), Arc<RawValue>>,
}

const MOST: usize = 1024;

impl Identity {
    /// The catalog that goes into a token's body; `root` is the address that the client used.
    pub(crate) fn catalog_for(&self, resolved: &Resolved, root: &str) -> Result<Arc<RawValue>> {
        self.rendered_catalog(root, resolved.scope.project_id(), &resolved.user.id)
    }

    /// The catalog of `/v3/auth/catalog`.
    ///
    /// # Errors
    /// [`Error::Refused`] without a project.
    pub(crate) fn own_catalog(&self, caller: &Caller, root: &str) -> Result<Arc<RawValue>> {
        allow(caller, &policy::GET_AUTH_CATALOG, &Target::own(caller))?;
        let Some(project_id) = caller.project_id() else {
            let because = "A project-scoped token is required to produce a service catalog.";
            return Err(Error::Refused(because.to_owned()));
        };
        self.rendered_catalog(root, Some(project_id.as_str()), caller.user.id.as_str())
    }

    fn rendered_catalog(&self, root: &str, project_id: Option<&str>, user_id: &str) -> Result<Arc<RawValue>> {
        let snapshot = self.snapshot();
        let personal = snapshot.endpoints.iter().any(|endpoint| endpoint.url.contains("(user_id)"));
        let key = (root.to_owned(), project_id.map(str::to_owned));
        if let Some(found) = self.0.catalogs.get(snapshot.version, &key).filter(|_| !personal) {
            return Ok(found);
        }
        let rendered = serde_json::value::to_raw_value(&snapshot.catalog(root, project_id, user_id));
        let rendered: Arc<RawValue> =
            Arc::from(rendered.map_err(|source| Error::Document { table: "catalog", source })?);
        if !personal {
            self.0.catalogs.put(snapshot.version, key, Arc::clone(&rendered));
        }
        Ok(rendered)
    }
}

impl CatalogCache {
    fn get(&self, version: i64, key: &(String, Option<String>)) -> Option<Arc<RawValue>> {
        let cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.version == version { cached.rendered.get(key).cloned() } else { None }
    }

    fn put(&self, version: i64, key: (String, Option<String>), rendered: Arc<RawValue>) {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.version != version || cached.rendered.len() >= MOST {
            cached.rendered.clear();
            cached.version = version;
        }
        cached.rendered.insert(key, rendered);
    }
}
