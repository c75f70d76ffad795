//! Ports.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use crate::cloud::{address, both, column, id};

both!(a_port_is_created_shown_changed_and_deleted, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.1.0.0/28").await;
    let port = cloud.make("port", json!({"network_id": network, "name": "p"})).await;
    assert_eq!((&port["admin_state_up"], &port["status"]), (&json!(true), &json!("DOWN")));
    assert!(port["mac_address"].as_str().unwrap().starts_with("fa:16:3e:"));
    assert_eq!(address(&port), "10.1.0.3");
    assert_eq!(port["security_groups"].as_array().unwrap().len(), 1);
    assert_eq!(port["dns_assignment"][0]["fqdn"], "host-10-1-0-3.openstacklocal.");
    assert_eq!(port["binding:vnic_type"], "normal");
    assert!(port.get("binding:host_id").is_none());
    let path = format!("/ports/{}", id(&port));
    let shown = cloud.ok(200, "GET", &path, Value::Null).await;
    assert_eq!(shown["port"], port);
    let changed =
        cloud.ok(200, "PUT", &path, json!({"port": {"name": "New_Port", "admin_state_up": false}})).await;
    assert_eq!(changed["port"]["name"], "New_Port");
    cloud.ok(204, "DELETE", &path, Value::Null).await;
    cloud.fault(404, "PortNotFound", "DELETE", &path, Value::Null).await;
});

both!(fixed_addresses_by_subnet_by_address_and_several, cloud, {
    let network = cloud.network().await;
    let one = id(&cloud.subnet(&network, "10.1.0.0/28").await);
    let two = id(&cloud.subnet(&network, "10.2.0.0/28").await);
    let post = |fixed: Value| json!({"port": {"network_id": network, "fixed_ips": fixed}});
    let port = cloud.ok(201, "POST", "/ports", post(json!([{"subnet_id": one}, {"subnet_id": two}]))).await;
    assert_eq!(port["port"]["fixed_ips"].as_array().unwrap().len(), 2);
    let path = format!("/ports/{}", id(&port["port"]));
    let less = cloud.ok(200, "PUT", &path, json!({"port": {"fixed_ips": [{"subnet_id": two}]}})).await;
    assert_eq!(less["port"]["fixed_ips"], json!([port["port"]["fixed_ips"][1]]));
    // in the order of their texts, whatever was asked for, and always
    let wish = json!([{"ip_address": "10.2.0.7"}, {"ip_address": "10.1.0.7"}, {"ip_address": "10.1.0.10"}]);
    let port = cloud.ok(201, "POST", "/ports", post(wish)).await["port"].clone();
    let shown = cloud.ok(200, "GET", &format!("/ports/{}", id(&port)), Value::Null).await["port"].clone();
    let listed =
        cloud.ok(200, "GET", &format!("/ports?id={}", id(&port)), Value::Null).await["ports"][0].clone();
    for answer in [port, shown, listed] {
        let of = |number: usize| answer["fixed_ips"][number]["ip_address"].clone();
        assert_eq!([of(0), of(1), of(2)], [json!("10.1.0.10"), json!("10.1.0.7"), json!("10.2.0.7")]);
    }
    let port = cloud.ok(201, "POST", "/ports", post(json!([{"ip_address": "10.2.0.9"}]))).await;
    assert_eq!(port["port"]["fixed_ips"], json!([{"subnet_id": two, "ip_address": "10.2.0.9"}]));
    cloud
        .fault(409, "IpAddressAlreadyAllocated", "POST", "/ports", post(json!([{"ip_address": "10.2.0.9"}])))
        .await;
    cloud
        .fault(400, "InvalidIpForNetwork", "POST", "/ports", post(json!([{"ip_address": "10.3.0.9"}])))
        .await;
    cloud
        .fault(
            400,
            "InvalidIpForSubnet",
            "POST",
            "/ports",
            post(json!([{"subnet_id": one, "ip_address": "10.2.0.7"}])),
        )
        .await;
    cloud
        .fault(
            400,
            "InvalidIpForSubnet",
            "POST",
            "/ports",
            post(json!([{"subnet_id": one, "ip_address": "10.1.0.15"}])),
        )
        .await;
    cloud
        .fault(
            404,
            "SubnetNotFound",
            "POST",
            "/ports",
            post(json!([{"subnet_id": "4e72dc2d-44c5-4336-9667-f7972e95c402"}])),
        )
        .await;
    cloud.fault(400, "InvalidInput", "POST", "/ports", post(json!([{}]))).await;
    let none = cloud.ok(201, "POST", "/ports", post(json!([]))).await;
    assert_eq!(none["port"]["fixed_ips"], json!([]));
});

