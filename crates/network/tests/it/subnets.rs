//! Subnets, subnet pools, address scopes.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{address, both, id};

both!(a_subnet_has_upstreams_defaults, cloud, {
    let network = cloud.network().await;
    let subnet = cloud.subnet(&network, "10.100.0.0/28").await;
    assert_eq!(subnet["gateway_ip"], "10.100.0.1");
    assert_eq!(subnet["allocation_pools"], json!([{"start": "10.100.0.2", "end": "10.100.0.14"}]));
    assert_eq!(subnet["enable_dhcp"], true);
    assert_eq!(subnet["ipv6_ra_mode"], Value::Null);
    assert_eq!(subnet["dns_nameservers"], json!([]));
    let shown = cloud.ok(200, "GET", &format!("/networks/{network}"), Value::Null).await;
    assert_eq!(shown["network"]["subnets"], json!([subnet["id"]]));
});

both!(gateways_pools_dns_and_routes_of_tempest, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "cidr": "10.100.0.0/28", "ip_version": 4, "gateway_ip": "10.100.0.1",
        "allocation_pools": [{"start": "10.100.0.3", "end": "10.100.0.7"}], "dns_nameservers": ["8.8.4.4", "8.8.8.8"],
        "host_routes": [{"destination": "10.20.0.0/32", "nexthop": "10.100.1.1"}]});
    let subnet = cloud.make("subnet", body).await;
    let path = format!("/subnets/{}", id(&subnet));
    let change = json!({"host_routes": [{"destination": "10.20.0.0/32", "nexthop": "10.100.1.2"}],
        "dns_nameservers": ["7.8.8.8", "7.8.4.4"], "gateway_ip": "10.100.0.2", "enable_dhcp": true, "name": "New_subnet"});
    let changed = cloud.ok(200, "PUT", &path, json!({"subnet": change})).await;
    for key in ["host_routes", "dns_nameservers", "gateway_ip", "name"] {
        assert_eq!(changed["subnet"][key], change[key], "{key}");
    }
    cloud
        .fault(
            409,
            "GatewayConflictWithAllocationPools",
            "PUT",
            &path,
            json!({"subnet": {"gateway_ip": "10.100.0.5"}}),
        )
        .await;
    let without =
        json!({"network_id": network, "cidr": "10.101.0.0/28", "ip_version": 4, "gateway_ip": null});
    assert_eq!(cloud.make("subnet", without).await["gateway_ip"], Value::Null);
});

both!(overlapping_ranges_are_refused_in_tempests_words, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.100.0.0/24").await;
    let body = json!({"subnet": {"network_id": network, "cidr": "10.100.0.16/28", "ip_version": 4}});
    let message = cloud.fault(400, "InvalidInput", "POST", "/subnets", body.clone()).await;
    assert!(message.contains("overlaps with another subnet"), "{message}");
    let other = cloud.network().await;
    cloud.subnet(&other, "10.100.0.16/28").await;
});

