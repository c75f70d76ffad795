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
    for _ in 0..24 {
        let (net, caller) = (cloud.net.clone(), cloud.caller(Persona::Member));
        let network_id = Some(network.parse().unwrap());
        work.push(tokio::spawn(async move {
            let mut tx = net.db().begin().await.unwrap();
            let port = net
                .create_port_in(&mut tx, &caller, NewPort { network_id, ..Default::default() })
                .await
                .unwrap();
            tx.commit().await.unwrap();
            (port.fixed_ips[0].ip_address, port.row.mac_address)
        }));
    }
    let (mut ips, mut macs) = (HashSet::new(), HashSet::new());
    for task in work {
        let (ip, mac) = task.await.unwrap();
        ips.insert(ip);
        macs.insert(mac);
    }
    assert_eq!((ips.len(), macs.len()), (24, 24));
});

both!(a_quota_holds_against_rivals, cloud, {
    let path = format!("/quotas/{}", Persona::Member.project_id());
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"quota": {"router": 3}})).await;
    let mut work = Vec::new();
    for _ in 0..8 {
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
    let work = (0..6).map(|_| cloud.call(Persona::Member, "POST", "/subnets", body.clone()));
    let answers = futures_util::future::join_all(work).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
});

both!(one_default_group_per_project_whoever_asks_first, cloud, {
    let work = (0..6).map(|_| cloud.call(Persona::Member, "GET", "/security-groups", Value::Null));
    for (status, body) in futures_util::future::join_all(work).await {
        assert_eq!((status, body["security_groups"].as_array().map(Vec::len)), (200, Some(1)), "{body}");
    }
});

both!(a_floating_ip_is_not_given_twice, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let body = json!({"floatingip": {"floating_network_id": external, "port_id": port}});
    let work = (0..6).map(|_| cloud.call(Persona::Member, "POST", "/floatingips", body.clone()));
    let answers = futures_util::future::join_all(work).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| *status == 201 || *status == 409), "{answers:?}");
});
