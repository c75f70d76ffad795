-- What a port is: which thing of ours holds it. device_id and device_owner are texts that tenants write; these two
-- columns are written only by what plugs a port in: compute, routers, floating IPs, DHCP.
ALTER TABLE ports ADD COLUMN holder TEXT NOT NULL DEFAULT 'nobody';
ALTER TABLE ports ADD COLUMN holder_id TEXT;
CREATE INDEX ports_holder ON ports (holder_id);
UPDATE ports SET holder = 'router_gateway', holder_id = (SELECT MIN(r.id) FROM routers r WHERE r.gateway_port_id = ports.id)
    WHERE EXISTS (SELECT 1 FROM routers r WHERE r.gateway_port_id = ports.id);
UPDATE ports SET holder = 'floating_ip', holder_id = (SELECT MIN(f.id) FROM floating_ips f WHERE f.floating_port_id = ports.id)
    WHERE EXISTS (SELECT 1 FROM floating_ips f WHERE f.floating_port_id = ports.id);
UPDATE ports SET holder = 'router_interface', holder_id = device_id
    WHERE holder = 'nobody' AND device_owner = 'network:router_interface'
    AND EXISTS (SELECT 1 FROM routers r WHERE r.id = ports.device_id);
UPDATE ports SET holder = 'dhcp', holder_id = network_id
    WHERE holder = 'nobody' AND id IN (SELECT MIN(p.id) FROM ports p WHERE p.device_owner = 'network:dhcp'
    AND p.device_id = 'dhcp-' || p.network_id GROUP BY p.network_id);
-- ports of servers are taken over by compute's own migration, from what its servers say they have.
-- Port security that went off because a port once was a router's leg comes back, with the default group.
INSERT INTO port_security_groups (port_id, security_group_id)
    SELECT p.id, g.id FROM ports p JOIN networks n ON n.id = p.network_id
    JOIN security_groups g ON g.project_id = p.project_id AND g.is_default
    WHERE p.holder = 'nobody' AND NOT p.port_security_enabled AND n.project_id <> p.project_id
    AND NOT EXISTS (SELECT 1 FROM port_security_groups h WHERE h.port_id = p.id);
UPDATE ports SET port_security_enabled = TRUE
    WHERE holder <> 'nobody' OR project_id <> (SELECT n.project_id FROM networks n WHERE n.id = ports.network_id);
