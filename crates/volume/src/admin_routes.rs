//! The routes of what administrators set, and of what others see of it.

use http::Method;
use kogge_http::{Access, Routes, VersionRange};
use kogge_resource::{Crud as _, Resource as _, handlers};

use crate::Volumes;
use crate::api::{about, hosts, pools, quotas, services};
use crate::microversion as v;
use crate::policy as p;
use crate::resources::consistency_groups::{self as old, CgSnapshots, ConsistencyGroups};
use crate::resources::default_types;
use crate::resources::group_types::{self, GroupTypes};
use crate::resources::groups::{self, Groups};
use crate::resources::messages::Messages;
use crate::resources::qos_specs::{self, QosSpecs};
use crate::resources::volume_types::{self, VolumeTypes, access, encryption, extra_specs};

/// See the module's text.
pub(crate) fn routes() -> Routes<Volumes> {
    type_routes()
        .merge(type_part_routes())
        .merge(default_type_routes())
        .merge(qos_routes())
        .merge(quota_routes())
        .merge(service_routes())
        .merge(about_routes())
        .merge(group_type_routes())
        .merge(group_routes())
        .merge(groups_of_old())
        .merge(Routes::new().list::<Messages>().show::<Messages>().remove::<Messages>())
}

fn type_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/types/{id}/action";
    const ACCESS: &str = "/v3/types/{id}/os-volume-type-access";
    Routes::new()
        .get("/v3/types/default", p::TYPE_GET, volume_types::default)
        .crud::<VolumeTypes>()
        .post(ACTION, p::VOLUME_TYPE_ACCESS_ADD_PROJECT_ACCESS, access::action)
        .action(ACTION, "addProjectAccess", p::VOLUME_TYPE_ACCESS_ADD_PROJECT_ACCESS)
        .action(ACTION, "removeProjectAccess", p::VOLUME_TYPE_ACCESS_REMOVE_PROJECT_ACCESS)
        .get(ACCESS, p::VOLUME_TYPE_ACCESS_GET_ALL_FOR_TYPE, access::index)
}

fn type_part_routes() -> Routes<Volumes> {
    const SPECS: &str = "/v3/types/{id}/extra_specs";
    const SPEC: &str = "/v3/types/{id}/extra_specs/{key}";
    const CIPHER: &str = "/v3/types/{id}/encryption";
    const PART: &str = "/v3/types/{id}/encryption/{key}";
    Routes::new()
        .get(SPECS, p::TYPES_EXTRA_SPECS_INDEX, extra_specs::index)
        .post(SPECS, p::TYPES_EXTRA_SPECS_CREATE, extra_specs::create)
        .get(SPEC, p::TYPES_EXTRA_SPECS_SHOW, extra_specs::show)
        .put(SPEC, p::TYPES_EXTRA_SPECS_UPDATE, extra_specs::update)
        .delete(SPEC, p::TYPES_EXTRA_SPECS_DELETE, extra_specs::delete)
        .get(CIPHER, p::VOLUME_TYPE_ENCRYPTION_GET, encryption::index)
        .post(CIPHER, p::VOLUME_TYPE_ENCRYPTION_CREATE, encryption::create)
        .get(PART, p::VOLUME_TYPE_ENCRYPTION_GET, encryption::show)
        .put(PART, p::VOLUME_TYPE_ENCRYPTION_UPDATE, encryption::update)
        .delete(PART, p::VOLUME_TYPE_ENCRYPTION_DELETE, encryption::delete)
}

fn default_type_routes() -> Routes<Volumes> {
    const ALL: &str = "/v3/default-types";
    const ONE: &str = "/v3/default-types/{id}";
    Routes::within(VersionRange::since(v::DEFAULT_TYPES))
        .get(ALL, p::DEFAULT_GET_ALL, default_types::index)
        .get(ONE, p::DEFAULT_GET, default_types::show)
        .put(ONE, p::DEFAULT_SET_OR_UPDATE, default_types::update)
        .delete(ONE, p::DEFAULT_UNSET, default_types::delete)
}

