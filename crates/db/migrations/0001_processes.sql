-- processes that share this database, and in which epoch each lease is held

-- alive_until 0: dead, and known to be. Nobody else is: a process that is merely late has lost nothing yet
CREATE TABLE processes (
    name TEXT NOT NULL PRIMARY KEY,
    incarnation BIGINT NOT NULL,
    place TEXT NOT NULL,
    address TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    alive_until BIGINT NOT NULL
);

ALTER TABLE leases ADD COLUMN incarnation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
