//! `/os-security-groups` and `/os-security-group-rules`: proxies to the network service, before 2.36.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_network::{GroupView, RuleView};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::Compute;
use crate::api::body::{Fields, Read};
use crate::api::query;
use crate::lower::groups::OldRule;

/// A group in the words of old: only its ingress rules.
pub(crate) fn view(group: &GroupView, known: &[GroupView]) -> Value {
    let rules: Vec<Value> = group
        .rules
        .iter()
        .filter(|rule| rule.row.direction == "ingress")
        .map(|rule| rule_view(rule, known))
        .collect();
    json!({
        "id": group.row.id,
        "name": group.row.name,
        "description": group.row.description,
        "tenant_id": group.row.project_id,
        "rules": rules,
    })
}

fn rule_view(rule: &RuleView, known: &[GroupView]) -> Value {
    let row = &rule.row;
    let remote = row.remote_group_id.and_then(|id| known.iter().find(|group| group.row.id == id));
    let remote = remote.map(|group| (group.row.name.clone(), group.row.project_id.clone()));
    let any = if row.ethertype == "IPv6" { "::/0" } else { "0.0.0.0/0" };
    let cidr =
        row.remote_group_id.is_none().then(|| row.remote_ip_prefix.clone().unwrap_or_else(|| any.to_owned()));
    old_rule(
        &row.id.to_string(),
        &row.security_group_id.to_string(),
        (row.protocol.as_deref(), row.port_range_min, row.port_range_max),
        cidr,
        remote,
    )
}

fn old_rule(
    id: &str,
    parent: &str,
    (protocol, from, to): (Option<&str>, Option<i64>, Option<i64>),
    cidr: Option<String>,
    remote: Option<(String, String)>,
) -> Value {
    // a protocol without ports means all of them, spelled -1 for ICMP and 1 to 65535 for others
    let (low, high) = match protocol {
        Some("icmp") => (-1, -1),
        Some(_) => (1, 65_535),
        None => (-1, -1),
    };
    let ports = (from.unwrap_or(low), to.unwrap_or(high));
    let ports =
        if protocol.is_none() { (Value::Null, Value::Null) } else { (json!(ports.0), json!(ports.1)) };
    json!({
        "id": id,
        "parent_group_id": parent,
        "ip_protocol": protocol,
        "from_port": ports.0,
        "to_port": ports.1,
        "group": remote.map_or_else(|| json!({}), |(name, project)| json!({"name": name, "tenant_id": project})),
        "ip_range": cidr.map_or_else(|| json!({}), |cidr| json!({ "cidr": cidr })),
    })
}

/// `GET /os-security-groups`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let groups = call.service.groups(&call.caller, call.query.has("all_tenants")).await?;
    let offset = query::natural(&call.query, "offset")?.and_then(|offset| usize::try_from(offset).ok());
    let limit = query::natural(&call.query, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit > 0);
    let page = groups.iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(usize::MAX));
    let list: Vec<Value> = page.map(|group| view(group, &groups)).collect();
    Ok(Json(json!({ "security_groups": list })))
}

/// `GET /os-security-groups/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let group = call.service.group_by_id(&call.caller, call.key(), &call.rule).await?;
    Ok(Json(json!({ "security_group": view(&group, std::slice::from_ref(&group)) })))
}

fn read(body: &Value) -> Read<(String, String)> {
    let body = Fields::of(body)?;
    let group = body.object("security_group")?;
    let name = group.required("name", group.text("name", 0, 255)?)?;
    let about = group.required("description", group.text_or_null("description", 0, 255)?)?;
    group.finish()?;
    body.finish()?;
    if name.trim().is_empty() {
        return Err(ApiError::bad_request("Security group name cannot be empty"));
    }
    Ok((name, about.unwrap_or_default()))
}

/// `POST /os-security-groups`
pub(crate) async fn create(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let (name, about) = read(&body)?;
    let group = call.service.create_group(&call.caller, name, about).await?;
    Ok(Json(json!({ "security_group": view(&group, std::slice::from_ref(&group)) })))
}

/// `PUT /os-security-groups/{id}`
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let (name, about) = read(&body)?;
    let group = call.service.update_group(&call.caller, call.key(), name, about).await?;
    Ok(Json(json!({ "security_group": view(&group, std::slice::from_ref(&group)) })))
}

/// `DELETE /os-security-groups/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_group(&call.caller, call.key()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// `DELETE /os-security-groups/`: no group has an empty id.
pub(crate) async fn delete_none() -> ApiError {
    ApiError::not_found("The resource could not be found.")
}

/// `POST /os-security-group-rules`
pub(crate) async fn create_rule(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let rule = read_rule(&body)?;
    let (id, remote) = call.service.add_group_rule(&call.caller, rule.clone()).await?;
    let cidr = rule.remote.is_none().then(|| rule.cidr.clone().unwrap_or_else(|| "0.0.0.0/0".to_owned()));
    let protocol = rule.protocol.as_deref().map(str::to_ascii_lowercase);
    let ports = (protocol.as_deref(), rule.from, rule.to);
    Ok(Json(json!({ "security_group_rule": old_rule(&id.to_string(), &rule.group, ports, cidr, remote) })))
}

fn read_rule(body: &Value) -> Read<OldRule> {
    let body = Fields::of(body)?;
    let fields = body.object("security_group_rule")?;
    let port = |name: &str| -> Read<Option<i64>> {
        match fields.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => fields.number(name, -1, 65_535),
        }
    };
    let rule = OldRule {
        group: fields.required("parent_group_id", fields.text("parent_group_id", 1, 255)?)?,
        protocol: fields.text_or_null("ip_protocol", 0, 32)?.flatten(),
        from: port("from_port")?,
        to: port("to_port")?,
        cidr: fields.text_or_null("cidr", 0, 64)?.flatten(),
        remote: fields.text_or_null("group_id", 0, 64)?.flatten(),
    };
    fields.take("tenant_id");
    fields.finish()?;
    body.finish()?;
    let known = ["tcp", "udp", "icmp"];
    if let Some(protocol) = &rule.protocol
        && !known.contains(&protocol.to_ascii_lowercase().as_str())
        && protocol.parse::<u8>().is_err()
    {
        return Err(ApiError::bad_request(format!("Invalid IP protocol {protocol}")));
    }
    if rule.cidr.as_ref().is_some_and(|cidr| cidr.parse::<ipnet::IpNet>().is_err()) {
        let cidr = rule.cidr.unwrap_or_default();
        return Err(ApiError::bad_request(format!("Invalid cidr {cidr}")));
    }
    if rule.protocol.is_some() && rule.remote.is_none() && (rule.from.is_none() || rule.to.is_none()) {
        return Err(ApiError::bad_request("Not enough parameters to build a valid rule."));
    }
    Ok(rule)
}

/// `DELETE /os-security-group-rules/{id}`
pub(crate) async fn delete_rule(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_group_rule(&call.caller, call.key()).await?;
    Ok(StatusCode::ACCEPTED)
}
