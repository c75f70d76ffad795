//! The extensions that are served: what clients and Tempest look up before they use something.

/// An extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// What clients look up.
    pub alias: &'static str,
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Upstream's date of it.
    pub updated: &'static str,
}

const fn ext(
    alias: &'static str,
    name: &'static str,
    description: &'static str,
    updated: &'static str,
) -> Extension {
    Extension { alias, name, description, updated }
}

/// Everything that is served, by alias.
pub const EXTENSIONS: &[Extension] = &[
    ext("address-scope", "Address scope", "Address scopes join subnet pools.", "2015-07-26T10:00:00-00:00"),
    ext("agent", "agent", "Agents of the cloud's hosts, for admins.", "2013-02-03T10:00:00-00:00"),
    ext(
        "allowed-address-pairs",
        "Allowed Address Pairs",
        "Further addresses for a port.",
        "2013-07-23T10:00:00-00:00",
    ),
    ext(
        "auto-allocated-topology",
        "Auto Allocated Topology Services",
        "Get me a network.",
        "2016-01-01T00:00:00-00:00",
    ),
    ext("availability_zone", "Availability Zone", "Availability zones.", "2015-01-01T10:00:00-00:00"),
    ext("binding", "Port Binding", "Binding attributes of ports.", "2014-02-03T10:00:00-00:00"),
    ext(
        "default-subnetpools",
        "Default Subnetpools",
        "Subnets from the default pool.",
        "2016-02-18T18:00:00-00:00",
    ),
    ext("dns-integration", "DNS Integration", "DNS names of ports.", "2015-08-15T18:00:00-00:00"),
    ext(
        "empty-string-filtering",
        "Empty String Filtering Extension",
        "Filters by the empty text.",
        "2018-05-01T10:00:00-00:00",
    ),
    ext(
        "ext-gw-mode",
        "Neutron L3 Configurable external gateway mode",
        "SNAT of a router can be switched off.",
        "2013-03-28T10:00:00-00:00",
    ),
    ext("external-net", "Neutron external network", "External networks.", "2013-01-14T10:00:00-00:00"),
    ext(
        "extra_dhcp_opt",
        "Neutron Extra DHCP options",
        "DHCP options of ports.",
        "2013-03-17T12:00:00-00:00",
    ),
    ext("extraroute", "Neutron Extra Route", "Static routes of routers.", "2013-02-01T10:00:00-00:00"),
    ext(
        "extraroute-atomic",
        "Atomically add/remove extra routes",
        "Static routes one by one.",
        "2019-07-10T00:00:00+00:00",
    ),
    ext(
        "filter-validation",
        "Filter parameters validation",
        "Unknown filters are refused.",
        "2018-03-21T10:00:00-00:00",
    ),
    ext(
        "fip-port-details",
        "Floating IP Port Details Extension",
        "The port behind a floating IP.",
        "2018-04-09T10:00:00-00:00",
    ),
    ext(
        "ip-substring-filtering",
        "IP address substring filtering",
        "Ports by part of an address.",
        "2017-11-28T09:00:00-00:00",
    ),
    ext("net-mtu", "Network MTU", "MTU of networks.", "2015-03-25T10:00:00-00:00"),
    ext(
        "net-mtu-writable",
        "Network MTU (writable)",
        "MTU of networks can be set.",
        "2017-07-12T00:00:00-00:00",
    ),
    ext(
        "network-ip-availability",
        "Network IP Availability",
        "Addresses in use, for admins.",
        "2015-09-24T00:00:00-00:00",
    ),
    ext(
        "network_availability_zone",
        "Network Availability Zone",
        "Zones of networks.",
        "2015-01-01T10:00:00-00:00",
    ),
    ext("pagination", "Pagination support", "Lists in pages.", "2016-06-12T00:00:00-00:00"),
    ext(
        "port-trusted-vif",
        "Port trusted vif",
        "Ports are trusted with a virtual function, by admins.",
        "2024-07-10T10:00:00-00:00",
    ),
    ext(
        "port-mac-address-regenerate",
        "Neutron Port MAC address regenerate",
        "A port gets a new MAC.",
        "2018-05-03T10:00:00-00:00",
    ),
    ext(
        "port-security",
        "Port Security",
        "Guards of ports can be switched off.",
        "2012-07-23T10:00:00-00:00",
    ),
    ext(
        "project-id",
        "project_id field enabled",
        "project_id beside tenant_id.",
        "2016-09-09T09:09:09-09:09",
    ),
    ext("provider", "Provider Network", "Provider attributes, for admins.", "2012-09-07T10:00:00-00:00"),
    ext(
        "quota-check-limit",
        "Quota engine limit check",
        "Limits are held against what is in use.",
        "2021-09-08T16:00:00-00:00",
    ),
    ext(
        "quota-check-limit-default",
        "Quota engine limit check by default",
        "… unless the request forces them.",
        "2024-08-21T16:00:00-00:00",
    ),
    ext(
        "quota_details",
        "Quota details management support",
        "Limits with what is in use.",
        "2017-02-10T10:00:00-00:00",
    ),
    ext("quotas", "Quota management support", "Limits per project.", "2012-07-29T10:00:00-00:00"),
    ext(
        "rbac-policies",
        "RBAC Policies",
        "Networks shared with single projects.",
        "2015-06-17T12:15:12-00:00",
    ),
    ext(
        "revision-if-match",
        "If-Match constraints based on revision_number",
        "Changes on condition.",
        "2016-12-11T00:00:00-00:00",
    ),
    ext("router", "Neutron L3 Router", "Routers and floating IPs.", "2012-07-20T10:00:00-00:00"),
    ext(
        "router_availability_zone",
        "Router Availability Zone",
        "Zones of routers.",
        "2015-01-01T10:00:00-00:00",
    ),
    ext("security-group", "security-group", "Security groups.", "2012-10-05T10:00:00-00:00"),
    ext(
        "security-groups-default-rules",
        "Default security group rules",
        "Templates of new groups.",
        "2022-12-19T10:00:00-00:00",
    ),
    ext(
        "security-groups-normalized-cidr",
        "Normalized CIDR field for security group rules",
        "Ranges without host bits.",
        "2020-07-28T10:00:00-00:00",
    ),
    ext(
        "security-groups-rules-belongs-to-default-sg",
        "Security group rule belongs to default SG",
        "Rules of default groups are marked.",
        "2023-05-23T10:00:00-00:00",
    ),
    ext("service-type", "Neutron Service Type Management", "Service providers.", "2013-01-20T00:00:00-00:00"),
    ext("sorting", "Sorting support", "Sorted lists.", "2016-06-12T00:00:00-00:00"),
    ext(
        "standard-attr-description",
        "standard-attr-description",
        "Descriptions.",
        "2016-02-10T10:00:00-00:00",
    ),
    ext(
        "standard-attr-revisions",
        "Resource revision numbers",
        "Revision numbers.",
        "2016-04-11T10:00:00-00:00",
    ),
    ext(
        "standard-attr-tag",
        "Tag support for resources with standard attribute",
        "Tags.",
        "2017-01-01T00:00:00-00:00",
    ),
    ext(
        "standard-attr-timestamp",
        "Resource timestamps",
        "Times of creation and change.",
        "2016-09-12T10:00:00-00:00",
    ),
    ext(
        "stateful-security-group",
        "Stateful security group",
        "Stateless groups.",
        "2019-11-26T09:00:00-00:00",
    ),
    ext(
        "subnet-dns-publish-fixed-ip",
        "Subnet DNS publish fixed IP",
        "The attribute is kept.",
        "2019-05-24T10:00:00-00:00",
    ),
    ext(
        "subnet-external-network",
        "Subnet belongs to an external network",
        "Subnets of external networks are seen by all.",
        "2024-09-11T10:00:00-00:00",
    ),
    ext(
        "subnet-service-types",
        "Subnet service types",
        "Subnets for some device owners.",
        "2016-03-15T18:00:00-00:00",
    ),
    ext(
        "subnetpool-prefix-ops",
        "Subnet Pool Prefix Operations",
        "Prefixes of subnet pools one by one.",
        "2019-02-08T10:00:00-00:00",
    ),
    ext(
        "tag-creation",
        "Tag creation extension",
        "Several tags are added at once.",
        "2024-07-23T10:00:00-00:00",
    ),
    ext("subnet_allocation", "Subnet Allocation", "Subnet pools.", "2015-03-30T10:00:00-00:00"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_sorted_and_unique() {
        let plain = |alias: &str| alias.replace('-', "_");
        for pair in EXTENSIONS.windows(2) {
            assert_ne!(plain(pair[0].alias), plain(pair[1].alias));
        }
        for needed in [
            "tag-creation",
            "router",
            "security-group",
            "external-net",
            "subnet_allocation",
            "standard-attr-tag",
            "quotas",
        ] {
            assert!(EXTENSIONS.iter().any(|e| e.alias == needed), "{needed}");
        }
    }
}
