CREATE TABLE resource_providers (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    generation BIGINT NOT NULL,
    parent_id TEXT REFERENCES resource_providers (id),
    root_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX resource_providers_name ON resource_providers (name);

CREATE TABLE inventories (
    provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
    resource_class TEXT NOT NULL,
    total BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    min_unit BIGINT NOT NULL,
    max_unit BIGINT NOT NULL,
    step_size BIGINT NOT NULL,
    allocation_ratio DOUBLE PRECISION NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, resource_class)
);

CREATE TABLE placement_consumers (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    consumer_type TEXT,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX placement_consumers_project ON placement_consumers (project_id);

CREATE TABLE allocations (
    consumer_id TEXT NOT NULL REFERENCES placement_consumers (id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL REFERENCES resource_providers (id),
    resource_class TEXT NOT NULL,
    used BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (consumer_id, provider_id, resource_class)
);
CREATE INDEX allocations_provider ON allocations (provider_id);

CREATE TABLE provider_traits (
    provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
    trait TEXT NOT NULL,
    PRIMARY KEY (provider_id, trait)
);

CREATE TABLE provider_aggregates (
    provider_id TEXT NOT NULL REFERENCES resource_providers (id) ON DELETE CASCADE,
    aggregate_id TEXT NOT NULL,
    PRIMARY KEY (provider_id, aggregate_id)
);

CREATE TABLE custom_traits (
    name TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE custom_resource_classes (
    name TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
