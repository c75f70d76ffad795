//! Quotas, agents, addresses in use.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{FakeNode, both, id};

both!(a_quota_is_set_reached_and_reset, cloud, {
    let path = format!("/quotas/{}", Persona::Member.project_id());
    let limits = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
    assert_eq!(limits["quota"]["network"], 100);
    cloud.fault(403, "PolicyNotAuthorized", "PUT", &path, json!({"quota": {"network": 1000}})).await;
    let both = json!({"quota": {"network": 1, "port": 0, "check_limit": true}});
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, both).await;
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

both!(everybody_reads_the_limits_of_the_own_project, cloud, {
    for who in [Persona::Member, Persona::Reader] {
        for part in ["", "/default", "/details"] {
            let path = format!("/quotas/{}{part}", who.project_id());
            assert!(
                cloud.ok_as(who, 200, "GET", &path, Value::Null).await["quota"]["network"].is_number()
                    || part == "/details"
            );
            let path = format!("/quotas/{}{part}", Persona::OtherMember.project_id());
            let message = cloud.fault_as(who, 403, "PolicyNotAuthorized", "GET", &path, Value::Null).await;
            assert_eq!(message, "rule:get_quota is disallowed by policy");
        }
    }
    let message = cloud.fault(403, "PolicyNotAuthorized", "GET", "/quotas", Value::Null).await;
    assert_eq!(
        message, "rule:get_quota is disallowed by policy",
        "the limits of all projects are the admin's"
    );
});

both!(no_limit_is_set_below_what_is_used_unless_forced, cloud, {
    let (path, network) = (format!("/quotas/{}", Persona::Member.project_id()), cloud.network().await);
    cloud.make("port", json!({"network_id": network})).await;
    cloud.make("security_group", json!({"name": "g"})).await;
    let set = |amounts: Value| cloud.call(Persona::Admin, "PUT", &path, json!({ "quota": amounts }));
    for (resource, used) in [("network", 1), ("port", 1), ("security_group", 2), ("security_group_rule", 6)] {
        let (status, answer) = set(json!({ resource: used - 1 })).await;
        let words = format!(
            "Quota limit {} for {resource} must be greater than or equal to already used {used}",
            used - 1
        );
        assert_eq!((status, answer["NeutronError"]["message"].as_str()), (400, Some(words.as_str())));
        assert_eq!(set(json!({ resource: used })).await.0, 200, "{resource}");
        for unforced in [json!(false), json!("true"), json!(1)] {
            assert_eq!(set(json!({ resource: 0, "force": unforced })).await.0, 400);
        }
        assert_eq!(set(json!({ resource: -1 })).await.0, 200, "no limit is below nothing");
    }
    let (status, limits) = set(json!({"network": 0, "force": true})).await;
    assert_eq!((status, &limits["quota"]["network"]), (200, &json!(0)));
});

both!(a_new_group_is_charged_for_its_rules, cloud, {
    cloud.ok(200, "GET", "/security-groups", Value::Null).await;
    let path = format!("/quotas/{}", Persona::Member.project_id());
    let rules = |limit: i64| json!({"quota": {"security_group_rule": limit, "force": true}});
    // the default group has four, each other one two
    for (limit, status) in [(0, 409), (5, 409), (6, 201)] {
        cloud.ok_as(Persona::Admin, 200, "PUT", &path, rules(limit)).await;
        let body = json!({"security_group": {"name": "g"}});
        assert_eq!(cloud.call(Persona::Member, "POST", "/security-groups", body).await.0, status, "{limit}");
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
    cloud.settle().await;
    assert_eq!(cloud.ok(200, "GET", "/agents", Value::Null).await["agents"], json!([]));
    let none = cloud.ok(200, "GET", "/network-ip-availabilities", Value::Null).await;
    assert_eq!(none["network_ip_availabilities"], json!([]));
    let agents = cloud.ok_as(Persona::Admin, 200, "GET", "/agents?host=host-1&limit=1", Value::Null).await;
    assert_eq!(agents["agents"][0]["host"], "host-1");
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/28").await;
    cloud.make("port", json!({"network_id": network})).await;
    let path = format!("/network-ip-availabilities/{network}");
    let usage = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
    let usage = &usage["network_ip_availability"];
    assert_eq!((&usage["total_ips"], &usage["used_ips"]), (&json!(13), &json!(2)));
    let list = "/network-ip-availabilities?fields=used_ips";
    let list =
        cloud.ok_as(Persona::Admin, 200, "GET", &format!("{list}&network_id={network}"), Value::Null).await;
    assert_eq!(list["network_ip_availabilities"], json!([{"used_ips": 2}]));
    cloud.fault(404, "NetworkNotFound", "GET", &path, Value::Null).await;
});

both!(agents_have_words_of_their_own_and_times_that_stay, cloud, {
    cloud.settle().await;
    let agents = async |query: &str| {
        let path = format!("/agents?{query}");
        cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await["agents"].take()
    };
    let all = agents("sort_key=host&sort_dir=desc").await;
    assert_eq!(all.as_array().unwrap().len(), 8, "four on each host");
    assert_eq!((&all[0]["host"], &all[7]["host"]), (&json!("host-2"), &json!("host-1")));
    assert_eq!(
        (&all[0]["created_at"], &all[0]["started_at"]),
        (&json!("2027-01-15 08:00:00"), &json!("2027-01-15 08:00:00"))
    );
    cloud.time.advance(std::time::Duration::from_secs(3600));
    let later = agents("sort_key=host&sort_dir=desc").await;
    assert_eq!(
        (&later[0]["created_at"], &later[0]["started_at"]),
        (&all[0]["created_at"], &all[0]["started_at"])
    );
    for (query, count) in [
        ("agent_type=L3%20agent", 2),
        ("host=host-1&binary=kogge", 4),
        ("alive=true", 8),
        ("alive=false", 0),
        ("admin_state_up=false", 0),
        ("limit=3", 3),
        ("availability_zone=elsewhere", 0),
    ] {
        assert_eq!(agents(query).await.as_array().unwrap().len(), count, "{query}");
    }
    let fields = agents("fields=id&limit=1").await;
    assert_eq!(fields[0].as_object().unwrap().len(), 1);
    for wrong in ["colour=red", "alive=perhaps", "sort_key=colour&sort_dir=asc"] {
        let path = format!("/agents?{wrong}");
        assert_eq!(cloud.call(Persona::Admin, "GET", &path, Value::Null).await.0, 400, "{wrong}");
    }
    let one = format!("/agents/{}", id(&agents("agent_type=L3%20agent&host=host-1").await[0]));
    let change = json!({"agent": {"description": "the left one", "admin_state_up": false}});
    let changed = cloud.ok_as(Persona::Admin, 200, "PUT", &one, change.clone()).await["agent"].take();
    assert_eq!(
        (&changed["description"], &changed["admin_state_up"]),
        (&json!("the left one"), &json!(false))
    );
    for who in [Persona::Member, Persona::Reader] {
        cloud.fault_as(who, 404, "AgentNotFound", "PUT", &one, change.clone()).await;
        cloud.fault_as(who, 404, "AgentNotFound", "DELETE", &one, Value::Null).await;
    }
    for wrong in [json!({"host": "h"}), json!({"admin_state_up": "perhaps"}), json!({"colour": 1})] {
        let body = json!({ "agent": wrong });
        assert_eq!(cloud.call(Persona::Admin, "PUT", &one, body).await.0, 400);
    }
    // only what has an effect can be switched off
    let dhcp = format!("/agents/{}", id(&agents("agent_type=DHCP%20agent").await[0]));
    let off = json!({"agent": {"admin_state_up": false}});
    cloud.fault_as(Persona::Admin, 400, "BadRequest", "PUT", &dhcp, off).await;
    // one that lives reports again
    cloud.ok_as(Persona::Admin, 204, "DELETE", &one, Value::Null).await;
    let again = cloud.ok_as(Persona::Admin, 200, "GET", &one, Value::Null).await["agent"].take();
    assert_eq!((&again["description"], &again["admin_state_up"]), (&json!(""), &json!(true)));
});

both!(a_host_whose_l3_agent_rests_gets_no_new_routers, cloud, {
    cloud.settle().await;
    let path = "/agents?agent_type=L3%20agent&host=host-1";
    let found = cloud.ok_as(Persona::Admin, 200, "GET", path, Value::Null).await;
    let agent = format!("/agents/{}", id(&found["agents"][0]));
    let up = |up: bool| json!({"agent": {"admin_state_up": up}});
    let count = |node: &FakeNode| node.told.lock().unwrap().last().map_or(0, |told| told.routers.len());
    let routers = || cloud.hosts.each_ref().map(|(_, node)| count(node));
    cloud.ok_as(Persona::Admin, 200, "PUT", &agent, up(false)).await;
    cloud.make("router", json!({})).await;
    cloud.settle().await;
    assert_eq!(routers(), [0, 1]);
    cloud.ok_as(Persona::Admin, 200, "PUT", &agent, up(true)).await;
    cloud.make("router", json!({})).await;
    cloud.settle().await;
    assert_eq!(routers(), [1, 1]);
});
