-- The agents of a host: what administrators say about them, and since when they are. The process that commands the host
-- writes a row when it first tells the host of networking; it goes when an administrator deletes the agent of a host that
-- is no more.
CREATE TABLE network_agents (
    id TEXT NOT NULL PRIMARY KEY,
    agent_type TEXT NOT NULL,
    host TEXT NOT NULL,
    admin_state_up BOOLEAN NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);
CREATE INDEX network_agents_host ON network_agents (host);
-- what an administrator says of a port's virtual function; nobody said anything where it is null
ALTER TABLE ports ADD COLUMN trusted BOOLEAN;
-- the templates that a new cloud begins with are called as Neutron calls them
UPDATE default_security_group_rules SET description = 'Legacy default SG rule for ' || direction || ' traffic'
    WHERE description = '' AND protocol IS NULL AND port_range_min IS NULL AND remote_ip_prefix IS NULL
    AND (direction = 'egress' OR remote_group_id = 'PARENT');
