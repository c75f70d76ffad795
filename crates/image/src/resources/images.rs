//! Images without their data: made, listed, shown, changed by patches, deleted; their tags, and taking them out of service.

pub(crate) mod attribute;
mod patch;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use kogge_auth::{Rule, Target};
use kogge_db::{Paged, Tx};
use kogge_http::{ApiError, Json};
use kogge_ids::ImageId;
use kogge_resource::{
    At, Body, Call, Create, List, Listing, Loaded, Names, Resource, Schema, Service as _, Stored, Verb,
    Wanted,
};
use serde_json::{Map, Value, json};

use self::attribute::{attribute, base, mismatch, property, settable, tag};
use self::patch::{changes, dialect};
use super::image_query::{ImageQuery, SORT_KEYS};
use crate::error::Error;
use crate::model::change::{Change, apply};
use crate::model::image::{HASH_ALGO, Image};
use crate::model::status::Status;
use crate::service::access::Seen;
use crate::{Images, policy, store};

/// Images, as they are registered.
pub(crate) struct Registered;

/// Only [`Registered`], which knows who asks, finds one.
impl Stored<Images> for Seen {}

impl Resource for Registered {
    type Service = Images;
    type Row = Seen;
    type More = ();

    const NAMES: Names = Names::new("image", "images", "/v2/images", "/v2/images/{id}");
    const READ: Rule = policy::GET_IMAGE;

    fn missing(call: &Call<Images>, id: &str) -> Error {
        match call.param("tag") {
            "" => Error::no_image(id),
            _ => Error::NotFound(format!("Image {id} not found.")),
        }
    }

    fn id(row: &Seen) -> String {
        row.image.id.to_string()
    }

    fn target(row: &Seen) -> Target<'_> {
        row.target()
    }

    async fn load(call: &Call<Images>, at: &mut At<'_, Images>, id: &str) -> Result<Option<Seen>, Error> {
        match id.parse() {
            Ok(id) => call.service.look(at, &call.caller, id).await,
            Err(_) => Ok(None),
        }
    }

    fn view(call: &Call<Images>, row: &Seen, (): &(), _: Verb) -> Value {
        view(&row.image, &call.service.config().store_name).into()
    }

    fn headers(call: &Call<Images>, rows: &[Seen], verb: Verb) -> HeaderMap {
        let (Verb::Create, [made]) = (verb, rows) else { return HeaderMap::new() };
        let config = call.service.config();
        let all = [
            (header::LOCATION, call.base.join(&format!("/v2/images/{}", made.image.id))),
            (HeaderName::from_static("openstack-image-import-methods"), config.import_methods().join(",")),
            (HeaderName::from_static("openstack-image-store-ids"), config.store_name.clone()),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?))).collect()
    }
}

impl List for Registered {
    const RULE: Rule = policy::GET_IMAGES;
    const LIST: Listing = Listing { sort: SORT_KEYS, own: "", ..Listing::OWN };

    async fn page(call: &Call<Images>, _: &Wanted) -> Result<Paged<Seen>, Error> {
        let found = call.service.list_images(&call.caller, &ImageQuery::read(&call.query)?).await?;
        Ok(found.map(|image| Seen { image, member: None }))
    }
}

impl Create for Registered {
    const RULE: Rule = policy::ADD_IMAGE;
    const BODY: Schema = Schema::open("image", &[]);

    fn bodies(body: Value) -> Result<(Vec<Value>, bool), ApiError> {
        if body.is_object() {
            Ok((vec![body], false))
        } else {
            Err(mismatch("the body is not an object").into())
        }
    }

    /// Asked when it is known whose it will be.
    fn permit(_: &Call<Images>, _: &Body) -> Result<(), Error> {
        Ok(())
    }

