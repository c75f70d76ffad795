//! What can go wrong, under the names and with the messages that Neutron's clients match on.
//!
//! One table: HTTP-free kind, upstream exception name, constructor, message (facts of `neutron_lib.exceptions`).

use std::fmt::Display;

use kogge_db::DbError;

/// Who has to act on an error, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request can never work as it is.
    BadRequest,
    /// The caller sees the thing but may not do this.
    Forbidden,
    /// It is not there, or not for this caller.
    NotFound,
    /// The state of something stands in the way.
    Conflict,
    /// The revision the caller saw is not the present one.
    PreconditionFailed,
    /// Try again later.
    Unavailable,
    /// Our fault.
    Internal,
}

macro_rules! faults {
    ($($kind:ident $variant:ident $make:ident($($field:ident),*) $text:literal;)*) => {
        /// An error of the network service; `Display` is the message that users see.
        #[derive(Debug, thiserror::Error)]
        pub enum Error {
            $(
                #[doc = $text]
                #[error($text)]
                $variant {
                    $(#[doc = "See the message."] $field: String,)*
                },
            )*
            /// The database failed.
            #[error("An unknown exception occurred.")]
            Database(#[source] DbError),
            /// An attribute of the request body is wrong (upstream raises webob's exception here).
            #[error("{0}")]
            Attribute(String),
            /// The caller may not do this. Holds the rule's name.
            #[error("rule:{0} is disallowed by policy")]
            Policy(String),
            /// Nothing of this kind and id that the caller may see.
            #[error("The resource could not be found.")]
            Invisible,
            /// `If-Match` or `revision_number` did not fit.
            #[error("Constrained to {expected}, but current revision is {present}")]
            Revision {
                /// What the caller saw.
                expected: i64,
                /// What is.
                present: i64,
            },
        }

        impl Error {
            $(
                #[doc = $text]
                pub fn $make($($field: impl Display),*) -> Self {
                    Self::$variant { $($field: $field.to_string(),)* }
                }
            )*

            /// Who has to act.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant { .. } => Kind::$kind,)*
                    Self::Database(_) => Kind::Internal,
                    Self::Attribute(_) => Kind::BadRequest,
                    Self::Policy(_) => Kind::Forbidden,
                    Self::Invisible => Kind::NotFound,
                    Self::Revision { .. } => Kind::PreconditionFailed,
                }
            }

            /// The upstream exception's name: `type` of the fault body.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                    Self::Database(_) => "HTTPInternalServerError",
                    Self::Attribute(_) => "HTTPBadRequest",
                    Self::Policy(_) => "PolicyNotAuthorized",
                    Self::Invisible => "HTTPNotFound",
                    Self::Revision { .. } => "RevisionNumberConstraintFailed",
                }
            }
        }
    };
}

