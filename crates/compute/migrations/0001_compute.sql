-- compute: flavors, keypairs, servers, actions, quotas, hosts, aggregates

CREATE TABLE flavors (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    vcpus BIGINT NOT NULL,
    ram_mib BIGINT NOT NULL,
    disk_gib BIGINT NOT NULL,
    ephemeral_gib BIGINT NOT NULL,
    swap_mib BIGINT NOT NULL,
    rxtx_factor DOUBLE PRECISION NOT NULL,
    is_public BOOLEAN NOT NULL,
    description TEXT,
    extra_specs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);

CREATE TABLE flavor_access (
    flavor_id TEXT NOT NULL REFERENCES flavors (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    PRIMARY KEY (flavor_id, project_id)
);

-- flavors that were seeded once, so that one an admin deleted stays deleted
CREATE TABLE flavor_seeds (
    name TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE keypairs (
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    type TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);

-- intent, placed_* and observed have one writer each: requests, place_servers, converge and reap_servers.
-- status to settled are computed from them by every save; nothing else writes them.
CREATE TABLE servers (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hostname TEXT NOT NULL,
    description TEXT,
    image_id TEXT NOT NULL,
    image_properties TEXT NOT NULL,
    flavor_id TEXT NOT NULL,
    shape TEXT NOT NULL,
    vcpus BIGINT NOT NULL,
    ram_mib BIGINT NOT NULL,
    spec TEXT NOT NULL,
    key_name TEXT,
    config_drive BOOLEAN NOT NULL,
    reservation_id TEXT NOT NULL,
    launch_index BIGINT NOT NULL,
    zone TEXT,
    metadata TEXT NOT NULL,
    tags TEXT NOT NULL,
    nics TEXT NOT NULL,
    locked TEXT,
    access_v4 TEXT,
    access_v6 TEXT,
    intent TEXT NOT NULL,
    placed_host TEXT,
    placed_fault TEXT,
    observed TEXT NOT NULL,
    status TEXT NOT NULL,
    vm_state TEXT NOT NULL,
    task_state TEXT,
    power_state BIGINT NOT NULL,
    launched_at BIGINT,
    settled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL
);

CREATE INDEX servers_project ON servers (project_id, deleted_at, created_at);
CREATE INDEX servers_work ON servers (settled, placed_host);
CREATE INDEX servers_host ON servers (placed_host, deleted_at);

CREATE TABLE server_actions (
    server_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    generation BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    finished_at BIGINT,
    message TEXT,
    host TEXT,
    details TEXT,
    PRIMARY KEY (server_id, request_id)
);

CREATE INDEX server_actions_open ON server_actions (server_id, finished_at);

-- one row per project: the turn of its quota checks
CREATE TABLE quota_turns (
    project_id TEXT NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);

-- project_id is a project, or 'class:default' for everybody
CREATE TABLE quota_limits (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    most BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);

CREATE TABLE compute_hosts (
    name TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    facts TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    disabled BOOLEAN NOT NULL,
    disabled_reason TEXT,
    forced_down BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE aggregates (
    number BIGINT NOT NULL PRIMARY KEY,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    hosts TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);

-- numbers that old clients know things by
CREATE TABLE compute_numbers (
    name TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