both!(wrong_subnets_are_refused, cloud, {
    let network = cloud.network().await;
    let post = async |name: &str, mut body: Value| {
        body["network_id"] = network.clone().into();
        cloud.fault(400, name, "POST", "/subnets", json!({"subnet": body})).await
    };
    post("HTTPBadRequest", json!({"cidr": "10.0.0.0/24"})).await;
    post("HTTPBadRequest", json!({"cidr": "10.0.0.0/33", "ip_version": 4})).await;
    post("HTTPBadRequest", json!({"cidr": "10.0.0.0/24", "ip_version": 5})).await;
    post("BadRequest", json!({"ip_version": 4})).await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/24", "ip_version": 6})).await;
    post("InvalidInput", json!({"cidr": "0.0.0.0/0", "ip_version": 4})).await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/31", "ip_version": 4})).await;
    post("InvalidInput", json!({"cidr": "224.0.0.0/24", "ip_version": 4})).await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/24", "ip_version": 4, "gateway_ip": "10.0.0.255"})).await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/24", "ip_version": 4, "gateway_ip": "fd00::1"})).await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/24", "ip_version": 4, "dns_nameservers": ["fd00::1"]}))
        .await;
    post("InvalidInput", json!({"cidr": "10.0.0.0/24", "ip_version": 4, "ipv6_ra_mode": "slaac"})).await;
    post(
        "OutOfBoundsAllocationPool",
        json!({"cidr": "10.0.0.0/24", "ip_version": 4,
        "allocation_pools": [{"start": "10.0.0.2", "end": "10.0.1.2"}]}),
    )
    .await;
    post(
        "DNSNameServersExhausted",
        json!({"cidr": "10.0.0.0/24", "ip_version": 4,
        "dns_nameservers": ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "1.1.1.6"]}),
    )
    .await;
    post("InvalidInput", json!({"cidr": "fd00::/80", "ip_version": 6, "ipv6_address_mode": "slaac"})).await;
    for (ra, mode) in
        [("dhcpv6-stateless", "dhcpv6-stateful"), ("slaac", "dhcpv6-stateful"), ("dhcpv6-stateful", "slaac")]
    {
        post(
            "InvalidInput",
            json!({"cidr": "fd00::/64", "ip_version": 6, "ipv6_ra_mode": ra, "ipv6_address_mode": mode}),
        )
        .await;
    }
    let body = json!({"subnet": {"network_id": "4e72dc2d-44c5-4336-9667-f7972e95c402", "cidr": "10.0.0.0/24", "ip_version": 4}});
    cloud.fault(404, "NetworkNotFound", "POST", "/subnets", body).await;
});

both!(slaac_gives_eui64_addresses_also_to_ports_that_were_there, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/24").await;
    let mac = "fa:16:3e:33:44:55";
    let port = cloud.make("port", json!({"network_id": network, "mac_address": mac})).await;
    let body = json!({"network_id": network, "cidr": "2001:db8::/64", "ip_version": 6, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"});
    let subnet = cloud.make("subnet", body).await;
    let shown = cloud.ok(200, "GET", &format!("/ports/{}", id(&port)), Value::Null).await;
    assert_eq!(
        shown["port"]["fixed_ips"][1],
        json!({"subnet_id": subnet["id"], "ip_address": "2001:db8::f816:3eff:fe33:4455"})
    );
    let wrong = json!({"port": {"network_id": network, "fixed_ips": [{"subnet_id": subnet["id"], "ip_address": "2001:db8::5"}]}});
    cloud.fault(400, "AllocationOnAutoAddressSubnet", "POST", "/ports", wrong).await;
    // self-made addresses do not keep the subnet
    cloud.ok(204, "DELETE", &format!("/subnets/{}", id(&subnet)), Value::Null).await;
    let shown = cloud.ok(200, "GET", &format!("/ports/{}", id(&port)), Value::Null).await;
    assert_eq!(shown["port"]["fixed_ips"].as_array().unwrap().len(), 1);
});

both!(ipv6_without_modes_takes_from_the_pool, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "2003::/64").await;
    let port = cloud.make("port", json!({"network_id": network, "mac_address": "fa:16:3e:00:00:01"})).await;
    assert!(address(&port).starts_with("2003::"), "{port}");
    assert_ne!(address(&port), "2003::f816:3eff:fe00:1");
});

both!(dhcp_ports_come_and_go_with_dhcp, cloud, {
    let network = cloud.network().await;
    let first = cloud.subnet(&network, "10.1.0.0/24").await;
    let second = cloud.subnet(&network, "10.2.0.0/24").await;
    let dhcp = format!("/ports?network_id={network}&device_owner=network:dhcp");
    let list = cloud.ok(200, "GET", &dhcp, Value::Null).await;
    assert_eq!(list["ports"].as_array().unwrap().len(), 1);
    assert_eq!(list["ports"][0]["fixed_ips"].as_array().unwrap().len(), 2);
    assert_eq!(list["ports"][0]["port_security_enabled"], false);
    cloud
        .ok(200, "PUT", &format!("/subnets/{}", id(&first)), json!({"subnet": {"enable_dhcp": false}}))
        .await;
    let list = cloud.ok(200, "GET", &dhcp, Value::Null).await;
    assert_eq!(list["ports"][0]["fixed_ips"][0]["subnet_id"], second["id"]);
    cloud.ok(204, "DELETE", &format!("/subnets/{}", id(&second)), Value::Null).await;
    let list = cloud.ok(200, "GET", &dhcp, Value::Null).await;
    assert_eq!(list["ports"], json!([]));
});

