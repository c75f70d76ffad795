//! `/images`: a proxy to the image service in the words of old, before 2.36 (its metadata before 2.39). It reads,
//! deletes and writes metadata; all else is the image service's.

use std::collections::BTreeMap;

use http::StatusCode;
use kogge_auth::Caller;
use kogge_db::Paged;
use kogge_http::{ApiError, BaseUrl, Json, Pairs};
use kogge_image::{Image, Status};
use kogge_resource::Call;
use serde_json::{Value, json};

use crate::Compute;
use crate::api::servers::metadata;
use crate::error::Error;
use crate::links;

/// `GET /images`
pub(crate) async fn index(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let found = find(&call.service, &call.caller, &call.query).await?;
    let list: Vec<Value> = found.items.iter().map(|image| brief(image, &call.base)).collect();
    Ok(Json(answer(list, "images", &found, &call.base, &call.query)))
}

/// `GET /images/detail`
pub(crate) async fn details(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let found = find(&call.service, &call.caller, &call.query).await?;
    let list: Vec<Value> = found.items.iter().map(|image| detail(image, &call.base)).collect();
    Ok(Json(answer(list, "images/detail", &found, &call.base, &call.query)))
}

/// `GET /images/{id}`
pub(crate) async fn show(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let image = call.service.seen_image(&call.caller, call.key()).await?;
    Ok(Json(json!({ "image": detail(&image, &call.base) })))
}

