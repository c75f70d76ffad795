//! `/os-services`: what runs where, and what administrators say of it.

use http::StatusCode;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use kogge_resource::nova::{Fields, Read, repr, wrong};
use serde_json::{Value, json};

use crate::error::Error;
use crate::service::services::{BACKUP, SCHEDULER, Service, VOLUME, Word};
use crate::{Volumes, microversion as v};

/// What serves the API itself; only its log has levels.
const API: &str = "cinder-api";

/// `GET /os-services`
pub(crate) async fn index(call: Call<Volumes>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let asked = |name: &str, meets: &dyn Fn(&str) -> bool| call.query.get(name).is_none_or(meets);
    let mut services = call.service.services(call.service.db()).await?;
    services.retain(|one| {
        asked("host", &|host| is_on(&one.host, host)) && asked("binary", &|kind| kind == one.kind)
    });
    let pools = if call.version.has(v::BACKEND_STATE) { call.service.pools().await } else { Vec::new() };
    let down = |name: &str| pools.iter().any(|pool| pool.backend == name && pool.facts.is_none());
    let views = services.iter().map(|one| view(&call, one, one.backend.as_deref().is_some_and(down)));
    Ok(Json(json!({ "services": views.collect::<Vec<_>>() })))
}

/// Whether a host of Cinder (`name@backend#pool`) is the one asked for, or a backend or pool of it.
fn is_on(host: &str, wanted: &str) -> bool {
    host.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '#']))
}

fn view(call: &Call<Volumes>, service: &Service, is_down: bool) -> Value {
    let mut view = json!({
        "binary": service.kind,
        "host": service.host,
        "zone": call.service.config().zone,
        "status": status(service.disabled),
        "state": "up",
        "updated_at": call.service.now().micros(),
        "disabled_reason": service.reason,
    });
    if service.backend.is_some() {
        view["replication_status"] = json!("disabled");
        view["active_backend_id"] = Value::Null;
        view["frozen"] = json!(service.frozen);
        if call.version.has(v::BACKEND_STATE) {
            view["backend_state"] = json!(if is_down { "down" } else { "up" });
        }
    }
    if call.version.has(v::CLUSTERS) {
        view["cluster"] = Value::Null;
    }
    view
}

const fn status(disabled: bool) -> &'static str {
    if disabled { "disabled" } else { "enabled" }
}

/// Which service a body names.
struct Named {
    host: String,
    service: String,
    binary: String,
}

impl Named {
    fn read(fields: &Fields<'_>) -> Read<Self> {
        let found = Self {
            host: host(fields)?.unwrap_or_default(),
            service: fields.text("service", 1, 255)?.unwrap_or_default(),
            binary: fields.text("binary", 1, 255)?.unwrap_or_default(),
        };
        fields.text_or_null("cluster", 0, 255)?;
        fields.finish()?;
        if found.kind().is_empty() {
            return Err(ApiError::bad_request("'binary' is a required property"));
        }
        if found.host.is_empty() {
            return Err(Error::input("Host field is missing.").into());
        }
        Ok(found)
    }

    fn kind(&self) -> &str {
        if self.binary.is_empty() { &self.service } else { &self.binary }
    }
}

/// A host of Cinder: a name, with backend and pool.
fn host(fields: &Fields<'_>) -> Read<Option<String>> {
    let Some(Some(host)) = fields.text_or_null("host", 1, 255)? else { return Ok(None) };
    let good = |c: char| c.is_ascii_alphanumeric() || "-._#@:/+[]".contains(c);
    if host.chars().all(good) {
        return Ok(Some(host));
    }
    let value = Value::from(host);
    let why = format!("{} does not match '^[a-zA-Z0-9-._#@:/+\\\\[\\\\]]*$'", repr(&value));
    Err(wrong("host", &value, &why))
}

/// `PUT /os-services/enable`
pub(crate) async fn enable(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    switch(&call, &Named::read(&Fields::of(&body)?)?, Word::Enable).await
}

/// `PUT /os-services/disable`
pub(crate) async fn disable(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    switch(&call, &Named::read(&Fields::of(&body)?)?, Word::Disable(None)).await
}

/// `PUT /os-services/disable-log-reason`
pub(crate) async fn disable_for(
    call: Call<Volumes>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let fields = Fields::of(&body)?;
    let reason = fields.text("disabled_reason", 1, 255)?.map(|reason| reason.trim().to_owned());
    let named = Named::read(&fields)?;
    let mut answer = switch(&call, &named, Word::Disable(reason.clone())).await?;
    answer.0["disabled_reason"] = json!(reason);
    Ok(answer)
}

async fn switch(call: &Call<Volumes>, named: &Named, word: Word) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let service = call.service.say_of_service(named.kind(), &named.host, word).await?;
    Ok(Json(json!({
        "host": named.host,
        "service": named.service,
        "binary": named.binary,
        "status": status(service.disabled),
        "disabled": service.disabled,
    })))
}

