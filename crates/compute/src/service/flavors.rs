//! The flavors that a cloud begins with.

use kogge_auth::Caller;
use kogge_db::Record as _;
use kogge_db::record::{Json, Real};
use kogge_standards::standard_flavors;

use crate::error::{Error, Result};
use crate::model::flavor::Flavor;
use crate::store::{big, flavors::note_seed};
use crate::{Compute, ConfiguredFlavor};

impl Compute {
    /// Makes the standard flavors of SCS, and the configured ones, each once in the life of a cloud; and mends what a
    /// version before left.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn seed(&self) -> Result<()> {
        self.seal_passwords().await?;
        let standard = standard_flavors().iter().map(|flavor| ConfiguredFlavor {
            name: flavor.name.to_owned(),
            id: None,
            vcpus: flavor.vcpus,
            ram_mib: flavor.ram_mib,
            disk_gib: flavor.disk_gib,
            extra_specs: flavor.extra_specs().map(|(key, value)| (key.to_owned(), value)).collect(),
        });
        let mut tx = self.db().begin().await?;
        for wanted in standard.chain(self.config().flavors.iter().cloned()) {
            let flavor = self.seeded(wanted)?;
            if note_seed(&mut tx, &flavor.name).await?
                && Flavor::get(&mut tx, &flavor.id).await?.is_none()
                && !flavor.insert(&mut tx).await?
            {
                let why = format!("there is another flavor that is called {}", flavor.name);
                return Err(Error::Conflict(why));
            }
        }
        Ok(tx.commit().await?)
    }

    fn seeded(&self, wanted: ConfiguredFlavor) -> Result<Flavor> {
        let id = wanted.id.unwrap_or_else(|| wanted.name.clone());
        Ok(Flavor {
            id: id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a flavor.")))?,
            name: wanted.name,
            vcpus: wanted.vcpus.into(),
            ram_mib: big(wanted.ram_mib),
            disk_gib: big(wanted.disk_gib),
            ephemeral_gib: 0,
            swap_mib: 0,
            rxtx_factor: Real(1.0),
            is_public: true,
            description: None,
            extra_specs: Json(wanted.extra_specs),
            created_at: self.now(),
            updated_at: None,
        })
    }
}

/// Nova's `context.is_admin`.
pub(crate) fn is_admin(caller: &Caller) -> bool {
    caller.has_role("admin")
}
