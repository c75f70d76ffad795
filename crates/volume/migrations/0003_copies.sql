-- copies of volumes: what is said of snapshots that others make, backups

ALTER TABLE volume_snapshots ADD COLUMN progress TEXT;

-- data_id names the data in the store of backups; an imported backup has those of another one. What stands in the data of a
-- backup may lean on those of its parents.
CREATE TABLE volume_backups (
    id TEXT NOT NULL PRIMARY KEY,
    data_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    volume_id TEXT NOT NULL,
    snapshot_id TEXT,
    parent_id TEXT,
    name TEXT NOT NULL,
    description TEXT,
    size_gib BIGINT NOT NULL,
    type_id TEXT,
    container TEXT,
    zone TEXT,
    key_id TEXT,
    object_count BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    doing TEXT NOT NULL,
    fault TEXT,
    status TEXT NOT NULL,
    made BOOLEAN NOT NULL,
    data_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT,
    due_at BIGINT NOT NULL
);
CREATE INDEX volume_backups_project ON volume_backups (project_id, created_at);
CREATE INDEX volume_backups_volume ON volume_backups (volume_id);
CREATE INDEX volume_backups_parent ON volume_backups (parent_id);
CREATE INDEX volume_backups_data ON volume_backups (data_id);
CREATE INDEX volume_backups_due ON volume_backups (due_at);

-- Offers of volumes to whoever knows the key; a row goes when its volume is taken. hash is that of salt and key.
CREATE TABLE volume_transfers (
    id TEXT NOT NULL PRIMARY KEY,
    volume_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT,
    salt TEXT NOT NULL,
    hash TEXT NOT NULL,
    no_snapshots BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX volume_transfers_project ON volume_transfers (project_id, created_at);
CREATE INDEX volume_transfers_volume ON volume_transfers (volume_id);
