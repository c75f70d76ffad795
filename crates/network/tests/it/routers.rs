//! Routers.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{address, both, column, id};

both!(a_router_leads_out, cloud, {
    let external = cloud.external().await;
    let router =
        cloud.make("router", json!({"name": "r", "external_gateway_info": {"network_id": external}})).await;
    let info = &router["external_gateway_info"];
    assert_eq!((&info["enable_snat"], &info["network_id"]), (&json!(true), &json!(external)));
    assert_eq!(info["external_fixed_ips"][0]["ip_address"], "172.24.4.2");
    assert_eq!((&router["status"], &router["routes"]), (&json!("ACTIVE"), &json!([])));
    // the gateway's port is nobody's but the admin's
    let ports = cloud.ok(200, "GET", &format!("/ports?device_id={}", id(&router)), Value::Null).await;
    assert_eq!(ports["ports"], json!([]));
    let ports = cloud
        .ok_as(Persona::Admin, 200, "GET", &format!("/ports?device_id={}", id(&router)), Value::Null)
        .await;
    assert_eq!(ports["ports"][0]["device_owner"], "network:router_gateway");
    let path = format!("/routers/{}", id(&router));
    let cleared = cloud.ok(200, "PUT", &path, json!({"router": {"external_gateway_info": {}}})).await;
    assert_eq!(cleared["router"]["external_gateway_info"], Value::Null);
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "RouterNotFound", "GET", &path, Value::Null).await;
});

both!(a_way_out_without_subnets_has_no_address_until_there_is_one, cloud, {
    let external = id(&cloud.make_as(Persona::Admin, "network", json!({"router:external": true})).await);
    let router = cloud.make("router", json!({"external_gateway_info": {"network_id": external}})).await;
    let info = &router["external_gateway_info"];
    assert_eq!((&info["network_id"], &info["external_fixed_ips"]), (&json!(external), &json!([])));
    cloud.settle().await;
    let subnet =
        json!({"network_id": external, "cidr": "198.51.100.0/24", "ip_version": 4, "enable_dhcp": false});
    cloud.make_as(Persona::Admin, "subnet", subnet).await;
    let path = format!("/routers/{}", id(&router));
    let shown = cloud.ok(200, "GET", &path, Value::Null).await["router"].take();
    assert_eq!(shown["external_gateway_info"]["external_fixed_ips"][0]["ip_address"], "198.51.100.2");
    cloud.ok(204, "DELETE", &path, Value::Null).await;
});

both!(gateways_are_external_networks_and_snat_is_the_admins, cloud, {
    let (external, network) = (cloud.external().await, cloud.network().await);
    let post = |info: Value| json!({"router": {"external_gateway_info": info}});
    cloud.fault(400, "BadRequest", "POST", "/routers", post(json!({"network_id": network}))).await;
    cloud
        .fault(
            404,
            "NetworkNotFound",
            "POST",
            "/routers",
            post(json!({"network_id": "4e72dc2d-44c5-4336-9667-f7972e95c402"})),
        )
        .await;
    cloud
        .fault(
            403,
            "PolicyNotAuthorized",
            "POST",
            "/routers",
            post(json!({"network_id": external, "enable_snat": false})),
        )
        .await;
    cloud
        .fault(
            403,
            "PolicyNotAuthorized",
            "POST",
            "/routers",
            post(json!({"network_id": external, "external_fixed_ips": [{"ip_address": "172.24.4.9"}]})),
        )
        .await;
    let info = json!({"network_id": external, "enable_snat": false, "external_fixed_ips": [{"ip_address": "172.24.4.9"}]});
    let made = cloud.ok_as(Persona::Admin, 201, "POST", "/routers", post(info)).await;
    let info = &made["router"]["external_gateway_info"];
    assert_eq!(
        (&info["enable_snat"], &info["external_fixed_ips"][0]["ip_address"]),
        (&json!(false), &json!("172.24.4.9"))
    );
    cloud
        .fault_as(
            Persona::Admin,
            400,
            "BadRequest",
            "POST",
            "/routers",
            post(json!({"network_id": external, "external_fixed_ips": [{"ip_address": "172.24.4.1"}]})),
        )
        .await;
});

both!(interfaces_by_subnet_and_by_port, cloud, {
    let (network, subnet, router, _) = cloud.routed("10.1.0.0/24").await;
    let add = format!("/routers/{router}/add_router_interface");
    let remove = format!("/routers/{router}/remove_router_interface");
    cloud.fault(400, "BadRequest", "PUT", &add, json!({"subnet_id": subnet})).await;
    let legs = cloud.ok(200, "GET", &format!("/ports?device_id={router}"), Value::Null).await;
    assert_eq!(legs["ports"][0]["device_owner"], "network:router_interface");
    assert_eq!(address(&legs["ports"][0]), "10.1.0.1");
    let leg = id(&legs["ports"][0]);
    cloud.fault(409, "ServicePortInUse", "DELETE", &format!("/ports/{leg}"), Value::Null).await;
    cloud.fault(409, "RouterInUse", "DELETE", &format!("/routers/{router}"), Value::Null).await;
    cloud.fault(409, "NetworkInUse", "DELETE", &format!("/networks/{network}"), Value::Null).await;
    let gone = cloud.ok(200, "PUT", &remove, json!({"port_id": leg})).await;
    assert_eq!((&gone["id"], &gone["subnet_ids"]), (&json!(router), &json!([subnet])));
    cloud.fault(404, "RouterInterfaceNotFoundForSubnet", "PUT", &remove, json!({"subnet_id": subnet})).await;
    cloud.fault(404, "RouterInterfaceNotFound", "PUT", &remove, json!({"port_id": leg})).await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    let added = cloud.ok(200, "PUT", &add, json!({"port_id": port["id"]})).await;
    assert_eq!((&added["port_id"], &added["network_id"]), (&port["id"], &json!(network)));
    cloud.fault(409, "PortInUse", "PUT", &add, json!({"port_id": port["id"]})).await;
    for body in [json!({}), json!({"subnet_id": "x"}), json!({"subnet_id": subnet, "port_id": port["id"]})] {
        cloud.fault(400, "BadRequest", "PUT", &add, body).await;
    }
    cloud
        .fault(
            404,
            "SubnetNotFound",
            "PUT",
            &add,
            json!({"subnet_id": "4e72dc2d-44c5-4336-9667-f7972e95c402"}),
        )
        .await;
});