/// `DELETE /images/{id}`
pub(crate) async fn delete(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    call.service.delete_image(&call.caller, call.key()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /images/{id}/metadata`
pub(crate) async fn all_metadata(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "metadata": call.service.seen_image(&call.caller, call.key()).await?.properties })))
}

/// `GET /images/{id}/metadata/{key}`
pub(crate) async fn metadata_item(call: Call<Compute>) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let image = call.service.seen_image(&call.caller, id).await?;
    let value = image.properties.get(key);
    let value =
        value.ok_or_else(|| ApiError::not_found(format!("Image {id} has no metadata key '{key}'.")))?;
    Ok(Json(json!({ "meta": { key: value } })))
}

/// `POST /images/{id}/metadata`: adds to it.
pub(crate) async fn add_metadata(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let pairs = metadata::all(&body)?;
    change(&call, call.key(), |known| known.extend(pairs)).await
}

/// `PUT /images/{id}/metadata`: replaces it.
pub(crate) async fn replace_metadata(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let pairs = metadata::all(&body)?;
    change(&call, call.key(), |known| *known = pairs).await
}

/// `PUT /images/{id}/metadata/{key}`
pub(crate) async fn set_metadata_item(
    call: Call<Compute>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    let [id, key] = call.keys();
    let pair = metadata::item(&body, key)?;
    change(&call, id, |known| known.extend(pair.clone())).await?;
    Ok(Json(json!({ "meta": pair })))
}

async fn change(
    call: &Call<Compute>,
    id: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send,
) -> Result<Json<Value>, ApiError> {
    let change = |known: &mut BTreeMap<String, String>| {
        change(known);
        Ok(())
    };
    let known = call.service.change_image_metadata(&call.caller, id, change).await?;
    Ok(Json(json!({ "metadata": known })))
}

/// `DELETE /images/{id}/metadata/{key}`
pub(crate) async fn delete_metadata_item(call: Call<Compute>) -> Result<StatusCode, ApiError> {
    let [id, key] = call.keys();
    let missing = || Error::NotFound("Invalid metadata key".to_owned());
    let remove = |known: &mut BTreeMap<String, String>| known.remove(key).map(drop).ok_or_else(missing);
    call.service.change_image_metadata(&call.caller, id, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(compute: &Compute, caller: &Caller, pairs: &Pairs) -> Result<Paged<Image>, ApiError> {
    Ok(compute.seen_images(caller, &question(pairs, compute.config().max_limit)).await?)
}

/// The question in the image service's words; what Nova does not know is left out.
fn question(pairs: &Pairs, most: u32) -> Pairs {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter() {
        let lower = value.to_lowercase();
        match name {
            "name" | "limit" | "marker" => query.append_pair(name, value),
            "status" => query.append_pair(name, if lower == "saving" { "in:queued,saving" } else { &lower }),
            // a link to a server, or its id
            "server" => query.append_pair("instance_uuid", value.rsplit('/').next().unwrap_or(value)),
            "type" => query.append_pair("image_type", value),
            "minRam" => query.append_pair("min_ram", value),
            "minDisk" => query.append_pair("min_disk", value),
            "changes-since" => query.append_pair("updated_at", &format!("gte:{value}")),
            other => match other.strip_prefix("property-") {
                Some(property) => query.append_pair(property, value),
                None => &mut query,
            },
        };
    }
    if !pairs.has("limit") {
        query.append_pair("limit", &most.to_string());
    }
    Pairs::parse(&query.finish())
}

fn answer(list: Vec<Value>, collection: &str, found: &Paged<Image>, base: &BaseUrl, pairs: &Pairs) -> Value {
    let last = found.items.last().map(|image| image.id.to_string());
    let mut body = json!({ "images": list });
    if let Some(next) = links::next(base, collection, pairs, found.more, last.as_deref()) {
        body["images_links"] = json!(next);
    }
    body
}

fn brief(image: &Image, base: &BaseUrl) -> Value {
    json!({ "id": image.id, "name": image.name, "links": addresses(image, base) })
}

fn detail(image: &Image, base: &BaseUrl) -> Value {
    let (status, progress) = state(image.status);
    let mut view = json!({
        "id": image.id,
        "name": image.name,
        "minRam": image.min_ram,
        "minDisk": image.min_disk,
        "metadata": image.properties,
        "created": image.created_at.seconds_z(),
        "updated": image.updated_at.seconds_z(),
        "status": status,
        "progress": progress,
        "OS-EXT-IMG-SIZE:size": image.data.as_ref().map(|data| data.size),
        "links": addresses(image, base),
    });
    if let Some(server) = image.properties.get("instance_uuid") {
        view["server"] = json!({ "id": server, "links": links::of(base, "servers", server) });
    }
    if let Some(auto) = image.properties.get("auto_disk_config") {
        let auto = matches!(auto.to_lowercase().as_str(), "1" | "t" | "true" | "on" | "y" | "yes");
        view["OS-DCF:diskConfig"] = json!(if auto { "AUTO" } else { "MANUAL" });
    }
    view
}

/// `self`, `bookmark`, and where the image service has it.
fn addresses(image: &Image, base: &BaseUrl) -> Value {
    let id = image.id.to_string();
    let mut list = json!(links::of(base, "images", &id));
    let elsewhere = json!({
        "rel": "alternate",
        "type": "application/vnd.openstack.image",
        "href": base.elsewhere(&format!("/image/images/{id}")),
    });
    if let Some(list) = list.as_array_mut() {
        list.push(elsewhere);
    }
    list
}

/// Status and percentage in Nova's words.
const fn state(status: Status) -> (&'static str, u8) {
    match status {
        Status::Active => ("ACTIVE", 100),
        Status::Queued => ("SAVING", 25),
        Status::Saving => ("SAVING", 50),
        _ => ("UNKNOWN", 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Vec<(String, String)> {
        let pairs = question(&Pairs::parse(query), 1000);
        pairs.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn filters_get_the_image_services_names() {
        let found =
            asked("server=http%3A%2F%2Fx%2Fservers%2Fabc&minRam=5&status=ACTIVE&property-os=a%26b&limit=2");
        let wanted = [
            pair("instance_uuid", "abc"),
            pair("min_ram", "5"),
            pair("status", "active"),
            pair("os", "a&b"),
            pair("limit", "2"),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_question_without_limit_gets_all_and_strange_parameters_are_left_out() {
        assert_eq!(asked("visibility=all&owner=x"), [pair("limit", "1000")]);
    }

    #[test]
    fn states_are_those_that_old_clients_know() {
        assert_eq!(state(Status::Queued), ("SAVING", 25));
        assert_eq!(state(Status::Deactivated), ("UNKNOWN", 0));
    }
}
