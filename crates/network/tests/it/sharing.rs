//! Networks shared with single projects and with everybody, as shared and as the way out.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{Cloud, both, id};

/// An external network of the admin's that nobody else has yet, with room for routers and floating IPs.
async fn outside(cloud: &Cloud) -> String {
    let network = id(&cloud.make_as(Persona::Admin, "network", json!({})).await);
    let subnet =
        json!({"network_id": network, "cidr": "198.51.100.0/24", "ip_version": 4, "enable_dhcp": false});
    cloud.make_as(Persona::Admin, "subnet", subnet).await;
    network
}

async fn share(cloud: &Cloud, network: &str, action: &str, target: &str) -> String {
    let policy =
        json!({"object_type": "network", "object_id": network, "action": action, "target_tenant": target});
    let body = json!({"rbac_policy": policy});
    id(&cloud.ok_as(Persona::Admin, 201, "POST", "/rbac-policies", body).await["rbac_policy"])
}

async fn shown(cloud: &Cloud, network: &str) -> Value {
    cloud.ok_as(Persona::Admin, 200, "GET", &format!("/networks/{network}"), Value::Null).await["network"]
        .take()
}

both!(a_way_out_for_one_project_is_one_for_that_project_only, cloud, {
    let network = outside(cloud).await;
    let revision = shown(cloud, &network).await["revision_number"].as_i64().unwrap();
    let policy = share(cloud, &network, "access_as_external", &Persona::Member.project_id()).await;
    let after = shown(cloud, &network).await;
    assert_eq!((&after["router:external"], &after["shared"]), (&json!(true), &json!(false)));
    assert!(after["revision_number"].as_i64().unwrap() > revision, "its revision follows");
    let path = format!("/networks/{network}");
    cloud.ok(200, "GET", &path, Value::Null).await;
    let stranger = Persona::OtherMember;
    let router = |external: &str| json!({"router": {"external_gateway_info": {"network_id": external}}});
    let floating = json!({"floatingip": {"floating_network_id": network}});
    for (method, path, body) in [
        ("GET", path.as_str(), Value::Null),
        ("POST", "/routers", router(&network)),
        ("POST", "/floatingips", floating.clone()),
        ("POST", "/ports", json!({"port": {"network_id": network}})),
    ] {
        cloud.fault_as(stranger, 404, "NetworkNotFound", method, path, body).await;
    }
    for list in ["/networks", "/subnets", "/ports"] {
        let (_, list) = cloud.call(stranger, "GET", list, Value::Null).await;
        assert!(!list.to_string().contains(&network), "{list}");
    }
    let made = id(&cloud.ok(201, "POST", "/routers", router(&network)).await["router"]);
    let policy = format!("/rbac-policies/{policy}");
    let target = |project: &str| json!({"rbac_policy": {"target_tenant": project}});
    for (method, body) in [("DELETE", Value::Null), ("PUT", target(&stranger.project_id()))] {
        cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", method, &policy, body).await;
    }
    cloud.ok(204, "DELETE", &format!("/routers/{made}"), Value::Null).await;
    let held = id(&cloud.ok(201, "POST", "/floatingips", floating).await["floatingip"]);
    cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", "DELETE", &policy, Value::Null).await;
    cloud.ok(204, "DELETE", &format!("/floatingips/{held}"), Value::Null).await;
    cloud.ok_as(Persona::Admin, 200, "PUT", &policy, target(&stranger.project_id())).await;
    cloud.fault(404, "NetworkNotFound", "GET", &path, Value::Null).await;
    cloud.ok_as(Persona::Admin, 204, "DELETE", &policy, Value::Null).await;
    assert_eq!(shown(cloud, &network).await["router:external"], false, "after the last one");
});

both!(who_has_another_way_in_does_not_hold_a_policy_up, cloud, {
    let network = outside(cloud).await;
    let all = share(cloud, &network, "access_as_external", "*").await;
    let router = json!({"router": {"external_gateway_info": {"network_id": network}}});
    cloud.ok(201, "POST", "/routers", router).await;
    let all = format!("/rbac-policies/{all}");
    cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", "DELETE", &all, Value::Null).await;
    let own = share(cloud, &network, "access_as_external", &Persona::Member.project_id()).await;
    cloud.ok_as(Persona::Admin, 204, "DELETE", &all, Value::Null).await;
    assert_eq!(shown(cloud, &network).await["router:external"], true);
    let own = format!("/rbac-policies/{own}");
    cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", "DELETE", &own, Value::Null).await;
});

both!(the_default_way_out_stays_everybodys, cloud, {
    let public = cloud.external().await;
    let path = format!("/rbac-policies?object_id={public}");
    let list = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await;
    let policy = format!("/rbac-policies/{}", id(&list["rbac_policies"][0]));
    let one = json!({"rbac_policy": {"target_tenant": Persona::Member.project_id()}});
    for (method, body) in [("DELETE", Value::Null), ("PUT", one)] {
        cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", method, &policy, body).await;
    }
    cloud.ok_as(Persona::OtherReader, 200, "GET", &format!("/networks/{public}"), Value::Null).await;
});

