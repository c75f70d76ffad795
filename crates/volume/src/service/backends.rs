//! Which backend a volume is on.

use kogge_resource::spec;
use kogge_storage::{BackendHandle, Feature};
use serde_json::{Map, Value, json};

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::volume_type::VolumeType;

impl Volumes {
    /// The backend of this name.
    pub(crate) fn backend(&self, name: &str) -> Result<&BackendHandle> {
        let found = self.backends().iter().find(|(own, _)| own == name);
        let missing =
            || Error::Unavailable(format!("The storage backend '{name}' is not configured on this cloud."));
        found.map(|(_, backend)| backend).ok_or_else(missing)
    }

    /// The name of the backend where new volumes of this type are: the first that is what it asks for; none that is closed.
    pub(crate) fn backend_for(&self, kind: &VolumeType, closed: &[String]) -> Result<String> {
        let none =
            || Error::volume("No valid host was found. No storage backend is what the volume type asks for.");
        let mut open = self.backends().iter().filter(|(name, _)| !closed.contains(name));
        open.find(|(name, _)| self.suits(name, kind)).map(|(name, _)| name.clone()).ok_or_else(none)
    }

    /// Whether a backend is what a volume type asks for: its extra specs without a scope, and those of the scope
    /// `capabilities`. Source: `cinder/scheduler/filters/capabilities_filter.py`.
    pub(crate) fn suits(&self, backend: &str, kind: &VolumeType) -> bool {
        let abilities = self.abilities(backend);
        kind.extra_specs.iter().all(|(key, wanted)| {
            let name = match key.split_once(':') {
                None => key,
                Some(("capabilities", name)) => name,
                Some(_) => return true,
            };
            abilities.get(name).is_some_and(|ability| spec::holds(&as_text(ability), wanted))
        })
    }

    /// What a backend is and can, by the names that extra specs and administrators of Cinder know.
    pub(crate) fn abilities(&self, backend: &str) -> Map<String, Value> {
        let nature = self.backend(backend).map(|found| found.nature()).ok();
        let can = |feature| nature.as_ref().is_some_and(|nature| nature.features.contains(&feature));
        let abilities = json!({
            "volume_backend_name": backend,
            "pool_name": backend,
            "vendor_name": "Kogge",
            "driver_version": env!("CARGO_PKG_VERSION"),
            "storage_protocol": nature.as_ref().map(|nature| nature.protocol),
            "thin_provisioning_support": true,
            "thick_provisioning_support": false,
            "multiattach": true,
            "QoS_support": true,
            "replication_enabled": can(Feature::Replicated),
        });
        abilities.as_object().cloned().unwrap_or_default()
    }

    /// A backend as administrators see it: `host@backend#pool`; nothing where no backend took the volume.
    pub(crate) fn host_of(&self, backend: &str) -> Option<String> {
        (!backend.is_empty()).then(|| format!("{}@{backend}#{backend}", self.config().host))
    }
}

/// A value as extra specs write it: Python's words for truth.
fn as_text(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
