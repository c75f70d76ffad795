//! Security groups, rules, templates.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{both, column, id};

both!(the_default_group_is_there_and_follows_scs_0115, cloud, {
    let list = cloud.ok_as(Persona::Reader, 200, "GET", "/security-groups", Value::Null).await;
    let group = &list["security_groups"][0];
    assert_eq!(group["name"], "default");
    let rules = group["security_group_rules"].as_array().unwrap();
    assert_eq!(rules.len(), 4);
    for rule in rules.iter().filter(|rule| rule["direction"] == "ingress") {
        assert_eq!(rule["remote_group_id"], group["id"]);
        assert_eq!(rule["belongs_to_default_sg"], true);
    }
    let path = format!("/security-groups/{}", id(group));
    cloud.fault(409, "SecurityGroupCannotRemoveDefault", "DELETE", &path, Value::Null).await;
    cloud
        .fault(
            409,
            "SecurityGroupCannotUpdateDefault",
            "PUT",
            &path,
            json!({"security_group": {"name": "x"}}),
        )
        .await;
    cloud
        .fault(
            409,
            "SecurityGroupDefaultAlreadyExists",
            "POST",
            "/security-groups",
            json!({"security_group": {"name": "default"}}),
        )
        .await;
});

both!(a_new_group_lets_everything_out_and_nothing_in, cloud, {
    let group = cloud.make("security_group", json!({"name": "g"})).await;
    assert_eq!((&group["stateful"], &group["description"]), (&json!(true), &json!("")));
    assert_eq!(column(&group["security_group_rules"], "direction"), ["egress", "egress"]);
    let path = format!("/security-groups/{}", id(&group));
    let changed =
        cloud.ok(200, "PUT", &path, json!({"security_group": {"name": "h", "description": "d"}})).await;
    assert_eq!(changed["security_group"]["description"], "d");
    cloud
        .fault(
            409,
            "SecurityGroupDefaultAlreadyExists",
            "PUT",
            &path,
            json!({"security_group": {"name": "default"}}),
        )
        .await;
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "SecurityGroupNotFound", "GET", &path, Value::Null).await;
    let rules = cloud
        .ok(200, "GET", &format!("/security-group-rules?security_group_id={}", id(&group)), Value::Null)
        .await;
    assert_eq!(rules["security_group_rules"], json!([]));
});

both!(a_group_that_other_groups_name_goes_with_their_rules, cloud, {
    let (named, naming) = (
        id(&cloud.make("security_group", json!({"name": "named"})).await),
        cloud.make("security_group", json!({"name": "naming"})).await,
    );
    let rule = json!({"security_group_id": naming["id"], "direction": "ingress", "remote_group_id": named});
    let rule = id(&cloud.make("security_group_rule", rule).await);
    cloud.ok(204, "DELETE", &format!("/security-groups/{named}"), Value::Null).await;
    cloud
        .fault(404, "SecurityGroupRuleNotFound", "GET", &format!("/security-group-rules/{rule}"), Value::Null)
        .await;
    let path = format!("/security-groups/{}", id(&naming));
    let left = cloud.ok(200, "GET", &path, Value::Null).await["security_group"].take();
    assert_eq!(column(&left["security_group_rules"], "direction"), ["egress", "egress"]);
    let revision = |group: &Value| group["revision_number"].as_i64().unwrap();
    assert!(revision(&left) > revision(&naming) + 1, "it changed by that");
});

both!(stateful_and_stateless_groups_do_not_meet_on_a_port, cloud, {
    let group = async |stateful: bool| {
        let body = json!({"name": "g", "stateful": stateful});
        id(&cloud.make("security_group", body).await)
    };
    let (network, with, without) = (cloud.network().await, group(true).await, group(false).await);
    let post = |groups: &[&String]| json!({"port": {"network_id": network, "security_groups": groups}});
    let conflict = "SecurityGroupConflict";
    cloud.fault(409, conflict, "POST", "/ports", post(&[&with, &without])).await;
    for (first, second) in [(&with, &without), (&without, &with)] {
        let port = id(&cloud.ok(201, "POST", "/ports", post(&[first])).await["port"]);
        let path = format!("/ports/{port}");
        let change = json!({"port": {"security_groups": [first, second]}});
        cloud.fault(409, conflict, "PUT", &path, change).await;
        let swapped = json!({"port": {"security_groups": [second]}});
        cloud.ok(200, "PUT", &path, swapped).await;
    }
    let another = group(false).await;
    cloud.ok(201, "POST", "/ports", post(&[&without, &another])).await;
});

both!(admins_find_the_default_group_of_a_project_that_never_looked, cloud, {
    let project = Persona::OtherMember.project_id();
    for (list, count) in [("security_groups", 1), ("security_group_rules", 4)] {
        let path = format!("/{}?project_id={project}", list.replace('_', "-"));
        let found = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
        assert_eq!(found[list].as_array().unwrap().len(), count, "{found}");
        assert!(found[list].as_array().unwrap().iter().all(|one| one["project_id"] == project.as_str()));
    }
    // nobody else makes it there, and for no text that is no project
    for (who, project) in [(Persona::Member, "d".repeat(32)), (Persona::Admin, "nonsense".to_owned())] {
        let path = format!("/security-groups?project_id={project}");
        cloud.ok_as(who, 200, "GET", &path, Value::Null).await;
        let found = cloud.ok_as(Persona::Admin, 200, "GET", "/security-groups", Value::Null).await;
        assert!(!found.to_string().contains(&project), "{who:?}");
    }
});

both!(several_are_made_at_once_wrapped_or_not, cloud, {
    let body = json!({"security_groups": [{"security_group": {"name": "a"}}, {"name": "b"}]});
    let made = cloud.ok(201, "POST", "/security-groups", body).await;
    assert_eq!(column(&made["security_groups"], "name"), ["a", "b"]);
});

