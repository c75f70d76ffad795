//! Security groups, rules, templates.

use serde_json::{Value, json};

use super::{members, standard};
use crate::attributes::Body;
use crate::model::rule::prefix;
use crate::store::rows;
use crate::{GroupView, RuleView};

/// A security group.
pub(crate) fn group(view: &GroupView) -> Body {
    let row = &view.row;
    let rules: Vec<Value> = view.rules.iter().map(|view| Value::Object(rule(view))).collect();
    standard!(row).add(members(json!({
        "id": row.id,
        "name": row.name,
        "stateful": row.stateful,
        "shared": false,
        "security_group_rules": rules,
    })))
}

/// A rule.
pub(crate) fn rule(view: &RuleView) -> Body {
    let row = &view.row;
    let normalized = row.remote_ip_prefix.as_deref().and_then(prefix).map(|range| range.trunc().to_string());
    members(json!({
        "id": row.id,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "security_group_id": row.security_group_id,
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "port_range_min": row.port_range_min,
        "port_range_max": row.port_range_max,
        "remote_ip_prefix": row.remote_ip_prefix,
        "normalized_cidr": normalized,
        "remote_group_id": row.remote_group_id,
        "remote_address_group_id": null,
        "description": row.description,
        "belongs_to_default_sg": view.of_default_group,
        "created_at": row.created_at.seconds_z(),
        "updated_at": row.updated_at.seconds_z(),
        "revision_number": row.revision_number,
    }))
}

/// A template.
pub(crate) fn template(row: &rows::DefaultRule) -> Body {
    members(json!({
        "id": row.id,
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "port_range_min": row.port_range_min,
        "port_range_max": row.port_range_max,
        "remote_ip_prefix": row.remote_ip_prefix,
        "remote_group_id": row.remote_group_id,
        "remote_address_group_id": null,
        "used_in_default_sg": row.used_in_default_sg,
        "used_in_non_default_sg": row.used_in_non_default_sg,
        "description": row.description,
    }))
}
