//! The parts of subnets and subnet pools.

use std::collections::HashSet;

use kogge_resource::Refused;
use kogge_resource::neutron::check::{self, Checked, show};
use serde_json::{Value, json};

use crate::error::Error;

fn no(reason: String) -> Checked {
    Err(Refused::Because(reason))
}

/// Ranges; a single one may stand without list, as upstream's older clients send it.
pub(crate) fn prefixes(value: Value) -> Checked {
    match value {
        Value::String(_) => check::ranges(json!([value])),
        other => check::ranges(other),
    }
}

pub(crate) fn ipv6_mode(value: Value) -> Checked {
    if value.is_null() {
        return Ok(value);
    }
    check::one_of(value, &["dhcpv6-stateful", "dhcpv6-stateless", "slaac"])
}

/// Most allocation pools of a subnet.
const MOST_POOLS: usize = 100;

pub(crate) fn pools(value: Value) -> Checked {
    let Value::Array(items) = value else {
        return no(format!("Invalid data format for IP pool: '{}'", show(&value)));
    };
    check::at_most(&items, MOST_POOLS)?;
    let mut found = Vec::new();
    for item in items {
        let keys_fit = item.as_object().is_some_and(|o| o.len() == 2);
        let ends = (check::address_of(&item["start"]), check::address_of(&item["end"]));
        let (true, (Some(start), Some(end))) = (keys_fit, ends) else {
            return no(format!("Invalid data format for IP pool: '{}'", show(&item)));
        };
        found.push(json!({"start": start.to_string(), "end": end.to_string()}));
    }
    Ok(found.into())
}

pub(crate) fn nameservers(value: Value) -> Checked {
    if value.is_null() {
        return Ok(json!([]));
    }
    let Value::Array(items) = value else {
        return no(format!("Invalid data format for nameserver: '{}'", show(&value)));
    };
    let mut seen = HashSet::new();
    for item in &items {
        match check::address_of(item) {
            None => return no(format!("'{}' is not a valid nameserver", show(item))),
            Some(ip) if !seen.insert(ip) => return no(format!("Duplicate nameserver '{ip}'")),
            Some(_) => {}
        }
    }
    Ok(items.into())
}

/// A list of `{destination, nexthop}`.
pub(crate) fn routes(value: Value) -> Checked {
    if value.is_null() {
        return Ok(json!([]));
    }
    let Value::Array(items) = value else {
        return no(format!("Invalid data format for hostroute: '{}'", show(&value)));
    };
    let mut seen = HashSet::new();
    let mut found: Vec<Value> = Vec::new();
    for item in items {
        let keys_fit = item.as_object().is_some_and(|o| o.len() == 2);
        let destination = item["destination"].as_str().and_then(|text| text.parse::<ipnet::IpNet>().ok());
        let (true, Some(destination), Some(hop)) =
            (keys_fit, destination, check::address_of(&item["nexthop"]))
        else {
            return no(format!("Invalid data format for hostroute: '{}'", show(&item)));
        };
        let route = json!({"destination": destination.trunc().to_string(), "nexthop": hop.to_string()});
        if !seen.insert((destination.trunc(), hop)) {
            return no(format!("Duplicate hostroute '{route}'"));
        }
        found.push(route);
    }
    Ok(found.into())
}

/// Prefixes of device owners that a subnet may be reserved for.
const OWNERS: &[&str] = &["network:", "compute:", "baremetal:", "Octavia", "neutron:", "trunk:", "volume:"];
/// … and first letters of others: neutron-lib's validator takes each letter of `compute:` for a prefix, and clients reserve
/// subnets for owners of their own (`test:type_1`) by that.
const FIRST_LETTERS: &str = "compute:";

/// Most device owners that a subnet is reserved for.
const MOST_SERVICE_TYPES: usize = 30;

pub(crate) fn service_types(value: Value) -> Checked {
    let Value::Array(items) = value else { return no("Subnet service types must be a list.".to_owned()) };
    check::at_most(&items, MOST_SERVICE_TYPES)?;
    for item in &items {
        let Some(text) = item.as_str() else {
            return Err(Error::invalid(format!("Subnet service type {} is not a string", show(item))).into());
        };
        let is_owner = OWNERS.iter().any(|owner| text.starts_with(owner))
            || text.starts_with(|first| FIRST_LETTERS.contains(first));
        if text.len() > 255 || !is_owner {
            let message =
                format!("Subnet service type {} does not correspond to a valid device owner", show(item));
            return Err(Error::invalid(message).into());
        }
    }
    Ok(items.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pools_have_exactly_start_and_end() {
        assert!(pools(json!([{"start": "10.0.0.2", "end": "10.0.0.9"}])).is_ok());
        assert!(pools(json!([{"start": "10.0.0.2"}])).is_err());
        assert!(pools(json!([{"start": "10.0.0.2", "end": "x"}])).is_err());
        assert!(pools(json!([{"start": "10.0.0.2", "end": "10.0.0.9", "more": 1}])).is_err());
        assert!(pools(json!("10.0.0.2")).is_err());
    }

    #[test]
    fn doubled_name_servers_and_routes_are_refused() {
        assert!(nameservers(json!(["8.8.8.8", "8.8.8.8"])).is_err());
        let route = json!({"destination": "10.20.0.0/32", "nexthop": "10.100.1.1"});
        assert!(routes(json!([route])).is_ok());
        assert!(routes(json!([route, route])).is_err());
        assert!(routes(json!([{"destination": "10.20.0.0/32"}])).is_err());
    }

    #[test]
    fn service_types_are_device_owners() {
        assert!(service_types(json!(["compute:nova", "network:router_gateway", "test:type_1"])).is_ok());
        for wrong in ["x:y", "", "Router"] {
            assert!(service_types(json!([wrong])).is_err(), "{wrong}");
        }
        assert!(service_types(json!([5])).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_a_check_panic(text in "\\PC*") {
            for check in [pools, nameservers, routes, service_types, prefixes, ipv6_mode] {
                let _ = check(json!(text));
                let _ = check(json!([text]));
                let _ = check(json!([{"start": text, "destination": text}]));
            }
        }
    }
}
