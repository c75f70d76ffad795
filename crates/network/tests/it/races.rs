//! Rivals: what happens at the same time must not come out twice.

use std::collections::HashSet;

use kogge_auth::testing::Persona;
use kogge_network::commands::NewPort;
use serde_json::{Value, json};

use crate::cloud::{both, id};

both!(ports_made_at_the_same_time_have_different_addresses_and_macs, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.0.0.0/16").await;
    let mut work = Vec::new();
    for _ in 0..100 {
        let (net, caller) = (cloud.net.clone(), cloud.caller(Persona::Member));
        let network_id = Some(network.parse().unwrap());
        work.push(tokio::spawn(async move {
            let mut tx = net.db().begin().await.unwrap();
            let port = net
                .create_port_in(&mut tx, &caller, NewPort { network_id, ..Default::default() })
                .await
                .unwrap();
            tx.commit().await.unwrap();
            (port.parts.fixed_ips[0].ip_address, port.row.mac_address)
        }));
    }
    let (mut ips, mut macs) = (HashSet::new(), HashSet::new());
    for task in work {
        let (ip, mac) = task.await.unwrap();
        ips.insert(ip);
        macs.insert(mac);
    }
    assert_eq!((ips.len(), macs.len()), (100, 100));
});

both!(a_quota_holds_against_rivals, cloud, {
    let path = format!("/quotas/{}", Persona::Member.project_id());
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"quota": {"router": 3}})).await;
    let mut work = Vec::new();
    for _ in 0..100 {
        work.push(cloud.call(Persona::Member, "POST", "/routers", json!({"router": {}})));
    }
    let mut made = 0;
    for (status, body) in futures_util::future::join_all(work).await {
        assert!(status == 201 || status == 409, "{body}");
        made += i32::from(status == 201);
    }
    assert_eq!(made, 3);
});

both!(overlapping_subnets_of_rivals_do_not_both_win, cloud, {
    let network = cloud.network().await;
    let body = json!({"subnet": {"network_id": network, "cidr": "10.1.0.0/24", "ip_version": 4}});
    let work = (0..100).map(|_| cloud.call(Persona::Member, "POST", "/subnets", body.clone()));
    let answers = futures_util::future::join_all(work).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
});

both!(one_default_group_per_project_whoever_asks_first, cloud, {
    let work = (0..100).map(|_| cloud.call(Persona::Member, "GET", "/security-groups", Value::Null));
    for (status, body) in futures_util::future::join_all(work).await {
        assert_eq!((status, body["security_groups"].as_array().map(Vec::len)), (200, Some(1)), "{body}");
    }
});

both!(a_floating_ip_is_not_given_twice, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let body = json!({"floatingip": {"floating_network_id": external, "port_id": port}});
    let work = (0..100).map(|_| cloud.call(Persona::Member, "POST", "/floatingips", body.clone()));
    let answers = futures_util::future::join_all(work).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| *status == 201 || *status == 409), "{answers:?}");
});

/// A quota, the path and the word of its resource, and a body per try.
type Kind<'a> = (&'a str, &'a str, &'a str, &'a dyn Fn(usize) -> Value);

both!(every_quota_holds_against_a_hundred, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let project = Persona::Member.project_id();
    let policy = |n: usize| json!({"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": format!("p{n}")});
    let group = id(&cloud.make("security_group", json!({"name": "g"})).await);
    let kinds: [Kind<'_>; 7] = [
        ("network", "/networks", "network", &|_| json!({})),
        ("port", "/ports", "port", &|_| json!({"network_id": network})),
        ("floatingip", "/floatingips", "floatingip", &|_| json!({"floating_network_id": external})),
        ("security_group", "/security-groups", "security_group", &|n| json!({"name": format!("g{n}")})),
        (
            "security_group_rule",
            "/security-group-rules",
            "security_group_rule",
            &|n| json!({"security_group_id": group, "direction": "ingress", "protocol": "tcp", "port_range_min": n + 1, "port_range_max": n + 1}),
        ),
        ("subnetpool", "/subnetpools", "subnetpool", &|_| json!({"name": "p", "prefixes": ["10.0.0.0/8"]})),
        ("rbac_policy", "/rbac-policies", "rbac_policy", &policy),
    ];
    for (quota, path, word, body) in kinds {
        let used = format!("/quotas/{project}/details");
        let used = cloud.ok_as(Persona::Admin, 200, "GET", &used, Value::Null).await;
        let limit = used["quota"][quota]["used"].as_i64().unwrap() + 3;
        let quotas = format!("/quotas/{project}");
        cloud.ok_as(Persona::Admin, 200, "PUT", &quotas, json!({"quota": {quota: limit}})).await;
        let work = (0..100).map(|n| cloud.call(Persona::Member, "POST", path, json!({word: body(n)})));
        let answers = futures_util::future::join_all(work).await;
        let made = answers.iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(made, 3, "{quota}");
        assert!(answers.iter().all(|(status, _)| *status == 201 || *status == 409), "{quota}");
    }
});

both!(a_subnet_is_made_or_its_network_goes, cloud, {
    for _ in 0..5 {
        let network = cloud.network().await;
        let subnet = |n: usize| json!({"subnet": {"network_id": network, "cidr": format!("10.{n}.0.0/24"), "ip_version": 4}});
        let port = json!({"port": {"network_id": network}});
        let path = format!("/networks/{network}");
        let subnets = futures_util::future::join_all(
            (0..10).map(|n| cloud.call(Persona::Member, "POST", "/subnets", subnet(n))),
        );
        let ports = futures_util::future::join_all(
            (0..10).map(|_| cloud.call(Persona::Member, "POST", "/ports", port.clone())),
        );
        let gone = futures_util::future::join_all(
            (0..5).map(|_| cloud.call(Persona::Member, "DELETE", &path, Value::Null)),
        );
        let (subnets, ports, gone) = futures_util::join!(subnets, ports, gone);
        for (status, body) in subnets.iter().chain(&ports).chain(&gone) {
            assert!([201, 204, 404, 409].contains(status), "{status} {body}");
        }
        assert!(gone.iter().filter(|(status, _)| *status == 204).count() <= 1);
    }
});

both!(a_gateway_goes_or_floating_ips_need_it, cloud, {
    let (network, _, router, external) = cloud.routed("10.1.0.0/24").await;
    let mut ports = Vec::new();
    for _ in 0..10 {
        ports.push(id(&cloud.make("port", json!({"network_id": network})).await));
    }
    let floating = |port: &String| json!({"floatingip": {"floating_network_id": external, "port_id": port}});
    let path = format!("/routers/{router}");
    let made = futures_util::future::join_all(
        ports.iter().map(|port| cloud.call(Persona::Member, "POST", "/floatingips", floating(port))),
    );
    let gone = cloud.call(Persona::Member, "PUT", &path, json!({"router": {"external_gateway_info": null}}));
    let (made, (gone, body)) = futures_util::join!(made, gone);
    let made = made.iter().filter(|(status, _)| *status == 201).count();
    assert!((gone == 200 && made == 0) || (gone == 409 && made > 0), "{gone} {body} {made}");
});

both!(one_topology_per_project_whoever_asks_first, cloud, {
    let work =
        (0..20).map(|_| cloud.call(Persona::Member, "GET", "/auto-allocated-topology/null", Value::Null));
    let answers = futures_util::future::join_all(work).await;
    let first = answers[0].1["auto_allocated_topology"]["id"].clone();
    assert!(
        answers.iter().all(|(status, body)| *status == 200 && body["auto_allocated_topology"]["id"] == first),
        "{answers:?}"
    );
});
