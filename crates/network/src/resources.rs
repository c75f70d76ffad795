//! Resources on the kit (`kogge_resource`), and what is Neutron's about all of them.

pub(crate) mod address_scopes;
pub(crate) mod agents;
pub(crate) mod default_rules;
pub(crate) mod floating_ips;
pub(crate) mod networks;
pub(crate) mod ports;
pub(crate) mod rbac_policies;
pub(crate) mod routers;
pub(crate) mod security_group_rules;
pub(crate) mod security_groups;
pub(crate) mod subnet_pools;
pub(crate) mod subnets;

use kogge_auth::{Caller, Denied, Rule, Target};
use kogge_clock::Timestamp;
use kogge_db::filter::Whose;
use kogge_db::{Db, Tx};
use kogge_resource::neutron::{self, Neutron};
use kogge_resource::{Body, Call, Judgement, Members, Service, Sql, sight};
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::Networking;
use crate::error::{Error, Result};
use crate::model::commands::Command;
use crate::service::{check_revision, scope};

impl Service for Networking {
    type Error = Error;
    type Write = Tx;
    type Dialect = Neutron;

    async fn begin(&self) -> Result<Tx> {
        Ok(self.db().begin().await?)
    }

    async fn commit(&self, write: Tx) -> Result<()> {
        write.commit().await?;
        Ok(())
    }

    /// Who may not even read it gets 404.
    fn judge(caller: &Caller, rule: &Rule, read: &Rule, found: Option<&Target<'_>>) -> Judgement {
        match found {
            Some(target) if caller.may(rule, target) => Judgement::Allowed,
            Some(target) if caller.may(read, target) => Judgement::Denied,
            _ => Judgement::Missing,
        }
    }

    fn whose<'c>(call: &'c Call<Self>, _: &Rule) -> Result<Whose<'c>> {
        Ok(scope(&call.caller))
    }

    /// Asked by the resource, when it is known whose the new thing shall be.
    fn permit_new(_: &Caller, _: &Rule) -> Result<()> {
        Ok(())
    }
}

impl Sql for Networking {
    fn db(&self) -> &Db {
        Self::db(self)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        Self::Policy(denied.rule.to_owned())
    }
}

/// The canonical values of a body as a command, with the field rules that it asks.
pub(crate) fn command<T: Command + DeserializeOwned>(body: Body) -> Result<T> {
    let rules = body.field_rules();
    let mut command: T = values(body)?;
    command.asks(rules);
    Ok(command)
}

/// The canonical values of a body.
pub(crate) fn values<T: DeserializeOwned>(body: Body) -> Result<T> {
    serde_json::from_value(Value::Object(body.into_values()))
        .map_err(|error| Error::Attribute(format!("Invalid input: {error}.")))
}

/// Checks `If-Match` against what is.
pub(crate) fn fresh(call: &Call<Networking>, present: i64) -> Result<()> {
    let expected = neutron::revision(call).map_err(|error| Error::Attribute(error.message().to_owned()))?;
    check_revision(expected, present)
}

/// What nearly every resource has.
pub(crate) struct Standard<'a> {
    pub(crate) project: &'a str,
    pub(crate) description: &'a str,
    pub(crate) tags: &'a [String],
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) revision: i64,
}

impl Standard<'_> {
    /// Adds it to a view.
    pub(crate) fn add(&self, mut view: Value) -> Value {
        if let Value::Object(members) = &mut view {
            members.extend(sight::object(|to| self.write(to)));
        }
        view
    }

    /// Writes it.
    pub(crate) fn write<M: SerializeMap>(
        &self,
        to: &mut Members<'_, M>,
    ) -> std::result::Result<(), M::Error> {
        to.put("tenant_id", self.project)?;
        to.put("project_id", self.project)?;
        to.put("description", self.description)?;
        to.put("tags", self.tags)?;
        to.put("created_at", &self.created.seconds_z())?;
        to.put("updated_at", &self.updated.seconds_z())?;
        to.put("revision_number", &self.revision)
    }
}

/// The standard attributes of a row, for its view.
macro_rules! standard {
    ($row:expr) => {
        $crate::resources::standard!($row, &$row.project_id)
    };
    ($row:expr, $project:expr) => {
        $crate::resources::Standard {
            project: $project,
            description: &$row.description,
            tags: &$row.tags.0,
            created: $row.created_at,
            updated: $row.updated_at,
            revision: $row.revision_number,
        }
    };
}
pub(crate) use standard;

/// How a row's tags are read and written.
macro_rules! tags {
    ($row:ty) => {
        fn tags(row: &$row) -> &[String] {
            &row.tags.0
        }

        async fn retag(
            call: &kogge_resource::Call<$crate::Networking>,
            tx: &mut kogge_db::Tx,
            mut row: $row,
            tags: Vec<String>,
        ) -> $crate::error::Result<()> {
            row.tags.0 = tags;
            row.updated_at = call.service.clock().now();
            row.revision_number += 1;
            use kogge_db::Record as _;
            Ok(row.save(tx).await?)
        }
    };
}
pub(crate) use tags;
