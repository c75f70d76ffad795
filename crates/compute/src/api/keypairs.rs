//! `/os-keypairs`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_http::{ApiError, Auth, BaseUrl, Json, Microversion, Pairs, Path};
use serde_json::{Value, json};

use crate::api::body::{Fields, Read, repr, wrong};
use crate::api::{links, query};
use crate::model::bounds;
use crate::model::keypair::{KeyType, Keypair};
use crate::service::keypairs::NewKeypair;
use crate::{Compute, microversion as v};

/// `POST /os-keypairs`
pub(crate) async fn create(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Json(body): Json<Value>,
) -> Result<Response, ApiError> {
    let (keypair, private) = compute.create_keypair(&caller, read(&body, version)?).await?;
    let mut view = brief(&keypair, version);
    view["user_id"] = json!(keypair.user.as_str());
    if let Some(private) = private {
        view["private_key"] = json!(private);
    }
    let status = if version.has(v::KEYPAIR_TYPE) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(json!({ "keypair": view }))).into_response())
}

fn read(body: &Value, version: Microversion) -> Read<NewKeypair> {
    let body = Fields::of(body)?;
    let keypair = body.object("keypair")?;
    let name = keypair.required("name", keypair.name("name")?)?;
    let more: &[char] =
        if version.has(v::IMPORT_ONLY) { &['_', '-', ' ', '@', '.'] } else { &['_', '-', ' '] };
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c)) {
        let value = Value::from(name);
        let why = format!("{} does not match '^[_\\- a-zA-Z0-9]+$'", repr(&value));
        return Err(wrong("name", &value, &why));
    }
    let kind = if version.has(v::KEYPAIR_TYPE) { keypair.word("type", &["ssh", "x509"])? } else { None };
    let public_key = keypair.text("public_key", 0, bounds::PUBLIC_KEY)?;
    if version.has(v::IMPORT_ONLY) {
        keypair.required("public_key", public_key.as_ref())?;
    }
    let user = if version.has(v::KEYPAIR_USER) { keypair.text("user_id", 0, 255)? } else { None };
    keypair.finish()?;
    body.finish()?;
    let kind = if kind.as_deref() == Some("x509") { KeyType::X509 } else { KeyType::Ssh };
    Ok(NewKeypair { name, kind, public_key, user })
}

/// `GET /os-keypairs`
pub(crate) async fn index(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    base: BaseUrl,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &["user_id", "limit", "marker"], version, v::STRICT_QUERY)?;
    let paged = version.has(v::KEYPAIR_PAGES);
    let page = query::page(if paged { &pairs } else { &EMPTY }, compute.config().max_limit, &[])?;
    let found = compute.list_keypairs(&caller, user(&pairs, version), &page).await?;
    let list: Vec<Value> = found.items.iter().map(|one| json!({ "keypair": brief(one, version) })).collect();
    let mut body = json!({ "keypairs": list });
    let last = found.items.last().map(|one| one.name.as_str());
    if let Some(next) = links::next(&base, "os-keypairs", &pairs, found.more && paged, last) {
        body["keypairs_links"] = json!(next);
    }
    Ok(Json(body))
}

static EMPTY: std::sync::LazyLock<Pairs> = std::sync::LazyLock::new(Pairs::default);

/// `GET /os-keypairs/{name}`
pub(crate) async fn show(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Result<Json<Value>, ApiError> {
    query::only(&pairs, &["user_id"], version, v::STRICT_QUERY)?;
    let keypair = compute.keypair(&caller, user(&pairs, version), &name).await?;
    let mut view = brief(&keypair, version);
    view["user_id"] = json!(keypair.user.as_str());
    view["created_at"] = json!(keypair.created_at.micros());
    view["deleted"] = json!(false);
    view["deleted_at"] = Value::Null;
    view["id"] = json!(keypair.number);
    view["updated_at"] = Value::Null;
    Ok(Json(json!({ "keypair": view })))
}

/// `DELETE /os-keypairs/{name}`
pub(crate) async fn delete(
    State(compute): State<Compute>,
    Auth(caller): Auth,
    version: Microversion,
    Path(name): Path<String>,
    pairs: Pairs,
) -> Result<StatusCode, ApiError> {
    query::only(&pairs, &["user_id"], version, v::STRICT_QUERY)?;
    compute.delete_keypair(&caller, user(&pairs, version), &name).await?;
    Ok(if version.has(v::KEYPAIR_TYPE) { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED })
}

fn user(pairs: &Pairs, version: Microversion) -> Option<&str> {
    pairs.get("user_id").filter(|_| version.has(v::KEYPAIR_USER))
}

fn brief(keypair: &Keypair, version: Microversion) -> Value {
    let mut view = json!({
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    });
    if version.has(v::KEYPAIR_TYPE) {
        view["type"] = json!(keypair.kind.as_str());
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_http::mv;

    #[test]
    fn fields_come_and_go_with_the_microversion() {
        let read = |body: Value, minor| read(&json!({ "keypair": body }), mv(2, minor)).is_ok();
        assert!(read(json!({"name": "a b_c-1"}), 1));
        assert!(!read(json!({"name": "a", "type": "ssh"}), 1));
        assert!(read(json!({"name": "a", "type": "x509"}), 2));
        assert!(!read(json!({"name": "a", "type": "gpg"}), 2));
        assert!(!read(json!({"name": "a", "user_id": "u"}), 9));
        assert!(read(json!({"name": "a", "user_id": "u"}), 10));
        assert!(!read(json!({"name": "a"}), 92), "keys are imported only");
        assert!(read(json!({"name": "a@b.c", "public_key": "x"}), 92));
        assert!(!read(json!({"name": "a@b.c", "public_key": "x"}), 91));
        assert!(!read(json!({"name": ""}), 1));
        assert!(!read(json!({"name": "k".repeat(256)}), 1));
    }
}
