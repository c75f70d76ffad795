//! The route table of Compute v2.1, and the room behind it: from the wire to commands, from views to the wire.

mod errors;
pub(crate) mod hypervisors;
pub(crate) mod images;
pub(crate) mod quotas;
pub(crate) mod security_groups;
pub(crate) mod servers;
pub(crate) mod services;
pub(crate) mod versions;
pub(crate) mod wire;
pub(crate) mod zones;

pub(crate) use kogge_resource::nova as body;
pub(crate) use kogge_resource::nova::query;

use http::Method;
use kogge_auth::Rule;
use kogge_http::{Access, Microversion, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _, handlers};

use crate::resources::aggregates::{self, Aggregates};
use crate::resources::flavors::Flavors;
use crate::resources::keypairs::Keypairs;
use crate::resources::server_groups::ServerGroups;
use crate::{Compute, microversion as v, policy as p};

const fn rule(rule: Rule) -> Access {
    Access::Rule(rule)
}

const fn since(version: Microversion) -> VersionRange {
    VersionRange { since: Some(version), until: None }
}

const fn until(version: Microversion) -> VersionRange {
    VersionRange { since: None, until: Some(version) }
}

/// The route table.
pub(crate) fn routes() -> Routes<Compute> {
    version_routes()
        .merge(flavor_routes())
        .merge(server_routes())
        .merge(server_parts())
        .merge(server_actions())
        .merge(project_routes())
        .merge(host_routes())
        .merge(proxy_routes())
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
        .get("/v2.1/extensions", rule(p::EXTENSIONS), zones::extensions)
        .get("/v2.1/extensions/{alias}", rule(p::EXTENSIONS), zones::extension_show)
}

fn flavor_routes() -> Routes<Compute> {
    use crate::resources::flavors::{access, extra_specs};
    const SPECS: &str = "/v2.1/flavors/{id}/os-extra_specs";
    const SPEC: &str = "/v2.1/flavors/{id}/os-extra_specs/{key}";
    const ACTION: &str = "/v2.1/flavors/{id}/action";
    let (all, each) = (Flavors::NAMES.all, Flavors::NAMES.each);
    Routes::new()
        .get(all, Access::Token, handlers::list::<Flavors>)
        .create::<Flavors>()
        .get("/v2.1/flavors/detail", Access::Token, handlers::details::<Flavors>)
        .get(each, Access::Token, handlers::show::<Flavors>)
        .route(
            Method::PUT,
            each,
            since(v::FLAVOR_DESCRIPTION),
            rule(p::FLAVOR_UPDATE),
            handlers::update::<Flavors>,
        )
        .remove::<Flavors>()
        .get(SPECS, rule(p::EXTRA_SPECS_INDEX), extra_specs::index)
        .post(SPECS, rule(p::EXTRA_SPECS_CREATE), extra_specs::create)
        .get(SPEC, rule(p::EXTRA_SPECS_SHOW), extra_specs::show)
        .put(SPEC, rule(p::EXTRA_SPECS_UPDATE), extra_specs::update)
        .delete(SPEC, rule(p::EXTRA_SPECS_DELETE), extra_specs::delete)
        .get("/v2.1/flavors/{id}/os-flavor-access", rule(p::FLAVOR_ACCESS), access::index)
        .post(ACTION, rule(p::FLAVOR_ACCESS_ADD), access::action)
        .action(ACTION, "addTenantAccess", rule(p::FLAVOR_ACCESS_ADD))
        .action(ACTION, "removeTenantAccess", rule(p::FLAVOR_ACCESS_REMOVE))
}

fn server_routes() -> Routes<Compute> {
    use servers::{create, delete, list, show, update};
    Routes::new()
        .get("/v2.1/servers", rule(p::SERVERS_INDEX), list::index)
        .post("/v2.1/servers", rule(p::SERVERS_CREATE), create::create)
        .get("/v2.1/servers/detail", rule(p::SERVERS_DETAIL), list::details)
        .get("/v2.1/servers/{id}", rule(p::SERVERS_SHOW), show::show)
        .put("/v2.1/servers/{id}", rule(p::SERVERS_UPDATE), update::update)
        .delete("/v2.1/servers/{id}", rule(p::SERVERS_DELETE), delete::delete)
}

