//! Address scopes: within one, no two subnet pools overlap. Shared ones stay shared.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, NAMED, by, int, truth};
use kogge_db::{Executor, Query, Record, Tx};
use kogge_ids::AddressScopeId;
use kogge_resource::neutron::check;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb,
};
use serde_json::{Value, json};

use crate::attributes::{both, post, shown};
use crate::error::{Error, Result};
use crate::service::{owner, permit, spelled};
use crate::store::rows::AddressScope;
use crate::{Networking, policy};

/// Address scopes.
pub(crate) struct AddressScopes;

impl Resource for AddressScopes {
    type Service = Networking;
    type Row = AddressScope;
    type More = ();

    const NAMES: Names =
        Names::new("address_scope", "address_scopes", "/v2.0/address-scopes", "/v2.0/address-scopes/{id}");
    const READ: Rule = policy::GET_ADDRESS_SCOPE;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::address_scope_not_found(id)
    }

    fn id(row: &AddressScope) -> String {
        row.id.to_string()
    }

    fn target(row: &AddressScope) -> Target<'_> {
        Target::project(&row.project_id).attr("shared", spelled(row.shared))
    }

    fn view(_: &Call<Networking>, row: &AddressScope, (): &(), _: Verb) -> Value {
        json!({
            "id": row.id,
            "name": row.name,
            "tenant_id": row.project_id,
            "project_id": row.project_id,
            "ip_version": row.ip_version,
            "shared": row.shared,
        })
    }
}

impl List for AddressScopes {
    const RULE: Rule = policy::GET_ADDRESS_SCOPE;
    const LIST: Listing = Listing {
        filters: &[BASIC, NAMED, &[int("ip_version", "ip_version = ?"), truth("shared", "shared = ?")]],
        sort: &[by("id"), by("name"), by("project_id"), by("ip_version"), by("shared")],
        own: "project_id = ? OR shared",
        ..Listing::OWN
    };
}

const BODY: Schema = Schema::new(
    "address_scope",
    &[&[
        shown("id"),
        post("project_id", Absent::Unset, check::project),
        both("name", Absent::Text(""), check::text255),
        both("shared", Absent::Bool(false), check::boolean),
        post("ip_version", Absent::Required, check::ip_version),
    ]],
);

impl Create for AddressScopes {
    const RULE: Rule = policy::CREATE_ADDRESS_SCOPE;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(AddressScope, ())> {
        let project_id = owner(&call.caller, body.text("project_id"))?;
        let shared = body.truth("shared").unwrap_or(false);
        let wished = Target::project(&project_id).attr("shared", spelled(shared));
        permit(&call.caller, &<Self as Create>::RULE, &wished)?;
        if shared {
            permit(&call.caller, &policy::CREATE_ADDRESS_SCOPE_SHARED, &wished)?;
        }
        call.service.charge(tx, &project_id, "address_scope", 1).await?;
        let ip_version = body.int("ip_version").unwrap_or(4);
        let (id, name) = (AddressScopeId::random(), body.name("name"));
        let row = AddressScope { id, project_id, name, ip_version, shared };
        row.insert(tx).await?;
        Ok((row, ()))
    }
}

impl Update for AddressScopes {
    const RULE: Rule = policy::UPDATE_ADDRESS_SCOPE;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(AddressScope, ())> {
        let mut row = loaded.into_row();
        if let Some(shared) = body.truth("shared") {
            permit(&call.caller, &policy::UPDATE_ADDRESS_SCOPE_SHARED, &Self::target(&row))?;
            if row.shared && !shared {
                return Err(Error::scope_update(row.id, "Shared address scope can't be unshared"));
            }
            row.shared = shared;
        }
        row.name = body.text("name").unwrap_or(row.name);
        row.save(tx).await?;
        Ok((row, ()))
    }
}

impl Delete for AddressScopes {
    const RULE: Rule = policy::DELETE_ADDRESS_SCOPE;

    async fn before(_: &Call<Networking>, tx: &mut Tx, row: &AddressScope) -> Result<()> {
        let used = Query::new("SELECT 1 AS one FROM subnet_pools WHERE address_scope_id = $1 LIMIT 1");
        match tx.optional(used.bind(row.id)).await? {
            Some(_) => Err(Error::scope_in_use(row.id)),
            None => Ok(()),
        }
    }
}
