//! Floating IPs.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{address, both, column, id};

both!(a_floating_ip_leads_to_a_port_and_elsewhere, cloud, {
    let (network, _, router, external) = cloud.routed("10.1.0.0/24").await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let floating =
        cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port["id"]})).await;
    assert_eq!(floating["fixed_ip_address"], address(&port));
    assert_eq!((&floating["router_id"], &floating["status"]), (&json!(router), &json!("ACTIVE")));
    assert_eq!(floating["port_details"]["mac_address"], port["mac_address"]);
    let path = format!("/floatingips/{}", id(&floating));
    let other = cloud.make("port", json!({"network_id": network})).await;
    let moved = cloud.ok(200, "PUT", &path, json!({"floatingip": {"port_id": other["id"]}})).await;
    assert_eq!(moved["floatingip"]["fixed_ip_address"], address(&other));
    let gone = cloud.ok(200, "PUT", &path, json!({"floatingip": {"port_id": null}})).await;
    for key in ["port_id", "fixed_ip_address", "router_id", "port_details"] {
        assert_eq!(gone["floatingip"][key], Value::Null, "{key}");
    }
    assert_eq!(gone["floatingip"]["status"], "DOWN");
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    let again = cloud.make("floatingip", json!({"floating_network_id": external})).await;
    assert_eq!(again["floating_ip_address"], floating["floating_ip_address"]);
});

both!(a_change_of_nothing_takes_the_association_away_and_one_of_the_words_does_not, cloud, {
    let (network, _, router, external) = cloud.routed("10.1.0.0/24").await;
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let floating = cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port})).await;
    let path = format!("/floatingips/{}", id(&floating));
    let described = cloud.ok(200, "PUT", &path, json!({"floatingip": {"description": "d"}})).await;
    assert_eq!(
        (&described["floatingip"]["port_id"], &described["floatingip"]["router_id"]),
        (&json!(port), &json!(router))
    );
    let fixed = json!({"floatingip": {"fixed_ip_address": floating["fixed_ip_address"]}});
    let message = cloud.fault(400, "BadRequest", "PUT", &path, fixed).await;
    assert!(message.contains("fixed_ip_address cannot be specified without a port_id"), "{message}");
    let cleared = cloud.ok(200, "PUT", &path, json!({"floatingip": {}})).await["floatingip"].take();
    for key in ["port_id", "fixed_ip_address", "router_id", "port_details"] {
        assert_eq!(cleared[key], Value::Null, "{key}");
    }
    assert_eq!((&cleared["status"], &cleared["description"]), (&json!("DOWN"), &json!("d")));
});

both!(deleting_the_port_frees_the_floating_ip, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let floating =
        cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port["id"]})).await;
    cloud.ok(204, "DELETE", &format!("/ports/{}", id(&port)), Value::Null).await;
    let shown = cloud
        .ok_as(Persona::Reader, 200, "GET", &format!("/floatingips/{}", id(&floating)), Value::Null)
        .await;
    assert_eq!(
        (&shown["floatingip"]["port_id"], &shown["floatingip"]["router_id"]),
        (&Value::Null, &Value::Null)
    );
});