    async fn create(call: &Call<Images>, tx: &mut Tx, body: Body) -> Result<(Seen, ()), Error> {
        let (id, attributes) = command(&body.others)?;
        let mut image = call.service.blank(&call.caller, id);
        attributes.into_iter().try_for_each(|change| apply(&mut image, change))?;
        let image = call.service.create_image_in(tx, &call.caller, image).await?;
        Ok((Seen { image, member: None }, ()))
    }

    fn created(_: &Call<Images>) -> StatusCode {
        StatusCode::CREATED
    }
}

/// Reads the body: an id, if one is chosen, and attributes. Types come first (400), then what nobody may set (403), as in
/// Glance.
fn command(body: &Map<String, Value>) -> Result<(Option<ImageId>, Vec<Change>), Error> {
    let (mut id, mut attributes, mut refused) = (None, Vec::new(), None);
    for (name, value) in body {
        if name == "id" {
            let known = value.as_str().filter(|text| text.len() == 36).and_then(|text| text.parse().ok());
            id = Some(known.ok_or_else(|| mismatch(format!("{value} is not a UUID (attribute 'id')")))?);
        } else if let Some(known) = base(name) {
            attributes.push(Change::Set(attribute(known, value)?));
        } else if let Err(error) = settable(name) {
            refused = refused.or(Some(error));
        } else if name == "locations" {
            refused = refused.or_else(|| Some(Error::forbidden("Attribute 'locations' is reserved.")));
        } else {
            attributes.push(Change::Add(name.clone(), property(name, value)?, false));
        }
    }
    refused.map_or(Ok((id, attributes)), Err)
}

/// `PATCH /v2/images/{id}`
pub(crate) async fn update(call: Call<Images>, Json(body): Json<Value>) -> Result<Json<Value>, ApiError> {
    let kind = call.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let changes = changes(dialect(kind)?, &body)?;
    let id = call.key().parse().map_err(|_| Error::no_image(call.key()))?;
    let image = call.service.update_image(&call.caller, id, changes).await?;
    Ok(Json(view(&image, &call.service.config().store_name).into()))
}