fn qos_routes() -> Routes<Volumes> {
    const ALL: &str = "/v3/qos-specs";
    const ONE: &str = "/v3/qos-specs/{id}";
    Routes::new()
        .list::<QosSpecs>()
        .post(ALL, p::QOS_SPECS_MANAGE_CREATE, qos_specs::create)
        .get(ONE, p::QOS_SPECS_MANAGE_GET, qos_specs::show)
        .put(ONE, p::QOS_SPECS_MANAGE_UPDATE, qos_specs::update)
        .delete(ONE, p::QOS_SPECS_MANAGE_DELETE, qos_specs::delete)
        .put("/v3/qos-specs/{id}/delete_keys", p::QOS_SPECS_MANAGE_DELETE, qos_specs::delete_keys)
        .get("/v3/qos-specs/{id}/associations", p::QOS_SPECS_MANAGE_GET_ALL, qos_specs::associations)
        .get("/v3/qos-specs/{id}/associate", p::QOS_SPECS_MANAGE_UPDATE, qos_specs::associate)
        .get("/v3/qos-specs/{id}/disassociate", p::QOS_SPECS_MANAGE_UPDATE, qos_specs::disassociate)
        .get("/v3/qos-specs/{id}/disassociate_all", p::QOS_SPECS_MANAGE_UPDATE, qos_specs::disassociate_all)
}

fn quota_routes() -> Routes<Volumes> {
    const SET: &str = "/v3/os-quota-sets/{id}";
    const CLASS: &str = "/v3/os-quota-class-sets/{id}";
    Routes::new()
        .get(SET, p::QUOTAS_SHOW, quotas::show)
        .put(SET, p::QUOTAS_UPDATE, quotas::update)
        .delete(SET, p::QUOTAS_DELETE, quotas::delete)
        .get("/v3/os-quota-sets/{id}/defaults", p::QUOTAS_SHOW, quotas::defaults)
        .get(CLASS, p::QUOTA_CLASSES_GET, quotas::class)
        .put(CLASS, p::QUOTA_CLASSES_UPDATE, quotas::update_class)
        .get("/v3/limits", Access::Token, quotas::limits)
}

fn service_routes() -> Routes<Volumes> {
    const HOST: &str = "/v3/os-hosts/{id}";
    let logs = Routes::within(VersionRange::since(v::LOG_LEVELS))
        .put("/v3/os-services/get-log", p::SERVICES_UPDATE, services::get_log)
        .put("/v3/os-services/set-log", p::SERVICES_UPDATE, services::set_log);
    Routes::new()
        .get("/v3/os-services", p::SERVICES_INDEX, services::index)
        .put("/v3/os-services/enable", p::SERVICES_UPDATE, services::enable)
        .put("/v3/os-services/disable", p::SERVICES_UPDATE, services::disable)
        .put("/v3/os-services/disable-log-reason", p::SERVICES_UPDATE, services::disable_for)
        .put("/v3/os-services/freeze", p::FREEZE_HOST, services::freeze)
        .put("/v3/os-services/thaw", p::THAW_HOST, services::thaw)
        .put("/v3/os-services/failover_host", p::FAILOVER_HOST, services::failover)
        .merge(logs)
        .get("/v3/os-hosts", p::HOSTS, hosts::index)
        .get(HOST, p::HOSTS, hosts::show)
        .put(HOST, p::HOSTS, hosts::update)
        .get("/v3/scheduler-stats/get_pools", p::GET_POOLS, pools::index)
        .get("/v3/capabilities/{id}", p::CAPABILITIES, pools::show)
}

fn about_routes() -> Routes<Volumes> {
    let clusters = Routes::within(VersionRange::since(v::CLUSTERS))
        .get("/v3/clusters", p::CLUSTERS_GET_ALL, about::clusters)
        .get("/v3/clusters/detail", p::CLUSTERS_GET_ALL, about::clusters)
        .get("/v3/clusters/{id}", p::CLUSTERS_GET, about::cluster)
        .put("/v3/clusters/enable", p::CLUSTERS_UPDATE, about::change_cluster)
        .put("/v3/clusters/disable", p::CLUSTERS_UPDATE, about::change_cluster);
    let workers = Routes::within(VersionRange::since(v::WORKERS)).post(
        "/v3/workers/cleanup",
        p::WORKERS_CLEANUP,
        about::cleanup,
    );
    let filters = Routes::within(VersionRange::since(v::RESOURCE_FILTERS)).get(
        "/v3/resource_filters",
        Access::Token,
        about::filters,
    );
    Routes::new()
        .get("/v3/os-availability-zone", Access::Token, about::zones)
        .get("/v3/extensions", Access::Token, about::extensions)
        .get("/v3/extensions/{id}", Access::Token, about::extension)
        .merge(clusters)
        .merge(workers)
        .merge(filters)
}

