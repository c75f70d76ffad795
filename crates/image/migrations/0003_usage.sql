-- what each project has: kept beside the images by the functions that write them, so that a quota reads one row
CREATE TABLE image_usage (
    project TEXT NOT NULL PRIMARY KEY,
    images BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    staged BIGINT NOT NULL,
    uploading BIGINT NOT NULL
);
INSERT INTO image_usage (project, images, stored, staged, uploading)
    SELECT owner,
        COUNT(*),
        CAST(COALESCE(SUM(CASE WHEN checksum IS NOT NULL THEN size ELSE 0 END), 0) AS BIGINT),
        CAST(COALESCE(SUM(CASE WHEN checksum IS NULL THEN size ELSE 0 END), 0) AS BIGINT),
        CAST(SUM(CASE WHEN status IN ('saving', 'uploading', 'importing') THEN 1 ELSE 0 END) AS BIGINT)
    FROM images WHERE owner IS NOT NULL GROUP BY owner;
-- data of deleted images count for their owner as long as they are kept
INSERT INTO image_usage (project, images, stored, staged, uploading)
    SELECT owner, 0, CAST(SUM(size) AS BIGINT), 0, 0 FROM kept_images WHERE owner IS NOT NULL GROUP BY owner
    ON CONFLICT (project) DO UPDATE SET stored = image_usage.stored + excluded.stored;

-- the process that works at it
ALTER TABLE images ADD COLUMN busy_by TEXT;
ALTER TABLE image_tasks ADD COLUMN busy_by TEXT;
CREATE INDEX images_busy ON images (busy_until);
CREATE INDEX image_tasks_owner ON image_tasks (owner, created_at);
