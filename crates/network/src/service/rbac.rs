//! Sharing of networks with single projects.

use kogge_auth::{Caller, Target};
use kogge_db::{Paged, Select, Tx};

use super::{owner, permit, permit_change, scope};
use crate::error::{Error, Result};
use crate::store::filter::{Filter, ListQuery, apply, by, text};
use crate::store::rbac::{self as store, Sharing};
use crate::store::rows::{Network, RbacPolicy};
use crate::{Networking, policy};

const FILTERS: &[Filter] = &[
    text("id", "id = ?"),
    text("project_id", "project_id = ?"),
    text("object_type", "object_type = ?"),
    text("object_id", "object_id = ?"),
    text("action", "action = ?"),
    text("target_tenant", "target_project = ?"),
    text("target_project", "target_project = ?"),
];

/// Sort keys of RBAC policies.
pub(crate) const SORT: &[kogge_db::SortKey] = &[by("id"), by("project_id"), by("object_id"), by("action")];

fn target(row: &RbacPolicy) -> Target<'_> {
    let target = Target::project(&row.project_id).attr("target_tenant", row.target_project.as_str());
    target.attr("target_project", row.target_project.as_str())
}

impl Networking {
    /// Shares a network with a project, or with `*`.
    ///
    /// # Errors
    /// `NetworkNotFound`, `PolicyNotAuthorized`, `RbacPolicyDuplicate`, `InvalidInput`.
    pub async fn create_rbac_policy_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        project: Option<String>,
        network: kogge_ids::NetworkId,
        action: &str,
        target_project: &str,
    ) -> Result<RbacPolicy> {
        let project = owner(caller, project)?;
        let row = RbacPolicy {
            id: kogge_ids::NetworkId::random().to_string(),
            project_id: project,
            object_type: "network".to_owned(),
            object_id: network,
            action: action.to_owned(),
            target_project: target_project.to_owned(),
        };
        permit(caller, &policy::CREATE_RBAC_POLICY, &target(&row))?;
        permit(caller, &policy::CREATE_RBAC_POLICY_TARGET_TENANT, &target(&row))?;
        let shared = Network::lock(tx, &network).await?.ok_or_else(|| Error::network_not_found(network))?;
        if !self.is_own(caller, &shared.project_id) {
            return Err(Error::network_not_found(network));
        }
        match action {
            "access_as_shared" => {}
            "access_as_external" if super::is_admin(caller) => {}
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
        self.charge(tx, &row.project_id, "rbac_policy", 1).await?;
        if !row.insert(tx).await? {
            return Err(Error::rbac_duplicate());
        }
        self.sharing_changed(tx, &row).await?;
        Ok(row)
    }

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

    /// Nobody needs this sharing any more, where `instead` takes the place of its target.
    async fn not_in_use(&self, tx: &mut Tx, row: &RbacPolicy, instead: Option<&str>) -> Result<()> {
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

    /// The policy, if the caller may see it.
    ///
    /// # Errors
    /// `RbacPolicyNotFound`.
    pub async fn rbac_policy(&self, caller: &Caller, id: &str) -> Result<RbacPolicy> {
        let missing = || Error::rbac_policy_not_found(id);
        let row = RbacPolicy::get(self.db(), &id.to_owned()).await?.ok_or_else(missing)?;
        if caller.may(&policy::GET_RBAC_POLICY, &target(&row)) { Ok(row) } else { Err(missing()) }
    }

    /// One page of the policies of the caller's project.
    ///
    /// # Errors
    /// 400 for unknown filters.
    pub async fn list_rbac_policies(&self, caller: &Caller, query: &ListQuery) -> Result<Paged<RbacPolicy>> {
        let select = scope(caller).of(Select::new(RbacPolicy::COLUMNS, RbacPolicy::TABLE), "project_id = ?");
        let select = apply(select, &[FILTERS], query)?.page(&query.page, SORT, &[], "id");
        Ok(select.fetch(self.db(), RbacPolicy::from_row).await?)
    }

    /// Gives the sharing to another project instead.
    ///
    /// # Errors
    /// `RbacPolicyNotFound`, `PolicyNotAuthorized`.
    pub async fn update_rbac_policy_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        id: &str,
        to: &str,
    ) -> Result<RbacPolicy> {
        let missing = || Error::rbac_policy_not_found(id);
        let mut row = RbacPolicy::lock(tx, &id.to_owned()).await?.ok_or_else(missing)?;
        permit_change(caller, &policy::UPDATE_RBAC_POLICY, &policy::GET_RBAC_POLICY, &target(&row), missing)?;
        let before = row.clone();
        row.target_project = to.to_owned();
        permit(caller, &policy::UPDATE_RBAC_POLICY_TARGET_TENANT, &target(&row))?;
        if before.target_project != to {
            self.not_in_use(tx, &before, Some(to)).await?;
        }
        row.save(tx).await.map_err(|error| {
            if error.is_unique_violation() { Error::rbac_duplicate() } else { error.into() }
        })?;
        self.sharing_changed(tx, &row).await?;
        Ok(row)
    }

    /// Takes a sharing back, where nobody needs it any more.
    ///
    /// # Errors
    /// `RbacPolicyNotFound`, `PolicyNotAuthorized`, `RbacPolicyInUse`.
    pub async fn delete_rbac_policy_in(&self, tx: &mut Tx, caller: &Caller, id: &str) -> Result<()> {
        let missing = || Error::rbac_policy_not_found(id);
        let row = RbacPolicy::lock(tx, &id.to_owned()).await?.ok_or_else(missing)?;
        permit_change(caller, &policy::DELETE_RBAC_POLICY, &policy::GET_RBAC_POLICY, &target(&row), missing)?;
        self.not_in_use(tx, &row, None).await?;
        RbacPolicy::delete(tx, &row.id).await?;
        self.sharing_changed(tx, &row).await
    }
}
