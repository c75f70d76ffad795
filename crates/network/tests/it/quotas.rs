//! Quotas, agents, addresses in use.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::both;

both!(a_quota_is_set_reached_and_reset, cloud, {
    let path = format!("/quotas/{}", Persona::Member.project_id());
    let limits = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
    assert_eq!(limits["quota"]["network"], 100);
    cloud.fault(403, "PolicyNotAuthorized", "PUT", &path, json!({"quota": {"network": 1000}})).await;
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"quota": {"network": 1, "port": 0}})).await;
    let network = cloud.network().await;
    let message = cloud.fault(409, "OverQuota", "POST", "/networks", json!({"network": {}})).await;
    assert_eq!(message, "Quota exceeded for resources: ['network'].");
    cloud.fault(409, "OverQuota", "POST", "/ports", json!({"port": {"network_id": network}})).await;
    let usage = cloud.ok(200, "GET", &format!("{path}/details"), Value::Null).await;
    assert_eq!(usage["quota"]["network"], json!({"limit": 1, "used": 1, "reserved": 0}));
    cloud.ok_as(Persona::Admin, 204, "DELETE", &path, Value::Null).await;
    cloud.ok(201, "POST", "/networks", json!({"network": {}})).await;
    cloud.fault_as(Persona::Admin, 404, "TenantQuotaNotFound", "DELETE", &path, Value::Null).await;
    for wrong in [json!({"teapots": 1}), json!({"network": -2}), json!({"network": "many"})] {
        cloud.fault_as(Persona::Admin, 400, "HTTPBadRequest", "PUT", &path, json!({"quota": wrong})).await;
    }
});

both!(bulk_creates_count_as_one_step, cloud, {
    let path = format!("/quotas/{}", Persona::Member.project_id());
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"quota": {"network": 2}})).await;
    let three = json!({"networks": [{"name": "a"}, {"name": "b"}, {"name": "c"}]});
    cloud.fault(409, "OverQuota", "POST", "/networks", three).await;
    let list = cloud.ok(200, "GET", "/networks?router:external=false", Value::Null).await;
    assert_eq!(list["networks"], json!([]));
});

both!(admins_see_agents_and_addresses_in_use, cloud, {
    assert_eq!(cloud.ok(200, "GET", "/agents", Value::Null).await["agents"], json!([]));
    let none = cloud.ok(200, "GET", "/network-ip-availabilities", Value::Null).await;
    assert_eq!(none["network_ip_availabilities"], json!([]));
    let agents = cloud.ok_as(Persona::Admin, 200, "GET", "/agents?agent_type=L3%20agent", Value::Null).await;
    assert_eq!(agents["agents"][0]["host"], "host-1");
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/28").await;
    cloud.make("port", json!({"network_id": network})).await;
    let path = format!("/network-ip-availabilities/{network}");
    let usage = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
    let usage = &usage["network_ip_availability"];
    assert_eq!((&usage["total_ips"], &usage["used_ips"]), (&json!(13), &json!(2)));
    cloud.fault(404, "NetworkNotFound", "GET", &path, Value::Null).await;
});
