//! Ports.

use std::collections::HashSet;

use kogge_resource::Refused;
use kogge_resource::neutron::check::{self, Checked, show};
use serde_json::{Value, json};

use crate::error::Error;

fn no(reason: String) -> Checked {
    Err(Refused::Because(reason))
}

/// Most addresses of a port.
pub(crate) const MOST_FIXED_IPS: usize = 32;

/// A list of `{subnet_id, ip_address}`, each with one or both.
pub(crate) fn fixed_ips(value: Value) -> Checked {
    if value.is_null() {
        return Ok(json!([]));
    }
    let Value::Array(items) = value else {
        return no(format!("Invalid data format for fixed IP: '{}'", show(&value)));
    };
    check::at_most(&items, MOST_FIXED_IPS)?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in items {
        let Value::Object(mut item) = item else {
            return no(format!("Invalid data format for fixed IP: '{}'", show(&item)));
        };
        if item.keys().any(|key| key != "subnet_id" && key != "ip_address") {
            return no(format!("Invalid data format for fixed IP: '{}'", show(&item.into())));
        }
        item.retain(|_, value| !value.is_null());
        if let Some(value) = item.get_mut("ip_address") {
            let Some(ip) = check::address_of(value) else {
                return no(format!("'{}' is not a valid IP address", show(value)));
            };
            if !seen.insert(ip) {
                return no(format!("Duplicate IP address '{ip}'"));
            }
            *value = ip.to_string().into();
        }
        if let Some(subnet) = item.get_mut("subnet_id") {
            *subnet = check::uuid(subnet.take())?;
        }
        found.push(Value::Object(item));
    }
    Ok(found.into())
}

/// Most pairs per port; upstream's `max_allowed_address_pair`.
const MOST_PAIRS: usize = 10;

