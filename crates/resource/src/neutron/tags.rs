//! Tags: the same seven operations for every kind of thing that has them.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kogge_auth::Rule;
use kogge_http::{Access, ApiError, Json, Routes};
use serde_json::{Value, json};

use crate::{At, Call, Error, Loaded, Resource, Service};

/// Most tags of a thing.
const MOST: usize = 50;
/// Longest tag in characters.
const LONGEST: usize = 255;

/// A resource with tags.
pub trait Tagged: Resource {
    /// The paths of all tags of one, and of one tag.
    const PATHS: (&'static str, &'static str);
    /// Who may look at them; whoever sees the thing does.
    const READ_TAGS: Rule;
    /// Who may change them.
    const CHANGE_TAGS: Rule;

    /// Its tags.
    fn tags(row: &Self::Row) -> &[String];

    /// Writes other ones; the thing counts as changed.
    fn retag(
        call: &Call<Self::Service>,
        write: &mut <Self::Service as Service>::Write,
        row: Self::Row,
        tags: Vec<String>,
    ) -> impl Future<Output = Result<(), Error<Self>>> + Send;
}

/// What happens to the tags.
enum Change {
    /// These and no others.
    Replace(Vec<String>),
    /// These too.
    Add(Vec<String>),
    /// This one not; a fault where it is not there.
    Remove(String),
    /// None.
    Clear,
}

fn no_tag(tag: &str) -> ApiError {
    ApiError::not_found(format!("Tag {tag} could not be found.")).named("TagNotFound")
}

impl Change {
    /// The tags after it.
    fn apply(self, mut tags: Vec<String>) -> Result<Vec<String>, ApiError> {
        match self {
            Self::Replace(new) => tags = new,
            Self::Add(more) => tags.extend(more),
            Self::Clear => tags.clear(),
            Self::Remove(tag) if !tags.contains(&tag) => return Err(no_tag(&tag)),
            Self::Remove(tag) => tags.retain(|known| *known != tag),
        }
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > MOST {
            let message = format!("The number of tags exceed the per-resource limit of {MOST}");
            return Err(ApiError::bad_request(format!("Bad tags request: {message}.")).named("BadRequest"));
        }
        let is_bad = |tag: &&String| tag.is_empty() || tag.chars().count() > LONGEST || tag.contains(',');
        match tags.iter().find(is_bad) {
            Some(bad) => Err(ApiError::bad_request(format!(
                "Invalid input for tags. Reason: '{bad}' is not a tag of 1 to {LONGEST} characters."
            ))),
            None => Ok(tags),
        }
    }
}

fn listed(body: &Value) -> Result<Vec<String>, ApiError> {
    let bad = || ApiError::bad_request("Invalid input for tags. Reason: a list of texts is wanted.");
    let items = body.get("tags").and_then(Value::as_array).ok_or_else(bad)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(bad)).collect()
}

/// From the error of a service to an answer.
fn api(error: impl Into<ApiError>) -> ApiError {
    error.into()
}

async fn tags_of<R: Tagged>(call: &Call<R::Service>) -> Result<Vec<String>, ApiError> {
    let at = &mut At::Now(&call.service);
    let loaded = Loaded::<R>::get(call, at, call.param("id"), &R::READ).await.map_err(api)?;
    Ok(R::tags(&loaded).to_vec())
}

async fn change<R: Tagged>(call: &Call<R::Service>, change: Change) -> Result<Json<Value>, ApiError> {
    let mut write = call.service.begin().await.map_err(api)?;
    let at = &mut At::In(&mut write);
    let loaded = Loaded::<R>::get(call, at, call.param("id"), &R::CHANGE_TAGS).await.map_err(api)?;
    let tags = change.apply(R::tags(&loaded).to_vec())?;
    R::retag(call, &mut write, loaded.into_row(), tags.clone()).await.map_err(api)?;
    call.service.commit(write).await.map_err(api)?;
    Ok(Json(json!({ "tags": tags })))
}

async fn list<R: Tagged>(call: Call<R::Service>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "tags": tags_of::<R>(&call).await? })))
}

async fn replace<R: Tagged>(
    call: Call<R::Service>,
    Json(body): Json<Value>,
) -> Result<Json<Value>, ApiError> {
    change::<R>(&call, Change::Replace(listed(&body)?)).await
}

async fn add<R: Tagged>(call: Call<R::Service>, Json(body): Json<Value>) -> Result<Response, ApiError> {
    let answer = change::<R>(&call, Change::Add(listed(&body)?)).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}

async fn clear<R: Tagged>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    change::<R>(&call, Change::Clear).await.map(|_| StatusCode::NO_CONTENT)
}

async fn has<R: Tagged>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    let tag = call.key();
    if tags_of::<R>(&call).await?.iter().any(|known| known == tag) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(no_tag(tag))
}

async fn add_one<R: Tagged>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    change::<R>(&call, Change::Add(vec![call.key().to_owned()])).await.map(|_| StatusCode::CREATED)
}

async fn remove_one<R: Tagged>(call: Call<R::Service>) -> Result<StatusCode, ApiError> {
    change::<R>(&call, Change::Remove(call.key().to_owned())).await.map(|_| StatusCode::NO_CONTENT)
}

/// Adds the routes of a resource's tags, below `paths`.
#[must_use]
pub fn routes_at<R: Tagged>(
    routes: Routes<R::Service>,
    (many, one): (&'static str, &'static str),
) -> Routes<R::Service> {
    let (read, write) = (Access::Rule(R::READ_TAGS), Access::Rule(R::CHANGE_TAGS));
    routes
        .get(many, read, list::<R>)
        .put(many, write, replace::<R>)
        .post(many, write, add::<R>)
        .delete(many, write, clear::<R>)
        .get(one, read, has::<R>)
        .put(one, write, add_one::<R>)
        .delete(one, write, remove_one::<R>)
}

/// Adds the routes of a resource's tags.
#[must_use]
pub fn routes<R: Tagged>(routes: Routes<R::Service>) -> Routes<R::Service> {
    routes_at::<R>(routes, R::PATHS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn tags_are_sorted_and_unique_and_bounded() {
        let add = |more: &[&str]| Change::Add(owned(more)).apply(owned(&["b"]));
        assert_eq!(add(&["a", "b"]).unwrap(), ["a", "b"]);
        assert!(add(&["a,b"]).is_err() && add(&[""]).is_err() && add(&[&"x".repeat(256)]).is_err());
        let many: Vec<String> = (0..=MOST).map(|number| number.to_string()).collect();
        assert!(Change::Replace(many).apply(Vec::new()).is_err());
        assert!(Change::Remove("x".to_owned()).apply(owned(&["a"])).is_err());
        assert!(Change::Clear.apply(owned(&["a"])).unwrap().is_empty());
    }
}
