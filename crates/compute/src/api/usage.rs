//! `/os-simple-tenant-usage`: what projects used in a time.

use std::collections::BTreeMap;

use kogge_clock::Timestamp;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::api::query;
use crate::links;
use crate::service::usage::Asked;
use crate::{Compute, microversion as v};

const COLLECTION: &str = "os-simple-tenant-usage";
const MICROS_OF_AN_HOUR: f64 = 3_600_000_000.0;

/// `GET /os-simple-tenant-usage`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let detailed = call.query.get("detailed") == Some("1");
    let (usages, links) = report(&call, None, detailed).await?;
    let mut body = json!({ "tenant_usages": usages });
    if let Some(links) = links {
        body["tenant_usages_links"] = links;
    }
    Ok(Json(body))
}

/// `GET /os-simple-tenant-usage/{project}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let (usages, links) = report(&call, Some(call.key()), true).await?;
    let usage = usages.into_iter().next().unwrap_or_else(|| json!({}));
    let mut body = json!({ "tenant_usage": usage });
    if let Some(links) = links {
        body["tenant_usage_links"] = links;
    }
    Ok(Json(body))
}

/// What one project used.
#[derive(Default)]
struct Sum {
    hours: f64,
    vcpus: f64,
    memory: f64,
    disk: f64,
    servers: Vec<Value>,
}

async fn report(
    call: &Call<Compute>,
    project: Option<&str>,
    detailed: bool,
) -> Result<(Vec<Value>, Option<Value>), ApiError> {
    call.service.may_see_usage(&call.caller, &call.rule, project)?;
    let paged = call.version.has(v::USAGE_PAGES);
    let known = ["start", "end", "detailed", "limit", "marker"];
    let known: Vec<&str> =
        known.into_iter().filter(|word| project.is_none() || *word != "detailed").collect();
    query::only(&call.query, &known, call.version, v::STRICT_QUERY)?;
    let now = call.service.now();
    // without words about it the time is a moment
    let moment_ago = Timestamp::from_micros(now.as_micros().saturating_sub(1));
    let (begin, end) = (moment(call, "start", moment_ago)?, moment(call, "end", now)?);
    if begin >= end {
        let why = "Invalid start time. The start time cannot occur after the end time.";
        return Err(ApiError::bad_request(why));
    }
    let end = end.min(now);
    let most = call.service.config().max_limit;
    let page = query::page(&call.query, most, &[])?;
    let marker = page.marker.as_deref().filter(|_| paged);
    let most = page.limit.filter(|_| paged).unwrap_or(most);
    let asked = Asked { period: (begin, end), project, marker, most };
    let (lived, more) = call.service.lived(&call.caller, &call.rule, &asked).await?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for one in &lived {
        let ended = one.deleted_at.unwrap_or(end).min(end);
        let hours = micros(one.launched_at.max(begin), ended) / MICROS_OF_AN_HOUR;
        let disk = one.shape.disk_gib.saturating_add(one.shape.ephemeral_gib);
        let sum = sums.entry(one.project.to_string()).or_default();
        sum.hours += hours;
        sum.vcpus += f64::from(one.shape.vcpus) * hours;
        sum.memory += float(one.shape.ram_mib) * hours;
        sum.disk += float(disk) * hours;
        sum.servers.push(json!({
            "instance_id": one.id,
            "name": one.name,
            "hours": hours,
            "tenant_id": one.project,
            "flavor": one.shape.name,
            "memory_mb": one.shape.ram_mib,
            "vcpus": one.shape.vcpus,
            "local_gb": disk,
            "started_at": one.launched_at.micros(),
            "ended_at": one.deleted_at.map(Timestamp::micros),
            "state": if one.deleted_at.is_some() { "terminated" } else { &one.vm_state },
            "uptime": one.deleted_at.unwrap_or(now).since(one.launched_at).as_secs(),
        }));
    }
    let view = |(project, sum): (String, Sum)| {
        let mut view = json!({
            "tenant_id": project,
            "total_hours": sum.hours,
            "total_vcpus_usage": sum.vcpus,
            "total_memory_mb_usage": sum.memory,
            "total_local_gb_usage": sum.disk,
            "start": begin.micros(),
            "stop": end.micros(),
        });
        if detailed {
            view["server_usages"] = json!(sum.servers);
        }
        view
    };
    let last = lived.last().map(|one| one.id.to_string());
    let collection =
        project.map_or_else(|| COLLECTION.to_owned(), |project| format!("{COLLECTION}/{project}"));
    let next = links::next(&call.base, &collection, &call.query, more && paged, last.as_deref());
    Ok((sums.into_iter().map(view).collect(), next.map(|links| json!(links))))
}

#[expect(clippy::cast_precision_loss, reason = "hours of a bill are no exact numbers")]
fn micros(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_micros() - from.as_micros()).max(0) as f64
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below that")]
fn float(size: u64) -> f64 {
    size as f64
}

/// A time without a zone, in one of the three forms that Nova reads.
fn moment(call: &Call<Compute>, name: &str, now: Timestamp) -> Result<Timestamp, ApiError> {
    let Some(text) = call.query.all(name).next().filter(|text| !text.is_empty()) else { return Ok(now) };
    let bad = || ApiError::bad_request("Invalid datetime string: Datetime is in invalid format");
    let blank = text.as_bytes().get(10) == Some(&b' ');
    let plain = text.len() >= 19 && text.bytes().all(|c| c.is_ascii_digit() || b"-:. T".contains(&c));
    if !plain || (blank && !text.contains('.')) {
        return Err(bad());
    }
    format!("{}Z", text.replacen(' ', "T", 1)).parse().map_err(|_| bad())
}
