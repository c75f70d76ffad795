-- what volumes say of themselves

-- whether somebody said if a volume may be written to; clients see the difference
ALTER TABLE volumes ADD COLUMN read_only_said BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE volumes SET read_only_said = read_only;

-- what the volume of a backup said of itself; nothing where that was not kept yet
ALTER TABLE volume_backups ADD COLUMN of_volume TEXT;
