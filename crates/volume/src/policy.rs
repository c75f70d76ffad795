//! The policy table: Cinder's rule names and defaults (`cinder/policies` of 2026.1).

use kogge_auth::policy::{base_rules, joined};
use kogge_auth::{Rule, RuleSet};

const ADMIN: &str = "rule:admin_api";
const MEMBER: &str = "rule:xena_system_admin_or_project_member";
const READER: &str = "rule:xena_system_admin_or_project_reader";

/// The service's name in rule tables.
const SERVICE: &str = "volume";

macro_rules! rules {
    ($($constant:ident $name:literal $default:ident;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: Rule = Rule::new(SERVICE, $name, $default);)*
        const OWN: &[Rule] = &[$($constant),*];
    };
}

rules! {
    ATTACHMENT_CREATE "volume:attachment_create" MEMBER;
    ATTACHMENT_UPDATE "volume:attachment_update" MEMBER;
    ATTACHMENT_DELETE "volume:attachment_delete" MEMBER;
    ATTACHMENT_COMPLETE "volume:attachment_complete" MEMBER;
    MULTIATTACH_BOOTABLE_VOLUME "volume:multiattach_bootable_volume" MEMBER;
    BACKUP_ADMIN_ACTIONS_RESET_STATUS "volume_extension:backup_admin_actions:reset_status" ADMIN;
    BACKUP_ADMIN_ACTIONS_FORCE_DELETE "volume_extension:backup_admin_actions:force_delete" ADMIN;
    BACKUP_GET_ALL "backup:get_all" READER;
    BACKUP_BACKUP_PROJECT_ATTRIBUTE "backup:backup_project_attribute" ADMIN;
    BACKUP_CREATE "backup:create" MEMBER;
    BACKUP_GET "backup:get" READER;
    BACKUP_UPDATE "backup:update" MEMBER;
    BACKUP_DELETE "backup:delete" MEMBER;
    BACKUP_RESTORE "backup:restore" MEMBER;
    BACKUP_BACKUP_IMPORT "backup:backup-import" ADMIN;
    BACKUP_EXPORT_IMPORT "backup:export-import" ADMIN;
    CAPABILITIES "volume_extension:capabilities" ADMIN;
    CLUSTERS_GET_ALL "clusters:get_all" ADMIN;
    CLUSTERS_GET "clusters:get" ADMIN;
    CLUSTERS_UPDATE "clusters:update" ADMIN;
    DEFAULT_SET_OR_UPDATE "volume_extension:default_set_or_update" ADMIN;
    DEFAULT_GET "volume_extension:default_get" ADMIN;
    DEFAULT_GET_ALL "volume_extension:default_get_all" ADMIN;
    DEFAULT_UNSET "volume_extension:default_unset" ADMIN;
    GROUP_DELETE "group:delete" MEMBER;
    GROUP_RESET_STATUS "group:reset_status" ADMIN;
    GROUP_ENABLE_REPLICATION "group:enable_replication" MEMBER;
    GROUP_DISABLE_REPLICATION "group:disable_replication" MEMBER;
    GROUP_FAILOVER_REPLICATION "group:failover_replication" MEMBER;
    GROUP_LIST_REPLICATION_TARGETS "group:list_replication_targets" MEMBER;
    GROUP_RESET_GROUP_SNAPSHOT_STATUS "group:reset_group_snapshot_status" ADMIN;
    GROUP_GET_ALL_GROUP_SNAPSHOTS "group:get_all_group_snapshots" READER;
    GROUP_CREATE_GROUP_SNAPSHOT "group:create_group_snapshot" MEMBER;
    GROUP_GET_GROUP_SNAPSHOT "group:get_group_snapshot" READER;
    GROUP_DELETE_GROUP_SNAPSHOT "group:delete_group_snapshot" MEMBER;
    GROUP_UPDATE_GROUP_SNAPSHOT "group:update_group_snapshot" MEMBER;
    GROUP_GROUP_SNAPSHOT_PROJECT_ATTRIBUTE "group:group_snapshot_project_attribute" ADMIN;
    GROUP_TYPES_CREATE "group:group_types:create" ADMIN;
    GROUP_TYPES_UPDATE "group:group_types:update" ADMIN;
    GROUP_TYPES_DELETE "group:group_types:delete" ADMIN;
    ACCESS_GROUP_TYPES_SPECS "group:access_group_types_specs" ADMIN;
    GROUP_TYPES_SPECS_GET "group:group_types_specs:get" ADMIN;
    GROUP_TYPES_SPECS_GET_ALL "group:group_types_specs:get_all" ADMIN;
    GROUP_TYPES_SPECS_CREATE "group:group_types_specs:create" ADMIN;
    GROUP_TYPES_SPECS_UPDATE "group:group_types_specs:update" ADMIN;
    GROUP_TYPES_SPECS_DELETE "group:group_types_specs:delete" ADMIN;
    GROUP_GET_ALL "group:get_all" READER;
    GROUP_CREATE "group:create" MEMBER;
    GROUP_GET "group:get" READER;
    GROUP_UPDATE "group:update" MEMBER;
    GROUP_GROUP_PROJECT_ATTRIBUTE "group:group_project_attribute" ADMIN;
    HOSTS "volume_extension:hosts" ADMIN;
    USED_LIMITS "limits_extension:used_limits" READER;
    SNAPSHOT_LIST_MANAGEABLE "snapshot_extension:list_manageable" ADMIN;
    SNAPSHOT_MANAGE "snapshot_extension:snapshot_manage" ADMIN;
    SNAPSHOT_UNMANAGE "snapshot_extension:snapshot_unmanage" ADMIN;
    VOLUME_LIST_MANAGEABLE "volume_extension:list_manageable" ADMIN;
    VOLUME_MANAGE "volume_extension:volume_manage" ADMIN;
    VOLUME_UNMANAGE "volume_extension:volume_unmanage" ADMIN;
    MESSAGE_GET_ALL "message:get_all" READER;
    MESSAGE_GET "message:get" READER;
    MESSAGE_DELETE "message:delete" MEMBER;
    QOS_SPECS_MANAGE_GET_ALL "volume_extension:qos_specs_manage:get_all" ADMIN;
    QOS_SPECS_MANAGE_GET "volume_extension:qos_specs_manage:get" ADMIN;
    QOS_SPECS_MANAGE_CREATE "volume_extension:qos_specs_manage:create" ADMIN;
    QOS_SPECS_MANAGE_UPDATE "volume_extension:qos_specs_manage:update" ADMIN;
    QOS_SPECS_MANAGE_DELETE "volume_extension:qos_specs_manage:delete" ADMIN;
    QUOTA_CLASSES_GET "volume_extension:quota_classes:get" ADMIN;
    QUOTA_CLASSES_UPDATE "volume_extension:quota_classes:update" ADMIN;
    QUOTAS_SHOW "volume_extension:quotas:show" READER;
    QUOTAS_UPDATE "volume_extension:quotas:update" ADMIN;
    QUOTAS_DELETE "volume_extension:quotas:delete" ADMIN;
    GET_POOLS "scheduler_extension:scheduler_stats:get_pools" ADMIN;
    SERVICES_INDEX "volume_extension:services:index" ADMIN;
    SERVICES_UPDATE "volume_extension:services:update" ADMIN;
    FREEZE_HOST "volume:freeze_host" ADMIN;
    THAW_HOST "volume:thaw_host" ADMIN;
    FAILOVER_HOST "volume:failover_host" ADMIN;
    SNAPSHOT_ADMIN_ACTIONS_RESET_STATUS "volume_extension:snapshot_admin_actions:reset_status" ADMIN;
    SNAPSHOT_ACTIONS_UPDATE_SNAPSHOT_STATUS "snapshot_extension:snapshot_actions:update_snapshot_status" MEMBER;
    SNAPSHOT_ADMIN_ACTIONS_FORCE_DELETE "volume_extension:snapshot_admin_actions:force_delete" ADMIN;
    GET_SNAPSHOT_METADATA "volume:get_snapshot_metadata" READER;
    UPDATE_SNAPSHOT_METADATA "volume:update_snapshot_metadata" MEMBER;
    DELETE_SNAPSHOT_METADATA "volume:delete_snapshot_metadata" MEMBER;
    GET_ALL_SNAPSHOTS "volume:get_all_snapshots" READER;
    EXTENDED_SNAPSHOT_ATTRIBUTES "volume_extension:extended_snapshot_attributes" READER;
    CREATE_SNAPSHOT "volume:create_snapshot" MEMBER;
    GET_SNAPSHOT "volume:get_snapshot" READER;
    UPDATE_SNAPSHOT "volume:update_snapshot" MEMBER;
    DELETE_SNAPSHOT "volume:delete_snapshot" MEMBER;
    TYPES_EXTRA_SPECS_INDEX "volume_extension:types_extra_specs:index" READER;
    TYPES_EXTRA_SPECS_CREATE "volume_extension:types_extra_specs:create" ADMIN;
    TYPES_EXTRA_SPECS_SHOW "volume_extension:types_extra_specs:show" READER;
    TYPES_EXTRA_SPECS_READ_SENSITIVE "volume_extension:types_extra_specs:read_sensitive" ADMIN;
    TYPES_EXTRA_SPECS_UPDATE "volume_extension:types_extra_specs:update" ADMIN;
    TYPES_EXTRA_SPECS_DELETE "volume_extension:types_extra_specs:delete" ADMIN;
    VOLUME_TYPE_ACCESS "volume_extension:volume_type_access" MEMBER;
    VOLUME_TYPE_ACCESS_ADD_PROJECT_ACCESS "volume_extension:volume_type_access:addProjectAccess" ADMIN;
    VOLUME_TYPE_ACCESS_REMOVE_PROJECT_ACCESS "volume_extension:volume_type_access:removeProjectAccess" ADMIN;
    VOLUME_TYPE_ACCESS_GET_ALL_FOR_TYPE "volume_extension:volume_type_access:get_all_for_type" ADMIN;
    VOLUME_EXTEND "volume:extend" MEMBER;
    EXTEND_ATTACHED_VOLUME "volume:extend_attached_volume" MEMBER;
    VOLUME_ADMIN_ACTIONS_EXTEND_VOLUME_COMPLETION "volume_extension:volume_admin_actions:extend_volume_completion" ADMIN;
    REVERT_TO_SNAPSHOT "volume:revert_to_snapshot" MEMBER;
    VOLUME_ADMIN_ACTIONS_RESET_STATUS "volume_extension:volume_admin_actions:reset_status" ADMIN;
    VOLUME_RETYPE "volume:retype" MEMBER;
    UPDATE_READONLY_FLAG "volume:update_readonly_flag" MEMBER;
    VOLUME_ADMIN_ACTIONS_FORCE_DELETE "volume_extension:volume_admin_actions:force_delete" ADMIN;
    VOLUME_ACTIONS_UPLOAD_PUBLIC "volume_extension:volume_actions:upload_public" ADMIN;
    VOLUME_ACTIONS_UPLOAD_IMAGE "volume_extension:volume_actions:upload_image" MEMBER;
    VOLUME_ADMIN_ACTIONS_FORCE_DETACH "volume_extension:volume_admin_actions:force_detach" ADMIN;
    VOLUME_ADMIN_ACTIONS_MIGRATE_VOLUME "volume_extension:volume_admin_actions:migrate_volume" ADMIN;
    VOLUME_ADMIN_ACTIONS_MIGRATE_VOLUME_COMPLETION "volume_extension:volume_admin_actions:migrate_volume_completion" ADMIN;
    VOLUME_ACTIONS_INITIALIZE_CONNECTION "volume_extension:volume_actions:initialize_connection" MEMBER;
    VOLUME_ACTIONS_TERMINATE_CONNECTION "volume_extension:volume_actions:terminate_connection" MEMBER;
    VOLUME_ACTIONS_ROLL_DETACHING "volume_extension:volume_actions:roll_detaching" MEMBER;
    VOLUME_ACTIONS_RESERVE "volume_extension:volume_actions:reserve" MEMBER;
    VOLUME_ACTIONS_UNRESERVE "volume_extension:volume_actions:unreserve" MEMBER;
    VOLUME_ACTIONS_BEGIN_DETACHING "volume_extension:volume_actions:begin_detaching" MEMBER;
    VOLUME_ACTIONS_ATTACH "volume_extension:volume_actions:attach" MEMBER;
    VOLUME_ACTIONS_DETACH "volume_extension:volume_actions:detach" MEMBER;
    VOLUME_REIMAGE "volume:reimage" MEMBER;
    REIMAGE_RESERVED "volume:reimage_reserved" MEMBER;
    GET_VOLUME_METADATA "volume:get_volume_metadata" READER;
    CREATE_VOLUME_METADATA "volume:create_volume_metadata" MEMBER;
    UPDATE_VOLUME_METADATA "volume:update_volume_metadata" MEMBER;
    DELETE_VOLUME_METADATA "volume:delete_volume_metadata" MEMBER;
    VOLUME_IMAGE_METADATA_SHOW "volume_extension:volume_image_metadata:show" READER;
    VOLUME_IMAGE_METADATA_SET "volume_extension:volume_image_metadata:set" MEMBER;
    VOLUME_IMAGE_METADATA_REMOVE "volume_extension:volume_image_metadata:remove" MEMBER;
    GET_ALL_TRANSFERS "volume:get_all_transfers" READER;
    CREATE_TRANSFER "volume:create_transfer" MEMBER;
    GET_TRANSFER "volume:get_transfer" READER;
    ACCEPT_TRANSFER "volume:accept_transfer" MEMBER;
    DELETE_TRANSFER "volume:delete_transfer" MEMBER;
    TYPE_CREATE "volume_extension:type_create" ADMIN;
    TYPE_UPDATE "volume_extension:type_update" ADMIN;
    TYPE_DELETE "volume_extension:type_delete" ADMIN;
    TYPE_GET "volume_extension:type_get" READER;
    TYPE_GET_ALL "volume_extension:type_get_all" READER;
    ACCESS_TYPES_EXTRA_SPECS "volume_extension:access_types_extra_specs" READER;
    ACCESS_TYPES_QOS_SPECS_ID "volume_extension:access_types_qos_specs_id" ADMIN;
    VOLUME_TYPE_ENCRYPTION_CREATE "volume_extension:volume_type_encryption:create" ADMIN;
    VOLUME_TYPE_ENCRYPTION_GET "volume_extension:volume_type_encryption:get" ADMIN;
    VOLUME_TYPE_ENCRYPTION_UPDATE "volume_extension:volume_type_encryption:update" ADMIN;
    VOLUME_TYPE_ENCRYPTION_DELETE "volume_extension:volume_type_encryption:delete" ADMIN;
    VOLUME_CREATE "volume:create" MEMBER;
    VOLUME_CREATE_FROM_IMAGE "volume:create_from_image" MEMBER;
    VOLUME_GET "volume:get" READER;
    VOLUME_GET_ALL "volume:get_all" READER;
    VOLUME_UPDATE "volume:update" MEMBER;
    VOLUME_DELETE "volume:delete" MEMBER;
    VOLUME_FORCE_DELETE "volume:force_delete" ADMIN;
    VOLUME_HOST_ATTRIBUTE "volume_extension:volume_host_attribute" ADMIN;
    VOLUME_TENANT_ATTRIBUTE "volume_extension:volume_tenant_attribute" READER;
    VOLUME_MIG_STATUS_ATTRIBUTE "volume_extension:volume_mig_status_attribute" ADMIN;
    VOLUME_ENCRYPTION_METADATA "volume_extension:volume_encryption_metadata" READER;
    VOLUME_MULTIATTACH "volume:multiattach" MEMBER;
    WORKERS_CLEANUP "workers:cleanup" ADMIN;
}

/// Who counts as administrator: sees what belongs to all projects.
pub const CONTEXT_IS_ADMIN: Rule = base_rules(SERVICE)[1];

/// What Cinder's defaults are made of.
const BASE: [Rule; 4] = [
    base_rules(SERVICE)[1],
    base_rules(SERVICE)[2],
    Rule::new(
        SERVICE,
        "xena_system_admin_or_project_reader",
        "(role:admin) or (role:reader and project_id:%(project_id)s)",
    ),
    Rule::new(
        SERVICE,
        "xena_system_admin_or_project_member",
        "(role:admin) or (role:member and project_id:%(project_id)s)",
    ),
];

const ALL: [Rule; BASE.len() + OWN.len()] = joined(&BASE, OWN);

/// All rules of this service.
pub const RULES: RuleSet = RuleSet { service: SERVICE, rules: &ALL };
