//! Sharing of networks with single projects, or with `*`.

use kogge_auth::{Rule, Target};
use kogge_db::filter::{BASIC, by, text};
use kogge_db::{Record, Tx};
use kogge_ids::NetworkId;
use kogge_resource::neutron::check;
use kogge_resource::{
    Absent, Body, Call, Create, Delete, List, Listing, Loaded, Names, Resource, Schema, Update, Verb,
};
use serde_json::{Value, json};

use crate::attributes::{both, post, shown};
use crate::error::{Error, Result};
use crate::service::{is_admin, owner, permit};
use crate::store::rbac::{self as store, Sharing};
use crate::store::rows::{Network, RbacPolicy};
use crate::{Networking, policy};

/// RBAC policies.
pub(crate) struct RbacPolicies;

impl Resource for RbacPolicies {
    type Service = Networking;
    type Row = RbacPolicy;
    type More = ();

    const NAMES: Names =
        Names::new("rbac_policy", "rbac_policies", "/v2.0/rbac-policies", "/v2.0/rbac-policies/{id}");
    const READ: Rule = policy::GET_RBAC_POLICY;

    fn missing(_: &Call<Networking>, id: &str) -> Error {
        Error::rbac_policy_not_found(id)
    }

    fn id(row: &RbacPolicy) -> String {
        row.id.clone()
    }

    fn target(row: &RbacPolicy) -> Target<'_> {
        let target = Target::project(&row.project_id).attr("target_tenant", row.target_project.as_str());
        target.attr("target_project", row.target_project.as_str())
    }

    fn view(_: &Call<Networking>, row: &RbacPolicy, (): &(), _: Verb) -> Value {
        json!({
            "id": row.id,
            "tenant_id": row.project_id,
            "project_id": row.project_id,
            "object_type": row.object_type,
            "object_id": row.object_id,
            "action": row.action,
            "target_tenant": row.target_project,
        })
    }
}

impl List for RbacPolicies {
    const RULE: Rule = policy::GET_RBAC_POLICY;
    const LIST: Listing = Listing {
        filters: &[
            BASIC,
            &[
                text("object_type", "object_type = ?"),
                text("object_id", "object_id = ?"),
                text("action", "action = ?"),
                text("target_tenant", "target_project = ?"),
                text("target_project", "target_project = ?"),
            ],
        ],
        sort: &[by("id"), by("project_id"), by("object_id"), by("action")],
        ..Listing::OWN
    };
}

fn object_type(value: Value) -> check::Checked {
    check::one_of(value, &["network"])
}

const BODY: Schema = Schema::new(
    "rbac_policy",
    &[&[
        shown("id"),
        post("project_id", Absent::Unset, check::project),
        post("object_type", Absent::Required, object_type),
        post("object_id", Absent::Required, check::uuid),
        both("target_tenant", Absent::Required, check::filled_text),
        post("action", Absent::Required, check::text255),
    ]],
);

impl Create for RbacPolicies {
    const RULE: Rule = policy::CREATE_RBAC_POLICY;
    const BODY: Schema = BODY;