both!(a_full_subnet_says_so, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "cidr": "10.1.0.0/29", "ip_version": 4, "enable_dhcp": false});
    cloud.make("subnet", body).await;
    for _ in 0..5 {
        cloud.make("port", json!({"network_id": network})).await;
    }
    cloud
        .fault(409, "IpAddressGenerationFailure", "POST", "/ports", json!({"port": {"network_id": network}}))
        .await;
    // a refused port left nothing behind
    let list = cloud.ok(200, "GET", &format!("/ports?network_id={network}"), Value::Null).await;
    assert_eq!(list["ports"].as_array().unwrap().len(), 5);
});

both!(freed_addresses_and_gaps_are_used_again, cloud, {
    let network = cloud.network().await;
    cloud.subnet(&network, "10.0.0.0/8").await;
    let mut ports = Vec::new();
    for _ in 0..4 {
        ports.push(cloud.make("port", json!({"network_id": network})).await);
    }
    assert_eq!(address(&ports[3]), "10.0.0.6");
    cloud.ok(204, "DELETE", &format!("/ports/{}", id(&ports[1])), Value::Null).await;
    let port = cloud.make("port", json!({"network_id": network})).await;
    assert_eq!(address(&port), "10.0.0.4");
});

both!(macs_are_unique_in_a_network_only, cloud, {
    let (one, two) = (cloud.network().await, cloud.network().await);
    let body = |network: &str| json!({"port": {"network_id": network, "mac_address": "FA-16-3E-00-00-01"}});
    let port = cloud.ok(201, "POST", "/ports", body(&one)).await;
    assert_eq!(port["port"]["mac_address"], "fa:16:3e:00:00:01");
    cloud.fault(409, "MacAddressInUse", "POST", "/ports", body(&one)).await;
    cloud.ok(201, "POST", "/ports", body(&two)).await;
    cloud
        .fault(
            400,
            "HTTPBadRequest",
            "POST",
            "/ports",
            json!({"port": {"network_id": one, "mac_address": "x"}}),
        )
        .await;
});

both!(security_groups_of_a_port_are_the_projects_own, cloud, {
    let network = cloud.network().await;
    let group = id(&cloud.make("security_group", json!({"name": "g"})).await);
    let port = cloud.make("port", json!({"network_id": network, "security_groups": [group]})).await;
    assert_eq!(port["security_groups"], json!([group]));
    let path = format!("/ports/{}", id(&port));
    let two = id(&cloud.make("security_group", json!({"name": "h"})).await);
    let changed = cloud.ok(200, "PUT", &path, json!({"port": {"security_groups": [group, two]}})).await;
    assert_eq!(changed["port"]["security_groups"].as_array().unwrap().len(), 2);
    let foreign = id(&cloud.make_as(Persona::OtherMember, "security_group", json!({"name": "g"})).await);
    cloud
        .fault(404, "SecurityGroupNotFound", "PUT", &path, json!({"port": {"security_groups": [foreign]}}))
        .await;
    cloud.fault(409, "SecurityGroupInUse", "DELETE", &format!("/security-groups/{group}"), Value::Null).await;
    let none = cloud.make("port", json!({"network_id": network, "security_groups": []})).await;
    assert_eq!(none["security_groups"], json!([]));
});

both!(port_security_pairs_and_groups_depend_on_each_other, cloud, {
    let network = cloud.network().await;
    let post = |body: Value| {
        let mut body = body;
        body["network_id"] = network.clone().into();
        json!({"port": body})
    };
    let off = cloud.ok(201, "POST", "/ports", post(json!({"port_security_enabled": false}))).await;
    assert_eq!(off["port"]["security_groups"], json!([]));
    let pair = json!([{"ip_address": "10.9.0.0/24"}]);
    cloud
        .fault(
            409,
            "AddressPairAndPortSecurityRequired",
            "POST",
            "/ports",
            post(json!({"port_security_enabled": false, "allowed_address_pairs": pair})),
        )
        .await;
    let on = cloud.ok(201, "POST", "/ports", post(json!({"allowed_address_pairs": pair}))).await;
    assert_eq!(on["port"]["allowed_address_pairs"][0]["mac_address"], on["port"]["mac_address"]);
    let path = format!("/ports/{}", id(&on["port"]));
    cloud
        .fault(
            409,
            "AddressPairAndPortSecurityRequired",
            "PUT",
            &path,
            json!({"port": {"port_security_enabled": false}}),
        )
        .await;
    cloud
        .fault(
            409,
            "PortSecurityPortHasSecurityGroup",
            "PUT",
            &path,
            json!({"port": {"port_security_enabled": false, "allowed_address_pairs": []}}),
        )
        .await;
    cloud.ok(200, "PUT", &path, json!({"port": {"port_security_enabled": false, "allowed_address_pairs": [], "security_groups": []}})).await;
});

