-- how many ports each project has: whoever makes or removes one notes it in network_quota_moves, which nobody waits for;
-- whoever has the lock of the quota adds the notes up
ALTER TABLE network_quota_locks ADD COLUMN used BIGINT NOT NULL DEFAULT 0;
CREATE TABLE network_quota_moves (
    project_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    amount BIGINT NOT NULL
);
CREATE INDEX network_quota_moves_project ON network_quota_moves (project_id, resource);
INSERT INTO network_quota_moves (project_id, resource, amount)
    SELECT project_id, 'port', COUNT(*) FROM ports WHERE project_id <> '' GROUP BY project_id;
