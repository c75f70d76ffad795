//! Each resource of the API, tied to the service and to its wire form.

use std::str::FromStr;

use kogge_auth::{Caller, Rule};
use kogge_db::{Paged, SortKey, Tx};

use super::resource::{Resource, command, field_rules, refused};
use super::wire;
use crate::attributes::{self, Attribute, Body, Prepared, STANDARD};
use crate::error::{Error, Result};
use crate::model::commands;
use crate::store::filter::ListQuery;
use crate::store::{groups, networks, ports, routers, rows};
use crate::{
    FloatingIpView, GroupView, NetworkView, Networking, PortView, RouterView, RuleView, SubnetView, policy,
};

fn id<T: FromStr>(text: &str, missing: impl FnOnce(&str) -> Error) -> Result<T> {
    text.parse().map_err(|_| missing(text))
}

/// A resource whose commands carry the field rules they ask.
macro_rules! resource {
    (
        $(#[$doc:meta])* $name:ident: $one:literal, $many:literal, $path:literal, $view:ty,
        attributes $attributes:expr, sort $sort:expr, guarded $guarded:expr, missing $missing:ident,
        create $create:ident($new:ty), list $list:ident, show $show:ident,
        update $update:ident($change:ty), delete $delete:ident, wire $wire:path
    ) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Resource for $name {
            const ONE: &'static str = $one;
            const MANY: &'static str = $many;
            const PATH: &'static str = $path;
            const ATTRIBUTES: &'static [&'static [Attribute]] = $attributes;
            const SORT: &'static [SortKey] = $sort;
            const GUARDED: &'static [(&'static str, &'static Rule)] = $guarded;
            type View = $view;

            async fn create(net: &Networking, tx: &mut Tx, caller: &Caller, body: Prepared) -> Result<$view> {
                let fields = field_rules(&body);
                let mut new: $new = command(body.values)?;
                new.fields = fields;
                net.$create(tx, caller, new).await
            }
            async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<$view>> {
                net.$list(caller, query).await
            }
            async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<$view> {
                net.$show(caller, id(text, |text| Error::$missing(text))?).await
            }
            async fn update(
                net: &Networking, tx: &mut Tx, caller: &Caller, text: &str, body: Prepared, revision: Option<i64>,
            ) -> Result<$view> {
                let fields = field_rules(&body);
                let mut change: $change = command(body.values)?;
                change.fields = fields;
                net.$update(tx, caller, id(text, |text| Error::$missing(text))?, change, revision).await
            }
            async fn delete(
                net: &Networking, tx: &mut Tx, caller: &Caller, text: &str, revision: Option<i64>,
            ) -> Result<()> {
                net.$delete(tx, caller, id(text, |text| Error::$missing(text))?, revision).await
            }
            fn wire(net: &Networking, view: &$view) -> Body {
                $wire(net, view)
            }
        }
    };
}

resource! {
    /// Networks.
    Networks: "network", "networks", "networks", NetworkView,
    attributes &[STANDARD, attributes::NETWORK], sort networks::NETWORK_SORT,
    guarded &[
        ("provider:network_type", &policy::GET_NETWORK_PROVIDER_NETWORK_TYPE),
        ("provider:physical_network", &policy::GET_NETWORK_PROVIDER_PHYSICAL_NETWORK),
        ("provider:segmentation_id", &policy::GET_NETWORK_PROVIDER_SEGMENTATION_ID),
    ],
    missing network_not_found, create create_network_in(commands::NewNetwork), list list_networks, show network,
    update update_network_in(commands::NetworkChange), delete delete_network_in, wire wire::networks::network
}

resource! {
    /// Subnets.
    Subnets: "subnet", "subnets", "subnets", SubnetView,
    attributes &[STANDARD, attributes::subnets::SUBNET], sort networks::SUBNET_SORT, guarded &[],
    missing subnet_not_found, create create_subnet_in(commands::NewSubnet), list list_subnets, show subnet,
    update update_subnet_in(commands::SubnetChange), delete delete_subnet_in, wire wire::networks::subnet
}

resource! {
    /// Subnet pools.
    SubnetPools: "subnetpool", "subnetpools", "subnetpools", rows::SubnetPool,
    attributes &[STANDARD, attributes::subnets::SUBNET_POOL], sort networks::POOL_SORT, guarded &[],
    missing subnet_pool_not_found, create create_subnet_pool_in(commands::NewSubnetPool), list list_subnet_pools,
    show subnet_pool, update update_subnet_pool_in(commands::SubnetPoolChange), delete delete_subnet_pool_in,
    wire wire::networks::subnet_pool
}

