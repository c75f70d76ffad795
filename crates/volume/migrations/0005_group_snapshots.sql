-- Snapshots of groups. Requests write a row; the task that ends the deleting of the last snapshot in it removes it.
-- volume_snapshots.group_snapshot_id says what is in it.
CREATE TABLE volume_group_snapshots (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL REFERENCES volume_groups (id),
    group_type_id TEXT NOT NULL,
    name TEXT,
    description TEXT,
    status TEXT NOT NULL,
    doomed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT
);
CREATE INDEX volume_group_snapshots_project ON volume_group_snapshots (project_id, created_at);
CREATE INDEX volume_group_snapshots_group ON volume_group_snapshots (group_id);