fn group_type_routes() -> Routes<Volumes> {
    const SPECS: &str = "/v3/group_types/{id}/group_specs";
    const SPEC: &str = "/v3/group_types/{id}/group_specs/{key}";
    Routes::within(GroupTypes::VERSIONS)
        .get(GroupTypes::NAMES.all, Access::Token, handlers::list::<GroupTypes>)
        .create::<GroupTypes>()
        .get(GroupTypes::NAMES.each, Access::Token, handlers::show::<GroupTypes>)
        .update::<GroupTypes>()
        .remove::<GroupTypes>()
        .get(SPECS, p::GROUP_TYPES_SPECS_GET_ALL, group_types::specs::index)
        .post(SPECS, p::GROUP_TYPES_SPECS_CREATE, group_types::specs::create)
        .get(SPEC, p::GROUP_TYPES_SPECS_GET, group_types::specs::show)
        .put(SPEC, p::GROUP_TYPES_SPECS_UPDATE, group_types::specs::update)
        .delete(SPEC, p::GROUP_TYPES_SPECS_DELETE, group_types::specs::delete)
}

fn group_routes() -> Routes<Volumes> {
    const ACTION: &str = "/v3/groups/{id}/action";
    const COPY: &str = "/v3/groups/action";
    let since = VersionRange::since;
    Routes::within(Groups::VERSIONS)
        .list::<Groups>()
        .get("/v3/groups/detail", p::GROUP_GET_ALL, handlers::details::<Groups>)
        .post(Groups::NAMES.all, p::GROUP_CREATE, groups::create)
        .show::<Groups>()
        .put(Groups::NAMES.each, p::GROUP_UPDATE, groups::update)
        .route(Method::POST, COPY, since(v::GROUP_SNAPSHOTS), p::GROUP_CREATE, groups::actions::copy)
        .action_in(COPY, "create-from-src", since(v::GROUP_SNAPSHOTS), p::GROUP_CREATE)
        .post(ACTION, Access::Token, groups::actions::act)
        .action(ACTION, "delete", p::GROUP_DELETE)
        .action_in(ACTION, "reset_status", since(v::GROUP_RESET), p::GROUP_RESET_STATUS)
        .action_in(ACTION, "enable_replication", since(v::GROUP_REPLICATION), p::GROUP_ENABLE_REPLICATION)
        .action_in(ACTION, "disable_replication", since(v::GROUP_REPLICATION), p::GROUP_DISABLE_REPLICATION)
        .action_in(ACTION, "failover_replication", since(v::GROUP_REPLICATION), p::GROUP_FAILOVER_REPLICATION)
        .action_in(
            ACTION,
            "list_replication_targets",
            since(v::GROUP_REPLICATION),
            p::GROUP_LIST_REPLICATION_TARGETS,
        )
}

fn groups_of_old() -> Routes<Volumes> {
    let (groups, snapshots) = (ConsistencyGroups::NAMES, CgSnapshots::NAMES);
    let all = "/v3/cgsnapshots/detail";
    Routes::new()
        .list::<ConsistencyGroups>()
        .get("/v3/consistencygroups/detail", p::GROUP_GET_ALL, handlers::details::<ConsistencyGroups>)
        .post(groups.all, p::GROUP_CREATE, old::create)
        .post("/v3/consistencygroups/create_from_src", p::GROUP_CREATE, old::copy)
        .show::<ConsistencyGroups>()
        .put(groups.each, p::GROUP_UPDATE, old::update)
        .put("/v3/consistencygroups/{id}/update", p::GROUP_UPDATE, old::update)
        .post("/v3/consistencygroups/{id}/delete", p::GROUP_DELETE, old::delete)
        .list::<CgSnapshots>()
        .get(all, p::GROUP_GET_ALL_GROUP_SNAPSHOTS, handlers::details::<CgSnapshots>)
        .post(snapshots.all, p::GROUP_CREATE_GROUP_SNAPSHOT, old::create_snapshot)
        .show::<CgSnapshots>()
        .remove::<CgSnapshots>()
}