resource! {
    /// Ports.
    Ports: "port", "ports", "ports", PortView,
    attributes &[STANDARD, attributes::ports::PORT], sort ports::SORT,
    guarded &[
        ("binding:vif_type", &policy::GET_PORT_BINDING_VIF_TYPE),
        ("binding:vif_details", &policy::GET_PORT_BINDING_VIF_DETAILS),
        ("binding:host_id", &policy::GET_PORT_BINDING_HOST_ID),
        ("binding:profile", &policy::GET_PORT_BINDING_PROFILE),
    ],
    missing port_not_found, create create_port_in(commands::NewPort), list list_ports, show port,
    update update_port_in(commands::PortChange), delete delete_port_in, wire wire::ports::port
}

resource! {
    /// Routers.
    Routers: "router", "routers", "routers", RouterView,
    attributes &[STANDARD, attributes::l3::ROUTER], sort routers::SORT, guarded &[],
    missing router_not_found, create create_router_in(commands::NewRouter), list list_routers, show router,
    update update_router_in(commands::RouterChange), delete delete_router_in, wire wire::l3::router
}

resource! {
    /// Floating IPs.
    FloatingIps: "floatingip", "floatingips", "floatingips", FloatingIpView,
    attributes &[STANDARD, attributes::l3::FLOATING_IP], sort routers::FLOATING_SORT, guarded &[],
    missing floating_ip_not_found, create create_floating_ip_in(commands::NewFloatingIp), list list_floating_ips,
    show floating_ip, update update_floating_ip_in(commands::FloatingIpChange), delete delete_floating_ip_in,
    wire wire::l3::floating_ip
}

/// Security groups.
pub(crate) struct SecurityGroups;

impl Resource for SecurityGroups {
    const ONE: &'static str = "security_group";
    const MANY: &'static str = "security_groups";
    const PATH: &'static str = "security-groups";
    const ATTRIBUTES: &'static [&'static [Attribute]] = &[STANDARD, attributes::security::GROUP];
    const SORT: &'static [SortKey] = groups::SORT;
    type View = GroupView;

    async fn create(net: &Networking, tx: &mut Tx, caller: &Caller, body: Prepared) -> Result<GroupView> {
        net.create_security_group_in(tx, caller, command(body.values)?).await
    }
    async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<GroupView>> {
        net.list_security_groups(caller, query).await
    }
    async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<GroupView> {
        net.security_group(caller, id(text, |text| Error::security_group_not_found(text))?).await
    }
    async fn update(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        body: Prepared,
        revision: Option<i64>,
    ) -> Result<GroupView> {
        let id = id(text, |text| Error::security_group_not_found(text))?;
        net.update_security_group_in(tx, caller, id, command(body.values)?, revision).await
    }
    async fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        revision: Option<i64>,
    ) -> Result<()> {
        let id = id(text, |text| Error::security_group_not_found(text))?;
        net.delete_security_group_in(tx, caller, id, revision).await
    }
    fn wire(_: &Networking, view: &GroupView) -> Body {
        wire::security::group(view)
    }
}

/// Rules of security groups.
pub(crate) struct SecurityGroupRules;

impl Resource for SecurityGroupRules {
    const ONE: &'static str = "security_group_rule";
    const MANY: &'static str = "security_group_rules";
    const PATH: &'static str = "security-group-rules";
    const ATTRIBUTES: &'static [&'static [Attribute]] = attributes::security::RULE;
    const SORT: &'static [SortKey] = groups::RULE_SORT;
    type View = RuleView;

    async fn create(net: &Networking, tx: &mut Tx, caller: &Caller, body: Prepared) -> Result<RuleView> {
        net.create_security_group_rule_in(tx, caller, command(body.values)?).await
    }
    async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<RuleView>> {
        net.list_security_group_rules(caller, query).await
    }
    async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<RuleView> {
        net.security_group_rule(caller, id(text, |text| Error::security_group_rule_not_found(text))?).await
    }
    async fn update(
        _: &Networking,
        _: &mut Tx,
        _: &Caller,
        _: &str,
        _: Prepared,
        _: Option<i64>,
    ) -> Result<RuleView> {
        Err(refused())
    }
    async fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        _: Option<i64>,
    ) -> Result<()> {
        let id = id(text, |text| Error::security_group_rule_not_found(text))?;
        net.delete_security_group_rule_in(tx, caller, id).await
    }
    fn wire(_: &Networking, view: &RuleView) -> Body {
        wire::security::rule(view)
    }
}

/// Templates of rules.
pub(crate) struct DefaultRules;

