-- Ports of servers that their owner deleted: compute has yet to take the interface from its server.
CREATE TABLE port_departures (
    port_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    departed_at BIGINT NOT NULL
);