/// `DELETE /v2/images/{id}`
pub(crate) async fn delete(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let id = call.key();
    let missing = || Error::NotFound(format!("Failed to find image {id} to delete"));
    call.service.delete_image(&call.caller, id.parse().map_err(|_| missing())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v2/images/{id}/actions/deactivate`: takes an image out of service.
pub(crate) async fn deactivate(call: Call<Images>) -> Result<StatusCode, ApiError> {
    change(&call, call.key(), |image| step(image, Status::Active, Status::Deactivated, "deactivate")).await
}

/// `POST /v2/images/{id}/actions/reactivate`: puts it back.
pub(crate) async fn reactivate(call: Call<Images>) -> Result<StatusCode, ApiError> {
    change(&call, call.key(), |image| step(image, Status::Deactivated, Status::Active, "reactivate")).await
}

fn step(image: &mut Image, from: Status, to: Status, verb: &str) -> Result<(), Error> {
    match image.status {
        status if status == to => Ok(()),
        status if status == from => image.become_(to),
        status => Err(Error::forbidden(format!("Not allowed to {verb} image in status '{status}'"))),
    }
}

/// `PUT /v2/images/{id}/tags/{tag}`
pub(crate) async fn add_tag(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let [id, named] = call.keys();
    tag(named)?;
    change(&call, id, |image| {
        image.tags.insert(named.to_owned());
        Ok(())
    })
    .await
}

/// `DELETE /v2/images/{id}/tags/{tag}`
pub(crate) async fn remove_tag(call: Call<Images>) -> Result<StatusCode, ApiError> {
    let [id, named] = call.keys();
    let missing = || Error::NotFound("The resource could not be found.".to_owned());
    change(&call, id, |image| if image.tags.remove(named) { Ok(()) } else { Err(missing()) }).await
}

/// Changes an image, if the route's rule lets the caller do that; nothing is written where nothing changes.
async fn change(
    call: &Call<Images>,
    id: &str,
    with: impl FnOnce(&mut Image) -> Result<(), Error> + Send,
) -> Result<StatusCode, ApiError> {
    let (loaded, mut tx) = Loaded::<Registered>::open(call, id, &call.rule).await?;
    let mut image = loaded.image.clone();
    with(&mut image)?;
    if image != loaded.image {
        call.service.within_limits(&image)?;
        image.updated_at = call.service.now();
        store::images::save(&mut tx, &image).await.map_err(Error::from)?;
        call.service.commit(tx).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// How one looks: base attributes and further properties in one flat object. `store` is the name of the store that holds the data.
pub(crate) fn view(image: &Image, store: &str) -> Map<String, Value> {
    let mut view: Map<String, Value> =
        image.properties.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let data = image.data.as_ref();
    let href = format!("/v2/images/{}", image.id);
    let size = data.map(|data| data.size).or(image.staged.as_ref().map(|staged| staged.size));
    let base = [
        ("name", json!(image.name)),
        ("disk_format", json!(image.disk_format)),
        ("container_format", json!(image.container_format)),
        ("visibility", json!(image.visibility)),
        ("size", json!(size)),
        ("virtual_size", json!(data.and_then(|data| data.virtual_size))),
        ("status", json!(image.status)),
        ("checksum", json!(data.map(|data| &data.checksum))),
        ("protected", json!(image.protected)),
        ("min_ram", json!(image.min_ram)),
        ("min_disk", json!(image.min_disk)),
        ("owner", json!(image.owner)),
        ("os_hidden", json!(image.hidden)),
        ("os_hash_algo", json!(data.map(|_| HASH_ALGO))),
        ("os_hash_value", json!(data.map(|data| &data.sha512))),
        ("id", json!(image.id)),
        ("created_at", json!(image.created_at.seconds_z())),
        ("updated_at", json!(image.updated_at.seconds_z())),
        ("tags", json!(image.tags)),
        ("file", json!(format!("{href}/file"))),
        ("self", json!(href)),
        ("schema", json!("/v2/schemas/image")),
    ];
    view.extend(base.map(|(name, value)| (name.to_owned(), value)));
    if data.is_some() {
        view.insert("stores".to_owned(), json!(store));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_cannot_hide_a_base_attribute() {
        let mut image = image();
        image.properties.insert("status".into(), "active".into());
        image.properties.insert("os_distro".into(), "debian".into());
        let view = view(&image, "file");
        assert_eq!(view["status"], "queued");
        assert_eq!(view["os_distro"], "debian");
        assert_eq!(view["size"], Value::Null);
        assert!(!view.contains_key("stores"));
        assert_eq!(view["file"], format!("/v2/images/{}/file", image.id));
    }
    use crate::model::image::tests::image;
    use crate::model::visibility::Visibility;
    use serde_json::json;

    fn read(body: Value) -> Result<Image, u16> {
        let read = command(body.as_object().unwrap())
            .map_err(|error| ApiError::from(error).kind().status().as_u16());
        let mut image = image();
        read?.1.into_iter().for_each(|change| apply(&mut image, change).unwrap());
        Ok(image)
    }

    #[test]
    fn base_attributes_and_properties_are_told_apart() {
        let new = read(json!({ "name": "a", "os_distro": "debian", "min_disk": 2, "owner": null })).unwrap();
        assert_eq!((new.name.as_deref(), new.min_disk, new.owner), (Some("a"), 2, None));
        assert_eq!(new.properties["os_distro"], "debian");
        assert_eq!(new.visibility, Visibility::Shared);
    }

    #[test]
    fn wrong_types_are_400_even_beside_read_only_attributes() {
        assert_eq!(read(json!({ "status": "active" })), Err(403));
        assert_eq!(read(json!({ "locations": [] })), Err(403));
        assert_eq!(read(json!({ "status": "active", "name": 1 })), Err(400));
        assert_eq!(read(json!({ "id": "x" })), Err(400));
        assert_eq!(read(json!({ "id": "11111111222243338444555555555555" })), Err(400));
    }
}
