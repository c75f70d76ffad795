//! The rule table: upstream's names and defaults (facts of `neutron/conf/policies`).
//!
//! Field rules such as `create_port:mac_address` stand behind the attribute tables in [`crate::attributes`]: an
//! attribute that a request names explicitly asks the rule of its name too, where there is one.

use kogge_auth::{Rule, RuleSet};

macro_rules! rules {
    ($($constant:ident $name:literal $check:literal;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: Rule = Rule::new("network", $name, $check);)*

        /// All rules.
        pub const RULES: &[Rule] = &[$($constant),*];
    };
}

rules! {
    CONTEXT_IS_ADMIN "context_is_admin" "role:admin";
    CONTEXT_WITH_GLOBAL_ACCESS "context_with_global_access" "!";
    SERVICE_API "service_api" "role:service";
    OWNER "owner" "project_id:%(project_id)s";
    ADMIN_OR_OWNER "admin_or_owner" "rule:context_is_admin or rule:owner";
    CONTEXT_IS_ADVSVC "context_is_advsvc" "role:advsvc";
    ADMIN_OR_NETWORK_OWNER "admin_or_network_owner" "rule:context_is_admin or project_id:%(network:project_id)s";
    ADMIN_OWNER_OR_NETWORK_OWNER "admin_owner_or_network_owner" "rule:owner or rule:admin_or_network_owner";
    NETWORK_OWNER "network_owner" "project_id:%(network:project_id)s";
    ADMIN_ONLY "admin_only" "rule:context_is_admin";
    REGULAR_USER "regular_user" "";
    SHARED "shared" "field:networks:shared=True";
    DEFAULT "default" "rule:admin_or_owner";
    ADMIN_OR_EXT_PARENT_OWNER "admin_or_ext_parent_owner" "rule:context_is_admin or project_id:%(ext_parent:project_id)s";
    EXT_PARENT_OWNER "ext_parent_owner" "project_id:%(ext_parent:project_id)s";
    SG_OWNER "sg_owner" "project_id:%(security_group:project_id)s";
    EXTERNAL "external" "field:networks:router:external=True";
    CREATE_NETWORK "create_network" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_NETWORK_SHARED "create_network:shared" "rule:admin_only";
    CREATE_NETWORK_ROUTER_EXTERNAL "create_network:router:external" "rule:admin_only";
    CREATE_NETWORK_IS_DEFAULT "create_network:is_default" "rule:admin_only";
    CREATE_NETWORK_PORT_SECURITY_ENABLED "create_network:port_security_enabled" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_NETWORK_PROVIDER_NETWORK_TYPE "create_network:provider:network_type" "rule:admin_only";
    CREATE_NETWORK_PROVIDER_PHYSICAL_NETWORK "create_network:provider:physical_network" "rule:admin_only";
    CREATE_NETWORK_PROVIDER_SEGMENTATION_ID "create_network:provider:segmentation_id" "rule:admin_only";
    CREATE_NETWORK_TAGS "create_network:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    GET_NETWORK "get_network" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:service_api or rule:shared or rule:external or rule:context_is_advsvc";
    GET_NETWORK_PROVIDER_NETWORK_TYPE "get_network:provider:network_type" "rule:admin_only";
    GET_NETWORK_PROVIDER_PHYSICAL_NETWORK "get_network:provider:physical_network" "rule:admin_only";
    GET_NETWORK_PROVIDER_SEGMENTATION_ID "get_network:provider:segmentation_id" "rule:admin_only";
    GET_NETWORK_TAGS "get_network:tags" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared or rule:external or rule:context_is_advsvc";
    UPDATE_NETWORK "update_network" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_NETWORK_SHARED "update_network:shared" "rule:admin_only";
    UPDATE_NETWORK_PROVIDER_NETWORK_TYPE "update_network:provider:network_type" "rule:admin_only";
    UPDATE_NETWORK_PROVIDER_PHYSICAL_NETWORK "update_network:provider:physical_network" "rule:admin_only";
    UPDATE_NETWORK_PROVIDER_SEGMENTATION_ID "update_network:provider:segmentation_id" "rule:admin_only";
    UPDATE_NETWORK_ROUTER_EXTERNAL "update_network:router:external" "rule:admin_only";
    UPDATE_NETWORK_IS_DEFAULT "update_network:is_default" "rule:admin_only";
    UPDATE_NETWORK_PORT_SECURITY_ENABLED "update_network:port_security_enabled" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_NETWORK_TAGS "update_network:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_NETWORK "delete_network" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_NETWORK_TAGS "delete_network:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    EXTERNAL_NETWORK "external_network" "field:subnets:router:external=True";
    CREATE_SUBNET "create_subnet" "(rule:admin_only) or (role:member and rule:network_owner)";
    CREATE_SUBNET_SERVICE_TYPES "create_subnet:service_types" "rule:admin_only";
    CREATE_SUBNET_TAGS "create_subnet:tags" "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    GET_SUBNET "get_subnet" "role:reader and project_id:%(project_id)s or rule:shared or rule:external_network or (rule:admin_only) or (role:reader and rule:network_owner) or rule:service_api";
    GET_SUBNET_TAGS "get_subnet:tags" "role:reader and project_id:%(project_id)s or rule:shared or rule:external_network or (rule:admin_only) or (role:reader and rule:network_owner)";
    UPDATE_SUBNET "update_subnet" "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    UPDATE_SUBNET_SERVICE_TYPES "update_subnet:service_types" "rule:admin_only";
    UPDATE_SUBNET_TAGS "update_subnet:tags" "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    DELETE_SUBNET "delete_subnet" "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    DELETE_SUBNET_TAGS "delete_subnet:tags" "role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    SHARED_SUBNETPOOLS "shared_subnetpools" "field:subnetpools:shared=True";
    CREATE_SUBNETPOOL "create_subnetpool" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_SUBNETPOOL_SHARED "create_subnetpool:shared" "rule:admin_only";
    CREATE_SUBNETPOOL_IS_DEFAULT "create_subnetpool:is_default" "rule:admin_only";
    CREATE_SUBNETPOOL_TAGS "create_subnetpool:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    GET_SUBNETPOOL "get_subnetpool" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_subnetpools";
    GET_SUBNETPOOL_TAGS "get_subnetpool:tags" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_subnetpools";
    UPDATE_SUBNETPOOL "update_subnetpool" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_SUBNETPOOL_IS_DEFAULT "update_subnetpool:is_default" "rule:admin_only";
    UPDATE_SUBNETPOOL_TAGS "update_subnetpool:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_SUBNETPOOL "delete_subnetpool" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_SUBNETPOOL_TAGS "delete_subnetpool:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    ADD_PREFIXES "add_prefixes" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    REMOVE_PREFIXES "remove_prefixes" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    SHARED_ADDRESS_SCOPES "shared_address_scopes" "field:address_scopes:shared=True";
    CREATE_ADDRESS_SCOPE "create_address_scope" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_ADDRESS_SCOPE_SHARED "create_address_scope:shared" "rule:admin_only";
    GET_ADDRESS_SCOPE "get_address_scope" "rule:admin_only or role:reader and project_id:%(project_id)s or rule:shared_address_scopes";
    UPDATE_ADDRESS_SCOPE "update_address_scope" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_ADDRESS_SCOPE_SHARED "update_address_scope:shared" "rule:admin_only";
    DELETE_ADDRESS_SCOPE "delete_address_scope" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    NETWORK_DEVICE "network_device" "field:port:device_owner=~^network:";
    COMPUTE_DEVICE "compute_device" "field:port:device_owner=~^compute:";
    BAREMETAL_DEVICE "baremetal_device" "field:port:device_owner=~^baremetal:";
    MANILA_DEVICE "manila_device" "field:port:device_owner=~^manila:";
    CREATE_PORT "create_port" "(rule:admin_only) or (rule:service_api) or (role:member and project_id:%(project_id)s and (rule:network_owner or rule:shared))";
    CREATE_PORT_DEVICE_ID "create_port:device_id" "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api";
    CREATE_PORT_DEVICE_OWNER "create_port:device_owner" "(rule:admin_only) or (rule:service_api) or (not rule:network_device and not rule:compute_device and not rule:baremetal_device and not rule:manila_device)";
    CREATE_PORT_MAC_ADDRESS "create_port:mac_address" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    CREATE_PORT_FIXED_IPS "create_port:fixed_ips" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared";
    CREATE_PORT_FIXED_IPS_IP_ADDRESS "create_port:fixed_ips:ip_address" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    CREATE_PORT_FIXED_IPS_SUBNET_ID "create_port:fixed_ips:subnet_id" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared";
    CREATE_PORT_PORT_SECURITY_ENABLED "create_port:port_security_enabled" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    CREATE_PORT_BINDING_HOST_ID "create_port:binding:host_id" "(rule:admin_only) or (rule:service_api)";
    CREATE_PORT_BINDING_PROFILE "create_port:binding:profile" "rule:service_api";
    CREATE_PORT_BINDING_VNIC_TYPE "create_port:binding:vnic_type" "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api";
    CREATE_PORT_ALLOWED_ADDRESS_PAIRS "create_port:allowed_address_pairs" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    CREATE_PORT_ALLOWED_ADDRESS_PAIRS_MAC_ADDRESS "create_port:allowed_address_pairs:mac_address" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    CREATE_PORT_ALLOWED_ADDRESS_PAIRS_IP_ADDRESS "create_port:allowed_address_pairs:ip_address" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    CREATE_PORT_TRUSTED "create_port:trusted" "rule:admin_only";
    CREATE_PORT_TAGS "create_port:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc";
    GET_PORT "get_port" "(rule:admin_only) or (rule:service_api) or role:reader and rule:network_owner or role:reader and project_id:%(project_id)s";
    GET_PORT_BINDING_VIF_TYPE "get_port:binding:vif_type" "(rule:admin_only) or (rule:service_api)";
    GET_PORT_BINDING_VIF_DETAILS "get_port:binding:vif_details" "(rule:admin_only) or (rule:service_api)";
    GET_PORT_BINDING_HOST_ID "get_port:binding:host_id" "(rule:admin_only) or (rule:service_api)";
    GET_PORT_BINDING_PROFILE "get_port:binding:profile" "(rule:admin_only) or (rule:service_api)";
    GET_PORT_TRUSTED "get_port:trusted" "rule:admin_only";
    GET_PORT_TAGS "get_port:tags" "rule:context_is_advsvc or (rule:admin_only) or (role:reader and rule:network_owner) or role:reader and project_id:%(project_id)s";
    UPDATE_PORT "update_port" "(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s";
    UPDATE_PORT_DEVICE_ID "update_port:device_id" "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:service_api";
    UPDATE_PORT_DEVICE_OWNER "update_port:device_owner" "(rule:admin_only) or (rule:service_api) or (not rule:network_device and not rule:compute_device and not rule:baremetal_device and not rule:manila_device)";
    UPDATE_PORT_MAC_ADDRESS "update_port:mac_address" "(rule:admin_only) or (rule:service_api) or role:manager and rule:network_owner";
    UPDATE_PORT_FIXED_IPS "update_port:fixed_ips" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    UPDATE_PORT_FIXED_IPS_IP_ADDRESS "update_port:fixed_ips:ip_address" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    UPDATE_PORT_FIXED_IPS_SUBNET_ID "update_port:fixed_ips:subnet_id" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or rule:shared";
    UPDATE_PORT_PORT_SECURITY_ENABLED "update_port:port_security_enabled" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner";
    UPDATE_PORT_BINDING_HOST_ID "update_port:binding:host_id" "(rule:admin_only) or (rule:service_api)";
    UPDATE_PORT_BINDING_PROFILE "update_port:binding:profile" "rule:service_api";
    UPDATE_PORT_BINDING_VNIC_TYPE "update_port:binding:vnic_type" "(rule:admin_only) or (rule:service_api) or role:member and project_id:%(project_id)s";
    UPDATE_PORT_ALLOWED_ADDRESS_PAIRS "update_port:allowed_address_pairs" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    UPDATE_PORT_ALLOWED_ADDRESS_PAIRS_MAC_ADDRESS "update_port:allowed_address_pairs:mac_address" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    UPDATE_PORT_ALLOWED_ADDRESS_PAIRS_IP_ADDRESS "update_port:allowed_address_pairs:ip_address" "(rule:admin_only) or (role:member and rule:network_owner) or rule:service_api";
    UPDATE_PORT_TRUSTED "update_port:trusted" "rule:admin_only";
    UPDATE_PORT_TAGS "update_port:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s) or rule:context_is_advsvc";
    DELETE_PORT "delete_port" "(rule:admin_only) or (rule:service_api) or role:member and rule:network_owner or role:member and project_id:%(project_id)s";
    DELETE_PORT_TAGS "delete_port:tags" "rule:context_is_advsvc or role:member and project_id:%(project_id)s or (rule:admin_only) or (role:member and rule:network_owner)";
    CREATE_ROUTER "create_router" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_ROUTER_EXTERNAL_GATEWAY_INFO "create_router:external_gateway_info" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_ROUTER_EXTERNAL_GATEWAY_INFO_NETWORK_ID "create_router:external_gateway_info:network_id" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_ROUTER_EXTERNAL_GATEWAY_INFO_ENABLE_SNAT "create_router:external_gateway_info:enable_snat" "rule:admin_only";
    CREATE_ROUTER_EXTERNAL_GATEWAY_INFO_EXTERNAL_FIXED_IPS "create_router:external_gateway_info:external_fixed_ips" "rule:admin_only";
    CREATE_ROUTER_TAGS "create_router:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    GET_ROUTER "get_router" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    GET_ROUTER_TAGS "get_router:tags" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    UPDATE_ROUTER "update_router" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_ROUTER_EXTERNAL_GATEWAY_INFO "update_router:external_gateway_info" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_ROUTER_EXTERNAL_GATEWAY_INFO_NETWORK_ID "update_router:external_gateway_info:network_id" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_ROUTER_EXTERNAL_GATEWAY_INFO_ENABLE_SNAT "update_router:external_gateway_info:enable_snat" "rule:admin_only";
    UPDATE_ROUTER_EXTERNAL_GATEWAY_INFO_EXTERNAL_FIXED_IPS "update_router:external_gateway_info:external_fixed_ips" "rule:admin_only";
    UPDATE_ROUTER_TAGS "update_router:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_ROUTER "delete_router" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_ROUTER_TAGS "delete_router:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    ADD_ROUTER_INTERFACE "add_router_interface" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    REMOVE_ROUTER_INTERFACE "remove_router_interface" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    ADD_EXTRAROUTES "add_extraroutes" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    REMOVE_EXTRAROUTES "remove_extraroutes" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_FLOATINGIP "create_floatingip" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_FLOATINGIP_FLOATING_IP_ADDRESS "create_floatingip:floating_ip_address" "(rule:admin_only) or (role:manager and project_id:%(project_id)s)";
    CREATE_FLOATINGIP_TAGS "create_floatingip:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    GET_FLOATINGIP "get_floatingip" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    GET_FLOATINGIP_TAGS "get_floatingip:tags" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    UPDATE_FLOATINGIP "update_floatingip" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_FLOATINGIP_TAGS "update_floatingip:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_FLOATINGIP "delete_floatingip" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_FLOATINGIP_TAGS "delete_floatingip:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    ADMIN_OR_SG_OWNER "admin_or_sg_owner" "rule:context_is_admin or project_id:%(security_group:project_id)s";
    ADMIN_OWNER_OR_SG_OWNER "admin_owner_or_sg_owner" "rule:owner or rule:admin_or_sg_owner";
    SHARED_SECURITY_GROUP "shared_security_group" "field:security_groups:shared=True";
    RULE_DEFAULT_SG "rule_default_sg" "field:security_group_rules:belongs_to_default_sg=True";
    CREATE_DEFAULT_SECURITY_GROUP "create_default_security_group" "(rule:admin_only) or (rule:service_api) or role:reader and project_id:%(project_id)s";
    CREATE_SECURITY_GROUP "create_security_group" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_SECURITY_GROUP_TAGS "create_security_group:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    GET_SECURITY_GROUP "get_security_group" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_security_group";
    GET_SECURITY_GROUP_TAGS "get_security_group:tags" "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or rule:shared_security_group";
    UPDATE_SECURITY_GROUP "update_security_group" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_SECURITY_GROUP_TAGS "update_security_group:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_SECURITY_GROUP "delete_security_group" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    DELETE_SECURITY_GROUP_TAGS "delete_security_group:tags" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_SECURITY_GROUP_RULE "create_security_group_rule" "(rule:admin_only) or (role:member and rule:sg_owner)";
    GET_SECURITY_GROUP_RULE "get_security_group_rule" "(rule:admin_only) or (role:reader and rule:sg_owner)";
    DELETE_SECURITY_GROUP_RULE "delete_security_group_rule" "(rule:admin_only) or (role:member and rule:sg_owner)";
    CREATE_DEFAULT_SECURITY_GROUP_RULE "create_default_security_group_rule" "rule:admin_only";
    GET_DEFAULT_SECURITY_GROUP_RULE "get_default_security_group_rule" "role:reader";
    DELETE_DEFAULT_SECURITY_GROUP_RULE "delete_default_security_group_rule" "rule:admin_only";
    GET_QUOTA "get_quota" "(rule:admin_only) or (role:manager and project_id:%(project_id)s)";
    UPDATE_QUOTA "update_quota" "rule:admin_only";
    DELETE_QUOTA "delete_quota" "rule:admin_only";
    RESTRICT_WILDCARD "restrict_wildcard" "(not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*) or rule:admin_only";
    CREATE_RBAC_POLICY "create_rbac_policy" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_RBAC_POLICY_TARGET_TENANT "create_rbac_policy:target_tenant" "rule:admin_only or (not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*)";
    CREATE_RBAC_POLICY_TARGET_PROJECT "create_rbac_policy:target_project" "rule:admin_only or not field:rbac_policy:target_project=*";
    UPDATE_RBAC_POLICY "update_rbac_policy" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    UPDATE_RBAC_POLICY_TARGET_TENANT "update_rbac_policy:target_tenant" "rule:admin_only or (not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*)";
    UPDATE_RBAC_POLICY_TARGET_PROJECT "update_rbac_policy:target_project" "rule:admin_only or not field:rbac_policy:target_project=*";
    GET_RBAC_POLICY "get_rbac_policy" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    DELETE_RBAC_POLICY "delete_rbac_policy" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    CREATE_AGENT "create_agent" "rule:admin_only";
    GET_AGENT "get_agent" "rule:admin_only";
    UPDATE_AGENT "update_agent" "rule:admin_only";
    DELETE_AGENT "delete_agent" "rule:admin_only";
    GET_AVAILABILITY_ZONE "get_availability_zone" "role:reader";
    GET_SERVICE_PROVIDER "get_service_provider" "role:reader";
    GET_NETWORK_IP_AVAILABILITY "get_network_ip_availability" "(rule:admin_only) or (rule:service_api)";
    GET_AUTO_ALLOCATED_TOPOLOGY "get_auto_allocated_topology" "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    DELETE_AUTO_ALLOCATED_TOPOLOGY "delete_auto_allocated_topology" "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
}