pub(crate) fn address_pairs(value: Value) -> Checked {
    if value.is_null() {
        return Ok(json!([]));
    }
    let Value::Array(items) = value else { return no("Allowed address pairs must be a list.".to_owned()) };
    if items.len() > MOST_PAIRS {
        return Err(Error::pairs_exhausted(MOST_PAIRS).into());
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in items {
        let Value::Object(item) = item else { return no(format!("'{}' is not a dictionary", show(&item))) };
        if let Some(key) = item.keys().find(|key| *key != "ip_address" && *key != "mac_address") {
            return no(format!("Unexpected keys: {key}"));
        }
        let Some(ip) = item.get("ip_address") else {
            return Err(Error::invalid("AllowedAddressPair must contain ip_address").into());
        };
        let Some(text) = ip.as_str().filter(|text| check::range_of(text).is_some()) else {
            return no(format!("'{}' is not a valid IP address", show(ip)));
        };
        let mac = match item.get("mac_address") {
            None | Some(Value::Null) => Value::Null,
            Some(mac) => check::mac_or_null(mac.clone())?,
        };
        if !seen.insert((text.to_owned(), mac.to_string())) {
            return Err(Error::duplicate_pair(show(&mac), text).into());
        }
        found.push(json!({"ip_address": text, "mac_address": mac}));
    }
    Ok(found.into())
}

/// Most DHCP options of a port, each of at most 64 + 255 characters.
pub(crate) const MOST_DHCP_OPTIONS: usize = 32;

pub(crate) fn dhcp_options(value: Value) -> Checked {
    if value.is_null() {
        return Ok(value);
    }
    let Value::Array(items) = value else { return no(format!("'{}' is not a list", show(&value))) };
    check::at_most(&items, MOST_DHCP_OPTIONS)?;
    let mut found = Vec::new();
    for item in items {
        let name = item["opt_name"]
            .as_str()
            .filter(|t| !t.trim().is_empty() && t.len() <= 64 && !t.contains(['\n', '\r']));
        let worth = match &item["opt_value"] {
            Value::Null => Some(None),
            Value::String(text) if text.len() <= 255 && !text.contains(['\n', '\r', '\0']) => {
                Some(Some(text.clone()))
            }
            _ => None,
        };
        let (Some(name), Some(worth), true) = (name, worth, item.get("opt_value").is_some()) else {
            return no(format!("'{}' is not a valid DHCP option", show(&item)));
        };
        let version = item.get("ip_version").cloned().map_or(Ok(json!(4)), check::ip_version)?;
        found.push(json!({"opt_name": name, "opt_value": worth, "ip_version": version}));
    }
    Ok(found.into())
}

pub(crate) fn vnic_type(value: Value) -> Checked {
    check::one_of(
        value,
        &[
            "normal",
            "direct",
            "macvtap",
            "baremetal",
            "direct-physical",
            "virtio-forwarder",
            "smart-nic",
            "vdpa",
            "accelerator-direct",
            "accelerator-direct-physical",
            "remote-managed",
        ],
    )
}

pub(crate) fn host(value: Value) -> Checked {
    if value.is_null() { Ok("".into()) } else { check::text255(value) }
}

pub(crate) fn profile(value: Value) -> Checked {
    match value {
        Value::Null => Ok(json!({})),
        Value::Object(_) if value.to_string().len() <= 4095 => Ok(value),
        other => no(format!("'{}' is not a dictionary", show(&other))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fixed_ips_take_subnet_address_or_both() {
        let id = "4e72dc2d-44c5-4336-9667-f7972e95c402";
        assert!(fixed_ips(json!([{"subnet_id": id}, {"ip_address": "10.0.0.1"}])).is_ok());
        assert!(fixed_ips(json!([{"ip_address": "10.0.0.1"}, {"ip_address": "10.0.0.1"}])).is_err());
        assert!(fixed_ips(json!([{"ip_address": "10.0.0"}])).is_err());
        assert!(fixed_ips(json!([{"address": "10.0.0.1"}])).is_err());
        assert!(fixed_ips(json!({"ip_address": "10.0.0.1"})).is_err());
    }

    #[test]
    fn address_pairs_need_an_address_and_no_doubles() {
        assert!(address_pairs(json!([{"ip_address": "10.0.0.0/24"}])).is_ok());
        assert!(address_pairs(json!([{"mac_address": "fa:16:3e:00:00:01"}])).is_err());
        assert!(address_pairs(json!([{"ip_address": "10.0.0.1"}, {"ip_address": "10.0.0.1"}])).is_err());
        let many: Vec<Value> = (0..11).map(|n| json!({"ip_address": format!("10.0.0.{n}")})).collect();
        assert!(address_pairs(many.into()).is_err());
    }

    #[test]
    fn a_dhcp_option_is_one_line() {
        assert!(dhcp_options(json!([{"opt_name": "mtu", "opt_value": "1400"}])).is_ok());
        assert!(dhcp_options(json!([{"opt_name": "mtu", "opt_value": null}])).is_ok());
        assert!(dhcp_options(json!([{"opt_name": "mtu"}])).is_err());
        assert!(dhcp_options(json!([{"opt_name": "a\nb", "opt_value": "1"}])).is_err());
        assert!(dhcp_options(json!([{"opt_name": "mtu", "opt_value": "1\ndhcp-script=x"}])).is_err());
    }

    #[test]
    fn lists_of_a_port_are_bounded() {
        let many = |count: usize, item: fn(usize) -> Value| Value::Array((0..count).map(item).collect());
        let option = |n: usize| json!({"opt_name": format!("o{n}"), "opt_value": "v"});
        assert!(dhcp_options(many(MOST_DHCP_OPTIONS, option)).is_ok());
        assert!(dhcp_options(many(MOST_DHCP_OPTIONS + 1, option)).is_err());
        let address = |n: usize| json!({"ip_address": format!("10.0.{}.{}", n / 256, n % 256)});
        assert!(fixed_ips(many(MOST_FIXED_IPS, address)).is_ok());
        assert!(fixed_ips(many(MOST_FIXED_IPS + 1, address)).is_err());
        assert!(profile(json!({"a": "x".repeat(4096)})).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_a_check_panic(text in "\\PC*") {
            for check in [fixed_ips, address_pairs, dhcp_options, vnic_type, host, profile] {
                let _ = check(json!(text));
                let _ = check(json!([text]));
                let _ = check(json!([{"ip_address": text, "opt_name": text, "opt_value": text}]));
            }
        }
    }
}
