-- block storage: types, volumes, snapshots, attachments, keys, quotas

CREATE TABLE volume_types (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    is_public BOOLEAN NOT NULL,
    extra_specs TEXT NOT NULL,
    qos_id TEXT,
    encryption TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);

-- types that were seeded once, so that one an admin deleted stays deleted
CREATE TABLE volume_type_seeds (
    name TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE volume_type_access (
    type_id TEXT NOT NULL REFERENCES volume_types (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    PRIMARY KEY (type_id, project_id)
);

-- Requests write what is wanted (doing), tasks what became of it; status is computed from doing, fault and the
-- attachments by whoever saves the row. The transaction that ends the deleting removes the row.
CREATE TABLE volumes (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    size_gib BIGINT NOT NULL,
    type_id TEXT NOT NULL,
    zone TEXT NOT NULL,
    backend TEXT NOT NULL,
    bootable BOOLEAN NOT NULL,
    multiattach BOOLEAN NOT NULL,
    read_only BOOLEAN NOT NULL,
    key_id TEXT,
    snapshot_id TEXT,
    source_id TEXT,
    backup_id TEXT,
    group_id TEXT,
    metadata TEXT NOT NULL,
    image_metadata TEXT NOT NULL,
    doing TEXT NOT NULL,
    fault TEXT,
    status TEXT NOT NULL,
    made BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    due_at BIGINT NOT NULL
);
CREATE INDEX volumes_project ON volumes (project_id, created_at);
CREATE INDEX volumes_due ON volumes (due_at);
CREATE INDEX volumes_type ON volumes (type_id);
CREATE INDEX volumes_group ON volumes (group_id);
CREATE INDEX volumes_snapshot ON volumes (snapshot_id);

CREATE TABLE volume_snapshots (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    volume_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    size_gib BIGINT NOT NULL,
    type_id TEXT NOT NULL,
    backend TEXT NOT NULL,
    key_id TEXT,
    group_snapshot_id TEXT,
    metadata TEXT NOT NULL,
    doing TEXT NOT NULL,
    fault TEXT,
    status TEXT NOT NULL,
    made BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    due_at BIGINT NOT NULL
);
CREATE INDEX volume_snapshots_project ON volume_snapshots (project_id, created_at);
CREATE INDEX volume_snapshots_volume ON volume_snapshots (volume_id);
CREATE INDEX volume_snapshots_due ON volume_snapshots (due_at);
CREATE INDEX volume_snapshots_group ON volume_snapshots (group_snapshot_id);

-- A row is written when a volume is promised to a server, and removed when it was let go. holder says which service of
-- ours made it; nobody else removes it then.
CREATE TABLE volume_attachments (
    id TEXT NOT NULL PRIMARY KEY,
    volume_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    server_id TEXT,
    host TEXT,
    mountpoint TEXT,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    connector TEXT,
    holder TEXT,
    attached_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);
CREATE INDEX volume_attachments_volume ON volume_attachments (volume_id);
CREATE INDEX volume_attachments_server ON volume_attachments (server_id);
CREATE INDEX volume_attachments_project ON volume_attachments (project_id, created_at);

-- keys of encrypted volumes, sealed; removed with the volume or snapshot that they are of
CREATE TABLE volume_keys (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- one row per project: the turn of its quota checks
CREATE TABLE volume_quota_turns (
    project_id TEXT NOT NULL PRIMARY KEY,
    turn BIGINT NOT NULL
);

-- project_id is a project, or 'class:default' for everybody; resource may name a type: volumes_TYPE
CREATE TABLE volume_quota_limits (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    most BIGINT NOT NULL,
    PRIMARY KEY (project_id, resource)
);

-- what each project has of what is counted; moved by whoever makes or removes what is counted. type_id is '' for
-- what has no type.
CREATE TABLE volume_usage (
    project_id TEXT NOT NULL,
    type_id TEXT NOT NULL,
    volumes BIGINT NOT NULL,
    snapshots BIGINT NOT NULL,
    gigabytes BIGINT NOT NULL,
    backups BIGINT NOT NULL,
    backup_gigabytes BIGINT NOT NULL,
    PRIMARY KEY (project_id, type_id)
);
