//! Which backend a volume is on.

use kogge_storage::BackendHandle;

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

    /// The name of the backend where new volumes of this type are: the one that it asks for, else the first; none that is
    /// closed.
    pub(crate) fn backend_for(&self, kind: &VolumeType, closed: &[String]) -> Result<String> {
        let none =
            || Error::volume("No valid host was found. No storage backend is what the volume type asks for.");
        let open = || self.backends().iter().filter(|(name, _)| !closed.contains(name));
        let found = match kind.backend() {
            Some(wanted) => open().find(|(name, _)| name == wanted),
            None => open().next(),
        };
        found.map(|(name, _)| name.clone()).ok_or_else(none)
    }

    /// A backend as administrators see it: `host@backend#pool`.
    pub(crate) fn host_of(&self, backend: &str) -> String {
        format!("{}@{backend}#{backend}", self.config().host)
    }
}
