//! The route table of Compute v2.1, and the room behind it: from the wire to commands, from views to the wire.

pub(crate) mod consoles;
mod errors;
pub(crate) mod events;
pub(crate) mod hosts;
pub(crate) mod hypervisors;
pub(crate) mod images;
pub(crate) mod networks;
pub(crate) mod quotas;
pub(crate) mod security_groups;
pub(crate) mod servers;
pub(crate) mod services;
pub(crate) mod usage;
pub(crate) mod versions;
pub(crate) mod wire;
pub(crate) mod zones;

pub(crate) use kogge_resource::nova as body;
pub(crate) use kogge_resource::nova::query;

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _, handlers};

use crate::resources::aggregates::{self, Aggregates};
use crate::resources::flavors::Flavors;
use crate::resources::keypairs::Keypairs;
use crate::resources::migrations::Migrations;
use crate::resources::server_groups::ServerGroups;
use crate::{Compute, microversion as v, policy as p};

/// The route table.
pub(crate) fn routes() -> Routes<Compute> {
    version_routes()
        .merge(flavor_routes())
        .merge(server_routes())
        .merge(server_parts())
        .merge(server_moves())
        .merge(server_consoles())
        .merge(server_actions())
        .merge(project_routes())
        .merge(host_routes())
        .merge(proxy_routes())
        .merge(network_proxies())
        .merge(absent_routes())
        .list::<Migrations>()
        .fixed::<Keypairs>()
        .fixed::<ServerGroups>()
}

fn version_routes() -> Routes<Compute> {
    let public = Access::Public;
    Routes::new()
        .get("/", public, versions::list)
        .get("/v2.1", public, versions::current)
        .get("/v2.1/", public, versions::current)
        .get("/v2", public, versions::old)
        .get("/v2/", public, versions::old)
        .get("/v2.1/extensions", p::EXTENSIONS, zones::extensions)
        .get("/v2.1/extensions/{alias}", p::EXTENSIONS, zones::extension_show)
}

fn flavor_routes() -> Routes<Compute> {
    use crate::resources::flavors::{access, extra_specs};
    const SPECS: &str = "/v2.1/flavors/{id}/os-extra_specs";
    const SPEC: &str = "/v2.1/flavors/{id}/os-extra_specs/{key}";
    const ACTION: &str = "/v2.1/flavors/{id}/action";
    let (all, each) = (Flavors::NAMES.all, Flavors::NAMES.each);
    let described = VersionRange::since(v::FLAVOR_DESCRIPTION);
    Routes::new()
        .get(all, Access::Token, handlers::list::<Flavors>)
        .create::<Flavors>()
        .get("/v2.1/flavors/detail", Access::Token, handlers::details::<Flavors>)
        .get(each, Access::Token, handlers::show::<Flavors>)
        .route(Method::PUT, each, described, p::FLAVOR_UPDATE, handlers::update::<Flavors>)
        .remove::<Flavors>()
        .get(SPECS, p::EXTRA_SPECS_INDEX, extra_specs::index)
        .post(SPECS, p::EXTRA_SPECS_CREATE, extra_specs::create)
        .get(SPEC, p::EXTRA_SPECS_SHOW, extra_specs::show)
        .put(SPEC, p::EXTRA_SPECS_UPDATE, extra_specs::update)
        .delete(SPEC, p::EXTRA_SPECS_DELETE, extra_specs::delete)
        .get("/v2.1/flavors/{id}/os-flavor-access", p::FLAVOR_ACCESS, access::index)
        .post(ACTION, p::FLAVOR_ACCESS_ADD, access::action)
        .action(ACTION, "addTenantAccess", p::FLAVOR_ACCESS_ADD)
        .action(ACTION, "removeTenantAccess", p::FLAVOR_ACCESS_REMOVE)
}

fn server_routes() -> Routes<Compute> {
    use servers::{create, delete, list, show, update};
    Routes::new()
        .get("/v2.1/servers", p::SERVERS_INDEX, list::index)
        .post("/v2.1/servers", p::SERVERS_CREATE, create::create)
        .get("/v2.1/servers/detail", p::SERVERS_DETAIL, list::details)
        .get("/v2.1/servers/{id}", p::SERVERS_SHOW, show::show)
        .put("/v2.1/servers/{id}", p::SERVERS_UPDATE, update::update)
        .delete("/v2.1/servers/{id}", p::SERVERS_DELETE, delete::delete)
}

