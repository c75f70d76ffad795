//! The actions `shelve`, `shelveOffload` and `unshelve`.

use kogge_http::{ApiError, Microversion};
use kogge_resource::Call;
use serde_json::Value;

use crate::api::body::{Fields, Read};
use crate::service::servers::shelve::Unshelve;
use crate::{Compute, microversion as v};

/// Does one of them.
pub(super) async fn run(call: &Call<Compute>, name: &str, body: &Value) -> Result<(), ApiError> {
    let (service, caller, id) = (&call.service, &call.caller, call.key());
    let fields = Fields::of(body)?;
    let value = fields.take(name).unwrap_or(&Value::Null);
    fields.finish()?;
    match name {
        "shelve" => service.shelve(caller, id).await?,
        "shelveOffload" => service.shelve_offload(caller, id).await?,
        _ => service.unshelve(caller, id, read(value, call.version)?).await?,
    }
    Ok(())
}

/// Before 2.77 the value is passed over.
fn read(value: &Value, version: Microversion) -> Read<Unshelve> {
    if value.is_null() || version.before(v::UNSHELVE_ZONE) {
        return Ok(Unshelve::default());
    }
    let fields = Fields::named("unshelve", value)?;
    let wish = if version.has(v::UNSHELVE_HOST) {
        let zone = fields.text_or_null("availability_zone", 0, 255)?;
        Unshelve { zone, host: fields.text("host", 0, 255)? }
    } else {
        let zone = fields.required("availability_zone", fields.name("availability_zone")?)?;
        Unshelve { zone: Some(Some(zone)), host: None }
    };
    fields.finish()?;
    Ok(wish)
}
