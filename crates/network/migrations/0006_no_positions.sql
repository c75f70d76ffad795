-- addresses of a port are shown in the order of their texts
ALTER TABLE ip_allocations DROP COLUMN position;