fn server_parts() -> Routes<Compute> {
    use servers::{addresses, instance_actions, interfaces, metadata, security_groups, tags, volumes};
    const META: &str = "/v2.1/servers/{id}/metadata";
    const ITEM: &str = "/v2.1/servers/{id}/metadata/{key}";
    const TAGS: &str = "/v2.1/servers/{id}/tags";
    const TAG: &str = "/v2.1/servers/{id}/tags/{tag}";
    const NICS: &str = "/v2.1/servers/{id}/os-interface";
    const NIC: &str = "/v2.1/servers/{id}/os-interface/{port}";
    const DONE: &str = "/v2.1/servers/{id}/os-instance-actions";
    const VOLUMES: &str = "/v2.1/servers/{id}/os-volume_attachments";
    const VOLUME: &str = "/v2.1/servers/{id}/os-volume_attachments/{volume}";
    let tags = Routes::within(VersionRange::since(v::TAGS))
        .get(TAGS, p::TAGS_INDEX, tags::index)
        .put(TAGS, p::TAGS_UPDATE_ALL, tags::replace)
        .delete(TAGS, p::TAGS_DELETE_ALL, tags::delete_all)
        .get(TAG, p::TAGS_SHOW, tags::show)
        .put(TAG, p::TAGS_UPDATE, tags::add)
        .delete(TAG, p::TAGS_DELETE, tags::delete);
    Routes::new()
        .get("/v2.1/servers/{id}/diagnostics", p::DIAGNOSTICS, servers::diagnostics::show)
        .get("/v2.1/servers/{id}/ips", p::IPS_INDEX, addresses::index)
        .get("/v2.1/servers/{id}/ips/{network}", p::IPS_SHOW, addresses::show)
        .get(META, p::METADATA_INDEX, metadata::index)
        .post(META, p::METADATA_CREATE, metadata::create)
        .put(META, p::METADATA_UPDATE_ALL, metadata::replace)
        .get(ITEM, p::METADATA_SHOW, metadata::show)
        .put(ITEM, p::METADATA_UPDATE, metadata::update)
        .delete(ITEM, p::METADATA_DELETE, metadata::delete)
        .merge(tags)
        .get(NICS, p::INTERFACES_LIST, interfaces::index)
        .post(NICS, p::INTERFACES_CREATE, interfaces::create)
        .get(NIC, p::INTERFACES_SHOW, interfaces::show)
        .delete(NIC, p::INTERFACES_DELETE, interfaces::delete)
        .get(VOLUMES, p::VOLUME_ATTACHMENTS_INDEX, volumes::index)
        .post(VOLUMES, p::VOLUME_ATTACHMENTS_CREATE, volumes::create)
        .get(VOLUME, p::VOLUME_ATTACHMENTS_SHOW, volumes::show)
        .put(VOLUME, p::VOLUME_ATTACHMENTS_UPDATE, volumes::update)
        .delete(VOLUME, p::VOLUME_ATTACHMENTS_DELETE, volumes::delete)
        .get(DONE, p::ACTIONS_LIST, instance_actions::index)
        .get("/v2.1/servers/{id}/os-instance-actions/{request}", p::ACTIONS_SHOW, instance_actions::show)
        .get("/v2.1/servers/{id}/os-security-groups", p::GROUPS_LIST, security_groups::index)
}

/// What is not here, in answers that clients know.
fn absent_routes() -> Routes<Compute> {
    use servers::absent;
    let since = VersionRange::since;
    Routes::new()
        .route(
            Method::GET,
            "/v2.1/servers/{id}/topology",
            since(v::TOPOLOGY),
            p::TOPOLOGY_INDEX,
            absent::topology,
        )
        // of nova-network, cells and the like: the controllers of Nova that raise HTTPGone
        .gone(include_str!("../data/gone.txt").lines())
}