fn server_parts() -> Routes<Compute> {
    use servers::{addresses, instance_actions, interfaces, metadata, security_groups, tags};
    const META: &str = "/v2.1/servers/{id}/metadata";
    const ITEM: &str = "/v2.1/servers/{id}/metadata/{key}";
    const TAGS: &str = "/v2.1/servers/{id}/tags";
    const TAG: &str = "/v2.1/servers/{id}/tags/{tag}";
    const NICS: &str = "/v2.1/servers/{id}/os-interface";
    const NIC: &str = "/v2.1/servers/{id}/os-interface/{port}";
    const DONE: &str = "/v2.1/servers/{id}/os-instance-actions";
    let tagged = since(v::TAGS);
    Routes::new()
        .get("/v2.1/servers/{id}/ips", rule(p::IPS_INDEX), addresses::index)
        .get("/v2.1/servers/{id}/ips/{network}", rule(p::IPS_SHOW), addresses::show)
        .get(META, rule(p::METADATA_INDEX), metadata::index)
        .post(META, rule(p::METADATA_CREATE), metadata::create)
        .put(META, rule(p::METADATA_UPDATE_ALL), metadata::replace)
        .get(ITEM, rule(p::METADATA_SHOW), metadata::show)
        .put(ITEM, rule(p::METADATA_UPDATE), metadata::update)
        .delete(ITEM, rule(p::METADATA_DELETE), metadata::delete)
        .route(Method::GET, TAGS, tagged, rule(p::TAGS_INDEX), tags::index)
        .route(Method::PUT, TAGS, tagged, rule(p::TAGS_UPDATE_ALL), tags::replace)
        .route(Method::DELETE, TAGS, tagged, rule(p::TAGS_DELETE_ALL), tags::delete_all)
        .route(Method::GET, TAG, tagged, rule(p::TAGS_SHOW), tags::show)
        .route(Method::PUT, TAG, tagged, rule(p::TAGS_UPDATE), tags::add)
        .route(Method::DELETE, TAG, tagged, rule(p::TAGS_DELETE), tags::delete)
        .get(NICS, rule(p::INTERFACES_LIST), interfaces::index)
        .post(NICS, rule(p::INTERFACES_CREATE), interfaces::create)
        .get(NIC, rule(p::INTERFACES_SHOW), interfaces::show)
        .delete(NIC, rule(p::INTERFACES_DELETE), interfaces::delete)
        .get(DONE, rule(p::ACTIONS_LIST), instance_actions::index)
        .get(
            "/v2.1/servers/{id}/os-instance-actions/{request}",
            rule(p::ACTIONS_SHOW),
            instance_actions::show,
        )
        .get("/v2.1/servers/{id}/os-security-groups", rule(p::GROUPS_LIST), security_groups::index)
}

fn server_actions() -> Routes<Compute> {
    const PATH: &str = "/v2.1/servers/{id}/action";
    Routes::new()
        .post(PATH, Access::Token, servers::action::action)
        .action(PATH, "os-start", rule(p::SERVERS_START))
        .action(PATH, "os-stop", rule(p::SERVERS_STOP))
        .action(PATH, "reboot", rule(p::SERVERS_REBOOT))
        .action(PATH, "pause", rule(p::PAUSE))
        .action(PATH, "unpause", rule(p::UNPAUSE))
        .action(PATH, "lock", rule(p::LOCK))
        .action(PATH, "unlock", rule(p::UNLOCK))
        .action(PATH, "forceDelete", rule(p::FORCE_DELETE))
        .action(PATH, "os-resetState", rule(p::RESET_STATE))
        .action(PATH, "os-getConsoleOutput", rule(p::CONSOLE_OUTPUT))
        .action(PATH, "changePassword", rule(p::ADMIN_PASSWORD))
        .action(PATH, "createImage", rule(p::SERVERS_CREATE_IMAGE))
        .action(PATH, "rebuild", rule(p::SERVERS_REBUILD))
        .action(PATH, "resize", rule(p::SERVERS_RESIZE))
        .action(PATH, "confirmResize", rule(p::SERVERS_CONFIRM_RESIZE))
        .action(PATH, "revertResize", rule(p::SERVERS_REVERT_RESIZE))
        .action(PATH, "addSecurityGroup", rule(p::GROUPS_ADD))
        .action(PATH, "removeSecurityGroup", rule(p::GROUPS_REMOVE))
}

fn project_routes() -> Routes<Compute> {
    const SET: &str = "/v2.1/os-quota-sets/{project}";
    const CLASS: &str = "/v2.1/os-quota-class-sets/{class}";
    Routes::new()
        .get("/v2.1/limits", rule(p::LIMITS), quotas::limits)
        .get(SET, rule(p::QUOTA_SHOW), quotas::show)
        .put(SET, rule(p::QUOTA_UPDATE), quotas::update)
        .delete(SET, rule(p::QUOTA_DELETE), quotas::delete)
        .get("/v2.1/os-quota-sets/{project}/detail", rule(p::QUOTA_DETAIL), quotas::detail)
        .get("/v2.1/os-quota-sets/{project}/defaults", rule(p::QUOTA_DEFAULTS), quotas::defaults)
        .get(CLASS, rule(p::QUOTA_CLASS_SHOW), quotas::class)
        .put(CLASS, rule(p::QUOTA_CLASS_UPDATE), quotas::update_class)
}

