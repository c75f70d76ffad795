//! `/v3/users/{user_id}/credentials/OS-EC2`: key pairs for EC2 and S3.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Auth, Json, Path};

use super::answer::{created, member, whole};
use super::place::Place;
use super::wire::credential::{CreateKeyPair, Ec2};
use crate::service::Identity;

/// `POST`.
pub(super) async fn create(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(user_id): Path<String>,
    Json(body): Json<CreateKeyPair>,
) -> Result<Response, ApiError> {
    let pair = identity.create_key_pair(&caller, &user_id, &body.tenant_id).await?;
    Ok(created("credential", Ec2::of(&pair, &place)))
}

/// `GET` of all.
pub(super) async fn list(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path(user_id): Path<String>,
) -> Result<Response, ApiError> {
    let pairs = identity.list_key_pairs(&caller, &user_id)?;
    Ok(whole(&place, "credentials", pairs.iter().map(|pair| Ec2::of(pair, &place)).collect()))
}

/// `GET` of one.
pub(super) async fn show(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    place: Place,
    Path((user_id, access)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let pair = identity.get_key_pair(&caller, &user_id, &access)?;
    Ok(member("credential", Ec2::of(&pair, &place)))
}

/// `DELETE`.
pub(super) async fn delete(
    State(identity): State<Identity>,
    Auth(caller): Auth,
    Path((user_id, access)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    identity.delete_key_pair(&caller, &user_id, &access).await?;
    Ok(StatusCode::NO_CONTENT)
}