both!(a_subnet_with_ports_stays, cloud, {
    let network = cloud.network().await;
    let subnet = id(&cloud.subnet(&network, "10.1.0.0/24").await);
    let port = id(&cloud.make("port", json!({"network_id": network})).await);
    let path = format!("/subnets/{subnet}");
    cloud.fault(409, "SubnetInUse", "DELETE", &path, Value::Null).await;
    cloud.ok(204, "DELETE", &format!("/ports/{port}"), Value::Null).await;
    cloud.ok(204, "DELETE", &path, Value::Null).await;
});

both!(service_types_reserve_a_subnet, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "cidr": "10.5.0.0/24", "ip_version": 4, "service_types": ["compute:nova"], "enable_dhcp": false});
    // the rule of the attribute is one that upstream never asks
    let made = cloud.make("subnet", body).await;
    assert_eq!(made["service_types"], json!(["compute:nova"]));
    let none = json!({"port": {"network_id": network}});
    cloud.fault(409, "IpAddressGenerationFailureNoMatchingSubnet", "POST", "/ports", none).await;
    let port = cloud
        .make_as(Persona::Admin, "port", json!({"network_id": network, "device_owner": "compute:nova"}))
        .await;
    assert_eq!(address(&port), "10.5.0.2");
});

both!(subnets_are_cut_from_pools, cloud, {
    let pool = cloud
        .make(
            "subnetpool",
            json!({"name": "p", "prefixes": ["10.8.0.0/22"], "default_prefixlen": 24, "min_prefixlen": 24}),
        )
        .await;
    assert_eq!(pool["ip_version"], 4);
    let network = cloud.network().await;
    let cut = |more: Value| {
        let mut body = json!({"network_id": network, "ip_version": 4, "subnetpool_id": pool["id"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"subnet": body})
    };
    let first = cloud.ok(201, "POST", "/subnets", cut(json!({}))).await;
    assert_eq!(first["subnet"]["cidr"], "10.8.0.0/24");
    let second = cloud.ok(201, "POST", "/subnets", cut(json!({"prefixlen": 25}))).await;
    assert_eq!(second["subnet"]["cidr"], "10.8.1.0/25");
    cloud
        .fault(400, "MinPrefixSubnetAllocationError", "POST", "/subnets", cut(json!({"prefixlen": 23})))
        .await;
    cloud
        .fault(400, "BadRequest", "POST", "/subnets", cut(json!({"prefixlen": 25, "cidr": "10.8.2.0/24"})))
        .await;
    let path = format!("/subnetpools/{}", id(&pool));
    cloud.fault(400, "SubnetPoolDeleteError", "DELETE", &path, Value::Null).await;
    cloud
        .fault(
            400,
            "IllegalSubnetPoolPrefixUpdate",
            "PUT",
            &path,
            json!({"subnetpool": {"prefixes": ["10.9.0.0/22"]}}),
        )
        .await;
    let grown =
        cloud.ok(200, "PUT", &path, json!({"subnetpool": {"prefixes": ["10.8.0.0/21"], "name": "q"}})).await;
    assert_eq!(grown["subnetpool"]["prefixes"], json!(["10.8.0.0/21"]));
    cloud.ok(204, "DELETE", &format!("/networks/{network}"), Value::Null).await;
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "SubnetPoolNotFound", "GET", &path, Value::Null).await;
});

