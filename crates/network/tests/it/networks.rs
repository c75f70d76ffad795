//! Networks.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{both, id};

both!(a_revision_that_is_not_the_present_one_is_a_conflict_that_clients_know, cloud, {
    let path = format!("/v2.0/networks/{}", cloud.network().await);
    let change = json!({"network": {"name": "m"}});
    let header = [("if-match", "revision_number=77")];
    let put = http::Method::PUT;
    let (status, answer) =
        cloud.send(Some("member"), put.clone(), &path, &header, Some(change.clone())).await;
    let error = &answer["NeutronError"];
    assert_eq!((status.as_u16(), &error["type"]), (412, &json!("RevisionNumberConstraintFailed")));
    assert_eq!(error["message"], "Constrained to 77, but current revision is 1");
    let header = [("if-match", "revision_number=1")];
    assert_eq!(cloud.send(Some("member"), put, &path, &header, Some(change)).await.0, 200);
});

both!(a_network_is_created_shown_changed_and_deleted, cloud, {
    let network = cloud.make("network", json!({"name": "web", "description": "d"})).await;
    assert_eq!(network["status"], "ACTIVE");
    assert_eq!(network["shared"], false);
    assert_eq!(network["router:external"], false);
    assert_eq!(network["mtu"], 1450);
    assert_eq!(network["tenant_id"], network["project_id"]);
    assert_eq!(network["created_at"], "2027-01-15T08:00:00Z");
    assert!(network.get("provider:segmentation_id").is_none());
    let path = format!("/networks/{}", id(&network));
    let changed = cloud.ok(200, "PUT", &path, json!({"network": {"name": "New_network"}})).await;
    assert_eq!(changed["network"]["name"], "New_network");
    assert_eq!(changed["network"]["revision_number"], 2);
    let shown = cloud.ok(200, "GET", &format!("{path}?fields=id&fields=name&fields=mtu"), Value::Null).await;
    assert_eq!(shown["network"].as_object().unwrap().len(), 3);
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "NetworkNotFound", "GET", &path, Value::Null).await;
});

both!(provider_attributes_and_sharing_are_for_admins, cloud, {
    for body in [
        json!({"shared": true}),
        json!({"router:external": true}),
        json!({"provider:network_type": "vlan"}),
        json!({"is_default": true}),
    ] {
        cloud.fault(403, "PolicyNotAuthorized", "POST", "/networks", json!({"network": body})).await;
    }
    let network = cloud.make_as(Persona::Admin, "network", json!({"shared": true, "name": "s"})).await;
    assert_eq!(network["provider:network_type"], "vxlan");
    let seen = cloud.ok_as(Persona::OtherReader, 200, "GET", "/networks?shared=true", Value::Null).await;
    assert_eq!(seen["networks"][0]["id"], network["id"]);
    assert_eq!(seen["networks"][0]["shared"], true);
    let path = format!("/networks/{}", id(&network));
    cloud.fault(403, "PolicyNotAuthorized", "PUT", &path, json!({"network": {"name": "x"}})).await;
    cloud.fault(403, "PolicyNotAuthorized", "DELETE", &path, Value::Null).await;
});

both!(vlans_and_flat_networks_are_taken_once, cloud, {
    let vlan = json!({"provider:network_type": "vlan", "provider:physical_network": "p", "provider:segmentation_id": 7});
    cloud.make_as(Persona::Admin, "network", vlan.clone()).await;
    cloud.fault_as(Persona::Admin, 409, "VlanIdInUse", "POST", "/networks", json!({"network": vlan})).await;
    let tunnel = json!({"provider:network_type": "vxlan", "provider:segmentation_id": 77});
    cloud.make_as(Persona::Admin, "network", tunnel.clone()).await;
    cloud
        .fault_as(Persona::Admin, 409, "TunnelIdInUse", "POST", "/networks", json!({"network": tunnel}))
        .await;
    for wrong in [
        json!({"provider:network_type": "vlan"}),
        json!({"provider:network_type": "token-ring"}),
        json!({"provider:network_type": "vlan", "provider:physical_network": "p", "provider:segmentation_id": 5000}),
    ] {
        cloud
            .fault_as(Persona::Admin, 400, "InvalidInput", "POST", "/networks", json!({"network": wrong}))
            .await;
    }
});

both!(a_network_goes_with_its_subnets_but_not_with_ports, cloud, {
    let network = cloud.network().await;
    let subnet = id(&cloud.subnet(&network, "10.1.0.0/24").await);
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let path = format!("/networks/{network}");
    let message = cloud.fault(409, "NetworkInUse", "DELETE", &path, Value::Null).await;
    assert!(message.contains(&port), "{message}");
    cloud.ok(204, "DELETE", &format!("/ports/{port}"), Value::Null).await;
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "SubnetNotFound", "GET", &format!("/subnets/{subnet}"), Value::Null).await;
});

