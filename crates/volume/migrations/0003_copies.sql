-- copies of volumes: what is said of snapshots that others make

ALTER TABLE volume_snapshots ADD COLUMN progress TEXT;
