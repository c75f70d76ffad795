CREATE TABLE images (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT,
    name TEXT,
    status TEXT NOT NULL,
    visibility TEXT NOT NULL,
    protected BOOLEAN NOT NULL,
    os_hidden BOOLEAN NOT NULL,
    disk_format TEXT,
    container_format TEXT,
    min_disk BIGINT NOT NULL,
    min_ram BIGINT NOT NULL,
    size BIGINT,
    virtual_size BIGINT,
    checksum TEXT,
    os_hash_algo TEXT,
    os_hash_value TEXT,
    detected_format TEXT,
    unfit TEXT,
    data_file TEXT,
    properties TEXT NOT NULL,
    tags TEXT NOT NULL,
    busy_until BIGINT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX images_owner ON images (owner);
CREATE INDEX images_visibility ON images (visibility);
CREATE INDEX images_created ON images (created_at, id);

-- search copies of images.properties and images.tags, written by the same function
CREATE TABLE image_properties (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    pair TEXT NOT NULL,
    PRIMARY KEY (image_id, pair)
);
CREATE INDEX image_properties_pair ON image_properties (pair);

CREATE TABLE image_tags (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (image_id, tag)
);

CREATE TABLE image_members (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    member_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (image_id, member_id)
);
CREATE INDEX image_members_member ON image_members (member_id);

-- ids are never given out twice, not even on request
CREATE TABLE deleted_images (
    id TEXT NOT NULL PRIMARY KEY,
    deleted_at BIGINT NOT NULL
);

CREATE TABLE image_tasks (
    id TEXT NOT NULL PRIMARY KEY,
    image_id TEXT NOT NULL,
    method TEXT NOT NULL,
    uri TEXT,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    user_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    busy_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX image_tasks_image ON image_tasks (image_id);
CREATE INDEX image_tasks_status ON image_tasks (status);
