//! Flavors.

use std::collections::BTreeMap;

use kogge_auth::{Caller, Target};
use kogge_db::{Page, Paged};
use kogge_ids::FlavorId;
use kogge_standards::standard_flavors;

use crate::error::{Error, Result};
use crate::model::bounds;
use crate::model::flavor::{Flavor, NewFlavor, Shape};
use crate::store::flavors::{self as store, FlavorFilter};
use crate::{Compute, policy};

impl Compute {
    /// The flavors that the caller may see. Admins see private ones where `public` says so; others those with access.
    pub(crate) async fn list_flavors(
        &self,
        caller: &Caller,
        public: Option<bool>,
        mut filter: FlavorFilter,
        page: &Page,
    ) -> Result<Paged<Flavor>> {
        if is_admin(caller) {
            filter.public = public;
        } else {
            filter.for_project = Some(caller.project_id().cloned().unwrap_or_else(nobody));
        }
        if let Some(marker) = &page.marker {
            let known = store::get(self.db(), marker).await?.is_some();
            known.then_some(()).ok_or_else(|| Error::Invalid(format!("marker [{marker}] not found")))?;
        }
        Ok(store::list(self.db(), &filter, page).await?)
    }

    /// A flavor that the caller may see.
    pub(crate) async fn flavor(&self, caller: &Caller, id: &str) -> Result<Flavor> {
        let flavor = store::get(self.db(), id).await?.ok_or_else(|| Error::no_flavor(id))?;
        if flavor.is_public || is_admin(caller) {
            return Ok(flavor);
        }
        let access = store::access(self.db(), &flavor.shape.id).await?;
        let own = caller.project_id().is_some_and(|project| access.iter().any(|one| one == project.as_str()));
        if own { Ok(flavor) } else { Err(Error::no_flavor(id)) }
    }

    /// Makes a flavor.
    pub(crate) async fn create_flavor(&self, caller: &Caller, new: NewFlavor) -> Result<Flavor> {
        caller.allow(&policy::FLAVOR_CREATE, &Target::none())?;
        let id: FlavorId = match new.id {
            Some(id) => id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a flavor.")))?,
            None => uuid::Uuid::new_v4().to_string().parse().map_err(Error::internal)?,
        };
        let flavor = Flavor {
            shape: Shape {
                id,
                name: new.name,
                vcpus: new.vcpus,
                ram_mib: new.ram_mib,
                disk_gib: new.disk_gib,
                ephemeral_gib: new.ephemeral_gib,
                swap_mib: new.swap_mib,
                extra_specs: new.extra_specs,
            },
            description: new.description,
            is_public: new.is_public,
            rxtx_factor: new.rxtx_factor,
            created_at: self.now(),
            updated_at: None,
        };
        let mut tx = self.db().begin().await?;
        if store::get(&mut tx, flavor.shape.id.as_str()).await?.is_some() {
            return Err(Error::Conflict(format!("Flavor with ID {} already exists.", flavor.shape.id)));
        }
        store::insert(&mut tx, &flavor).await.map_err(|error| {
            if error.is_unique_violation() {
                Error::Conflict(format!("Flavor with name {} already exists.", flavor.shape.name))
            } else {
                error.into()
            }
        })?;
        tx.commit().await?;
        Ok(flavor)
    }

    /// Changes the description.
    pub(crate) async fn describe_flavor(
        &self,
        caller: &Caller,
        id: &str,
        description: Option<String>,
    ) -> Result<Flavor> {
        caller.allow(&policy::FLAVOR_UPDATE, &Target::none())?;
        self.change_flavor(id, |flavor| {
            flavor.description = description;
            Ok(())
        })
        .await
    }

    /// Takes a flavor away; servers keep their copy.
    pub(crate) async fn delete_flavor(&self, caller: &Caller, id: &str) -> Result<()> {
        caller.allow(&policy::FLAVOR_DELETE, &Target::none())?;
        let mut tx = self.db().begin().await?;
        if !store::delete(&mut tx, id).await? {
            return Err(Error::no_flavor(id));
        }
        Ok(tx.commit().await?)
    }

    /// Reads extra specs.
    pub(crate) async fn extra_specs(
        &self,
        caller: &Caller,
        id: &str,
        one: bool,
    ) -> Result<BTreeMap<String, String>> {
        caller.allow_on_own(if one { &policy::EXTRA_SPECS_SHOW } else { &policy::EXTRA_SPECS_INDEX })?;
        Ok(self.flavor(caller, id).await?.shape.extra_specs)
    }

    /// Adds or replaces extra specs.
    pub(crate) async fn set_extra_specs(
        &self,
        caller: &Caller,
        id: &str,
        specs: BTreeMap<String, String>,
        one: bool,
    ) -> Result<()> {
        let rule = if one { &policy::EXTRA_SPECS_UPDATE } else { &policy::EXTRA_SPECS_CREATE };
        caller.allow(rule, &Target::none())?;
        let change = |flavor: &mut Flavor| {
            flavor.shape.extra_specs.extend(specs);
            if flavor.shape.extra_specs.len() > bounds::PAIRS {
                let why = format!("A flavor has {} extra specs at most.", bounds::PAIRS);
                return Err(Error::Invalid(why));
            }
            Ok(())
        };
        self.change_flavor(id, change).await.map(drop)
    }

