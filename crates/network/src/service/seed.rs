//! What a new cloud starts with, and topologies that users get without asking for their parts.

use kogge_auth::Caller;
use kogge_db::Record as _;
use kogge_db::Tx;
use kogge_ids::NetworkId;

use crate::Networking;
use crate::error::{Error, Result};
use crate::model::address::{Pool, default_pools};
use crate::model::commands::{GatewayWish, NewNetwork, NewRouter, NewSubnet};
use crate::policy;
use crate::service::router_interfaces::InterfaceWish;
use crate::store::rows::{Network, Subnet};
use crate::store::{networks as store, settings};
use kogge_db::record::Json;

impl Networking {
    /// First-start data: the templates of SCS-0115 and the external network, which belongs to `project` (the admin's).
    /// Doing it again changes nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn seed(&self, project: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        self.seed_templates(&mut tx).await?;
        self.seed_public(&mut tx, project).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn seed_public(&self, tx: &mut Tx, project: &str) -> Result<()> {
        let public = &self.config().public;
        if !public.enabled || !settings::once(tx, "public", "seeded").await? {
            return Ok(());
        }
        let now = self.clock().now();
        let row = Network {
            id: NetworkId::random(),
            project_id: project.to_owned(),
            name: public.name.clone(),
            description: String::new(),
            admin_state_up: true,
            mtu: self.config().mtu.max(1500),
            dns_domain: String::new(),
            port_security_enabled: true,
            external: true,
            is_default: true,
            network_type: "flat".to_owned(),
            physical_network: Some("public".to_owned()),
            segmentation_id: None,
            segment: 1,
            az_hints: Json(Vec::new()),
            auto_allocated: false,
            tags: Json(Vec::new()),
            created_at: now,
            updated_at: now,
            revision_number: 1,
        };
        if !row.insert(tx).await? {
            return Ok(());
        }
        crate::store::rbac::share(tx, &row, "access_as_external", "*").await?;
        self.seed_public_subnet(tx, &row).await
    }

    async fn seed_public_subnet(&self, tx: &mut Tx, network: &Network) -> Result<()> {
        let public = &self.config().public;
        let gateway = public.gateway.or_else(|| public.cidr.hosts().next());
        let mut pools = default_pools(&public.cidr, gateway);
        if public.pool_start.is_some() || public.pool_end.is_some() {
            let start = public.pool_start.or_else(|| pools.first().map(|pool| pool.start));
            let end = public.pool_end.or_else(|| pools.last().map(|pool| pool.end));
            pools = start.zip(end).map(|(start, end)| Pool { start, end }).into_iter().collect();
        }
        let row = Subnet {
            id: kogge_ids::SubnetId::random(),
            project_id: network.project_id.clone(),
            name: format!("{}-subnet", public.name),
            description: String::new(),
            network_id: network.id,
            ip_version: if public.cidr.network().is_ipv4() { 4 } else { 6 },
            cidr: public.cidr.trunc(),
            gateway_ip: gateway,
            allocation_pools: Json(pools),
            dns_nameservers: Json(Vec::new()),
            host_routes: Json(Vec::new()),
            enable_dhcp: false,
            ipv6_ra_mode: None,
            ipv6_address_mode: None,
            subnetpool_id: None,
            service_types: Json(Vec::new()),
            dns_publish_fixed_ip: false,
            tags: Json(Vec::new()),
            created_at: network.created_at,
            updated_at: network.created_at,
            revision_number: 0,
        };
        row.insert(tx).await?;
        Ok(())
    }

    /// The network that the caller's project gets without asking: with subnet, router and the way out, made here
    /// where there is none.
    ///
    /// # Errors
    /// `AutoAllocationFailure` where the cloud has no default external network; quotas.
    pub async fn auto_allocate_in(&self, tx: &mut Tx, caller: &Caller) -> Result<NetworkId> {
        let project = super::owner(caller, None)?;
        // of two that ask at once, the second finds what the first made
        crate::store::quotas::lock(tx, &project, "network").await?;
        if let Some(id) = store::auto_allocated(tx, &project).await? {
            return Ok(id);
        }
        let Some(external) = store::default_external(&mut (&mut *tx).into()).await? else {
            return Err(Error::auto_allocation("No default router:external network"));
        };
        let new = NewNetwork {
            name: "auto_allocated_network".to_owned(),
            auto_allocated: true,
            ..Default::default()
        };
        let network = self.create_network_in(tx, caller, new).await?.row.id;
        let default_pool = store::default_pool(tx, 4).await?;
        let subnet = NewSubnet {
            name: "auto_allocated_subnet_v4".to_owned(),
            network_id: Some(network),
            ip_version: 4,
            enable_dhcp: true,
            use_default_subnetpool: default_pool.is_some(),
            cidr: default_pool.is_none().then_some(self.config().auto_range),
            ..Default::default()
        };
        let subnet = self.create_subnet_in(tx, caller, subnet).await?.id;
        let gateway = GatewayWish { network_id: external, enable_snat: None, external_fixed_ips: Vec::new() };
        let router = NewRouter {
            name: "auto_allocated_router".to_owned(),
            external_gateway_info: Some(gateway),
            ..Default::default()
        };
        let router = self.create_router_in(tx, caller, router).await?.id;
        let wish = InterfaceWish { port_id: None, subnet_id: Some(subnet) };
        self.add_router_interface_in(tx, caller, router, wish).await?;
        Ok(network)
    }

    /// As [`Networking::auto_allocate_in`], in a transaction of its own.
    ///
    /// # Errors
    /// As there.
    pub async fn auto_allocate(&self, caller: &Caller) -> Result<NetworkId> {
        let mut tx = self.db().begin().await?;
        let id = self.auto_allocate_in(&mut tx, caller).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// As [`Networking::remove_auto_in`], in a transaction of its own.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn remove_auto(&self, caller: &Caller, project: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        self.remove_auto_in(&mut tx, caller, project).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes the topology that was made without asking.
    ///
    /// # Errors
    /// What is still in use of it.
    pub async fn remove_auto_in(&self, tx: &mut Tx, caller: &Caller, project: &str) -> Result<()> {
        let Some(network) = store::auto_allocated(tx, project).await? else {
            return Err(Error::network_not_found(project));
        };
        let legs = crate::store::ports::of_network(&mut (&mut *tx).into(), network).await?;
        for leg in legs.iter().filter(|port| port.holder.is_router_leg()) {
            let Some(Ok(router)) = leg.holder_id.as_ref().map(|id| id.parse()) else { continue };
            let wish = InterfaceWish { port_id: Some(leg.id), subnet_id: None };
            self.remove_router_interface_in(tx, caller, router, wish).await?;
            let row = self.own_router(tx, caller, router, &policy::DELETE_ROUTER).await?;
            self.remove_router(tx, row).await?;
        }
        let row = self.own_network(tx, caller, network, &policy::DELETE_NETWORK).await?;
        self.delete_network_in(tx, &row).await
    }

    /// True where the caller could get a topology without asking: upstream's `dry-run`.
    ///
    /// # Errors
    /// `AutoAllocationFailure` where not.
    pub async fn can_auto_allocate(&self) -> Result<()> {
        match store::default_external(&mut self.db().into()).await? {
            Some(_) => Ok(()),
            None => Err(Error::auto_allocation("No default router:external network")),
        }
    }
}