/// The table, for [`kogge_auth::Policies`].
pub const RULE_SET: RuleSet = RuleSet { service: "network", rules: RULES };

/// Rules of attributes that upstream has and never asks, for the attribute lacks `enforce_policy`
/// (`neutron_lib/api/definitions/subnet_service_types.py`): who may change the subnet may set it.
const NEVER_ASKED: &[&str] = &["create_subnet:service_types", "update_subnet:service_types"];

/// The rule of this name, if there is one that is asked.
#[must_use]
pub fn named(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name && !NEVER_ASKED.contains(&name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kogge_auth::testing::Persona;
    use kogge_auth::{Policies, Target};

    use super::*;

    fn may(persona: Persona, rule: &Rule, target: &Target<'_>) -> bool {
        let policies = Arc::new(Policies::compile(&[RULE_SET]).unwrap());
        persona.caller(&policies).may(rule, target)
    }

    #[test]
    fn members_write_readers_read_and_others_do_neither() {
        let project = Persona::Member.project_id();
        let target = Target::project(&project);
        assert!(may(Persona::Member, &CREATE_NETWORK, &target));
        assert!(may(Persona::Reader, &GET_NETWORK, &target));
        assert!(may(Persona::Admin, &DELETE_NETWORK, &target));
        for persona in [Persona::Reader, Persona::OtherMember, Persona::OtherReader, Persona::DomainManager] {
            assert!(!may(persona, &UPDATE_NETWORK, &target), "{persona:?}");
        }
        assert!(!may(Persona::OtherReader, &GET_NETWORK, &target));
    }

    #[test]
    fn a_shared_or_external_network_is_seen_by_all() {
        let target = Target::project("x").attr("shared", "True");
        assert!(may(Persona::OtherReader, &GET_NETWORK, &target));
        let target = Target::project("x").attr("shared", "False").attr("router:external", "True");
        assert!(may(Persona::OtherReader, &GET_NETWORK, &target));
    }

    #[test]
    fn nobody_but_admins_and_services_names_devices_that_are_not_the_users() {
        let own = Persona::Member.project_id();
        let target =
            |kind| Target::project(&own).attr("device_owner", kind).attr("network:project_id", &*own);
        for rule in [&CREATE_PORT_DEVICE_OWNER, &UPDATE_PORT_DEVICE_OWNER] {
            for kind in
                ["network:dhcp", "network:router_interface", "compute:nova", "baremetal:none", "manila:x"]
            {
                assert!(!may(Persona::Member, rule, &target(kind)), "{kind}");
                assert!(may(Persona::Admin, rule, &target(kind)), "{kind}");
            }
            for kind in ["", "VIP", "test:type_1", "my:compute:x"] {
                assert!(may(Persona::Member, rule, &target(kind)), "{kind}");
            }
        }
    }

    #[test]
    fn members_make_ports_on_own_and_shared_networks_only() {
        let (own, other) = (Persona::Member.project_id(), Persona::OtherMember.project_id());
        let on = |owner, shared| {
            Target::project(&own)
                .attr("network:project_id", owner)
                .attr("shared", shared)
                .attr("router:external", "True")
        };
        assert!(may(Persona::Member, &CREATE_PORT, &on(&*own, "False")));
        assert!(may(Persona::Member, &CREATE_PORT, &on(&*other, "True")));
        assert!(!may(Persona::Member, &CREATE_PORT, &on(&*other, "False")));
        assert!(!may(Persona::Reader, &CREATE_PORT, &on(&*other, "True")));
        assert!(may(Persona::Admin, &CREATE_PORT, &on(&*other, "False")));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
