//! The microversion table: one constant for every version of Cinder's history that changes something we serve.
//!
//! Three places use them: the route table, checks of requests, and views. Grep a constant and you have found every
//! effect.

use kogge_http::{Microversion, mv};

/// The oldest version that is served.
pub const MINIMUM: Microversion = mv(3, 0);
/// The newest version that is served: that of 2026.1.
pub const MAXIMUM: Microversion = mv(3, 71);

/// Later than any: for what no version has.
pub const NEVER: Microversion = mv(u16::MAX, 0);

/// An upload may say who sees the image.
pub const UPLOAD_VISIBILITY: Microversion = mv(3, 1);
/// Filters by `bootable` take true and false alone.
pub const BOOTABLE_FILTER: Microversion = mv(3, 2);
/// Messages.
pub const MESSAGES: Microversion = mv(3, 3);
/// Volumes can be filtered by what they keep of their image.
pub const GLANCE_METADATA_FILTER: Microversion = mv(3, 4);
/// Messages have pages.
pub const MESSAGE_PAGES: Microversion = mv(3, 5);
/// Services show their cluster.
pub const CLUSTERS: Microversion = mv(3, 7);
/// Managing of volumes and snapshots at its own paths.
pub const MANAGE: Microversion = mv(3, 8);
/// Backups can be changed.
pub const BACKUP_UPDATE: Microversion = mv(3, 9);
/// Volumes can be filtered by group.
pub const GROUP_FILTER: Microversion = mv(3, 10);
/// Group types.
pub const GROUP_TYPES: Microversion = mv(3, 11);
/// A summary of volumes.
pub const SUMMARY: Microversion = mv(3, 12);
/// Groups.
pub const GROUPS: Microversion = mv(3, 13);
/// Snapshots of groups.
pub const GROUP_SNAPSHOTS: Microversion = mv(3, 14);
/// Answers about metadata have an `ETag`.
pub const ETAGS: Microversion = mv(3, 15);
/// A move names a cluster.
pub const MIGRATE_CLUSTER: Microversion = mv(3, 16);
/// What can be taken over is listed by cluster.
pub const MANAGEABLE_CLUSTER: Microversion = mv(3, 17);
/// Administrators see whose a backup is.
pub const BACKUP_PROJECT: Microversion = mv(3, 18);
/// Snapshots of groups can be reset.
pub const GROUP_SNAPSHOT_RESET: Microversion = mv(3, 19);
/// Groups can be reset.
pub const GROUP_RESET: Microversion = mv(3, 20);
/// Administrators see a volume's `provider_id`.
pub const PROVIDER_ID: Microversion = mv(3, 21);
/// Snapshots can be filtered by metadata.
pub const SNAPSHOT_METADATA_FILTER: Microversion = mv(3, 22);
/// A delete of a volume takes `force`.
pub const DELETE_FORCE: Microversion = mv(3, 23);
/// Clean-up of what a broken worker left.
pub const WORKERS: Microversion = mv(3, 24);
/// Groups list their volumes.
pub const GROUP_VOLUMES: Microversion = mv(3, 25);
/// Fail-over of a host, and more filters of clusters.
pub const FAILOVER: Microversion = mv(3, 26);
/// Attachments.
pub const ATTACHMENTS: Microversion = mv(3, 27);
/// Pools can be filtered.
pub const POOL_FILTERS: Microversion = mv(3, 28);
/// Snapshots of groups have filters and pages.
pub const GROUP_SNAPSHOT_PAGES: Microversion = mv(3, 29);
/// Snapshots are sorted by name.
pub const SNAPSHOT_SORT: Microversion = mv(3, 30);
/// Filters are configured by resource.
pub const RESOURCE_FILTERS_CONFIG: Microversion = mv(3, 31);
/// Levels of logs.
pub const LOG_LEVELS: Microversion = mv(3, 32);
/// A list of the filters there are.
pub const RESOURCE_FILTERS: Microversion = mv(3, 33);
/// Filters with `~` find parts of texts.
pub const LIKE_FILTERS: Microversion = mv(3, 34);
/// Pools can be filtered by type.
pub const POOL_TYPE_FILTER: Microversion = mv(3, 35);
/// The summary has metadata.
pub const SUMMARY_METADATA: Microversion = mv(3, 36);
/// Backups are sorted by name.
pub const BACKUP_SORT: Microversion = mv(3, 37);
/// Replication of groups.
pub const GROUP_REPLICATION: Microversion = mv(3, 38);
/// Administrators ask for the limits of others.
pub const LIMITS_OTHER: Microversion = mv(3, 39);
/// A volume can be put back to its latest snapshot.
pub const REVERT: Microversion = mv(3, 40);
/// Snapshots show who made them.
pub const SNAPSHOT_USER: Microversion = mv(3, 41);
/// A volume in use can grow.
pub const EXTEND_IN_USE: Microversion = mv(3, 42);
/// Backups have metadata.
pub const BACKUP_METADATA: Microversion = mv(3, 43);
/// An attachment is called complete.
pub const ATTACHMENT_COMPLETE: Microversion = mv(3, 44);
/// Lists say how many there are.
pub const COUNTS: Microversion = mv(3, 45);
/// Volumes from images of compute without data.
pub const NOVA_IMAGES: Microversion = mv(3, 46);
/// Volumes from backups.
pub const FROM_BACKUP: Microversion = mv(3, 47);
/// Volumes show `shared_targets` and `service_uuid`.
pub const SHARED_TARGETS: Microversion = mv(3, 48);
/// Services show the state of their backend.
pub const BACKEND_STATE: Microversion = mv(3, 49);
/// Several servers may use a volume.
pub const MULTIATTACH: Microversion = mv(3, 50);
/// Backups name a zone.
pub const BACKUP_ZONE: Microversion = mv(3, 51);
/// Types can be filtered by extra specs.
pub const TYPE_FILTER: Microversion = mv(3, 52);
/// Unknown fields of volumes are refused.
pub const STRICT_BODIES: Microversion = mv(3, 53);
/// Attachments have a mode.
pub const ATTACHMENT_MODE: Microversion = mv(3, 54);
/// Transfers take snapshots along.
pub const TRANSFER_SNAPSHOTS: Microversion = mv(3, 55);
/// Backups show who made them.
pub const BACKUP_USER: Microversion = mv(3, 56);
/// Transfers show both projects.
pub const TRANSFER_PROJECTS: Microversion = mv(3, 57);
/// Groups show whose they are.
pub const GROUP_PROJECT: Microversion = mv(3, 58);
/// Transfers have pages.
pub const TRANSFER_PAGES: Microversion = mv(3, 59);
/// Volumes can be filtered by time.
pub const TIME_FILTERS: Microversion = mv(3, 60);
/// Administrators see a volume's cluster.
pub const VOLUME_CLUSTER: Microversion = mv(3, 61);
/// Default types of projects.
pub const DEFAULT_TYPES: Microversion = mv(3, 62);
/// Volumes show the id of their type.
pub const TYPE_ID: Microversion = mv(3, 63);
/// Volumes and backups show the id of their key.
pub const KEY_ID: Microversion = mv(3, 64);
/// Volumes and snapshots show `consumes_quota`.
pub const CONSUMES_QUOTA: Microversion = mv(3, 65);
/// Snapshots of volumes in use need no `force`.
pub const SNAPSHOT_IN_USE: Microversion = mv(3, 66);
/// Paths need no project.
pub const NO_PROJECT: Microversion = mv(3, 67);
/// An image can be put onto a volume.
pub const REIMAGE: Microversion = mv(3, 68);
/// `shared_targets` may be null.
pub const SHARED_TARGETS_NULL: Microversion = mv(3, 69);
/// Encrypted volumes can be transferred.
pub const TRANSFER_ENCRYPTED: Microversion = mv(3, 70);
/// The end of an extension is told.
pub const EXTEND_COMPLETION: Microversion = mv(3, 71);