    /// Takes an extra spec away.
    pub(crate) async fn delete_extra_spec(&self, caller: &Caller, id: &str, key: &str) -> Result<()> {
        caller.allow(&policy::EXTRA_SPECS_DELETE, &Target::none())?;
        let change = |flavor: &mut Flavor| match flavor.shape.extra_specs.remove(key) {
            Some(_) => Ok(()),
            None => Err(no_spec(id, key)),
        };
        self.change_flavor(id, change).await.map(drop)
    }

    async fn change_flavor(
        &self,
        id: &str,
        change: impl FnOnce(&mut Flavor) -> Result<()> + Send,
    ) -> Result<Flavor> {
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, id).await?;
        let mut flavor = store::get(&mut tx, id).await?.ok_or_else(|| Error::no_flavor(id))?;
        change(&mut flavor)?;
        flavor.updated_at = Some(self.now());
        store::update(&mut tx, &flavor).await?;
        tx.commit().await?;
        Ok(flavor)
    }

    /// The projects with access to a private flavor.
    pub(crate) async fn flavor_access(&self, caller: &Caller, id: &str) -> Result<(FlavorId, Vec<String>)> {
        caller.allow(&policy::FLAVOR_ACCESS, &Target::none())?;
        let flavor = self.flavor(caller, id).await?;
        if flavor.is_public {
            return Err(Error::NotFound("Access list not available for public flavors.".to_owned()));
        }
        let access = store::access(self.db(), &flavor.shape.id).await?;
        Ok((flavor.shape.id, access))
    }

    /// Gives a project access to a flavor, or takes it. `strict` refuses access to public flavors.
    pub(crate) async fn change_flavor_access(
        &self,
        caller: &Caller,
        id: &str,
        project: &str,
        add: bool,
        strict: bool,
    ) -> Result<(FlavorId, Vec<String>)> {
        let rule = if add { &policy::FLAVOR_ACCESS_ADD } else { &policy::FLAVOR_ACCESS_REMOVE };
        caller.allow(rule, &Target::none())?;
        let flavor = self.flavor(caller, id).await?;
        if add && strict && flavor.is_public {
            return Err(Error::Conflict("Can not add access to a public flavor.".to_owned()));
        }
        let id = flavor.shape.id;
        let mut tx = self.db().begin().await?;
        if add {
            store::add_access(&mut tx, &id, project).await.map_err(|error| {
                if error.is_unique_violation() {
                    let what = format!("flavor {id} and project {project} combination");
                    Error::Conflict(format!("Flavor access already exists for {what}."))
                } else {
                    error.into()
                }
            })?;
        } else if !store::remove_access(&mut tx, &id, project).await? {
            return Err(Error::NotFound(format!(
                "Flavor access not found for {id} / {project} combination."
            )));
        }
        let access = store::access(&mut tx, &id).await?;
        tx.commit().await?;
        Ok((id, access))
    }

    /// Makes the standard flavors of SCS, and the configured ones, each once in the life of a cloud; and mends what a
    /// version before left.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn seed(&self) -> Result<()> {
        self.seal_passwords().await?;
        let standard = standard_flavors().iter().map(|flavor| NewFlavor {
            id: Some(flavor.name.to_owned()),
            name: flavor.name.to_owned(),
            vcpus: flavor.vcpus,
            ram_mib: flavor.ram_mib,
            disk_gib: flavor.disk_gib,
            ephemeral_gib: 0,
            swap_mib: 0,
            rxtx_factor: 1.0,
            is_public: true,
            description: None,
            extra_specs: flavor.extra_specs().map(|(key, value)| (key.to_owned(), value)).collect(),
        });
        let configured = self.config().flavors.iter().map(|flavor| NewFlavor {
            id: Some(flavor.id.clone().unwrap_or_else(|| flavor.name.clone())),
            name: flavor.name.clone(),
            vcpus: flavor.vcpus,
            ram_mib: flavor.ram_mib,
            disk_gib: flavor.disk_gib,
            ephemeral_gib: 0,
            swap_mib: 0,
            rxtx_factor: 1.0,
            is_public: true,
            description: None,
            extra_specs: flavor.extra_specs.clone(),
        });
        let mut tx = self.db().begin().await?;
        for new in standard.chain(configured) {
            let id = new.id.clone().unwrap_or_default();
            if store::note_seed(&mut tx, &new.name).await? && store::get(&mut tx, &id).await?.is_none() {
                store::insert(&mut tx, &seeded(new, self.now())?).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

fn seeded(new: NewFlavor, now: kogge_clock::Timestamp) -> Result<Flavor> {
    let id = new.id.unwrap_or_default();
    Ok(Flavor {
        shape: Shape {
            id: id.parse().map_err(|_| Error::Invalid(format!("'{id}' is no id of a flavor.")))?,
            name: new.name,
            vcpus: new.vcpus,
            ram_mib: new.ram_mib,
            disk_gib: new.disk_gib,
            ephemeral_gib: new.ephemeral_gib,
            swap_mib: new.swap_mib,
            extra_specs: new.extra_specs,
        },
        description: new.description,
        is_public: new.is_public,
        rxtx_factor: new.rxtx_factor,
        created_at: now,
        updated_at: None,
    })
}

/// Nova's words for an extra spec that is not there.
pub(crate) fn no_spec(id: &str, key: &str) -> Error {
    Error::NotFound(format!("Flavor {id} has no extra specs with key {key}."))
}

/// Nova's `context.is_admin`.
pub(crate) fn is_admin(caller: &Caller) -> bool {
    caller.has_role("admin")
}

/// A project that owns nothing: for callers without one.
fn nobody() -> kogge_ids::ProjectId {
    kogge_ids::ProjectId::random()
}
