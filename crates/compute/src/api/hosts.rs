//! `/os-hosts`, which older clients ask (before 2.43).

use std::collections::BTreeMap;

use kogge_http::{ApiError, ErrorKind, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::Compute;
use crate::api::body::Fields;

/// `GET /os-hosts`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let services = call.service.services(&call.caller, &call.rule).await?;
    let zone = call.query.get("zone").filter(|zone| !zone.is_empty());
    let wanted = services.iter().filter(|one| !one.disabled && zone.is_none_or(|zone| zone == one.zone));
    let view = |one: &crate::model::host::Service| {
        let service = one.binary.trim_start_matches("nova-");
        json!({"host_name": one.host, "service": service, "zone": one.zone})
    };
    Ok(Json(json!({ "hosts": wanted.map(view).collect::<Vec<Value>>() })))
}

/// `GET /os-hosts/{host}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let name = call.key();
    let all = call.service.hypervisors(&call.caller, &call.rule).await?;
    let found = all.into_iter().find(|one| one.host.name() == name);
    let missing = || ApiError::not_found(format!("Compute host {name} could not be found."));
    let host = found.ok_or_else(missing)?;
    let line = |project: &str, (cpu, memory, disk): (i64, i64, i64)| {
        json!({"resource": {
            "host": name, "project": project, "cpu": cpu, "memory_mb": memory, "disk_gb": disk,
        }})
    };
    let mut most = (0, 0, 0);
    let mut by_project: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
    for (project, figures) in call.service.shapes_on(name).await? {
        for sum in [&mut most, by_project.entry(project).or_default()] {
            *sum = (sum.0 + figures.0, sum.1 + figures.1, sum.2 + figures.2);
        }
    }
    let (memory, disk) = host.room();
    let total = (i64::from(host.host.facts.vcpus), memory, disk);
    let mut lines =
        vec![line("(total)", total), line("(used_now)", host.figures()), line("(used_max)", most)];
    lines.extend(by_project.into_iter().map(|(project, figures)| line(&project, figures)));
    Ok(Json(json!({ "host": lines })))
}

/// `PUT /os-hosts/{host}`: no host of QEMU can do that, in Nova neither.
pub(crate) async fn update(call: Call<Compute>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    call.service.may_manage(&call.caller, &call.rule)?;
    const WORDS: [&str; 6] = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"];
    let fields = Fields::of(&body)?;
    let status = fields.word("status", &WORDS)?;
    let maintenance = fields.word("maintenance_mode", &WORDS)?;
    fields.finish()?;
    fields.required("status", status.or(maintenance))?;
    unsupported(&call).await
}

/// `GET /os-hosts/{host}/startup`, `…/shutdown` and `…/reboot`: likewise.
pub(crate) async fn power(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    call.service.may_manage(&call.caller, &call.rule)?;
    unsupported(&call).await
}

async fn unsupported(call: &Call<Compute>) -> Result<Json<Value>, ApiError> {
    let name = call.param("host");
    let zones = call.service.all_zones().await?;
    let there = zones.values().flat_map(|zone| &zone.hosts).any(|host| host.name() == name);
    if !there {
        return Err(ApiError::not_found(format!("Host {name} could not be found.")));
    }
    Err(ApiError::new(ErrorKind::NotImplemented, "The requested functionality is not supported."))
}
