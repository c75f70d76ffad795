-- Which port belongs to which server, by what each server says it has; words in a port's device_id prove nothing.
UPDATE ports SET holder = 'server', holder_id = (SELECT MIN(s.id) FROM servers s WHERE s.deleted_at IS NULL
    AND s.project_id = ports.project_id AND s.nics LIKE '%' || ports.id || '%')
    WHERE holder = 'nobody' AND EXISTS (SELECT 1 FROM servers s WHERE s.deleted_at IS NULL
    AND s.project_id = ports.project_id AND s.nics LIKE '%' || ports.id || '%');
UPDATE ports SET device_id = '', device_owner = '', host = '' WHERE holder = 'nobody' AND device_owner LIKE 'compute:%';
