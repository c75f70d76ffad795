-- server groups and who is in them

CREATE TABLE server_groups (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    max_per_host BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX server_groups_project ON server_groups (project_id, created_at, id);
CREATE INDEX server_groups_all ON server_groups (created_at, id);

-- a server is in one group at most, from the transaction that makes it to the one that buries it
CREATE TABLE server_group_members (
    server_id TEXT NOT NULL PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
    group_id TEXT NOT NULL REFERENCES server_groups (id) ON DELETE CASCADE
);

CREATE INDEX server_group_members_group ON server_group_members (group_id);