both!(members_do_not_set_bindings_or_play_router, cloud, {
    let network = cloud.network().await;
    for body in [json!({"binding:host_id": "h"}), json!({"binding:profile": {"a": 1}})] {
        let mut body = body;
        body["network_id"] = network.clone().into();
        cloud.fault(403, "PolicyNotAuthorized", "POST", "/ports", json!({"port": body})).await;
    }
    let admin =
        cloud.make_as(Persona::Admin, "port", json!({"network_id": network, "binding:host_id": "h"})).await;
    assert_eq!((&admin["binding:host_id"], &admin["binding:vif_type"]), (&json!("h"), &json!("bridge")));
    let shared = cloud.make_as(Persona::Admin, "network", json!({"shared": true})).await;
    for body in [
        json!({"device_owner": "network:dhcp"}),
        json!({"mac_address": "fa:16:3e:00:00:01"}),
        json!({"port_security_enabled": false}),
        json!({"allowed_address_pairs": [{"ip_address": "0.0.0.0/0"}]}),
    ] {
        let mut body = body;
        body["network_id"] = shared["id"].clone();
        cloud.fault(403, "PolicyNotAuthorized", "POST", "/ports", json!({"port": body})).await;
    }
    let foreign = json!({"port": {"network_id": network, "project_id": Persona::OtherMember.project_id()}});
    cloud.fault(400, "HTTPBadRequest", "POST", "/ports", foreign).await;
    let router = id(&cloud.make_as(Persona::OtherMember, "router", json!({})).await);
    let body = json!({"port": {"network_id": network, "device_id": router}});
    cloud.fault(409, "DeviceIDNotOwnedByTenant", "POST", "/ports", body).await;
});

both!(ports_are_found_by_address_device_and_group, cloud, {
    let network = cloud.network().await;
    let subnet = id(&cloud.subnet(&network, "10.1.0.0/24").await);
    let one = cloud
        .make(
            "port",
            json!({"network_id": network, "device_id": "d1", "fixed_ips": [{"ip_address": "10.1.0.77"}]}),
        )
        .await;
    let two =
        cloud.make("port", json!({"network_id": network, "fixed_ips": [{"ip_address": "10.1.0.9"}]})).await;
    let of = async |query: &str| {
        let list = cloud.ok(200, "GET", &format!("/ports?{query}"), Value::Null).await;
        column(&list["ports"], "id")
    };
    assert_eq!(of("fixed_ips=ip_address=10.1.0.77").await, [id(&one)]);
    assert_eq!(of("fixed_ips=ip_address_substr=0.7").await, [id(&one)]);
    assert_eq!(of("device_id=d1").await, [id(&one)]);
    assert_eq!(of(&format!("fixed_ips=subnet_id={subnet}&fixed_ips=ip_address=10.1.0.9")).await, [id(&two)]);
    let group = one["security_groups"][0].as_str().unwrap();
    assert_eq!(of(&format!("security_groups={group}")).await.len(), 2);
    assert_eq!(of("mac_address=00:00:00:00:00:01").await.len(), 0);
    let fields = cloud.ok(200, "GET", "/ports?fields=id&fields=mac_address", Value::Null).await;
    assert_eq!(fields["ports"][0].as_object().unwrap().len(), 2);
});

both!(the_same_address_pair_twice_is_refused_however_it_is_spelled, cloud, {
    let (network, mac) = (cloud.network().await, "fa:16:3e:aa:bb:01");
    let bare = json!({"ip_address": "192.0.2.4"});
    for twin in [
        json!({"ip_address": "192.0.2.4", "mac_address": mac}),
        json!({"ip_address": "192.0.2.4/32", "mac_address": "FA-16-3E-AA-BB-01"}),
    ] {
        let body = json!({"port": {"network_id": network, "mac_address": mac, "allowed_address_pairs": [bare, twin]}});
        cloud.fault(400, "DuplicateAddressPairInRequest", "POST", "/ports", body).await;
        let port = id(&cloud.make("port", json!({"network_id": network, "mac_address": mac})).await);
        let path = format!("/ports/{port}");
        let change = json!({"port": {"allowed_address_pairs": [bare, twin]}});
        cloud.fault(400, "DuplicateAddressPairInRequest", "PUT", &path, change).await;
        let another = json!({"ip_address": "192.0.2.4", "mac_address": "fa:16:3e:aa:bb:02"});
        let change = json!({"port": {"allowed_address_pairs": [bare, another]}});
        cloud.ok(200, "PUT", &path, change).await;
        cloud.ok(204, "DELETE", &path, Value::Null).await;
    }
});

