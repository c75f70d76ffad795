-- how much of an inventory is allocated: every statement that writes allocations moves it
ALTER TABLE inventories ADD COLUMN used BIGINT NOT NULL DEFAULT 0;
UPDATE inventories SET used = COALESCE((SELECT CAST(SUM(a.used) AS BIGINT) FROM allocations a
    WHERE a.provider_id = inventories.provider_id AND a.resource_class = inventories.resource_class), 0);