impl Resource for DefaultRules {
    const ONE: &'static str = "default_security_group_rule";
    const MANY: &'static str = "default_security_group_rules";
    const PATH: &'static str = "default-security-group-rules";
    const ATTRIBUTES: &'static [&'static [Attribute]] = attributes::security::TEMPLATE;
    const SORT: &'static [SortKey] = groups::TEMPLATE_SORT;
    type View = rows::DefaultRule;

    async fn create(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        body: Prepared,
    ) -> Result<rows::DefaultRule> {
        net.create_default_rule_in(tx, caller, command(body.values)?).await
    }
    async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<rows::DefaultRule>> {
        net.list_default_rules(caller, query).await
    }
    async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<rows::DefaultRule> {
        net.default_rule(caller, id(text, |text| Error::default_rule_not_found(text))?).await
    }
    async fn update(
        _: &Networking,
        _: &mut Tx,
        _: &Caller,
        _: &str,
        _: Prepared,
        _: Option<i64>,
    ) -> Result<rows::DefaultRule> {
        Err(refused())
    }
    async fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        _: Option<i64>,
    ) -> Result<()> {
        net.delete_default_rule_in(tx, caller, id(text, |text| Error::default_rule_not_found(text))?).await
    }
    fn wire(_: &Networking, view: &rows::DefaultRule) -> Body {
        wire::security::template(view)
    }
}

/// Address scopes.
pub(crate) struct AddressScopes;

fn take<T: serde::de::DeserializeOwned>(body: &mut Prepared, name: &str) -> Option<T> {
    body.values.remove(name).and_then(|value| serde_json::from_value(value).ok())
}

impl Resource for AddressScopes {
    const ONE: &'static str = "address_scope";
    const MANY: &'static str = "address_scopes";
    const PATH: &'static str = "address-scopes";
    const ATTRIBUTES: &'static [&'static [Attribute]] = &[attributes::subnets::ADDRESS_SCOPE];
    const SORT: &'static [SortKey] = networks::SCOPE_SORT;
    type View = rows::AddressScope;

    async fn create(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        mut body: Prepared,
    ) -> Result<rows::AddressScope> {
        let (project, name) = (take(&mut body, "project_id"), take(&mut body, "name").unwrap_or_default());
        let (version, shared) =
            (take(&mut body, "ip_version").unwrap_or(4), take(&mut body, "shared").unwrap_or(false));
        net.create_address_scope_in(tx, caller, project, name, version, shared).await
    }
    async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<rows::AddressScope>> {
        net.list_address_scopes(caller, query).await
    }
    async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<rows::AddressScope> {
        net.address_scope(caller, id(text, |text| Error::address_scope_not_found(text))?).await
    }
    async fn update(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        mut body: Prepared,
        _: Option<i64>,
    ) -> Result<rows::AddressScope> {
        let id = id(text, |text| Error::address_scope_not_found(text))?;
        net.update_address_scope_in(tx, caller, id, take(&mut body, "name"), take(&mut body, "shared")).await
    }
    async fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        _: Option<i64>,
    ) -> Result<()> {
        net.delete_address_scope_in(tx, caller, id(text, |text| Error::address_scope_not_found(text))?).await
    }
    fn wire(_: &Networking, view: &rows::AddressScope) -> Body {
        wire::networks::address_scope(view)
    }
}

/// RBAC policies.
pub(crate) struct RbacPolicies;

impl Resource for RbacPolicies {
    const ONE: &'static str = "rbac_policy";
    const MANY: &'static str = "rbac_policies";
    const PATH: &'static str = "rbac-policies";
    const ATTRIBUTES: &'static [&'static [Attribute]] = &[attributes::l3::RBAC_POLICY];
    const SORT: &'static [SortKey] = crate::service::rbac::SORT;
    type View = rows::RbacPolicy;

    async fn create(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        mut body: Prepared,
    ) -> Result<rows::RbacPolicy> {
        let text = |body: &mut Prepared, name| take::<String>(body, name).unwrap_or_default();
        let network = text(&mut body, "object_id");
        let network = id(&network, |text| Error::network_not_found(text))?;
        let (action, target) = (text(&mut body, "action"), text(&mut body, "target_tenant"));
        net.create_rbac_policy_in(tx, caller, take(&mut body, "project_id"), network, &action, &target).await
    }
    async fn list(net: &Networking, caller: &Caller, query: &ListQuery) -> Result<Paged<rows::RbacPolicy>> {
        net.list_rbac_policies(caller, query).await
    }
    async fn show(net: &Networking, caller: &Caller, text: &str) -> Result<rows::RbacPolicy> {
        net.rbac_policy(caller, text).await
    }
    async fn update(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        mut body: Prepared,
        _: Option<i64>,
    ) -> Result<rows::RbacPolicy> {
        match take::<String>(&mut body, "target_tenant") {
            Some(target) => net.update_rbac_policy_in(tx, caller, text, &target).await,
            None => net.rbac_policy(caller, text).await,
        }
    }
    async fn delete(
        net: &Networking,
        tx: &mut Tx,
        caller: &Caller,
        text: &str,
        _: Option<i64>,
    ) -> Result<()> {
        net.delete_rbac_policy_in(tx, caller, text).await
    }
    fn wire(_: &Networking, view: &rows::RbacPolicy) -> Body {
        wire::l3::rbac_policy(view)
    }
}