faults! {
    NotFound NetworkNotFound network_not_found(id) "Network {id} could not be found.";
    NotFound SubnetNotFound subnet_not_found(id) "Subnet {id} could not be found.";
    NotFound PortNotFound port_not_found(id) "Port {id} could not be found.";
    NotFound RouterNotFound router_not_found(id) "Router {id} could not be found";
    NotFound FloatingIPNotFound floating_ip_not_found(id) "Floating IP {id} could not be found";
    NotFound SecurityGroupNotFound security_group_not_found(id) "Security group {id} does not exist";
    NotFound SecurityGroupRuleNotFound security_group_rule_not_found(id) "Security group rule {id} does not exist";
    NotFound DefaultSecurityGroupRuleNotFound default_rule_not_found(id) "Default Security Group rule {id} does not exist";
    NotFound SubnetPoolNotFound subnet_pool_not_found(id) "Subnet pool {id} could not be found.";
    NotFound AddressScopeNotFound address_scope_not_found(id) "Address scope {id} could not be found.";
    NotFound RbacPolicyNotFound rbac_policy_not_found(id) "RBAC policy of type network with ID {id} not found";
    NotFound AgentNotFound agent_not_found(id) "Agent {id} could not be found.";
    NotFound TagNotFound tag_not_found(tag) "Tag {tag} could not be found.";
    NotFound TenantQuotaNotFound quota_not_found(project) "Quota for project {project} could not be found.";
    NotFound ExtensionNotFound extension_not_found(alias) "Extension with alias {alias} does not exist";
    NotFound RouterInterfaceNotFound router_interface_not_found(router, port) "Router {router} does not have an interface with id {port}";
    NotFound RouterInterfaceNotFoundForSubnet router_interface_not_found_for_subnet(router, subnet) "Router {router} has no interface on subnet {subnet}";
    NotFound ExternalGatewayForFloatingIPNotFound external_gateway_not_found(network, subnet, port) "External network {network} is not reachable from subnet {subnet}.  Therefore, cannot associate Port {port} with a Floating IP.";
    BadRequest InvalidInput invalid(message) "Invalid input for operation: {message}.";
    BadRequest BadRequest bad_request(resource, message) "Bad {resource} request: {message}.";
    BadRequest InvalidCIDR invalid_cidr(input) "Invalid CIDR {input} given as IP prefix.";
    BadRequest InvalidIpForNetwork invalid_ip_for_network(ip) "IP address {ip} is not a valid IP for any of the subnets on the specified network.";
    BadRequest InvalidIpForSubnet invalid_ip_for_subnet(ip) "IP address {ip} is not a valid IP for the specified subnet.";
    BadRequest AllocationOnAutoAddressSubnet auto_address_subnet(ip, subnet) "IPv6 address {ip} cannot be directly assigned to a port on subnet {subnet} as the subnet is configured for automatic addresses";
    BadRequest InvalidAllocationPool invalid_pool(pool) "The allocation pool {pool} is not valid.";
    BadRequest OutOfBoundsAllocationPool pool_out_of_bounds(pool, cidr) "The allocation pool {pool} spans beyond the subnet cidr {cidr}.";
    Conflict OverlappingAllocationPools pools_overlap(one, other, cidr) "Found overlapping allocation pools: {one} {other} for subnet {cidr}.";
    Conflict GatewayConflictWithAllocationPools gateway_in_pool(ip, pool) "Gateway ip {ip} conflicts with allocation pool {pool}.";
    Conflict GatewayIpInUse gateway_in_use(ip, port) "Current gateway ip {ip} already in use by port {port}. Unable to update.";
    BadRequest DNSNameServersExhausted dns_exhausted(subnet, quota) "Unable to complete operation for {subnet}. The number of DNS nameservers exceeds the limit {quota}.";
    BadRequest HostRoutesExhausted host_routes_exhausted(subnet, quota) "Unable to complete operation for {subnet}. The number of host routes exceeds the limit {quota}.";
    Conflict NetworkMTUSubnetConflict mtu_conflict(network, mtu) "MTU of {network} is not valid, subnet requires a minimum of {mtu}";
    Conflict NetworkInUse network_in_use(network, reason) "Unable to complete operation on network {network}. {reason}.";
    Conflict SubnetInUse subnet_in_use(subnet, reason) "Unable to complete operation on subnet {subnet}: {reason}.";
    Conflict ServicePortInUse service_port(port, reason) "Port {port} cannot be deleted directly via the port API: {reason}.";
    Conflict PortInUse port_in_use(port, network, device) "Unable to complete operation on port {port} for network {network}. Port already has an attached device {device}.";
    BadRequest PortNotUsable port_not_usable(port, server) "Port {port} not usable for instance {server}.";
    Conflict PortBound port_bound(port, vif, old, new) "Unable to complete operation on port {port}, port is already bound, port type: {vif}, old_mac {old}, new_mac {new}.";
    Conflict IpAddressInUse ip_in_use(network, ip) "Unable to complete operation for network {network}. The IP address {ip} is in use.";
    Conflict IpAddressAlreadyAllocated ip_allocated(ip, subnet) "IP address {ip} already allocated in subnet {subnet}";
    Conflict IpAddressGenerationFailure no_address(network) "No more IP addresses available on network {network}.";
    Conflict MacAddressInUse mac_in_use(network, mac) "Unable to complete operation for network {network}. The mac address {mac} is in use.";
    Unavailable NetworkMacAddressGenerationFailure no_mac(network) "Unable to generate unique mac on network {network}.";
    Unavailable NoNetworkAvailable no_segment() "Unable to create the network. No project network is available for allocation.";
    Conflict VlanIdInUse vlan_in_use(vlan, physical) "Unable to create the network. The VLAN {vlan} on physical network {physical} is in use.";
    Conflict FlatNetworkInUse flat_in_use(physical) "Unable to create the flat network. Physical network {physical} is in use.";
    Conflict TunnelIdInUse tunnel_in_use(id) "Unable to create the network. The tunnel ID {id} is in use.";
    Conflict InvalidSharedSetting invalid_shared(network) "Unable to reconfigure sharing settings for network {network}. Multiple projects are using it.";
    Conflict ExternalNetworkInUse external_in_use(network) "External network {network} cannot be updated to be made non-external, since it has existing gateway ports.";
    Conflict DefaultExternalNetworkExists default_external_exists(id) "A default external network already exists: {id}.";
    Conflict IpAddressGenerationFailureNoMatchingSubnet no_service_subnet(network, owner) "No valid service subnet for the given device owner, network {network}, service type {owner}.";
    Conflict RbacPolicyInUse rbac_in_use(id, reason) "RBAC policy on object {id} cannot be removed because other objects depend on it.\nDetails: {reason}";
    Conflict RbacPolicyDuplicate rbac_duplicate() "An RBAC policy already exists with those values.";
    Conflict ChangedMeanwhile changed_meanwhile() "Something that this request refers to was deleted or came into use at the same moment; look again and retry.";
    Conflict OverQuota over_quota(resource) "Quota exceeded for resources: ['{resource}'].";
    Conflict DeviceIDNotOwnedByTenant device_not_owned(device) "The following device_id {device} is not owned by your project or matches another project router.";
    Conflict AddressPairAndPortSecurityRequired pairs_need_port_security() "Port Security must be enabled in order to have allowed address pairs on a port.";
    Conflict PortSecurityPortHasSecurityGroup has_security_group() "Port has security group associated. Cannot disable port security or IP address until security group is removed.";
    BadRequest PortSecurityAndIPRequiredForSecurityGroups security_groups_need_ip() "Port security must be enabled and port must have an IP address in order to use security groups.";
    BadRequest AllowedAddressPairExhausted pairs_exhausted(quota) "The number of allowed address pair exceeds the maximum {quota}.";
    BadRequest DuplicateAddressPairInRequest duplicate_pair(mac, ip) "Request contains duplicate address pair: mac_address {mac} ip_address {ip}.";
    Conflict RouterInUse router_in_use(router, reason) "Router {router} {reason}";
    Conflict RouterInterfaceInUseByFloatingIP interface_in_use_by_floating_ip(subnet, router) "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or more floating IPs.";
    Conflict RouterInterfaceInUseByRoute interface_in_use_by_route(subnet, router) "Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or more routes.";
    Conflict RouterExternalGatewayInUseByFloatingIp gateway_in_use_by_floating_ip(router, network) "Gateway cannot be updated for router {router}, since a gateway to external network {network} is required by one or more floating IPs.";
    BadRequest InvalidRoutes invalid_routes(routes, reason) "Invalid format for routes: {routes}, {reason}";
    BadRequest RoutesExhausted routes_exhausted(router, quota) "Unable to complete operation for {router}. The number of routes exceeds the maximum {quota}.";
    BadRequest SubnetMismatchForPort subnet_mismatch(port, subnet) "Subnet on port {port} does not match the requested subnet {subnet}.";
    Conflict FloatingIPPortAlreadyAssociated floating_ip_associated(address, id, port, fixed, network) "Cannot associate floating IP {address} ({id}) with port {port} using fixed IP {fixed}, as that fixed IP already has a floating IP on external network {network}.";
    BadRequest ExternalIpAddressExhausted external_exhausted(network) "Unable to find any IP address on external network {network}.";
    Conflict SecurityGroupDefaultAlreadyExists default_group_exists() "Default security group already exists.";
    Conflict SecurityGroupCannotRemoveDefault cannot_remove_default() "Insufficient rights for removing default security group.";
    Conflict SecurityGroupCannotUpdateDefault cannot_update_default() "Updating default security group not allowed.";
    Conflict SecurityGroupConflict mixed_groups() "Error Cannot apply both stateful and stateless security groups on the same port at the same time while attempting the operation.";
    Conflict SecurityGroupInUse security_group_in_use(id, reason) "Security Group {id} {reason}.";
    Conflict SecurityGroupRuleExists rule_exists(id) "Security group rule already exists. Rule id is {id}.";
    Conflict DefaultSecurityGroupRuleExists default_rule_exists(id) "Default Security group rule already exists. Rule id is {id}.";
    Conflict DuplicateSecurityGroupRuleInPost duplicate_rule_in_post() "Duplicate Security Group Rule in POST.";
    BadRequest SecurityGroupInvalidPortRange invalid_port_range() "For TCP/UDP protocols, port_range_min must be <= port_range_max";
    BadRequest SecurityGroupInvalidPortValue invalid_port(port) "Invalid value for port {port}";
    BadRequest SecurityGroupInvalidIcmpValue invalid_icmp(field, attr, value) "Invalid value for ICMP {field} ({attr}) {value}. It must be 0 to 255.";
    BadRequest SecurityGroupMissingIcmpType missing_icmp_type(value) "ICMP code (port-range-max) {value} is provided but ICMP type (port-range-min) is missing.";
    BadRequest SecurityGroupInvalidProtocolForPort protocol_without_ports(protocol) "Ports cannot be specified for protocol {protocol}. Ports are only supported for tcp, udp, udplite, sctp, dccp.";
    BadRequest SecurityGroupProtocolRequiredWithPorts protocol_required() "Must also specify protocol if port range is given.";
    BadRequest SecurityGroupEthertypeConflictWithProtocol ethertype_conflict(ethertype, protocol) "Invalid ethertype {ethertype} for protocol {protocol}.";
    BadRequest SecurityGroupMultipleRemoteEntites several_remotes() "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.";
    BadRequest SecurityGroupNotSingleGroupRules not_single_group() "Only allowed to update rules for one security profile at a time";
    BadRequest SecurityGroupRuleInvalidEtherType invalid_ethertype(ethertype) "Security group rule for ethertype '{ethertype}' not supported. Allowed values are ['IPv4', 'IPv6'].";
    BadRequest SecurityGroupRuleInvalidProtocol invalid_protocol(protocol, values) "Security group rule protocol {protocol} not supported. Only protocol values {values} and integer representations [0 to 255] are supported.";
    BadRequest SecurityGroupRuleParameterConflict rule_conflict(ethertype, cidr) "Conflicting value ethertype {ethertype} for CIDR {cidr}";
    BadRequest EmptySubnetPoolPrefixList empty_prefixes() "Empty subnet pool prefix list.";
    BadRequest PrefixVersionMismatch prefix_version_mismatch() "Cannot mix IPv4 and IPv6 prefixes in a subnet pool.";
    BadRequest IllegalSubnetPoolPrefixBounds prefix_bounds(kind, length, base, bound) "Illegal prefix bounds: {kind}={length}, {base}={bound}.";
    BadRequest UnsupportedMinSubnetPoolPrefix unsupported_min_prefix(prefix, version) "Prefix '{prefix}' not supported in IPv{version} pool.";
    BadRequest IllegalSubnetPoolPrefixUpdate illegal_prefixes(message) "Illegal update to prefixes: {message}.";
    BadRequest MinPrefixSubnetAllocationError prefix_too_short(length, bound) "Unable to allocate subnet with prefix length {length}, minimum allowed prefix is {bound}.";
    BadRequest MaxPrefixSubnetAllocationError prefix_too_long(length, bound) "Unable to allocate subnet with prefix length {length}, maximum allowed prefix is {bound}.";
    Internal SubnetAllocationError subnet_allocation(reason) "Failed to allocate subnet: {reason}.";
    Conflict SubnetPoolQuotaExceeded pool_quota() "Per-project subnet pool prefix quota exceeded.";
    BadRequest IllegalSubnetPoolUpdate pool_update(reason) "Illegal subnetpool update : {reason}.";
    BadRequest SubnetPoolDeleteError pool_in_use(reason) "Unable to delete subnet pool: {reason}.";
    BadRequest NetworkSubnetPoolAffinityError pool_affinity() "Subnets hosted on the same network must be allocated from the same subnet pool.";
    Conflict AddressScopePrefixConflict scope_overlap() "Failed to associate address scope: subnetpools within an address scope must have unique prefixes.";
    Conflict AddressScopeInUse scope_in_use(id) "Unable to complete operation on address scope {id}. There are one or more subnet pools in use on the address scope.";
    BadRequest AddressScopeUpdateError scope_update(id, reason) "Unable to update address scope {id} : {reason}.";
    BadRequest IllegalSubnetPoolIpVersionAssociationToAddressScope scope_version(pool, scope, version) "Illegal subnetpool association: subnetpool {pool} cannot associate with address scope {scope} because subnetpool ip_version is not {version}.";
    BadRequest QuotaResourceUnknown quota_unknown(name) "Unknown quota resources {name}.";
    BadRequest TenantIdProjectIdFilterConflict project_filters() "Both tenant_id and project_id passed as filters.";
    Conflict AutoAllocationFailure auto_allocation(reason) "Deployment error: {reason}.";
    Unavailable HostUnavailable host_unavailable(host, because) "Host {host} is not available: {because}";
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            // what was there at the check is gone at the write, or is referred to by now
            DbError::Reference => Self::changed_meanwhile(),
            error => Self::Database(error),
        }
    }
}

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_carries_upstreams_name_message_and_kind() {
        let fault = Error::network_not_found("n1");
        assert_eq!((fault.name(), fault.kind()), ("NetworkNotFound", Kind::NotFound));
        assert_eq!(fault.to_string(), "Network n1 could not be found.");
        assert_eq!(Error::over_quota("port").to_string(), "Quota exceeded for resources: ['port'].");
    }

    #[test]
    fn what_went_or_came_into_use_meanwhile_is_a_conflict() {
        assert_eq!(Error::from(DbError::Reference).kind(), Kind::Conflict);
    }

    #[test]
    fn a_database_failure_tells_users_nothing() {
        let fault = Error::from(DbError::column("secret", "no such column"));
        assert_eq!(
            (fault.kind(), fault.to_string().as_str()),
            (Kind::Internal, "An unknown exception occurred.")
        );
    }
}