both!(tempests_pool_has_its_prefix_as_text, cloud, {
    let pool = cloud.make("subnetpool", json!({"name": "p", "prefixes": "1.0.0.0/16"})).await;
    assert_eq!(pool["prefixes"], json!(["1.0.0.0/16"]));
    assert_eq!((&pool["min_prefixlen"], &pool["max_prefixlen"]), (&json!("8"), &json!("32")));
    assert_eq!(pool["default_prefixlen"], "8");
    let path = format!("/subnetpools/{}", id(&pool));
    let changed = cloud
        .ok(200, "PUT", &path, json!({"subnetpool": {"min_prefixlen": "20", "default_prefixlen": 24}}))
        .await;
    let lengths = ["min_prefixlen", "default_prefixlen"].map(|name| changed["subnetpool"][name].clone());
    assert_eq!(lengths, [json!("20"), json!("24")]);
    cloud
        .fault(
            400,
            "EmptySubnetPoolPrefixList",
            "POST",
            "/subnetpools",
            json!({"subnetpool": {"name": "p", "prefixes": []}}),
        )
        .await;
    cloud
        .fault(
            400,
            "PrefixVersionMismatch",
            "POST",
            "/subnetpools",
            json!({"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/8", "fd00::/8"]}}),
        )
        .await;
    cloud
        .fault(
            403,
            "PolicyNotAuthorized",
            "POST",
            "/subnetpools",
            json!({"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/8"], "shared": true}}),
        )
        .await;
});

both!(owners_of_ones_own_get_addresses_of_their_subnet, cloud, {
    let network = cloud.network().await;
    for (owner, cidr) in [("test:type_1", "10.1.0.0/24"), ("test:type_2", "10.2.0.0/24")] {
        let body = json!({"network_id": network, "ip_version": 4, "cidr": cidr, "service_types": [owner], "enable_dhcp": false});
        cloud.make("subnet", body).await;
    }
    let port = cloud.make("port", json!({"network_id": network, "device_owner": "test:type_2"})).await;
    assert_eq!(address(&port), "10.2.0.2");
});

both!(an_mtu_that_is_too_small_is_refused_with_the_subnet, cloud, {
    for (mtu, version, cidr) in [(67, 4, "10.0.0.0/24"), (1279, 6, "2001:db8::/64")] {
        let network = id(&cloud.make("network", json!({"mtu": mtu})).await);
        let subnet = json!({"network_id": network, "ip_version": version, "cidr": cidr});
        cloud.fault(409, "NetworkMTUSubnetConflict", "POST", "/subnets", json!({ "subnet": subnet })).await;
        let path = format!("/networks/{network}");
        cloud.ok(200, "PUT", &path, json!({"network": {"mtu": mtu + 1}})).await;
        cloud.make("subnet", subnet).await;
        cloud.fault(409, "NetworkMTUSubnetConflict", "PUT", &path, json!({"network": {"mtu": mtu}})).await;
    }
});

