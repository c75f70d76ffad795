-- what administrators set: default types, qualities of service, services, group types; groups; messages to users

-- the type of a project's volumes for which nobody named one; a type cannot go while a row names it
CREATE TABLE volume_default_types (
    project_id TEXT NOT NULL PRIMARY KEY,
    type_id TEXT NOT NULL REFERENCES volume_types (id)
);
CREATE INDEX volume_default_types_type ON volume_default_types (type_id);

-- types name their row (volume_types.qos_id); whoever removes it takes it away from them
CREATE TABLE volume_qos_specs (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    consumer TEXT NOT NULL,
    specs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);
CREATE INDEX volume_types_qos ON volume_types (qos_id);

-- written by whoever could not do what was asked for; removed by its owner, or by a task once it expired
CREATE TABLE volume_messages (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    request_id TEXT,
    resource_type TEXT,
    resource_id TEXT,
    action_id TEXT NOT NULL,
    detail_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    level TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX volume_messages_project ON volume_messages (project_id, created_at);
CREATE INDEX volume_messages_resource ON volume_messages (resource_id);
CREATE INDEX volume_messages_expires ON volume_messages (expires_at);

-- what administrators said of a service; one of which they said nothing has no row
CREATE TABLE volume_services (
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    reason TEXT,
    frozen BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (host, kind)
);

CREATE TABLE volume_group_types (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    is_public BOOLEAN NOT NULL,
    specs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);

-- Requests write a row; the task that ends the deleting removes it. volumes.group_id says what is in it.
CREATE TABLE volume_groups (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    group_type_id TEXT NOT NULL,
    type_ids TEXT NOT NULL,
    zone TEXT NOT NULL,
    backend TEXT NOT NULL,
    status TEXT NOT NULL,
    group_snapshot_id TEXT,
    source_group_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    due_at BIGINT NOT NULL
);
CREATE INDEX volume_groups_project ON volume_groups (project_id, created_at);
CREATE INDEX volume_groups_kind ON volume_groups (group_type_id);
CREATE INDEX volume_groups_due ON volume_groups (due_at);