fn server_consoles() -> Routes<Compute> {
    use servers::consoles::{GET_RDP, GET_SERIAL, GET_SPICE, GET_VNC, create};
    const ACTION: &str = "/v2.1/servers/{id}/action";
    const CONSOLES: &str = "/v2.1/servers/{id}/remote-consoles";
    let (since, until) = (VersionRange::since(v::REMOTE_CONSOLES), VersionRange::until(v::REMOTE_CONSOLES));
    Routes::new()
        .route(Method::POST, CONSOLES, since, p::REMOTE_CONSOLES, create)
        .action_in(ACTION, GET_VNC, until, p::REMOTE_CONSOLES)
        .action_in(ACTION, GET_SPICE, until, p::REMOTE_CONSOLES)
        .action_in(ACTION, GET_RDP, until, p::REMOTE_CONSOLES)
        .action_in(ACTION, GET_SERIAL, until, p::REMOTE_CONSOLES)
        .get("/v2.1/os-console-auth-tokens/{token}", p::CONSOLE_TOKENS, consoles::token)
}

fn server_moves() -> Routes<Compute> {
    use servers::migrate;
    const MOVES: &str = "/v2.1/servers/{id}/migrations";
    const MOVE: &str = "/v2.1/servers/{id}/migrations/{migration}";
    const PUSH: &str = "/v2.1/servers/{id}/migrations/{migration}/action";
    let since = VersionRange::since;
    Routes::new()
        .route(Method::GET, MOVES, since(v::SERVER_MIGRATIONS), p::SERVER_MIGRATIONS_INDEX, migrate::index)
        .route(Method::GET, MOVE, since(v::SERVER_MIGRATIONS), p::SERVER_MIGRATIONS_SHOW, migrate::show)
        .route(Method::DELETE, MOVE, since(v::ABORT_MOVE), p::SERVER_MIGRATIONS_DELETE, migrate::abort)
        .route(Method::POST, PUSH, since(v::FORCE_COMPLETE), p::SERVER_MIGRATIONS_FORCE, migrate::force)
        .action_in(PUSH, "force_complete", since(v::FORCE_COMPLETE), p::SERVER_MIGRATIONS_FORCE)
}

fn server_actions() -> Routes<Compute> {
    use servers::addressing;
    let addresses = VersionRange::until(v::NO_ADDRESS_ACTIONS);
    const PATH: &str = "/v2.1/servers/{id}/action";
    Routes::new()
        .post(PATH, Access::Token, servers::action::action)
        .action(PATH, "os-start", p::SERVERS_START)
        .action(PATH, "os-stop", p::SERVERS_STOP)
        .action(PATH, "reboot", p::SERVERS_REBOOT)
        .action(PATH, "pause", p::PAUSE)
        .action(PATH, "unpause", p::UNPAUSE)
        .action(PATH, "suspend", p::SUSPEND)
        .action(PATH, "resume", p::RESUME)
        .action(PATH, "lock", p::LOCK)
        .action(PATH, "unlock", p::UNLOCK)
        .action(PATH, "forceDelete", p::FORCE_DELETE)
        .action(PATH, "migrate", p::MIGRATE)
        .action(PATH, "os-migrateLive", p::MIGRATE_LIVE)
        .action(PATH, "evacuate", p::EVACUATE)
        .action(PATH, "rescue", p::RESCUE)
        .action(PATH, "unrescue", p::UNRESCUE)
        .action_in(PATH, "trigger_crash_dump", VersionRange::since(v::CRASH_DUMP), p::TRIGGER_CRASH_DUMP)
        .action(PATH, "restore", p::RESTORE)
        .action(PATH, "shelve", p::SHELVE)
        .action(PATH, "shelveOffload", p::SHELVE_OFFLOAD)
        .action(PATH, "unshelve", p::UNSHELVE)
        .action(PATH, "createBackup", p::CREATE_BACKUP)
        .action(PATH, "os-resetState", p::RESET_STATE)
        .action(PATH, "os-getConsoleOutput", p::CONSOLE_OUTPUT)
        .action(PATH, "changePassword", p::ADMIN_PASSWORD)
        .action(PATH, "createImage", p::SERVERS_CREATE_IMAGE)
        .action(PATH, "rebuild", p::SERVERS_REBUILD)
        .action(PATH, "resize", p::SERVERS_RESIZE)
        .action(PATH, "confirmResize", p::SERVERS_CONFIRM_RESIZE)
        .action(PATH, "revertResize", p::SERVERS_REVERT_RESIZE)
        .action(PATH, "addSecurityGroup", p::GROUPS_ADD)
        .action(PATH, "removeSecurityGroup", p::GROUPS_REMOVE)
        .action_in(PATH, addressing::ADD_FIXED_IP, addresses, p::MULTINIC_ADD)
        .action_in(PATH, addressing::REMOVE_FIXED_IP, addresses, p::MULTINIC_REMOVE)
        .action_in(PATH, addressing::ADD_FLOATING_IP, addresses, p::FLOATING_IPS_ADD)
        .action_in(PATH, addressing::REMOVE_FLOATING_IP, addresses, p::FLOATING_IPS_REMOVE)
}