both!(a_port_with_several_addresses_needs_the_address_named, cloud, {
    let (network, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let body = json!({"network_id": network, "fixed_ips": [{"ip_address": "10.1.0.50"}, {"ip_address": "10.1.0.51"}]});
    let port = cloud.make("port", body).await;
    let post = |more: Value| {
        let mut body = json!({"floating_network_id": external, "port_id": port["id"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"floatingip": body})
    };
    cloud.fault(400, "BadRequest", "POST", "/floatingips", post(json!({}))).await;
    let made = cloud.ok(201, "POST", "/floatingips", post(json!({"fixed_ip_address": "10.1.0.50"}))).await;
    cloud
        .fault(
            409,
            "FloatingIPPortAlreadyAssociated",
            "POST",
            "/floatingips",
            post(json!({"fixed_ip_address": "10.1.0.50"})),
        )
        .await;
    cloud
        .fault(400, "BadRequest", "POST", "/floatingips", post(json!({"fixed_ip_address": "10.1.0.99"})))
        .await;
    let path = format!("/floatingips/{}", id(&made["floatingip"]));
    let change = json!({"floatingip": {"port_id": port["id"], "fixed_ip_address": "10.1.0.51"}});
    let changed = cloud.ok(200, "PUT", &path, change).await;
    assert_eq!(changed["floatingip"]["fixed_ip_address"], "10.1.0.51");
    // an address that the port gives up no longer has a floating IP
    let less = json!({"port": {"fixed_ips": [{"ip_address": "10.1.0.50"}]}});
    cloud.ok(200, "PUT", &format!("/ports/{}", id(&port)), less).await;
    let shown = cloud.ok(200, "GET", &path, Value::Null).await;
    assert_eq!(shown["floatingip"]["port_id"], Value::Null);
});

both!(the_way_out_must_exist_and_stay, cloud, {
    let (network, subnet, router, external) = cloud.routed("10.1.0.0/24").await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let floating =
        cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port["id"]})).await;
    let remove = format!("/routers/{router}/remove_router_interface");
    cloud.fault(409, "RouterInterfaceInUseByFloatingIP", "PUT", &remove, json!({"subnet_id": subnet})).await;
    let clear = json!({"router": {"external_gateway_info": null}});
    cloud
        .fault(409, "RouterExternalGatewayInUseByFloatingIp", "PUT", &format!("/routers/{router}"), clear)
        .await;
    let lonely = cloud.network().await;
    cloud.subnet(&lonely, "10.2.0.0/24").await;
    let stray = cloud.make("port", json!({"network_id": lonely})).await;
    let body = json!({"floatingip": {"floating_network_id": external, "port_id": stray["id"], "fixed_ip_address": address(&stray)}});
    cloud.fault(404, "ExternalGatewayForFloatingIPNotFound", "POST", "/floatingips", body).await;
    let change = json!({"floatingip": {"port_id": stray["id"], "fixed_ip_address": address(&stray)}});
    cloud
        .fault(
            404,
            "ExternalGatewayForFloatingIPNotFound",
            "PUT",
            &format!("/floatingips/{}", id(&floating)),
            change,
        )
        .await;
    let body = json!({"floatingip": {"floating_network_id": network, "port_id": port["id"]}});
    cloud.fault(400, "BadRequest", "POST", "/floatingips", body).await;
    // none of the refused ones left a port behind
    let ports =
        cloud.ok_as(Persona::Admin, 200, "GET", "/ports?device_owner=network:floatingip", Value::Null).await;
    assert_eq!(column(&ports["ports"], "device_id"), [id(&floating)]);
});

both!(wished_addresses_are_for_managers, cloud, {
    let external = cloud.external().await;
    let body = json!({"floatingip": {"floating_network_id": external, "floating_ip_address": "172.24.4.77"}});
    cloud.fault(403, "PolicyNotAuthorized", "POST", "/floatingips", body.clone()).await;
    let made = cloud.ok_as(Persona::Admin, 201, "POST", "/floatingips", body.clone()).await;
    assert_eq!(made["floatingip"]["floating_ip_address"], "172.24.4.77");
    cloud.fault_as(Persona::Admin, 409, "IpAddressAlreadyAllocated", "POST", "/floatingips", body).await;
    let outside = json!({"floatingip": {"floating_network_id": external, "floating_ip_address": "8.8.8.8"}});
    cloud.fault_as(Persona::Admin, 400, "InvalidIpForNetwork", "POST", "/floatingips", outside).await;
});

both!(another_projects_port_gets_no_floating_ip_of_mine, cloud, {
    let (network, ..) = cloud.routed("10.1.0.0/24").await;
    let external = cloud.external().await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let body = json!({"floatingip": {"floating_network_id": external, "port_id": port["id"]}});
    cloud.fault_as(Persona::OtherMember, 404, "PortNotFound", "POST", "/floatingips", body).await;
    cloud
        .fault_as(
            Persona::Reader,
            403,
            "PolicyNotAuthorized",
            "POST",
            "/floatingips",
            json!({"floatingip": {"floating_network_id": external}}),
        )
        .await;
});

both!(an_external_network_goes_with_its_idle_floating_ips_only, cloud, {
    let network = cloud.make_as(Persona::Admin, "network", json!({"router:external": true})).await;
    let subnet = json!({"network_id": network["id"], "cidr": "203.0.113.0/28", "ip_version": 4});
    cloud.make_as(Persona::Admin, "subnet", subnet).await;
    let floating = cloud.make("floatingip", json!({"floating_network_id": network["id"]})).await;
    let path = format!("/networks/{}", id(&network));
    cloud.ok_as(Persona::Admin, 204, "DELETE", &path, Value::Null).await;
    cloud
        .fault(404, "FloatingIPNotFound", "GET", &format!("/floatingips/{}", id(&floating)), Value::Null)
        .await;
    // one that leads somewhere keeps its network, and a refused delete takes nothing away
    let (inside, _, _, external) = cloud.routed("10.1.0.0/24").await;
    let port = cloud.make("port", json!({"network_id": inside})).await;
    let used =
        cloud.make("floatingip", json!({"floating_network_id": external, "port_id": port["id"]})).await;
    let idle = cloud.make("floatingip", json!({"floating_network_id": external})).await;
    let path = format!("/networks/{external}");
    cloud.fault_as(Persona::Admin, 409, "NetworkInUse", "DELETE", &path, Value::Null).await;
    for floating in [used, idle] {
        cloud.ok(200, "GET", &format!("/floatingips/{}", id(&floating)), Value::Null).await;
    }
});