both!(a_router_does_not_stand_on_overlapping_ranges, cloud, {
    let (_, _, router, _) = cloud.routed("10.1.0.0/24").await;
    let other = cloud.network().await;
    let subnet = id(&cloud.subnet(&other, "10.1.0.128/25").await);
    let add = format!("/routers/{router}/add_router_interface");
    cloud.fault(400, "BadRequest", "PUT", &add, json!({"subnet_id": subnet})).await;
    let outside = id(&cloud.subnet(&cloud.network().await, "172.24.4.0/25").await);
    cloud.fault(400, "BadRequest", "PUT", &add, json!({"subnet_id": outside})).await;
});

both!(nobody_plugs_another_projects_subnet, cloud, {
    let network = cloud.network().await;
    let subnet = id(&cloud.subnet(&network, "10.1.0.0/24").await);
    let router = id(&cloud.make_as(Persona::OtherMember, "router", json!({})).await);
    let add = format!("/routers/{router}/add_router_interface");
    cloud
        .fault_as(Persona::OtherMember, 404, "SubnetNotFound", "PUT", &add, json!({"subnet_id": subnet}))
        .await;
    cloud.fault(404, "RouterNotFound", "PUT", &add, json!({"subnet_id": subnet})).await;
});

both!(static_routes_need_a_connected_next_hop, cloud, {
    let (_, subnet, router, _) = cloud.routed("10.1.0.0/24").await;
    let path = format!("/routers/{router}");
    let route = json!({"destination": "10.9.0.0/24", "nexthop": "10.1.0.9"});
    let changed = cloud.ok(200, "PUT", &path, json!({"router": {"routes": [route]}})).await;
    assert_eq!(changed["router"]["routes"], json!([route]));
    let far = json!([{"destination": "10.9.0.0/24", "nexthop": "10.7.0.9"}]);
    cloud.fault(400, "InvalidRoutes", "PUT", &path, json!({"router": {"routes": far}})).await;
    let own = json!([{"destination": "10.9.0.0/24", "nexthop": "10.1.0.1"}]);
    cloud.fault(400, "InvalidRoutes", "PUT", &path, json!({"router": {"routes": own}})).await;
    let remove = format!("{path}/remove_router_interface");
    cloud.fault(409, "RouterInterfaceInUseByRoute", "PUT", &remove, json!({"subnet_id": subnet})).await;
    let more = json!({"router": {"routes": [{"destination": "10.8.0.0/24", "nexthop": "10.1.0.8"}]}});
    let added = cloud.ok(200, "PUT", &format!("{path}/add_extraroutes"), more.clone()).await;
    assert_eq!(column(&added["router"]["routes"], "destination"), ["10.9.0.0/24", "10.8.0.0/24"]);
    let left = cloud.ok(200, "PUT", &format!("{path}/remove_extraroutes"), more).await;
    assert_eq!(left["router"]["routes"], json!([route]));
    cloud.ok(200, "PUT", &path, json!({"router": {"routes": null}})).await;
    cloud.ok(200, "PUT", &remove, json!({"subnet_id": subnet})).await;
});

both!(a_stateful_ipv6_leg_has_the_gateways_address, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "cidr": "2003::/64", "ip_version": 6, "gateway_ip": "2003::1", "ipv6_ra_mode": "dhcpv6-stateful"});
    let subnet = id(&cloud.make("subnet", body).await);
    let router =
        id(&cloud.make("router", json!({"admin_state_up": true, "external_gateway_info": {}})).await);
    let added = cloud
        .ok(200, "PUT", &format!("/routers/{router}/add_router_interface"), json!({"subnet_id": subnet}))
        .await;
    let port =
        cloud.ok(200, "GET", &format!("/ports/{}", added["port_id"].as_str().unwrap()), Value::Null).await;
    assert_eq!(address(&port["port"]), "2003::1");
    cloud
        .fault(
            409,
            "GatewayIpInUse",
            "PUT",
            &format!("/subnets/{subnet}"),
            json!({"subnet": {"gateway_ip": "2003::2"}}),
        )
        .await;
});

both!(get_me_a_network_makes_it_once_and_takes_it_back, cloud, {
    let path = "/auto-allocated-topology/null";
    let dry = cloud.ok(200, "GET", &format!("{path}?fields=dry-run"), Value::Null).await;
    assert_eq!(dry["auto_allocated_topology"]["id"], "dry-run=pass");
    let made = cloud.ok(200, "GET", path, Value::Null).await;
    let again = cloud.ok(200, "GET", path, Value::Null).await;
    assert_eq!(made, again);
    let routers = cloud.ok(200, "GET", "/routers", Value::Null).await;
    assert_eq!(routers["routers"][0]["name"], "auto_allocated_router");
    cloud.ok(204, "DELETE", path, Value::Null).await;
    let networks = cloud.ok(200, "GET", "/networks?router:external=false", Value::Null).await;
    assert_eq!(networks["networks"], json!([]));
});
