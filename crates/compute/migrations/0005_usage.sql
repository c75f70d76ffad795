-- what each project has: whoever makes, resizes or buries a server notes it in quota_moves, which nobody waits for;
-- whoever has the project's turn adds the notes up
ALTER TABLE quota_turns ADD COLUMN instances BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quota_turns ADD COLUMN cores BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quota_turns ADD COLUMN ram BIGINT NOT NULL DEFAULT 0;
CREATE TABLE quota_moves (
    project_id TEXT NOT NULL,
    instances BIGINT NOT NULL,
    cores BIGINT NOT NULL,
    ram BIGINT NOT NULL
);
CREATE INDEX quota_moves_project ON quota_moves (project_id);
INSERT INTO quota_moves (project_id, instances, cores, ram)
    SELECT project_id, COUNT(*), CAST(SUM(vcpus) AS BIGINT), CAST(SUM(ram_mib) AS BIGINT) FROM servers
    WHERE deleted_at IS NULL GROUP BY project_id;
