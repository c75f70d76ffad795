//! `GET /v2/images`

use kogge_http::{ApiError, Json, Pairs, next_query};
use kogge_resource::Call;
use serde_json::{Map, Value, json};

use crate::Images;
use crate::api::wire::image::view;
use crate::resources::image_query::ImageQuery;

/// Lists images.
pub(crate) async fn list(call: Call<Images>) -> Result<Json<Value>, ApiError> {
    let found = call.service.list_images(&call.caller, &ImageQuery::read(call.query.iter())?).await?;
    let store = &call.service.config().store_name;
    let views: Vec<Map<String, Value>> = found.items.iter().map(|image| view(image, store)).collect();
    let mut body = json!({ "images": views, "first": first(&call.query), "schema": "/v2/schemas/images" });
    if let (true, Some(last)) = (found.more, found.items.last()) {
        let next = format!("/v2/images?{}", next_query(&call.query, &last.id.to_string()));
        body["next"] = json!(next);
    }
    Ok(Json(body))
}

/// The same question from its beginning.
fn first(pairs: &Pairs) -> String {
    let whole = next_query(pairs, "");
    match whole.trim_end_matches("marker=").trim_end_matches('&') {
        "" => "/v2/images".to_owned(),
        query => format!("/v2/images?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_has_no_marker() {
        assert_eq!(first(&Pairs::parse("")), "/v2/images");
        assert_eq!(first(&Pairs::parse("marker=x")), "/v2/images");
        assert_eq!(first(&Pairs::parse("limit=1&marker=x&name=a%26b")), "/v2/images?limit=1&name=a%26b");
    }
}
