//! `/v3/OS-REVOKE/events`: for services that check tokens themselves.

use kogge_clock::Timestamp;
use kogge_http::{ApiError, Json};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::Revocation;
use crate::resources::listed;
use crate::service::Identity;

fn shown(row: &Revocation) -> Value {
    let mut event = json!({
        "issued_before": Timestamp::from_micros(row.issued_before).micros_z(),
        "revoked_at": Timestamp::from_micros(row.revoked_at).micros_z(),
    });
    let narrowed = [("audit_id", &row.audit_id), ("user_id", &row.user_id), ("project_id", &row.project_id)];
    for (name, value) in narrowed {
        if let Some(value) = value {
            event[name] = value.as_str().into();
        }
    }
    event
}

/// `GET`, with `since`.
pub(super) async fn list(call: Call<Identity>) -> Result<Json<Value>, ApiError> {
    let moment = |text: &str| text.parse::<Timestamp>().map_err(|_| Error::no_date(text));
    let since = call.query.get("since").map(moment).transpose()?;
    let events = call.service.revocations(&call.caller, since.map(Timestamp::as_micros))?;
    Ok(listed(&call, "events", events.iter().map(shown).collect()))
}