both!(ports_of_others_hold_the_sharing_that_let_them_in, cloud, {
    let network = id(&cloud.make_as(Persona::Admin, "network", json!({})).await);
    let one = format!(
        "/rbac-policies/{}",
        share(cloud, &network, "access_as_shared", &Persona::Member.project_id()).await
    );
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", "DELETE", &one, Value::Null).await;
    let all = format!("/rbac-policies/{}", share(cloud, &network, "access_as_shared", "*").await);
    cloud.ok_as(Persona::Admin, 204, "DELETE", &one, Value::Null).await;
    cloud.fault_as(Persona::Admin, 409, "RbacPolicyInUse", "DELETE", &all, Value::Null).await;
    let off = json!({"network": {"shared": false}});
    cloud
        .fault_as(Persona::Admin, 409, "InvalidSharedSetting", "PUT", &format!("/networks/{network}"), off)
        .await;
    cloud.ok(204, "DELETE", &format!("/ports/{port}"), Value::Null).await;
    cloud.ok_as(Persona::Admin, 204, "DELETE", &all, Value::Null).await;
});

both!(nobody_shares_the_network_of_another_project, cloud, {
    let network = id(&cloud.make_as(Persona::Admin, "network", json!({})).await);
    let policy = |action: &str| {
        json!({"rbac_policy": {"object_type": "network", "object_id": network, "action": action,
            "target_tenant": Persona::OtherMember.project_id()}})
    };
    cloud.fault(404, "NetworkNotFound", "POST", "/rbac-policies", policy("access_as_shared")).await;
    share(cloud, &network, "access_as_shared", &Persona::Member.project_id()).await;
    // who sees it by now is told why
    let message =
        cloud.fault(400, "InvalidInput", "POST", "/rbac-policies", policy("access_as_shared")).await;
    assert!(message.contains("Only admins can manipulate policies on objects they do not own"), "{message}");
    // the gateway of an external network stands on the host: members make none
    let own = json!({"rbac_policy": {"object_type": "network", "object_id": cloud.network().await,
        "action": "access_as_external", "target_tenant": Persona::OtherMember.project_id()}});
    cloud.fault(403, "PolicyNotAuthorized", "POST", "/rbac-policies", own).await;
});

both!(a_sharing_goes_or_is_used_but_not_both, cloud, {
    for round in 0..5 {
        let network = id(&cloud.make_as(Persona::Admin, "network", json!({})).await);
        let policy = share(cloud, &network, "access_as_shared", &Persona::Member.project_id()).await;
        let policy = format!("/rbac-policies/{policy}");
        let port = json!({"port": {"network_id": network, "fixed_ips": []}});
        let ports = (0..19).map(|_| cloud.call(Persona::Member, "POST", "/ports", port.clone()));
        let gone = cloud.call(Persona::Admin, "DELETE", &policy, Value::Null);
        let (made, (gone, body)) = futures_util::join!(futures_util::future::join_all(ports), gone);
        let made = made.iter().filter(|(status, _)| *status == 201).count();
        assert!(
            (gone == 204 && made == 0) || (gone == 409 && made > 0),
            "{round}: {gone} {body}, {made} ports"
        );
    }
});

both!(rules_of_the_own_group_are_listed_whoever_made_them, cloud, {
    let group = id(&cloud.make("security_group", json!({"name": "g"})).await);
    let rule = json!({"security_group_id": group, "direction": "ingress", "protocol": "tcp"});
    let made = id(&cloud.make_as(Persona::Admin, "security_group_rule", rule).await);
    let path = format!("/security-group-rules?security_group_id={group}");
    assert!(cloud.ok(200, "GET", &path, Value::Null).await.to_string().contains(&made));
    let (_, list) = cloud.call(Persona::OtherMember, "GET", &path, Value::Null).await;
    assert!(!list.to_string().contains(&made));
});

both!(pools_of_an_address_scope_do_not_overlap, cloud, {
    let scope = async |who: Persona, shared: bool| {
        let body = json!({"address_scope": {"name": "s", "ip_version": 4, "shared": shared}});
        id(&cloud.ok_as(who, 201, "POST", "/address-scopes", body).await["address_scope"])
    };
    let pool = |scope: &str, prefixes: Value| json!({"subnetpool": {"name": "p", "prefixes": prefixes, "address_scope_id": scope}});
    let own = scope(Persona::Member, false).await;
    cloud.ok(201, "POST", "/subnetpools", pool(&own, json!(["10.0.0.0/16"]))).await;
    let clash = "AddressScopePrefixConflict";
    cloud
        .fault(409, clash, "POST", "/subnetpools", pool(&own, json!(["10.1.0.0/16", "10.0.128.0/17"])))
        .await;
    let next =
        id(&cloud.ok(201, "POST", "/subnetpools", pool(&own, json!(["10.1.0.0/16"]))).await["subnetpool"]);
    let next = format!("/subnetpools/{next}");
    cloud.fault(409, clash, "PUT", &next, json!({"subnetpool": {"prefixes": ["10.0.0.0/15"]}})).await;
    cloud.ok(200, "PUT", &next, json!({"subnetpool": {"prefixes": ["10.1.0.0/16", "10.2.0.0/16"]}})).await;
    // over projects, where the scope is shared; and for rivals
    let shared = scope(Persona::Admin, true).await;
    let alone = id(&cloud
        .make_as(Persona::OtherMember, "subnetpool", json!({"name": "q", "prefixes": ["10.9.0.0/16"]}))
        .await);
    let work = (0..20)
        .map(|_| cloud.call(Persona::Member, "POST", "/subnetpools", pool(&shared, json!(["10.9.0.0/24"]))));
    let answers = futures_util::future::join_all(work).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1, "{answers:?}");
    let join = json!({"subnetpool": {"address_scope_id": shared}});
    cloud.fault_as(Persona::OtherMember, 409, clash, "PUT", &format!("/subnetpools/{alone}"), join).await;
});
