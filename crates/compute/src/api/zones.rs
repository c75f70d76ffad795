//! `/os-availability-zone` and `/extensions`.

use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::api::query;
use crate::{Compute, microversion as v};

/// `GET /os-availability-zone`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let zones = call.service.zones(&call.caller, false).await?;
    let list: Vec<Value> = zones
        .iter()
        .map(|(name, zone)| json!({"zoneName": name, "zoneState": {"available": zone.available}, "hosts": null}))
        .collect();
    Ok(Json(json!({ "availabilityZoneInfo": list })))
}

/// `GET /os-availability-zone/detail`
pub(crate) async fn detail(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    query::only(&call.query, &[], call.version, v::FLAVOR_CLEANUP)?;
    let zones = call.service.zones(&call.caller, true).await?;
    let (now, patience) = (call.service.now(), call.service.config().host_patience());
    let mut list = Vec::new();
    for (name, zone) in &zones {
        let mut hosts = Map::new();
        for host in zone.hosts.iter().filter(|host| !host.disabled) {
            let service = json!({
                "available": host.is_up(now, patience),
                "active": !host.disabled,
                "updated_at": host.seen_at.micros(),
            });
            hosts.insert(host.name().to_owned(), json!({ "nova-compute": service }));
        }
        let hosts = if zone.available { Value::Object(hosts) } else { Value::Null };
        list.push(json!({"zoneName": name, "zoneState": {"available": zone.available}, "hosts": hosts}));
    }
    Ok(Json(json!({ "availabilityZoneInfo": list })))
}

/// Extensions of old: name, alias, what it is about. Those that are served here.
const EXTENSIONS: &[(&str, &str, &str)] = &[
    ("AdminActions", "os-admin-actions", "Actions of administrators on servers."),
    ("Aggregates", "os-aggregates", "Groups of hosts."),
    ("AttachInterfaces", "os-attach-interfaces", "Network interfaces of servers."),
    ("AvailabilityZone", "os-availability-zone", "Zones of hosts."),
    ("BlockDeviceMappingV2Boot", "os-block-device-mapping-v2-boot", "Block devices of new servers."),
    ("ConfigDrive", "os-config-drive", "Metadata on a drive of the server."),
    ("ConsoleOutput", "os-console-output", "What a server printed on its console."),
    ("DeferredDelete", "os-deferred-delete", "Deleting at once."),
    ("DiskConfig", "OS-DCF", "How the disk of a server is divided."),
    ("ExtendedAvailabilityZone", "OS-EXT-AZ", "The zone of a server."),
    ("ExtendedServerAttributes", "OS-EXT-SRV-ATTR", "Facts about servers for administrators."),
    ("ExtendedStatus", "OS-EXT-STS", "States of servers."),
    ("FlavorAccess", "os-flavor-access", "Who may use private flavors."),
    ("FlavorDisabled", "OS-FLV-DISABLED", "Flavors that are not offered."),
    ("FlavorExtraData", "OS-FLV-EXT-DATA", "More figures of flavors."),
    ("FlavorExtraSpecs", "os-flavor-extra-specs", "Properties of flavors."),
    ("FlavorManage", "os-flavor-manage", "Making and deleting flavors."),
    ("Hypervisors", "os-hypervisors", "Hosts, for administrators."),
    ("InstanceActions", "os-instance-actions", "What was asked of servers."),
    ("Keypairs", "os-keypairs", "Public keys of users."),
    ("LockServer", "os-lock-server", "Locks against changes of servers."),
    ("MultipleCreate", "os-multiple-create", "Several servers at once."),
    ("PauseServer", "os-pause-server", "Halting servers."),
    ("Quotas", "os-quota-sets", "Limits of projects."),
    ("QuotaClasses", "os-quota-class-sets", "Limits for everybody."),
    ("SchedulerHints", "OS-SCH-HNT", "Hints for placing servers."),
    ("SecurityGroups", "os-security-groups", "Security groups."),
    ("ServerUsage", "OS-SRV-USG", "When servers began and ended."),
    ("Services", "os-services", "Services of hosts, for administrators."),
    ("SimpleTenantUsage", "os-simple-tenant-usage", "What projects used."),
    ("UserData", "os-user-data", "Data for new servers."),
    ("UsedLimits", "os-used-limits", "What projects use of their limits."),
];

fn extension((name, alias, about): &(&str, &str, &str)) -> Value {
    json!({
        "name": name,
        "alias": alias,
        "description": about,
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": "2014-12-03T00:00:00Z",
        "links": [],
    })
}

/// `GET /extensions`
pub(crate) async fn extensions(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    Ok(Json(json!({ "extensions": EXTENSIONS.iter().map(extension).collect::<Vec<_>>() })))
}

/// `GET /extensions/{alias}`
pub(crate) async fn extension_show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_look(&call.caller, &call.rule)?;
    let found = EXTENSIONS.iter().find(|one| one.1 == call.key());
    let found = found.ok_or_else(|| ApiError::not_found("The resource could not be found."))?;
    Ok(Json(json!({ "extension": extension(found) })))
}