    async fn create(call: &Call<Networking>, tx: &mut Tx, body: Body) -> Result<(RbacPolicy, ())> {
        let (net, caller) = (&call.service, &call.caller);
        let network = body.name("object_id");
        let network: NetworkId = network.parse().map_err(|_| Error::network_not_found(network))?;
        let row = RbacPolicy {
            id: NetworkId::random().to_string(),
            project_id: owner(caller, body.text("project_id"))?,
            object_type: "network".to_owned(),
            object_id: network,
            action: body.name("action"),
            target_project: body.name("target_tenant"),
        };
        permit(caller, &<Self as Create>::RULE, &Self::target(&row))?;
        permit(caller, &policy::CREATE_RBAC_POLICY_TARGET_TENANT, &Self::target(&row))?;
        let shared = Network::lock(tx, &network).await?.ok_or_else(|| Error::network_not_found(network))?;
        if !net.is_own(caller, &shared.project_id) {
            // 404 where the caller does not see it
            net.visible_network(&mut (&mut *tx).into(), caller, network).await?;
            let message = "Only admins can manipulate policies on objects they do not own";
            return Err(Error::invalid(message));
        }
        match row.action.as_str() {
            "access_as_shared" => {}
            "access_as_external" if is_admin(caller) => {}
            "access_as_external" => {
                return Err(Error::Policy(policy::UPDATE_NETWORK_ROUTER_EXTERNAL.name.to_owned()));
            }
            other => {
                return Err(Error::invalid(format!(
                    "Action '{other}' for object type 'network' is not supported. Valid actions: access_as_shared, \
                     access_as_external"
                )));
            }
        }
        net.charge(tx, &row.project_id, "rbac_policy", 1).await?;
        if !row.insert(tx).await? {
            return Err(Error::rbac_duplicate());
        }
        net.sharing_changed(tx, &row).await?;
        Ok((row, ()))
    }
}

impl Update for RbacPolicies {
    const RULE: Rule = policy::UPDATE_RBAC_POLICY;
    const BODY: Schema = BODY;

    async fn update(
        call: &Call<Networking>,
        tx: &mut Tx,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(RbacPolicy, ())> {
        let mut row = loaded.into_row();
        let Some(to) = body.text("target_tenant") else { return Ok((row, ())) };
        let before = row.clone();
        row.target_project = to;
        permit(&call.caller, &policy::UPDATE_RBAC_POLICY_TARGET_TENANT, &Self::target(&row))?;
        if before.target_project != row.target_project {
            not_in_use(tx, &before, Some(&row.target_project)).await?;
        }
        row.save(tx).await.map_err(|error| {
            if error.is_unique_violation() { Error::rbac_duplicate() } else { error.into() }
        })?;
        call.service.sharing_changed(tx, &row).await?;
        Ok((row, ()))
    }
}

impl Delete for RbacPolicies {
    const RULE: Rule = policy::DELETE_RBAC_POLICY;

    async fn delete(call: &Call<Networking>, tx: &mut Tx, row: Loaded<Self>) -> Result<()> {
        not_in_use(tx, &row, None).await?;
        RbacPolicy::delete(tx, &row.id).await?;
        call.service.sharing_changed(tx, &row).await
    }
}

/// Nobody needs this sharing any more, where `instead` takes the place of its target.
async fn not_in_use(tx: &mut Tx, row: &RbacPolicy, instead: Option<&str>) -> Result<()> {
    let Some(network) = Network::lock(tx, &row.object_id).await? else { return Ok(()) };
    store::fence(tx, network.id).await?;
    let in_use = |because: &str| Err(Error::rbac_in_use(network.id, because));
    let external = row.action == "access_as_external";
    if external && row.target_project == "*" && network.is_default {
        return in_use("Default external networks must be shared to everyone.");
    }
    if store::is_needed(tx, &network, &Sharing::of(row), instead).await? {
        return in_use(if external {
            "There are routers or floating IPs on this network that depend on this policy for access."
        } else {
            "There are ports of other projects on this network that depend on this policy for access."
        });
    }
    Ok(())
}

impl Networking {
    /// A network is joined to the world for as long as it is shared so with anybody; its revision rises.
    async fn sharing_changed(&self, tx: &mut Tx, policy: &RbacPolicy) -> Result<()> {
        let Some(mut row) = Network::lock(tx, &policy.object_id).await? else { return Ok(()) };
        if policy.action == "access_as_external" {
            let external = store::any_left(tx, row.id, &policy.action).await?;
            if row.external && !external && store::has_external_users(tx, row.id).await? {
                return Err(Error::external_in_use(row.id));
            }
            row.external = external;
        }
        row.updated_at = self.clock().now();
        row.revision_number += 1;
        Ok(row.save(tx).await?)
    }
}
