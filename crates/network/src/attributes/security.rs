//! Security groups, their rules and the templates.

use kogge_resource::neutron::check::{self, Checked, show};
use kogge_resource::{Absent, Field, Refused};
use serde_json::Value;

use super::{post, shown};
use crate::error::Error;
use crate::model::rule;

/// What rules and templates share.
const MATCH: &[Field] = &[
    post("direction", Absent::Required, direction),
    post("ethertype", Absent::Text("IPv4"), ethertype),
    post("protocol", Absent::Null, protocol),
    post("port_range_min", Absent::Null, port),
    post("port_range_max", Absent::Null, port),
    post("remote_ip_prefix", Absent::Null, prefix),
    post("remote_group_id", Absent::Null, check::text_or_null),
    post("remote_address_group_id", Absent::Null, nothing),
    shown("normalized_cidr"),
    shown("belongs_to_default_sg"),
];

/// A rule of a group.
pub(crate) const RULE: &[&[Field]] = &[
    MATCH,
    &[
        shown("id"),
        post("project_id", Absent::Unset, check::project),
        post("security_group_id", Absent::Required, check::text255),
        post("description", Absent::Text(""), check::description),
        shown("created_at"),
        shown("updated_at"),
        shown("revision_number"),
    ],
];

/// A template.
pub(crate) const TEMPLATE: &[&[Field]] = &[
    MATCH,
    &[
        shown("id"),
        post("used_in_default_sg", Absent::Bool(false), check::boolean),
        post("used_in_non_default_sg", Absent::Bool(true), check::boolean),
        post("description", Absent::Text(""), check::description),
    ],
];

pub(crate) fn name(value: Value) -> Checked {
    let value = check::text255(value)?;
    if value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("default")) {
        return Err(Error::default_group_exists().into());
    }
    Ok(value)
}

fn direction(value: Value) -> Checked {
    check::one_of(value, &["ingress", "egress"])
}

fn ethertype(value: Value) -> Checked {
    let known = ["IPv4", "IPv6"];
    match known.iter().find(|known| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(known))) {
        Some(known) => Ok((*known).into()),
        None => Err(Error::invalid_ethertype(show(&value)).into()),
    }
}

fn protocol(value: Value) -> Checked {
    let text = match &value {
        Value::Null => return Ok(Value::Null),
        Value::String(text) => text.clone(),
        other => show(other),
    };
    Ok(rule::protocol(&text)?.map_or(Value::Null, Value::String))
}

fn port(value: Value) -> Checked {
    let number = match &value {
        Value::Null => return Ok(Value::Null),
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match number.filter(|number| (0..=65535).contains(number)) {
        Some(number) => Ok(number.into()),
        None => Err(Error::invalid_port(show(&value)).into()),
    }
}

fn prefix(value: Value) -> Checked {
    match value.as_str() {
        None if value.is_null() => Ok(value),
        Some("") => Ok(Value::Null),
        Some(text) => match rule::prefix(text) {
            Some(range) => Ok(range.to_string().into()),
            None => Err(Error::invalid_cidr(show(&value)).into()),
        },
        None => Err(Error::invalid_cidr(show(&value)).into()),
    }
}

/// Address groups are not served: nothing can be named here.
fn nothing(value: Value) -> Checked {
    if value.is_null() {
        return Ok(value);
    }
    Err(Refused::Because(format!("address group '{}' could not be found: this cloud has none", show(&value))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_cannot_be_called_default() {
        assert!(name(json!("web")).is_ok());
        assert!(name(json!("Default")).is_err());
    }

    #[test]
    fn ports_are_numbers_or_digits_up_to_65535() {
        assert!(port(json!("22")).is_ok_and(|v| v == 22));
        for value in [json!(-16), json!(65536), json!("x"), json!(1.5), json!([])] {
            assert!(port(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn prefixes_of_tempests_negative_test_are_refused() {
        for text in ["192.168.1./24", "192.168.1.1/33", "bad_prefix", "256"] {
            assert!(prefix(json!(text)).is_err(), "{text}");
        }
        assert!(prefix(json!("10.0.0.1")).is_ok_and(|v| v == "10.0.0.1/32"));
    }
}