both!(prefixes_of_a_pool_come_and_go_one_by_one, cloud, {
    let pool = cloud
        .make("subnetpool", json!({"name": "p", "prefixes": ["10.0.0.0/16"], "min_prefixlen": 16}))
        .await;
    let path = format!("/subnetpools/{}", id(&pool));
    let put = async |status: u16, verb: &str, prefixes: Value| {
        let answer =
            cloud.ok(status, "PUT", &format!("{path}/{verb}"), json!({ "prefixes": prefixes })).await;
        answer["prefixes"].clone()
    };
    assert_eq!(put(200, "add_prefixes", json!(["10.2.0.0/16"])).await, json!(["10.0.0.0/16", "10.2.0.0/16"]));
    assert_eq!(
        put(200, "add_prefixes", json!(["10.3.0.0/16", "10.2.1.0/24"])).await,
        json!(["10.0.0.0/16", "10.2.0.0/15"])
    );
    assert_eq!(
        put(200, "remove_prefixes", json!(["10.2.0.0/15", "192.0.2.0/24"])).await,
        json!(["10.0.0.0/16"])
    );
    let shown = cloud.ok(200, "GET", &path, Value::Null).await["subnetpool"].take();
    assert_eq!((&shown["prefixes"], &shown["revision_number"]), (&json!(["10.0.0.0/16"]), &json!(3)));
    // what a subnet has stays
    let network = cloud.network().await;
    let cut = json!({"network_id": network, "ip_version": 4, "subnetpool_id": pool["id"], "prefixlen": 24});
    cloud.make("subnet", cut).await;
    let taken = json!({"prefixes": ["10.0.0.0/25"]});
    cloud.fault(400, "IllegalSubnetPoolPrefixUpdate", "PUT", &format!("{path}/remove_prefixes"), taken).await;
    assert_eq!(put(200, "remove_prefixes", json!(["10.0.128.0/17"])).await, json!(["10.0.0.0/17"]));
    let (add, more) = (format!("{path}/add_prefixes"), json!({"prefixes": ["10.9.0.0/16"]}));
    for wrong in [
        json!({}),
        json!({"prefixes": []}),
        json!({"prefixes": "10.9.0.0/16"}),
        json!({"prefixes": ["x"]}),
        json!([]),
    ] {
        cloud.fault(400, "HTTPBadRequest", "PUT", &add, wrong).await;
    }
    cloud.fault(400, "PrefixVersionMismatch", "PUT", &add, json!({"prefixes": ["fd00::/48"]})).await;
    cloud.fault_as(Persona::Reader, 403, "PolicyNotAuthorized", "PUT", &add, more.clone()).await;
    cloud.fault_as(Persona::OtherMember, 404, "SubnetPoolNotFound", "PUT", &add, more).await;
});

both!(a_pool_in_a_scope_of_another_project_is_changed_by_admins_only, cloud, {
    let scope = json!({"address_scope": {"name": "s", "ip_version": 4, "shared": true}});
    let scope =
        id(&cloud.ok_as(Persona::Admin, 201, "POST", "/address-scopes", scope).await["address_scope"]);
    let pool = id(&cloud.make("subnetpool", json!({"name": "p", "prefixes": ["20.0.0.0/18"]})).await);
    let path = format!("/subnetpools/{pool}");
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"subnetpool": {"address_scope_id": scope}})).await;
    let more = json!(["20.0.0.0/18", "40.0.0.0/18"]);
    let refused = "IllegalSubnetPoolUpdate";
    cloud.fault(400, refused, "PUT", &path, json!({"subnetpool": {"prefixes": more}})).await;
    cloud
        .fault(400, refused, "PUT", &format!("{path}/add_prefixes"), json!({"prefixes": ["40.0.0.0/18"]}))
        .await;
    let changed =
        cloud.ok_as(Persona::Admin, 200, "PUT", &path, json!({"subnetpool": {"prefixes": more}})).await;
    assert_eq!(changed["subnetpool"]["prefixes"], more);
});

both!(address_scopes_hold_pools_of_their_version, cloud, {
    let made = cloud
        .ok(201, "POST", "/address-scopes", json!({"address_scope": {"name": "s", "ip_version": 6}}))
        .await;
    let scope = id(&made["address_scope"]);
    let pool = json!({"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/8"], "address_scope_id": scope}});
    cloud
        .fault(400, "IllegalSubnetPoolIpVersionAssociationToAddressScope", "POST", "/subnetpools", pool)
        .await;
    let pool = cloud
        .make("subnetpool", json!({"name": "p", "prefixes": ["fd00::/48"], "address_scope_id": scope}))
        .await;
    let path = format!("/address-scopes/{scope}");
    cloud.fault(409, "AddressScopeInUse", "DELETE", &path, Value::Null).await;
    cloud
        .ok(
            200,
            "PUT",
            &format!("/subnetpools/{}", id(&pool)),
            json!({"subnetpool": {"address_scope_id": null}}),
        )
        .await;
    cloud.ok(204, "DELETE", &path, Value::Null).await;
});
