-- Identity is small and read whole into memory, so each kind is a table of documents; `unique_key` is what must not
-- occur twice besides the id (domain and name, for example). `identity_version` counts committed writes.
CREATE TABLE identity_version (id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO identity_version (id, version) VALUES ('identity', 0);
CREATE TABLE identity_projects (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_users (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_groups (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_memberships (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_roles (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_implications (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_assignments (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_regions (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_services (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_endpoints (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_application_credentials (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_access_rules (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_credentials (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE identity_revocations (id TEXT NOT NULL PRIMARY KEY, unique_key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
