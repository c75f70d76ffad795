-- Which records the last writes changed, so that other processes read these and not everything. Written with the records,
-- where several processes may write; the same transaction forgets what is older than a thousand writes. Whoever is further
-- behind reads everything.
CREATE TABLE identity_changes (
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (version, kind, id)
);
