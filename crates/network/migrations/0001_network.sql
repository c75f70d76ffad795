-- Networks, subnets, ports and what hangs on them. One text for SQLite and PostgreSQL.
CREATE TABLE networks (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    mtu BIGINT NOT NULL,
    dns_domain TEXT NOT NULL,
    port_security_enabled BOOLEAN NOT NULL,
    external BOOLEAN NOT NULL,
    is_default BOOLEAN NOT NULL,
    network_type TEXT NOT NULL,
    physical_network TEXT,
    segmentation_id BIGINT,
    segment BIGINT NOT NULL UNIQUE,
    az_hints TEXT NOT NULL,
    auto_allocated BOOLEAN NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL
);
CREATE INDEX networks_project ON networks (project_id);
CREATE UNIQUE INDEX networks_auto ON networks (project_id) WHERE auto_allocated;
CREATE TABLE network_rbac (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    action TEXT NOT NULL,
    target_project TEXT NOT NULL,
    UNIQUE (object_id, action, target_project)
);
CREATE TABLE address_scopes (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    ip_version BIGINT NOT NULL,
    shared BOOLEAN NOT NULL
);
CREATE TABLE subnet_pools (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    ip_version BIGINT NOT NULL,
    prefixes TEXT NOT NULL,
    default_quota BIGINT,
    default_prefixlen BIGINT NOT NULL,
    min_prefixlen BIGINT NOT NULL,
    max_prefixlen BIGINT NOT NULL,
    is_default BOOLEAN NOT NULL,
    shared BOOLEAN NOT NULL,
    address_scope_id TEXT REFERENCES address_scopes (id),
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL
);
CREATE TABLE subnets (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    ip_version BIGINT NOT NULL,
    cidr TEXT NOT NULL,
    gateway_ip TEXT,
    allocation_pools TEXT NOT NULL,
    dns_nameservers TEXT NOT NULL,
    host_routes TEXT NOT NULL,
    enable_dhcp BOOLEAN NOT NULL,
    ipv6_ra_mode TEXT,
    ipv6_address_mode TEXT,
    subnetpool_id TEXT REFERENCES subnet_pools (id),
    service_types TEXT NOT NULL,
    dns_publish_fixed_ip BOOLEAN NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL
);
CREATE INDEX subnets_network ON subnets (network_id);
CREATE INDEX subnets_project ON subnets (project_id);
CREATE TABLE ports (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    network_id TEXT NOT NULL REFERENCES networks (id),
    mac_address TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    device_id TEXT NOT NULL,
    device_owner TEXT NOT NULL,
    port_security_enabled BOOLEAN NOT NULL,
    allowed_address_pairs TEXT NOT NULL,
    extra_dhcp_opts TEXT NOT NULL,
    dns_name TEXT NOT NULL,
    vnic_type TEXT NOT NULL,
    host TEXT NOT NULL,
    binding_profile TEXT NOT NULL,
    made_by_device BOOLEAN NOT NULL,
    up BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL,
    UNIQUE (network_id, mac_address)
);
CREATE INDEX ports_project ON ports (project_id);
CREATE INDEX ports_device ON ports (device_id);
CREATE INDEX ports_host ON ports (host);
-- slot is the address minus the subnet's first one, shifted so that it sorts as a signed number; NULL where that needs more than 64 bits
CREATE TABLE ip_allocations (
    network_id TEXT NOT NULL,
    address TEXT NOT NULL,
    subnet_id TEXT NOT NULL REFERENCES subnets (id),
    port_id TEXT NOT NULL REFERENCES ports (id),
    slot BIGINT,
    position BIGINT NOT NULL,
    PRIMARY KEY (network_id, address)
);
CREATE INDEX ip_allocations_port ON ip_allocations (port_id);
CREATE INDEX ip_allocations_slot ON ip_allocations (subnet_id, slot);
CREATE INDEX ip_allocations_address ON ip_allocations (address);
CREATE TABLE security_groups (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    stateful BOOLEAN NOT NULL,
    is_default BOOLEAN NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL
);
CREATE INDEX security_groups_project ON security_groups (project_id);
CREATE UNIQUE INDEX security_groups_default ON security_groups (project_id) WHERE is_default;
CREATE TABLE security_group_rules (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    security_group_id TEXT NOT NULL REFERENCES security_groups (id),
    direction TEXT NOT NULL,
    ethertype TEXT NOT NULL,
    protocol TEXT,
    port_range_min BIGINT,
    port_range_max BIGINT,
    remote_ip_prefix TEXT,
    remote_group_id TEXT REFERENCES security_groups (id),
    description TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL,
    UNIQUE (security_group_id, fingerprint)
);
CREATE INDEX security_group_rules_remote ON security_group_rules (remote_group_id);
CREATE TABLE default_security_group_rules (
    id TEXT NOT NULL PRIMARY KEY,
    direction TEXT NOT NULL,
    ethertype TEXT NOT NULL,
    protocol TEXT,
    port_range_min BIGINT,
    port_range_max BIGINT,
    remote_ip_prefix TEXT,
    remote_group_id TEXT,
    used_in_default_sg BOOLEAN NOT NULL,
    used_in_non_default_sg BOOLEAN NOT NULL,
    description TEXT NOT NULL
);
CREATE TABLE port_security_groups (
    port_id TEXT NOT NULL REFERENCES ports (id),
    security_group_id TEXT NOT NULL REFERENCES security_groups (id),
    PRIMARY KEY (port_id, security_group_id)
);
CREATE INDEX port_security_groups_group ON port_security_groups (security_group_id);
CREATE TABLE routers (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    gateway_port_id TEXT REFERENCES ports (id),
    gateway_network_id TEXT,
    enable_snat BOOLEAN NOT NULL,
    routes TEXT NOT NULL,
    az_hints TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL
);
CREATE INDEX routers_project ON routers (project_id);
CREATE TABLE router_hosts (
    router_id TEXT NOT NULL PRIMARY KEY REFERENCES routers (id),
    host TEXT NOT NULL
);
CREATE TABLE floating_ips (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    description TEXT NOT NULL,
    floating_network_id TEXT NOT NULL REFERENCES networks (id),
    floating_ip_address TEXT NOT NULL,
    floating_port_id TEXT NOT NULL REFERENCES ports (id),
    port_id TEXT REFERENCES ports (id),
    fixed_ip_address TEXT,
    router_id TEXT REFERENCES routers (id),
    dns_name TEXT NOT NULL,
    dns_domain TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision_number BIGINT NOT NULL,
    UNIQUE (floating_network_id, port_id, fixed_ip_address)
);
CREATE INDEX floating_ips_project ON floating_ips (project_id);
CREATE INDEX floating_ips_port ON floating_ips (port_id);
CREATE INDEX floating_ips_router ON floating_ips (router_id);
CREATE TABLE network_quotas (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);
CREATE TABLE network_quota_locks (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);
CREATE TABLE network_settings (
    name TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);