/// The host of a body that may name a cluster instead, of which there is none.
fn one_host(call: &Call<Volumes>, fields: &Fields<'_>) -> Read<String> {
    let (host, cluster) = (host(fields)?, fields.text_or_null("cluster", 0, 255)?.flatten());
    fields.text_or_null("backend_id", 0, 255)?;
    fields.finish()?;
    let clusters = call.version.has(v::FAILOVER);
    let cluster = cluster.filter(|name| clusters && !name.is_empty());
    match (host, cluster) {
        (Some(host), None) => Ok(host),
        (None, Some(cluster)) => Err(Error::input(format!("Cluster {cluster} could not be found.")).into()),
        _ if clusters => Err(Error::input("One and only one of cluster and host must be set.").into()),
        _ => Err(Error::input("Host field is missing.").into()),
    }
}

async fn frost(call: &Call<Volumes>, body: &Value, word: Word) -> Result<StatusCode, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let host = one_host(call, &Fields::of(body)?)?;
    match call.service.say_of_service(VOLUME, &host, word).await {
        Err(Error::NotFound(why)) => Err(Error::input(why).into()),
        done => Ok(done.map(|_| StatusCode::OK)?),
    }
}

/// `PUT /os-services/freeze`
pub(crate) async fn freeze(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    frost(&call, &body, Word::Freeze).await
}

/// `PUT /os-services/thaw`
pub(crate) async fn thaw(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    frost(&call, &body, Word::Thaw).await
}

/// `PUT /os-services/failover_host`: there is nothing to fail over to, for no backend replicates to another.
pub(crate) async fn failover(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let host = one_host(&call, &Fields::of(&body)?)?;
    let services = call.service.services(call.service.db()).await?;
    if !services.iter().any(|one| one.kind == VOLUME && one.host == host) {
        return Err(Error::input(format!("Service {VOLUME} could not be found on host {host}.")).into());
    }
    let wanted = "enabled or failed-over";
    Err(Error::input(format!("replication_status in {host} must be {wanted} and must be up to failover."))
        .into())
}

/// `PUT /os-services/get-log`: how much is logged; all services are one process with one level.
pub(crate) async fn get_log(call: Call<Volumes>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let fields = Fields::of(&body)?;
    let (kind, server, prefix) = log_filter(&fields)?;
    fields.finish()?;
    let level = tracing::level_filters::LevelFilter::current().to_string().to_uppercase();
    let name = "kogge_volume";
    let levels = if name.starts_with(&prefix) { json!({ name: level }) } else { json!({}) };
    let mut asked = vec![(API, call.service.config().host.clone())];
    let services = call.service.services(call.service.db()).await?;
    asked.extend(services.into_iter().map(|one| (one.kind, one.host)));
    asked.retain(|(own, host)| (kind.is_empty() || *own == kind) && (server.is_empty() || *host == server));
    let one = |(kind, host): (&str, String)| json!({"binary": kind, "host": host, "levels": levels});
    Ok(Json(json!({ "log_levels": asked.into_iter().map(one).collect::<Vec<_>>() })))
}

/// What log requests ask for: kind, host and prefix; empty for all.
fn log_filter(fields: &Fields<'_>) -> Read<(String, String, String)> {
    let kinds = ["", "*", VOLUME, SCHEDULER, BACKUP, API];
    let kind = fields.word("binary", &kinds)?.filter(|kind| kind != "*").unwrap_or_default();
    let server = fields.text_or_null("server", 0, 255)?.flatten().unwrap_or_default();
    let prefix = fields.text_or_null("prefix", 0, 255)?.flatten().unwrap_or_default();
    Ok((kind, server, prefix))
}

/// `PUT /os-services/set-log`: the levels are settings of the program, which nobody changes from outside.
pub(crate) async fn set_log(call: Call<Volumes>, Json(body): Json<Value>) -> Result<StatusCode, ApiError> {
    call.caller.allow_on_own(&call.rule)?;
    let fields = Fields::of(&body)?;
    log_filter(&fields)?;
    let level = fields.text_or_null("level", 0, 255)?.flatten().unwrap_or_default();
    fields.finish()?;
    if !["INFO", "DEBUG", "WARNING", "ERROR"].contains(&level.to_uppercase().as_str()) {
        return Err(Error::input(format!("{level} is not a valid log level.")).into());
    }
    Err(Error::Conflict("Log levels are set in the settings of this cloud, not while it runs.".to_owned())
        .into())
}

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn a_host_stands_for_its_backends_and_pools() {
        for wanted in ["kogge", "kogge@files", "kogge@files#one"] {
            assert!(is_on("kogge@files#one", wanted), "{wanted}");
        }
        for wanted in ["", "kog", "kogge@file", "kogge@files#", "files", "kogge@files#one#two"] {
            assert!(!is_on("kogge@files#one", wanted), "{wanted:?}");
        }
    }
}
