//! The images that the user sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::TryStreamExt;
use kogge_conform::{Context, Problem};
use kogge_standards::image_metadata::{SeenImage, judge_0102};
use kogge_standards::standard_images::judge_0104;
use serde_json::Value;

use super::{text, within};
use crate::verdicts::Verdicts;

/// What is no property of an image, but of its place in the service.
const NO_PROPERTIES: &[&str] = &[
    "id",
    "name",
    "visibility",
    "os_hidden",
    "size",
    "min_disk",
    "min_ram",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
    "tags",
    "locations",
    "stores",
    "members",
];

pub(crate) struct Images(pub(crate) Vec<SeenImage>);
pub(crate) struct ImageVerdicts(pub(crate) Verdicts);

/// The images: all that the list shows, private ones too.
pub(crate) async fn all(context: &Context) -> Result<Arc<Images>, Problem> {
    context.shared.get(within(context, "images", Box::pin(fetch(context)))).await
}

/// The judgements of all testcases about images.
pub(crate) async fn verdicts(context: &Context) -> Result<Arc<ImageVerdicts>, Problem> {
    let judge = async {
        let images = &all(context).await?.0;
        let now = jiff::Timestamp::from_microsecond(context.started.as_micros())
            .map_err(|e| Problem::ours(format!("the clock is out of range: {e}")))?;
        let ids = images.iter().filter_map(|i| Some((format!("image {:?}", i.name.as_ref()?), i.id.clone())));
        Ok(ImageVerdicts(Verdicts::new(judge_0102(images, now).into_iter().chain(judge_0104(images)), ids)))
    };
    context.shared.get(Box::pin(judge)).await
}

async fn fetch(context: &Context) -> Result<Images, Problem> {
    Ok(Images(listed(context, None).await?))
}

/// The images that the list shows, of one visibility or of all that the user sees.
pub(crate) async fn listed(context: &Context, visibility: Option<&str>) -> Result<Vec<SeenImage>, Problem> {
    let list = context.client.list("image", "images", "images").with(|call| {
        let call = call.query("member_status", "all").query("limit", "1000");
        match visibility {
            Some(visibility) => call.query("visibility", visibility),
            None => call,
        }
    });
    Box::pin(list.stream::<Value>().map(|item| read(&item?))).try_collect().await
}

fn read(image: &Value) -> Result<SeenImage, Problem> {
    let id = text(image, "id").ok_or_else(|| Problem::cloud("an image in the list has no id"))?;
    let figure = |key: &str| match image.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Problem::cloud(format!("image {id}: {key} is no whole number, but {value}"))),
    };
    Ok(SeenImage {
        name: text(image, "name"),
        visibility: text(image, "visibility").unwrap_or_default(),
        hidden: image.get("os_hidden").and_then(Value::as_bool).unwrap_or(false),
        size: figure("size")?,
        min_disk: figure("min_disk")?,
        min_ram: figure("min_ram")?,
        created_at: text(image, "created_at"),
        properties: properties(image),
        id,
    })
}

fn properties(image: &Value) -> BTreeMap<String, String> {
    let all =
        image.as_object().into_iter().flatten().filter(|(key, _)| !NO_PROPERTIES.contains(&key.as_str()));
    all.filter_map(|(key, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        Some((key.clone(), text))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn properties_are_what_is_not_the_services_own() {
        let seen = read(&json!({
            "id": "i", "name": null, "visibility": "public", "size": 7, "min_disk": 1, "min_ram": null,
            "architecture": "x86_64", "os_hash_algo": "sha512", "tags": ["a"], "os_hidden": true, "kernel_id": null}))
        .unwrap();
        assert_eq!((seen.name.as_deref(), seen.size, seen.min_ram, seen.hidden), (None, Some(7), None, true));
        assert_eq!(seen.properties.keys().collect::<Vec<_>>(), ["architecture", "os_hash_algo"]);
    }

    #[test]
    fn a_size_that_is_no_number_is_a_problem_that_names_the_image() {
        let problem = read(&json!({"id": "i7", "size": "big"})).unwrap_err();
        assert!(problem.text().contains("i7") && problem.text().contains("size"), "{problem}");
        assert!(read(&json!({})).is_err() && read(&json!({"id": "x", "size": -1})).is_err());
    }
}
