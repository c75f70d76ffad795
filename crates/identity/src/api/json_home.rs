//! JSON-Home: where things are, for clients that ask for it. Generated from the route table.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

const RESOURCE: &str = "https://docs.openstack.org/api/openstack-identity/3/rel/";
const PARAMETER: &str = "https://docs.openstack.org/api/openstack-identity/3/param/";

/// The document; `prefix` goes before each path.
pub(super) fn document(prefix: &str) -> Response {
    let mut resources = Map::new();
    for route in super::routes().table() {
        let Some(path) = route.path.strip_prefix("/v3/") else { continue };
        resources.insert(format!("{RESOURCE}{}", relation(path)), entry(&format!("{prefix}/{path}")));
    }
    let mut response = Response::new(Body::from(json!({ "resources": resources }).to_string()));
    let kind = HeaderValue::from_static("application/json-home");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// `users/{user_id}/groups` is `user_groups`, `users/{user_id}` is `user`, `auth/tokens` is `auth_tokens`.
fn relation(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').collect();
    let mut words = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let owned = segments.get(at + 1).is_some_and(|next| next.starts_with('{'));
        if !segment.starts_with('{') {
            words.push(if owned { singular(segment) } else { (*segment).to_owned() });
        }
    }
    words.join("_")
}

fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

fn entry(path: &str) -> Value {
    let variables: Map<String, Value> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| (name.to_owned(), Value::String(format!("{PARAMETER}{name}"))))
        .collect();
    if variables.is_empty() {
        json!({ "href": path })
    } else {
        json!({ "href-template": path, "href-vars": variables })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_have_keystones_names() {
        assert_eq!(relation("users/{user_id}"), "user");
        assert_eq!(relation("users/{user_id}/groups"), "user_groups");
        assert_eq!(relation("auth/tokens"), "auth_tokens");
        assert_eq!(relation("users/{user_id}/application_credentials/{id}"), "user_application_credential");
    }

    #[test]
    fn paths_with_parameters_are_templates() {
        let found = entry("/v3/users/{user_id}");
        assert_eq!(found["href-template"], "/v3/users/{user_id}");
        assert_eq!(found["href-vars"]["user_id"], format!("{PARAMETER}user_id"));
        assert_eq!(entry("/v3/users")["href"], "/v3/users");
    }
}
