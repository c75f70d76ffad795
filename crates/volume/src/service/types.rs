//! Types: those that a cloud begins with, and which one a new volume gets.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_db::record::Json;
use kogge_db::{Record as _, Source, Tx};
use kogge_ids::VolumeTypeId;
use kogge_standards::volume_types::claim;
use kogge_storage::Feature;

use crate::Volumes;
use crate::error::{Error, Result};
use crate::model::group::{CONSISTENT, GroupType, OLD_TYPE, OLD_TYPE_ID};
use crate::model::volume_type::{DEFAULT, Encryption, VolumeType};
use crate::resources::is_admin;
use crate::store::types as store;

impl Volumes {
    /// Makes the types that a cloud begins with, each once in its life: the default one, an encrypted one, and a replicated
    /// one where a backend replicates. Their descriptions say so in the words of SCS-0114.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn seed(&self) -> Result<()> {
        let mut wanted = vec![
            self.seeded(DEFAULT, "Default Volume Type", None, false),
            self.seeded("encrypted", "Encrypted with LUKS, each volume with a key of its own", None, true),
        ];
        for (name, backend) in self.backends() {
            // one that is elsewhere says what it is when it is asked what it has
            let answer = backend.facts().await;
            if let Err(error) = answer {
                tracing::warn!(%error, backend = name, "a storage backend does not answer");
            }
            if backend.nature().features.contains(&Feature::Replicated) {
                wanted.push(self.seeded(
                    "replicated",
                    "Outlives the loss of any one machine",
                    Some(name),
                    false,
                ));
                break;
            }
        }
        let mut tx = self.db().begin().await?;
        for kind in wanted {
            if store::note_seed(&mut tx, &kind.name).await? {
                kind.insert(&mut tx).await?;
            }
        }
        if store::note_seed(&mut tx, OLD_TYPE).await? {
            self.type_of_old()?.insert(&mut tx).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The type of consistency groups.
    fn type_of_old(&self) -> Result<GroupType> {
        let specs = BTreeMap::from([(CONSISTENT.to_owned(), "<is> True".to_owned())]);
        Ok(GroupType {
            id: OLD_TYPE_ID.parse().map_err(Error::internal)?,
            name: OLD_TYPE.to_owned(),
            description: Some("Consistency groups, and their snapshots".to_owned()),
            is_public: true,
            specs: Json(specs),
            created_at: self.now(),
            updated_at: None,
        })
    }

    fn seeded(&self, name: &str, text: &str, backend: Option<&str>, encrypted: bool) -> VolumeType {
        let now = self.now();
        let encryption = Encryption {
            id: VolumeTypeId::random().to_string(),
            provider: "luks".to_owned(),
            cipher: Some("aes-xts-plain64".to_owned()),
            key_size: Some(256),
            control_location: "front-end".to_owned(),
            created_at: now.as_micros(),
            updated_at: None,
        };
        let text = format!("{} {text}", claim(encrypted, backend.is_some()));
        let spec = backend.map(|name| (crate::model::volume_type::BACKEND_NAME.to_owned(), name.to_owned()));
        VolumeType {
            id: VolumeTypeId::random(),
            name: name.to_owned(),
            description: Some(text.trim_start().to_owned()),
            is_public: true,
            extra_specs: Json(spec.into_iter().collect::<BTreeMap<_, _>>()),
            qos_id: None,
            encryption: encrypted.then_some(Json(encryption)),
            created_at: now,
            updated_at: None,
        }
    }

    /// The type that a caller names by id or name, if it may use it. Inside a transaction it is read from that: whoever waits
    /// for a second connection while it holds one stops everybody.
    pub(crate) async fn usable_type(
        &self,
        from: &mut Source<'_>,
        caller: &Caller,
        word: &str,
    ) -> Result<VolumeType> {
        let id = word.parse::<VolumeTypeId>();
        let missing = || match id {
            Ok(_) => Error::no_type(word),
            Err(_) => Error::NotFound(format!("Volume type with name {word} could not be found.")),
        };
        let found = match &id {
            Ok(id) => VolumeType::get(&mut *from, id).await?,
            Err(_) => None,
        };
        let found = match found {
            Some(found) => Some(found),
            None => store::named(&mut *from, word).await?,
        };
        let kind = found.ok_or_else(missing)?;
        let project = caller.project_id().map_or("", |project| project.as_str());
        if kind.is_public || is_admin(caller) || store::has_access(&mut *from, kind.id, project).await? {
            return Ok(kind);
        }
        Err(missing())
    }

    /// The type of the caller's volumes for which nobody named one: its project's default, else that of the cloud.
    pub(crate) async fn default_type_of(&self, from: &mut Source<'_>, caller: &Caller) -> Result<VolumeType> {
        let project = caller.project_id().map_or("", |project| project.as_str());
        if let Some(own) = store::default_of(&mut *from, project).await? {
            return Ok(own);
        }
        let found = store::named(&mut *from, DEFAULT).await?;
        found.ok_or_else(|| {
            let why = "The request cannot be fulfilled as the default volume type";
            Error::Unavailable(format!("{why} {DEFAULT} cannot be found."))
        })
    }

    /// The type as it is now, locked until the transaction ends: nobody changes or removes it while something is made of it.
    /// Whoever needs several takes them in the order of their ids.
    pub(crate) async fn hold_type_in(&self, tx: &mut Tx, id: VolumeTypeId) -> Result<VolumeType> {
        VolumeType::lock(tx, &id).await?.ok_or_else(|| Error::no_type(id))
    }
}
