//! A member on the wire.

use serde_json::{Value, json};

use crate::model::member::Member;

/// The view.
pub(crate) fn view(member: &Member) -> Value {
    json!({
        "member_id": member.member_id,
        "image_id": member.image_id,
        "status": member.answer.as_str(),
        "created_at": member.created_at.seconds_z(),
        "updated_at": member.updated_at.seconds_z(),
        "schema": "/v2/schemas/member",
    })
}
