//! `/v3/users/{user_id}/credentials/OS-EC2`: key pairs for EC2 and S3.

use axum::response::Response;
use http::StatusCode;
use kogge_http::{ApiError, Json};

use super::answer::{created, member, whole};
use super::wire::credential::{CreateKeyPair, Ec2};
use crate::service::Identity;
use kogge_resource::Call;

/// `POST`.
pub(super) async fn create(
    call: Call<Identity>,
    Json(body): Json<CreateKeyPair>,
) -> Result<Response, ApiError> {
    let user_id = call.key();
    let pair = call.service.create_key_pair(&call.caller, user_id, &body.tenant_id).await?;
    Ok(created("credential", Ec2::of(&pair, &call)))
}

/// `GET` of all.
pub(super) async fn list(call: Call<Identity>) -> Result<Response, ApiError> {
    let user_id = call.key();
    let pairs = call.service.list_key_pairs(&call.caller, user_id)?;
    Ok(whole(&call, "credentials", pairs.iter().map(|pair| Ec2::of(pair, &call)).collect()))
}

/// `GET` of one.
pub(super) async fn show(call: Call<Identity>) -> Result<Response, ApiError> {
    let [user_id, access] = call.keys();
    let pair = call.service.get_key_pair(&call.caller, user_id, access)?;
    Ok(member("credential", Ec2::of(&pair, &call)))
}

/// `DELETE`.
pub(super) async fn delete(call: Call<Identity>) -> Result<StatusCode, ApiError> {
    let [user_id, access] = call.keys();
    call.service.delete_key_pair(&call.caller, user_id, access).await?;
    Ok(StatusCode::NO_CONTENT)
}