both!(bulk_is_all_or_nothing, cloud, {
    let made = cloud.ok(201, "POST", "/networks", json!({"networks": [{"name": "a"}, {"name": "b"}]})).await;
    assert_eq!(made["networks"][1]["name"], "b");
    cloud
        .fault(
            403,
            "PolicyNotAuthorized",
            "POST",
            "/networks",
            json!({"networks": [{"name": "c"}, {"shared": true}]}),
        )
        .await;
    let list = cloud.ok(200, "GET", "/networks?name=c", Value::Null).await;
    assert_eq!(list["networks"], json!([]));
    cloud.fault(400, "HTTPBadRequest", "POST", "/networks", json!({"networks": []})).await;
});

both!(wrong_bodies_get_neutrons_fault, cloud, {
    let long = "x".repeat(256);
    for body in [
        json!({}),
        json!([]),
        json!("text"),
        json!({"network": []}),
        json!({"network": {"name": 5}}),
        json!({"network": {"name": long}}),
        json!({"network": {"id": "x"}}),
        json!({"network": {"mtu": -1}}),
        json!({"network": {"dns_domain": "no-dot"}}),
    ] {
        cloud.fault(400, "HTTPBadRequest", "POST", "/networks", body).await;
    }
    cloud
        .fault(400, "InvalidInput", "POST", "/networks", json!({"network": {"admin_state_up": "maybe"}}))
        .await;
    cloud.fault(400, "InvalidInput", "POST", "/networks", json!({"network": {"mtu": 9000}})).await;
    let (status, body) = cloud.call(Persona::Member, "POST", "/networks", Value::String("{".into())).await;
    assert_eq!(status, 400, "{body}");
    for id in ["nonsense", "%00", "4e72dc2d-44c5-4336-9667-f7972e95c402", "a%2Fb"] {
        cloud.fault(404, "NetworkNotFound", "GET", &format!("/networks/{id}"), Value::Null).await;
    }
});

both!(a_change_on_condition_needs_the_present_revision, cloud, {
    let network = cloud.network().await;
    let path = format!("/v2.0/networks/{network}");
    let body = json!({"network": {"name": "x"}});
    let put = |revision: &'static str| {
        let (path, body) = (path.clone(), body.clone());
        async move {
            cloud
                .send(Some("member"), http::Method::PUT, &path, &[("if-match", revision)], Some(body))
                .await
                .0
                .as_u16()
        }
    };
    assert_eq!(put("revision_number=9").await, 412);
    assert_eq!(put("revision_number=1").await, 200);
    assert_eq!(put("revision_number=1").await, 412);
    assert_eq!(put("x").await, 400);
});

both!(a_network_is_shared_with_one_project, cloud, {
    let network = cloud.network().await;
    let policy = json!({"object_type": "network", "object_id": network, "action": "access_as_shared",
        "target_tenant": Persona::OtherMember.project_id()});
    let made = cloud.ok(201, "POST", "/rbac-policies", json!({"rbac_policy": policy})).await;
    cloud.fault(409, "RbacPolicyDuplicate", "POST", "/rbac-policies", json!({"rbac_policy": policy})).await;
    let path = format!("/networks/{network}");
    let seen = cloud.ok_as(Persona::OtherMember, 200, "GET", &path, Value::Null).await;
    assert_eq!(seen["network"]["shared"], true);
    let port = cloud.make_as(Persona::OtherMember, "port", json!({"network_id": network})).await;
    let policy = format!("/rbac-policies/{}", id(&made["rbac_policy"]));
    cloud.fault(409, "RbacPolicyInUse", "DELETE", &policy, Value::Null).await;
    cloud.ok_as(Persona::OtherMember, 204, "DELETE", &format!("/ports/{}", id(&port)), Value::Null).await;
    cloud.ok(204, "DELETE", &policy, Value::Null).await;
    cloud.fault_as(Persona::OtherMember, 404, "NetworkNotFound", "GET", &path, Value::Null).await;
    let all = json!({"object_type": "network", "object_id": network, "action": "access_as_shared", "target_tenant": "*"});
    cloud.fault(403, "PolicyNotAuthorized", "POST", "/rbac-policies", json!({"rbac_policy": all})).await;
});