both!(rules_answer_what_was_asked, cloud, {
    let group = id(&cloud.make("security_group", json!({"name": "g"})).await);
    let other = id(&cloud.make("security_group", json!({"name": "o"})).await);
    let post = |more: Value| {
        let mut body = json!({"security_group_id": group, "direction": "ingress", "ethertype": "IPv4"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"security_group_rule": body})
    };
    for more in [
        json!({"protocol": "tcp", "port_range_min": 77, "port_range_max": 77}),
        json!({"protocol": "icmp", "port_range_min": 3, "port_range_max": 0}),
        json!({"protocol": "icmp", "port_range_min": 11, "port_range_max": null}),
        json!({"protocol": "udp", "port_range_min": 50, "port_range_max": 55, "remote_group_id": other}),
        json!({"protocol": "tcp", "port_range_min": 76, "port_range_max": 77, "remote_ip_prefix": "10.100.0.0/16"}),
        json!({"protocol": "17", "port_range_min": 1, "port_range_max": 1}),
        json!({"protocol": 132}),
    ] {
        let made = cloud.ok(201, "POST", "/security-group-rules", post(more.clone())).await;
        for (key, value) in more.as_object().unwrap() {
            let value = if value == 132 { json!("132") } else { value.clone() };
            assert_eq!(made["security_group_rule"][key], value, "{key}");
        }
        let path = format!("/security-group-rules/{}", id(&made["security_group_rule"]));
        let shown = cloud.ok_as(Persona::Reader, 200, "GET", &path, Value::Null).await;
        assert_eq!(shown, made);
    }
});

both!(bad_rules_are_refused_in_tempests_words, cloud, {
    let group = id(&cloud.make("security_group", json!({"name": "g"})).await);
    let try_it = async |status: u16, name: &str, more: Value| {
        let mut body = json!({"security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cloud.fault(status, name, "POST", "/security-group-rules", json!({"security_group_rule": body})).await
    };
    let message =
        try_it(400, "SecurityGroupInvalidPortValue", json!({"port_range_min": -16, "port_range_max": 80}))
            .await;
    assert_eq!(message, "Invalid value for port -16");
    let message = try_it(400, "SecurityGroupInvalidPortRange", json!({"port_range_max": 6})).await;
    assert!(message.contains("port_range_min must be <= port_range_max"));
    try_it(400, "SecurityGroupRuleInvalidEtherType", json!({"ethertype": "bad_ethertype"})).await;
    try_it(400, "SecurityGroupRuleInvalidProtocol", json!({"protocol": "bad_protocol_name"})).await;
    try_it(400, "HTTPBadRequest", json!({"direction": "sideways"})).await;
    for prefix in ["192.168.1./24", "192.168.1.1/33", "bad_prefix", "256"] {
        try_it(400, "InvalidCIDR", json!({"remote_ip_prefix": prefix})).await;
    }
    for remote in ["bad_group_id", "4e72dc2d-44c5-4336-9667-f7972e95c402"] {
        try_it(404, "SecurityGroupNotFound", json!({"remote_group_id": remote})).await;
    }
    try_it(
        404,
        "SecurityGroupNotFound",
        json!({"security_group_id": "4e72dc2d-44c5-4336-9667-f7972e95c402"}),
    )
    .await;
    try_it(
        400,
        "SecurityGroupMultipleRemoteEntites",
        json!({"remote_group_id": group, "remote_ip_prefix": "10.0.0.0/8"}),
    )
    .await;
    let message =
        try_it(400, "SecurityGroupRuleParameterConflict", json!({"remote_ip_prefix": "2003::/48"})).await;
    assert!(message.contains("Conflicting value ethertype"));
    let twice = json!({"port_range_min": 66, "port_range_max": 67});
    let mut body = json!({"security_group_id": group, "direction": "ingress", "protocol": "tcp"});
    body.as_object_mut().unwrap().extend(twice.as_object().unwrap().clone());
    cloud.ok(201, "POST", "/security-group-rules", json!({"security_group_rule": body})).await;
    try_it(409, "SecurityGroupRuleExists", twice).await;
});

both!(templates_are_read_by_all_and_written_by_admins, cloud, {
    let list = cloud.ok_as(Persona::Reader, 200, "GET", "/default-security-group-rules", Value::Null).await;
    let rules = list["default_security_group_rules"].as_array().unwrap();
    assert_eq!(rules.len(), 4);
    assert_eq!(rules.iter().filter(|rule| rule["remote_group_id"] == "PARENT").count(), 2);
    for rule in rules {
        let words = format!("Legacy default SG rule for {} traffic", rule["direction"].as_str().unwrap());
        assert_eq!(rule["description"], words.as_str());
    }
    let ssh = json!({"default_security_group_rule": {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}});
    let path = "/default-security-group-rules";
    cloud.fault(403, "PolicyNotAuthorized", "POST", path, ssh.clone()).await;
    let made = cloud.ok_as(Persona::Admin, 201, "POST", path, ssh.clone()).await;
    cloud.fault_as(Persona::Admin, 409, "DefaultSecurityGroupRuleExists", "POST", path, ssh).await;
    let group = cloud.make("security_group", json!({"name": "g"})).await;
    assert_eq!(group["security_group_rules"].as_array().unwrap().len(), 3);
    let one = format!("{path}/{}", id(&made["default_security_group_rule"]));
    cloud.fault(403, "PolicyNotAuthorized", "DELETE", &one, Value::Null).await;
    cloud.ok_as(Persona::Admin, 204, "DELETE", &one, Value::Null).await;
    cloud.fault(404, "DefaultSecurityGroupRuleNotFound", "GET", &one, Value::Null).await;
});