fn project_routes() -> Routes<Compute> {
    const SET: &str = "/v2.1/os-quota-sets/{project}";
    const CLASS: &str = "/v2.1/os-quota-class-sets/{class}";
    Routes::new()
        .get("/v2.1/limits", p::LIMITS, quotas::limits)
        .get("/v2.1/os-simple-tenant-usage", p::USAGE_LIST, usage::index)
        .get("/v2.1/os-simple-tenant-usage/{project}", p::USAGE_SHOW, usage::show)
        .get(SET, p::QUOTA_SHOW, quotas::show)
        .put(SET, p::QUOTA_UPDATE, quotas::update)
        .delete(SET, p::QUOTA_DELETE, quotas::delete)
        .get("/v2.1/os-quota-sets/{project}/detail", p::QUOTA_DETAIL, quotas::detail)
        .get("/v2.1/os-quota-sets/{project}/defaults", p::QUOTA_DEFAULTS, quotas::defaults)
        .get(CLASS, p::QUOTA_CLASS_SHOW, quotas::class)
        .put(CLASS, p::QUOTA_CLASS_UPDATE, quotas::update_class)
}

fn host_routes() -> Routes<Compute> {
    const HYPERVISOR: &str = "/v2.1/os-hypervisors/{id}";
    const ACTION: &str = "/v2.1/os-aggregates/{id}/action";
    let figures = Routes::within(VersionRange::until(v::NO_HYPERVISOR_FIGURES))
        .get("/v2.1/os-hypervisors/statistics", p::HYPERVISORS_STATISTICS, hypervisors::statistics)
        .get("/v2.1/os-hypervisors/{id}/uptime", p::HYPERVISORS_UPTIME, hypervisors::uptime);
    let numbers = Routes::within(VersionRange::until(v::HOST_UUIDS))
        .get("/v2.1/os-hypervisors/{id}/search", p::HYPERVISORS_SEARCH, hypervisors::search)
        .get("/v2.1/os-hypervisors/{id}/servers", p::HYPERVISORS_SERVERS, hypervisors::servers_of);
    Routes::new()
        .get("/v2.1/os-availability-zone", p::ZONES_LIST, zones::index)
        .get("/v2.1/os-availability-zone/detail", p::ZONES_DETAIL, zones::detail)
        .get("/v2.1/os-hypervisors", p::HYPERVISORS_LIST, hypervisors::index)
        .get("/v2.1/os-hypervisors/detail", p::HYPERVISORS_DETAIL, hypervisors::detail)
        .get(HYPERVISOR, p::HYPERVISORS_SHOW, hypervisors::show)
        .merge(figures)
        .merge(numbers)
        .merge(old_hosts())
        .post("/v2.1/os-server-external-events", p::EVENTS_CREATE, events::create)
        .get("/v2.1/os-services", p::SERVICES_LIST, services::index)
        .put("/v2.1/os-services/{id}", p::SERVICES_UPDATE, services::update)
        .crud::<Aggregates>()
        .post(ACTION, p::AGGREGATES_ADD_HOST, aggregates::action)
        .action(ACTION, "add_host", p::AGGREGATES_ADD_HOST)
        .action(ACTION, "remove_host", p::AGGREGATES_REMOVE_HOST)
        .action(ACTION, "set_metadata", p::AGGREGATES_SET_METADATA)
}