both!(tags_are_set_listed_filtered_and_removed, cloud, {
    let network = cloud.network().await;
    let other = cloud.network().await;
    let tags = format!("/networks/{network}/tags");
    let set = cloud.ok(200, "PUT", &tags, json!({"tags": ["red", "blue"]})).await;
    assert_eq!(set["tags"], json!(["blue", "red"]));
    cloud.ok(201, "PUT", &format!("{tags}/green"), Value::Null).await;
    cloud.ok(204, "GET", &format!("{tags}/green"), Value::Null).await;
    cloud.fault(404, "TagNotFound", "GET", &format!("{tags}/black"), Value::Null).await;
    let of = async |query: &str| {
        let list =
            cloud.ok(200, "GET", &format!("/networks?router:external=false&{query}"), Value::Null).await;
        crate::cloud::column(&list["networks"], "id")
    };
    assert_eq!(of("tags=red,blue").await, std::slice::from_ref(&network));
    assert_eq!(of("tags=red,black").await, Vec::<String>::new());
    assert_eq!(of("tags-any=red,black").await, std::slice::from_ref(&network));
    assert_eq!(of("not-tags=red,blue").await, std::slice::from_ref(&other));
    assert_eq!(of("not-tags-any=black").await.len(), 2);
    cloud.ok(204, "DELETE", &format!("{tags}/green"), Value::Null).await;
    cloud.ok(204, "DELETE", &tags, Value::Null).await;
    let shown = cloud.ok(200, "GET", &tags, Value::Null).await;
    assert_eq!(shown["tags"], json!([]));
    cloud.fault_as(Persona::OtherMember, 404, "NetworkNotFound", "PUT", &tags, json!({"tags": []})).await;
    cloud.fault_as(Persona::Reader, 403, "PolicyNotAuthorized", "PUT", &tags, json!({"tags": []})).await;
});

both!(the_public_network_is_seeded_once, cloud, {
    cloud.net.seed(&Persona::Admin.project_id()).await.unwrap();
    let list = cloud.ok(200, "GET", "/networks?router:external=True", Value::Null).await;
    assert_eq!(list["networks"].as_array().unwrap().len(), 1);
    assert_eq!(list["networks"][0]["name"], "public");
    assert_eq!(list["networks"][0]["is_default"], true);
    let external = id(&list["networks"][0]);
    let subnets = cloud.ok(200, "GET", &format!("/subnets?network_id={external}"), Value::Null).await;
    assert_eq!(subnets["subnets"][0]["cidr"], "172.24.4.0/24");
    assert_eq!(subnets["subnets"][0]["gateway_ip"], "172.24.4.1");
});

both!(the_service_describes_itself, cloud, {
    let (status, versions) = cloud.send(None, http::Method::GET, "/", &[], None).await;
    assert_eq!(status, 200);
    assert_eq!(versions["versions"][0]["links"][0]["href"], "http://cloud/network/v2.0/");
    let (status, _) = cloud.send(None, http::Method::GET, "/v2.0/", &[], None).await;
    assert_eq!(status, 401);
    let resources = cloud.ok(200, "GET", "/", Value::Null).await;
    let names = crate::cloud::column(&resources["resources"], "name");
    assert!(["subnet", "network", "port"].iter().all(|name| names.contains(&(*name).to_owned())));
    let extension = cloud.ok(200, "GET", "/extensions/router", Value::Null).await;
    assert_eq!(extension["extension"]["alias"], "router");
    cloud.fault(404, "ExtensionNotFound", "GET", "/extensions/teapot", Value::Null).await;
    let zones = cloud.ok(200, "GET", "/availability_zones?resource=network", Value::Null).await;
    assert_eq!(
        zones["availability_zones"],
        json!([{"name": "nova", "resource": "network", "state": "available"}])
    );
});

both!(lists_of_few_things_take_what_they_honour, cloud, {
    let get = async |path: &str| cloud.call(Persona::Member, "GET", path, Value::Null).await;
    for (query, zones) in [
        ("resource=router", json!([{"name": "nova", "resource": "router", "state": "available"}])),
        ("name=elsewhere", json!([])),
        ("resource=router&fields=name", json!([{"name": "nova"}])),
    ] {
        let (status, list) = get(&format!("/availability_zones?{query}")).await;
        assert_eq!((status, &list["availability_zones"]), (200, &zones), "{query}");
    }
    for (query, count) in [("default=True", 1), ("default=false", 0), ("service_type=L3_ROUTER_NAT", 1)] {
        let (_, list) = get(&format!("/service-providers?{query}")).await;
        assert_eq!(list["service_providers"].as_array().unwrap().len(), count, "{query}");
    }
    for path in
        ["/availability_zones?colour=red", "/service-providers?colour=red", "/service-providers?limit=x"]
    {
        assert_eq!(get(path).await.0, 400, "{path}");
    }
});