fn host_routes() -> Routes<Compute> {
    const HYPERVISOR: &str = "/v2.1/os-hypervisors/{id}";
    const ACTION: &str = "/v2.1/os-aggregates/{id}/action";
    let (figures, numbers) = (until(v::NO_HYPERVISOR_FIGURES), until(v::HOST_UUIDS));
    let statistics = rule(p::HYPERVISORS_STATISTICS);
    Routes::new()
        .get("/v2.1/os-availability-zone", rule(p::ZONES_LIST), zones::index)
        .get("/v2.1/os-availability-zone/detail", rule(p::ZONES_DETAIL), zones::detail)
        .get("/v2.1/os-hypervisors", rule(p::HYPERVISORS_LIST), hypervisors::index)
        .get("/v2.1/os-hypervisors/detail", rule(p::HYPERVISORS_DETAIL), hypervisors::detail)
        .route(Method::GET, "/v2.1/os-hypervisors/statistics", figures, statistics, hypervisors::statistics)
        .get(HYPERVISOR, rule(p::HYPERVISORS_SHOW), hypervisors::show)
        .route(
            Method::GET,
            "/v2.1/os-hypervisors/{id}/uptime",
            figures,
            rule(p::HYPERVISORS_UPTIME),
            hypervisors::uptime,
        )
        .route(
            Method::GET,
            "/v2.1/os-hypervisors/{id}/search",
            numbers,
            rule(p::HYPERVISORS_SEARCH),
            hypervisors::search,
        )
        .route(
            Method::GET,
            "/v2.1/os-hypervisors/{id}/servers",
            numbers,
            rule(p::HYPERVISORS_SERVERS),
            hypervisors::servers_of,
        )
        .get("/v2.1/os-services", rule(p::SERVICES_LIST), services::index)
        .put("/v2.1/os-services/{id}", rule(p::SERVICES_UPDATE), services::update)
        .crud::<Aggregates>()
        .post(ACTION, rule(p::AGGREGATES_ADD_HOST), aggregates::action)
        .action(ACTION, "add_host", rule(p::AGGREGATES_ADD_HOST))
        .action(ACTION, "remove_host", rule(p::AGGREGATES_REMOVE_HOST))
        .action(ACTION, "set_metadata", rule(p::AGGREGATES_SET_METADATA))
}

fn proxy_routes() -> Routes<Compute> {
    const GROUPS: &str = "/v2.1/os-security-groups";
    const GROUP: &str = "/v2.1/os-security-groups/{id}";
    const RULES: &str = "/v2.1/os-security-group-rules";
    const RULE: &str = "/v2.1/os-security-group-rules/{id}";
    const IMAGE: &str = "/v2.1/images/{id}";
    let old = until(v::NO_PROXIES);
    let metadata = until(v::NO_IMAGE_META);
    Routes::new()
        .route(Method::GET, "/v2.1/images", old, Access::Token, images::index)
        .route(Method::GET, "/v2.1/images/detail", old, Access::Token, images::details)
        .route(Method::GET, IMAGE, old, Access::Token, images::show)
        .route(Method::DELETE, IMAGE, old, Access::Token, images::delete)
        .route(Method::GET, "/v2.1/images/{id}/metadata", metadata, Access::Token, images::metadata)
        .route(
            Method::GET,
            "/v2.1/images/{id}/metadata/{key}",
            metadata,
            Access::Token,
            images::metadata_item,
        )
        .route(Method::GET, GROUPS, old, rule(p::GROUPS_GET), security_groups::index)
        .route(Method::POST, GROUPS, old, rule(p::GROUPS_CREATE), security_groups::create)
        .route(Method::DELETE, GROUPS, old, rule(p::GROUPS_DELETE), security_groups::delete_none)
        .route(Method::GET, GROUP, old, rule(p::GROUPS_SHOW), security_groups::show)
        .route(Method::PUT, GROUP, old, rule(p::GROUPS_UPDATE), security_groups::update)
        .route(Method::DELETE, GROUP, old, rule(p::GROUPS_DELETE), security_groups::delete)
        .route(Method::POST, RULES, old, rule(p::GROUP_RULES_CREATE), security_groups::create_rule)
        .route(Method::DELETE, RULE, old, rule(p::GROUP_RULES_DELETE), security_groups::delete_rule)
}