fn old_hosts() -> Routes<Compute> {
    const HOST: &str = "/v2.1/os-hosts/{host}";
    Routes::within(VersionRange::until(v::NO_HOSTS))
        .get("/v2.1/os-hosts", p::HOSTS_LIST, hosts::index)
        .get(HOST, p::HOSTS_SHOW, hosts::show)
        .put(HOST, p::HOSTS_UPDATE, hosts::update)
        .get("/v2.1/os-hosts/{host}/startup", p::HOSTS_START, hosts::power)
        .get("/v2.1/os-hosts/{host}/shutdown", p::HOSTS_SHUTDOWN, hosts::power)
        .get("/v2.1/os-hosts/{host}/reboot", p::HOSTS_REBOOT, hosts::power)
}

fn proxy_routes() -> Routes<Compute> {
    const GROUPS: &str = "/v2.1/os-security-groups";
    const GROUP: &str = "/v2.1/os-security-groups/{id}";
    const RULES: &str = "/v2.1/os-security-group-rules";
    const RULE: &str = "/v2.1/os-security-group-rules/{id}";
    const IMAGE: &str = "/v2.1/images/{id}";
    const META: &str = "/v2.1/images/{id}/metadata";
    const ITEM: &str = "/v2.1/images/{id}/metadata/{key}";
    let metadata = Routes::within(VersionRange::until(v::NO_IMAGE_META))
        .get(META, Access::Token, images::all_metadata)
        .post(META, Access::Token, images::add_metadata)
        .put(META, Access::Token, images::replace_metadata)
        .get(ITEM, Access::Token, images::metadata_item)
        .put(ITEM, Access::Token, images::set_metadata_item)
        .delete(ITEM, Access::Token, images::delete_metadata_item);
    Routes::within(VersionRange::until(v::NO_PROXIES))
        .get("/v2.1/images", Access::Token, images::index)
        .delete("/v2.1/images", Access::Token, security_groups::delete_none)
        .get("/v2.1/images/detail", Access::Token, images::details)
        .get(IMAGE, Access::Token, images::show)
        .delete(IMAGE, Access::Token, images::delete)
        .get(GROUPS, p::GROUPS_GET, security_groups::index)
        .post(GROUPS, p::GROUPS_CREATE, security_groups::create)
        .delete(GROUPS, p::GROUPS_DELETE, security_groups::delete_none)
        .get(GROUP, p::GROUPS_SHOW, security_groups::show)
        .put(GROUP, p::GROUPS_UPDATE, security_groups::update)
        .delete(GROUP, p::GROUPS_DELETE, security_groups::delete)
        .post(RULES, p::GROUP_RULES_CREATE, security_groups::create_rule)
        .delete(RULE, p::GROUP_RULES_DELETE, security_groups::delete_rule)
        .merge(metadata)
}

fn network_proxies() -> Routes<Compute> {
    const FLOATING: &str = "/v2.1/os-floating-ips";
    const ONE: &str = "/v2.1/os-floating-ips/{id}";
    Routes::within(VersionRange::until(v::NO_PROXIES))
        .get("/v2.1/os-networks", p::NETWORKS_LIST, networks::index)
        .get("/v2.1/os-networks/{id}", p::NETWORKS_SHOW, networks::show)
        .get("/v2.1/os-tenant-networks", p::TENANT_NETWORKS_LIST, networks::tenant_index)
        .get("/v2.1/os-tenant-networks/{id}", p::TENANT_NETWORKS_SHOW, networks::tenant_show)
        .get("/v2.1/os-floating-ip-pools", p::FLOATING_IP_POOLS, networks::pools)
        .get(FLOATING, p::FLOATING_IPS_LIST, networks::floating_ips)
        .post(FLOATING, p::FLOATING_IPS_CREATE, networks::create_floating_ip)
        .get(ONE, p::FLOATING_IPS_SHOW, networks::floating_ip)
        .delete(ONE, p::FLOATING_IPS_DELETE, networks::delete_floating_ip)
}
