//! The policy table: Nova's rule names and secure-RBAC defaults.

use kogge_auth::policy::{base_rules, joined};
use kogge_auth::{Rule, RuleSet};

const ADMIN: &str = "rule:context_is_admin";
const MEMBER: &str = "rule:project_member_or_admin";
const MANAGER: &str = "rule:project_manager_or_admin";
const READER: &str = "rule:project_reader_or_admin";
const SERVICE_ROLE: &str = "role:service";
const SERVICE_OR_ADMIN: &str = "role:service or rule:context_is_admin";
const ANYBODY: &str = "@";
const OWNER: &str = "(rule:context_is_admin) or user_id:%(user_id)s";

/// The service's name in rule tables.
const SERVICE: &str = "compute";

macro_rules! rules {
    ($($constant:ident $name:literal $default:ident;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: Rule = Rule::new(SERVICE, $name, $default);)*
        const OWN: &[Rule] = &[$($constant),*];
    };
}

rules! {
    SERVERS_INDEX "os_compute_api:servers:index" READER;
    SERVERS_DETAIL "os_compute_api:servers:detail" READER;
    SERVERS_INDEX_ALL "os_compute_api:servers:index:get_all_tenants" ADMIN;
    SERVERS_DETAIL_ALL "os_compute_api:servers:detail:get_all_tenants" ADMIN;
    SERVERS_ALL_FILTERS "os_compute_api:servers:allow_all_filters" ADMIN;
    SERVERS_SHOW "os_compute_api:servers:show" READER;
    SERVERS_SHOW_EXTRA_SPECS "os_compute_api:servers:show:flavor-extra-specs" READER;
    SERVERS_SHOW_HOST_STATUS "os_compute_api:servers:show:host_status" ADMIN;
    SERVERS_CREATE "os_compute_api:servers:create" MEMBER;
    SERVERS_CREATE_FORCED_HOST "os_compute_api:servers:create:forced_host" ADMIN;
    SERVERS_CREATE_DESTINATION "compute:servers:create:requested_destination" ADMIN;
    SERVERS_CREATE_ATTACH_VOLUME "os_compute_api:servers:create:attach_volume" MEMBER;
    SERVERS_CREATE_ATTACH_NETWORK "os_compute_api:servers:create:attach_network" MEMBER;
    SERVERS_CREATE_TRUSTED_CERTS "os_compute_api:servers:create:trusted_certs" MEMBER;
    SERVERS_CREATE_ZERO_DISK "os_compute_api:servers:create:zero_disk_flavor" ADMIN;
    ATTACH_EXTERNAL_NETWORK "network:attach_external_network" ADMIN;
    SERVERS_DELETE "os_compute_api:servers:delete" MEMBER;
    SERVERS_UPDATE "os_compute_api:servers:update" MEMBER;
    SERVERS_CONFIRM_RESIZE "os_compute_api:servers:confirm_resize" MEMBER;
    SERVERS_REVERT_RESIZE "os_compute_api:servers:revert_resize" MEMBER;
    SERVERS_REBOOT "os_compute_api:servers:reboot" MEMBER;
    SERVERS_RESIZE "os_compute_api:servers:resize" MEMBER;
    SERVERS_REBUILD "os_compute_api:servers:rebuild" MEMBER;
    SERVERS_CREATE_IMAGE "os_compute_api:servers:create_image" MEMBER;
    SERVERS_CREATE_IMAGE_OF_VOLUMES "os_compute_api:servers:create_image:allow_volume_backed" MEMBER;
    SERVERS_START "os_compute_api:servers:start" MEMBER;
    SERVERS_STOP "os_compute_api:servers:stop" MEMBER;
    EXTENDED_ATTRIBUTES "os_compute_api:os-extended-server-attributes" ADMIN;
    FORCE_DELETE "os_compute_api:os-deferred-delete:force" MEMBER;
    RESTORE "os_compute_api:os-deferred-delete:restore" MEMBER;
    SHELVE "os_compute_api:os-shelve:shelve" MEMBER;
    UNSHELVE "os_compute_api:os-shelve:unshelve" MEMBER;
    UNSHELVE_TO_HOST "os_compute_api:os-shelve:unshelve_to_host" ADMIN;
    SHELVE_OFFLOAD "os_compute_api:os-shelve:shelve_offload" ADMIN;
    CREATE_BACKUP "os_compute_api:os-create-backup" MEMBER;
    RESCUE "os_compute_api:os-rescue" MEMBER;
    UNRESCUE "os_compute_api:os-unrescue" MEMBER;
    TRIGGER_CRASH_DUMP "os_compute_api:servers:trigger_crash_dump" MEMBER;
    MIGRATE "os_compute_api:os-migrate-server:migrate" MANAGER;
    MIGRATE_TO_HOST "os_compute_api:os-migrate-server:migrate:host" ADMIN;
    MIGRATE_LIVE "os_compute_api:os-migrate-server:migrate_live" MANAGER;
    MIGRATE_LIVE_TO_HOST "os_compute_api:os-migrate-server:migrate_live:host" ADMIN;
    EVACUATE "os_compute_api:os-evacuate" ADMIN;
    SERVER_MIGRATIONS_SHOW "os_compute_api:servers:migrations:show" ADMIN;
    SERVER_MIGRATIONS_HOST "os_compute_api:servers:migrations:index:host" ADMIN;
    SERVER_MIGRATIONS_FORCE "os_compute_api:servers:migrations:force_complete" MANAGER;
    SERVER_MIGRATIONS_DELETE "os_compute_api:servers:migrations:delete" MANAGER;
    RESET_STATE "os_compute_api:os-admin-actions:reset_state" ADMIN;
    ADMIN_PASSWORD "os_compute_api:os-admin-password" MEMBER;
    CONSOLE_OUTPUT "os_compute_api:os-console-output" MEMBER;
    LOCK "os_compute_api:os-lock-server:lock" MEMBER;
    UNLOCK "os_compute_api:os-lock-server:unlock" MEMBER;
    UNLOCK_OVERRIDE "os_compute_api:os-lock-server:unlock:unlock_override" ADMIN;
    PAUSE "os_compute_api:os-pause-server:pause" MEMBER;
    UNPAUSE "os_compute_api:os-pause-server:unpause" MEMBER;
    SUSPEND "os_compute_api:os-suspend-server:suspend" MEMBER;
    RESUME "os_compute_api:os-suspend-server:resume" MEMBER;
    INTERFACES_LIST "os_compute_api:os-attach-interfaces:list" READER;
    INTERFACES_SHOW "os_compute_api:os-attach-interfaces:show" READER;
    INTERFACES_CREATE "os_compute_api:os-attach-interfaces:create" MEMBER;
    INTERFACES_DELETE "os_compute_api:os-attach-interfaces:delete" MEMBER;
    IPS_INDEX "os_compute_api:ips:index" READER;
    IPS_SHOW "os_compute_api:ips:show" READER;
    METADATA_INDEX "os_compute_api:server-metadata:index" READER;
    METADATA_SHOW "os_compute_api:server-metadata:show" READER;
    METADATA_CREATE "os_compute_api:server-metadata:create" MEMBER;
    METADATA_UPDATE_ALL "os_compute_api:server-metadata:update_all" MEMBER;
    METADATA_UPDATE "os_compute_api:server-metadata:update" MEMBER;
    METADATA_DELETE "os_compute_api:server-metadata:delete" MEMBER;
    TAGS_INDEX "os_compute_api:os-server-tags:index" READER;
    TAGS_SHOW "os_compute_api:os-server-tags:show" READER;
    TAGS_UPDATE "os_compute_api:os-server-tags:update" MEMBER;
    TAGS_UPDATE_ALL "os_compute_api:os-server-tags:update_all" MEMBER;
    TAGS_DELETE "os_compute_api:os-server-tags:delete" MEMBER;
    TAGS_DELETE_ALL "os_compute_api:os-server-tags:delete_all" MEMBER;
    ACTIONS_LIST "os_compute_api:os-instance-actions:list" READER;
    ACTIONS_SHOW "os_compute_api:os-instance-actions:show" READER;
    ACTIONS_EVENTS "os_compute_api:os-instance-actions:events" ADMIN;
    ACTIONS_EVENT_DETAILS "os_compute_api:os-instance-actions:events:details" ADMIN;
    FLAVOR_CREATE "os_compute_api:os-flavor-manage:create" ADMIN;
    FLAVOR_UPDATE "os_compute_api:os-flavor-manage:update" ADMIN;
    FLAVOR_DELETE "os_compute_api:os-flavor-manage:delete" ADMIN;
    FLAVOR_ACCESS "os_compute_api:os-flavor-access" ADMIN;
    FLAVOR_ACCESS_ADD "os_compute_api:os-flavor-access:add_tenant_access" ADMIN;
    FLAVOR_ACCESS_REMOVE "os_compute_api:os-flavor-access:remove_tenant_access" ADMIN;
    EXTRA_SPECS_INDEX "os_compute_api:os-flavor-extra-specs:index" READER;
    EXTRA_SPECS_SHOW "os_compute_api:os-flavor-extra-specs:show" READER;
    EXTRA_SPECS_CREATE "os_compute_api:os-flavor-extra-specs:create" ADMIN;
    EXTRA_SPECS_UPDATE "os_compute_api:os-flavor-extra-specs:update" ADMIN;
    EXTRA_SPECS_DELETE "os_compute_api:os-flavor-extra-specs:delete" ADMIN;
    KEYPAIRS_INDEX "os_compute_api:os-keypairs:index" OWNER;
    KEYPAIRS_CREATE "os_compute_api:os-keypairs:create" OWNER;
    KEYPAIRS_DELETE "os_compute_api:os-keypairs:delete" OWNER;
    KEYPAIRS_SHOW "os_compute_api:os-keypairs:show" OWNER;
    LIMITS "os_compute_api:limits" ANYBODY;
    LIMITS_OTHER "os_compute_api:limits:other_project" ADMIN;
    QUOTA_SHOW "os_compute_api:os-quota-sets:show" READER;
    QUOTA_DETAIL "os_compute_api:os-quota-sets:detail" READER;
    QUOTA_DEFAULTS "os_compute_api:os-quota-sets:defaults" ANYBODY;
    QUOTA_UPDATE "os_compute_api:os-quota-sets:update" ADMIN;
    QUOTA_DELETE "os_compute_api:os-quota-sets:delete" ADMIN;
    QUOTA_CLASS_SHOW "os_compute_api:os-quota-class-sets:show" ADMIN;
    QUOTA_CLASS_UPDATE "os_compute_api:os-quota-class-sets:update" ADMIN;
    USAGE_SHOW "os_compute_api:os-simple-tenant-usage:show" READER;
    USAGE_LIST "os_compute_api:os-simple-tenant-usage:list" ADMIN;
    ZONES_LIST "os_compute_api:os-availability-zone:list" ANYBODY;
    ZONES_DETAIL "os_compute_api:os-availability-zone:detail" ADMIN;
    EXTENSIONS "os_compute_api:extensions" ANYBODY;
    HYPERVISORS_LIST "os_compute_api:os-hypervisors:list" ADMIN;
    HYPERVISORS_DETAIL "os_compute_api:os-hypervisors:list-detail" ADMIN;
    HYPERVISORS_SHOW "os_compute_api:os-hypervisors:show" ADMIN;
    HYPERVISORS_STATISTICS "os_compute_api:os-hypervisors:statistics" ADMIN;
    HYPERVISORS_UPTIME "os_compute_api:os-hypervisors:uptime" ADMIN;
    HYPERVISORS_SEARCH "os_compute_api:os-hypervisors:search" ADMIN;
    HYPERVISORS_SERVERS "os_compute_api:os-hypervisors:servers" ADMIN;
    SERVICES_LIST "os_compute_api:os-services:list" ADMIN;
    SERVICES_UPDATE "os_compute_api:os-services:update" ADMIN;
    HOSTS_LIST "os_compute_api:os-hosts:list" ADMIN;
    HOSTS_SHOW "os_compute_api:os-hosts:show" ADMIN;
    HOSTS_UPDATE "os_compute_api:os-hosts:update" ADMIN;
    HOSTS_START "os_compute_api:os-hosts:start" ADMIN;
    HOSTS_SHUTDOWN "os_compute_api:os-hosts:shutdown" ADMIN;
    HOSTS_REBOOT "os_compute_api:os-hosts:reboot" ADMIN;
    EVENTS_CREATE "os_compute_api:os-server-external-events:create" SERVICE_OR_ADMIN;
    DIAGNOSTICS "os_compute_api:os-server-diagnostics" ADMIN;
    AGGREGATES_INDEX "os_compute_api:os-aggregates:index" ADMIN;
    AGGREGATES_SHOW "os_compute_api:os-aggregates:show" ADMIN;
    AGGREGATES_CREATE "os_compute_api:os-aggregates:create" ADMIN;
    AGGREGATES_UPDATE "os_compute_api:os-aggregates:update" ADMIN;
    AGGREGATES_DELETE "os_compute_api:os-aggregates:delete" ADMIN;
    AGGREGATES_ADD_HOST "os_compute_api:os-aggregates:add_host" ADMIN;
    AGGREGATES_REMOVE_HOST "os_compute_api:os-aggregates:remove_host" ADMIN;
    AGGREGATES_SET_METADATA "os_compute_api:os-aggregates:set_metadata" ADMIN;
    SERVER_GROUPS_INDEX "os_compute_api:os-server-groups:index" READER;
    SERVER_GROUPS_INDEX_ALL "os_compute_api:os-server-groups:index:all_projects" ADMIN;
    SERVER_GROUPS_SHOW "os_compute_api:os-server-groups:show" READER;
    SERVER_GROUPS_CREATE "os_compute_api:os-server-groups:create" MEMBER;
    SERVER_GROUPS_DELETE "os_compute_api:os-server-groups:delete" MEMBER;
    GROUPS_LIST "os_compute_api:os-security-groups:list" READER;
    GROUPS_ADD "os_compute_api:os-security-groups:add" MEMBER;
    GROUPS_REMOVE "os_compute_api:os-security-groups:remove" MEMBER;
    GROUPS_GET "os_compute_api:os-security-groups:get" READER;
    GROUPS_SHOW "os_compute_api:os-security-groups:show" READER;
    GROUPS_CREATE "os_compute_api:os-security-groups:create" MEMBER;
    GROUPS_UPDATE "os_compute_api:os-security-groups:update" MEMBER;
    GROUPS_DELETE "os_compute_api:os-security-groups:delete" MEMBER;
    GROUP_RULES_CREATE "os_compute_api:os-security-groups:rule:create" MEMBER;
    GROUP_RULES_DELETE "os_compute_api:os-security-groups:rule:delete" MEMBER;
    MULTINIC_ADD "os_compute_api:os-multinic:add" MEMBER;
    MULTINIC_REMOVE "os_compute_api:os-multinic:remove" MEMBER;
    FLOATING_IPS_ADD "os_compute_api:os-floating-ips:add" MEMBER;
    FLOATING_IPS_REMOVE "os_compute_api:os-floating-ips:remove" MEMBER;
    FLOATING_IPS_LIST "os_compute_api:os-floating-ips:list" READER;
    FLOATING_IPS_CREATE "os_compute_api:os-floating-ips:create" MEMBER;
    FLOATING_IPS_SHOW "os_compute_api:os-floating-ips:show" READER;
    FLOATING_IPS_DELETE "os_compute_api:os-floating-ips:delete" MEMBER;
    FLOATING_IP_POOLS "os_compute_api:os-floating-ip-pools" ANYBODY;
    NETWORKS_LIST "os_compute_api:os-networks:list" READER;
    NETWORKS_SHOW "os_compute_api:os-networks:show" READER;
    TENANT_NETWORKS_LIST "os_compute_api:os-tenant-networks:list" READER;
    TENANT_NETWORKS_SHOW "os_compute_api:os-tenant-networks:show" READER;
    VOLUME_ATTACHMENTS_INDEX "os_compute_api:os-volumes-attachments:index" READER;
    VOLUME_ATTACHMENTS_SHOW "os_compute_api:os-volumes-attachments:show" READER;
    VOLUME_ATTACHMENTS_CREATE "os_compute_api:os-volumes-attachments:create" MEMBER;
    VOLUME_ATTACHMENTS_UPDATE "os_compute_api:os-volumes-attachments:update" MEMBER;
    VOLUME_ATTACHMENTS_SWAP "os_compute_api:os-volumes-attachments:swap" SERVICE_ROLE;
    VOLUME_ATTACHMENTS_DELETE "os_compute_api:os-volumes-attachments:delete" MEMBER;
    MIGRATIONS_INDEX "os_compute_api:os-migrations:index" MANAGER;
    MIGRATIONS_INDEX_ALL "os_compute_api:os-migrations:index:all_projects" ADMIN;
    MIGRATIONS_INDEX_HOST "os_compute_api:os-migrations:index:host" ADMIN;
    SERVER_MIGRATIONS_INDEX "os_compute_api:servers:migrations:index" MANAGER;
    TOPOLOGY_INDEX "compute:server:topology:index" READER;
    REMOTE_CONSOLES "os_compute_api:os-remote-consoles" MEMBER;
    CONSOLE_TOKENS "os_compute_api:os-console-auth-tokens" ADMIN;
}

const BASE: [Rule; 9] = base_rules(SERVICE);

const ALL: [Rule; BASE.len() + OWN.len()] = joined(&BASE, OWN);

/// All rules of this service.
pub const RULES: RuleSet = RuleSet { service: SERVICE, rules: &ALL };

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_rule_stands_twice_in_the_table() {
        let names: BTreeSet<&str> = RULES.rules.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.rules.len());
    }

    #[test]
    fn own_rules_have_novas_prefixes() {
        for rule in OWN {
            let prefixes = ["os_compute_api:", "compute:", "network:"];
            assert!(prefixes.iter().any(|prefix| rule.name.starts_with(prefix)), "{}", rule.name);
        }
    }
}