both!(the_kind_of_a_plug_stays_while_something_is_plugged_in, cloud, {
    let network = cloud.network().await;
    let bound = json!({"network_id": network, "binding:host_id": "host-1"});
    let path = format!("/ports/{}", id(&cloud.make_as(Persona::Admin, "port", bound).await));
    let kind = |kind: &str| json!({"port": {"binding:vnic_type": kind}});
    cloud.fault_as(Persona::Admin, 409, "PortInUse", "PUT", &path, kind("direct")).await;
    cloud.ok_as(Persona::Admin, 200, "PUT", &path, kind("normal")).await;
    let free = format!("/ports/{}", id(&cloud.make("port", json!({"network_id": network})).await));
    let changed = cloud.ok(200, "PUT", &free, kind("direct")).await;
    assert_eq!(changed["port"]["binding:vnic_type"], "direct");
});

both!(only_admins_say_and_see_whom_a_virtual_function_trusts, cloud, {
    let network = cloud.network().await;
    let body = json!({"port": {"network_id": network, "trusted": true}});
    cloud.fault(403, "PolicyNotAuthorized", "POST", "/ports", body.clone()).await;
    let made = cloud.ok_as(Persona::Admin, 201, "POST", "/ports", body).await["port"].take();
    assert_eq!((&made["trusted"], &made["binding:profile"]["trusted"]), (&json!(true), &json!(true)));
    let path = format!("/ports/{}", id(&made));
    let off = json!({"port": {"trusted": "False"}});
    let changed = cloud.ok_as(Persona::Admin, 200, "PUT", &path, off).await;
    assert_eq!(changed["port"]["trusted"], false);
    let path = format!("/ports/{}", id(&cloud.make("port", json!({"network_id": network})).await));
    assert!(cloud.ok(200, "GET", &path, Value::Null).await["port"].get("trusted").is_none());
    let shown = cloud.ok_as(Persona::Admin, 200, "GET", &path, Value::Null).await["port"].take();
    assert_eq!((&shown["trusted"], &shown["binding:profile"]), (&Value::Null, &json!({})));
});

both!(dhcp_options_replace_and_vanish, cloud, {
    let network = cloud.network().await;
    let body = json!({"network_id": network, "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400"}]});
    let port = cloud.make("port", body).await;
    assert_eq!(port["extra_dhcp_opts"], json!([{"opt_name": "mtu", "opt_value": "1400", "ip_version": 4}]));
    let path = format!("/ports/{}", id(&port));
    let change = json!({"port": {"extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": null}]}});
    let changed = cloud.ok(200, "PUT", &path, change).await;
    assert_eq!(changed["port"]["extra_dhcp_opts"], json!([]));
});

both!(a_subnet_that_is_nowhere_is_missing_and_one_of_another_network_is_wrong, cloud, {
    let (network, other) = (cloud.network().await, cloud.network().await);
    cloud.subnet(&network, "10.1.0.0/24").await;
    let elsewhere = id(&cloud.subnet(&other, "10.2.0.0/24").await);
    let foreign = cloud.make_as(Persona::OtherMember, "network", json!({"name": "n"})).await;
    let subnet = json!({"network_id": id(&foreign), "ip_version": 4, "cidr": "10.3.0.0/24"});
    let foreign = id(&cloud.make_as(Persona::OtherMember, "subnet", subnet).await);
    for (subnet, status) in
        [("00000000-0000-4000-8000-000000000000", 404), (foreign.as_str(), 404), (elsewhere.as_str(), 400)]
    {
        let body = json!({"port": {"network_id": network, "fixed_ips": [{"subnet_id": subnet}]}});
        let (found, answer) = cloud.call(Persona::Member, "POST", "/ports", body).await;
        assert_eq!(found, status, "{answer}");
        let kind = if status == 404 { "SubnetNotFound" } else { "InvalidInput" };
        assert_eq!(answer["NeutronError"]["type"], kind);
    }
});
