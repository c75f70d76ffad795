-- moves of servers to another shape: made by who asks for one, carried on by whoever saves the server, forgotten with it
CREATE TABLE server_migrations (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    server_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    source_host TEXT,
    dest_host TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX server_migrations_server ON server_migrations (server_id, created_at);
CREATE INDEX server_migrations_created ON server_migrations (created_at, id);
CREATE INDEX server_migrations_project ON server_migrations (project_id, created_at);
CREATE INDEX server_migrations_user ON server_migrations (user_id, created_at);
CREATE INDEX server_migrations_status ON server_migrations (status, created_at);
CREATE INDEX server_migrations_source ON server_migrations (source_host, created_at);
CREATE INDEX server_migrations_dest ON server_migrations (dest_host, created_at);
