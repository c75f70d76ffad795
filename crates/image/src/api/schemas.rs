//! `/v2/schemas`: what images, members and tasks look like, as JSON schemas.

use kogge_http::Json;
use serde_json::{Value, json};

const IMAGE: &str = include_str!("../../schemas/image.json");
const MEMBER: &str = include_str!("../../schemas/member.json");
const TASK: &str = include_str!("../../schemas/task.json");

fn read(text: &str) -> Value {
    // the texts are ours and a test reads them
    serde_json::from_str(text).unwrap_or_default()
}

fn collection(name: &str, item: Value, paged: bool) -> Value {
    let mut properties = json!({ name: { "type": "array", "items": item }, "schema": { "type": "string" } });
    let mut links = vec![json!({ "rel": "describedby", "href": "{schema}" })];
    if paged {
        properties["first"] = json!({ "type": "string" });
        properties["next"] = json!({ "type": "string" });
        links.insert(0, json!({ "rel": "next", "href": "{next}" }));
        links.insert(0, json!({ "rel": "first", "href": "{first}" }));
    }
    json!({ "name": name, "properties": properties, "links": links })
}

/// `GET /v2/schemas/image`
pub(super) async fn image() -> Json<Value> {
    Json(read(IMAGE))
}

/// `GET /v2/schemas/images`
pub(super) async fn images() -> Json<Value> {
    Json(collection("images", read(IMAGE), true))
}

/// `GET /v2/schemas/member`
pub(super) async fn member() -> Json<Value> {
    Json(read(MEMBER))
}

/// `GET /v2/schemas/members`
pub(super) async fn members() -> Json<Value> {
    Json(collection("members", read(MEMBER), false))
}

/// `GET /v2/schemas/task`
pub(super) async fn task() -> Json<Value> {
    Json(read(TASK))
}

/// `GET /v2/schemas/tasks`
pub(super) async fn tasks() -> Json<Value> {
    Json(collection("tasks", read(TASK), true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::image::{CONTAINER_FORMATS, DISK_FORMATS, tests::image};
    use crate::resources::images::view;

    #[test]
    fn the_schemas_are_json_and_name_what_they_describe() {
        for (text, name) in [(IMAGE, "image"), (MEMBER, "member"), (TASK, "task")] {
            assert_eq!(read(text)["name"], name);
            assert!(read(text)["properties"].as_object().unwrap().len() > 5);
        }
    }

    #[test]
    fn every_attribute_that_is_shown_is_in_the_schema() {
        let schema = read(IMAGE);
        for name in view(&image(), "file").keys() {
            assert!(schema["properties"].get(name).is_some(), "{name}");
        }
        let formats = |name: &str| schema["properties"][name]["enum"].as_array().unwrap()[1..].to_vec();
        assert_eq!(formats("disk_format"), DISK_FORMATS.to_vec());
        assert_eq!(formats("container_format"), CONTAINER_FORMATS.to_vec());
    }
}
