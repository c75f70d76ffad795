//! The gateway of a router.

use kogge_resource::Refused;
use kogge_resource::neutron::check::{self, Checked, show};
use serde_json::Value;

use super::ports::fixed_ips;

/// `{network_id, enable_snat, external_fixed_ips}`; null or nothing in it removes the gateway.
pub(crate) fn gateway(value: Value) -> Checked {
    let Value::Object(mut info) = value else {
        return if value.is_null() {
            Ok(value)
        } else {
            Err(Refused::Because(format!("'{}' is not a dictionary", show(&value))))
        };
    };
    if info.is_empty() {
        return Ok(Value::Null);
    }
    if let Some(key) = info.keys().find(|key| {
        !["network_id", "enable_snat", "external_fixed_ips", "qos_policy_id"].contains(&key.as_str())
    }) {
        return Err(Refused::Because(format!("Invalid data format for dict: unexpected key '{key}'")));
    }
    match info.remove("network_id") {
        None => return Err(Refused::Because("Expected keys not found in dict: network_id".to_owned())),
        Some(id) => info.insert("network_id".to_owned(), check::uuid(id)?),
    };
    if let Some(snat) = info.remove("enable_snat") {
        info.insert("enable_snat".to_owned(), check::boolean(snat)?);
    }
    if let Some(ips) = info.remove("external_fixed_ips") {
        info.insert("external_fixed_ips".to_owned(), fixed_ips(ips)?);
    }
    info.remove("qos_policy_id");
    Ok(info.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gateway_needs_its_network_unless_it_is_removed() {
        let id = "4e72dc2d-44c5-4336-9667-f7972e95c402";
        assert!(
            gateway(json!({"network_id": id, "enable_snat": "false"}))
                .is_ok_and(|v| v["enable_snat"] == false)
        );
        assert!(gateway(json!({})).is_ok_and(|v| v.is_null()));
        assert!(gateway(json!({"enable_snat": true})).is_err());
        assert!(gateway(json!({"network_id": "x"})).is_err());
        assert!(gateway(json!({"network_id": id, "port": 1})).is_err());
        assert!(gateway(json!([])).is_err());
    }
}
