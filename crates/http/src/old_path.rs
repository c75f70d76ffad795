//! Addresses of old of Nova, which clients with an address of their own still use: the version `/v2`, and the id of the
//! project behind the version. Sources: `nova/api/openstack/__init__.py`, `ProjectMapper`, `LegacyV2CompatibleWrapper`;
//! `nova/api/openstack/wsgi.py`, `Resource._process_stack`.

use axum::extract::Request;
use kogge_auth::Caller;

use crate::ApiError;
use crate::rewrite::with_path;

/// The project that the path of a request names.
#[derive(Debug, Clone)]
pub(crate) struct PathProject(String);

impl PathProject {
    /// Refuses a caller of another project.
    pub(crate) fn check(&self, caller: &Caller) -> Result<(), ApiError> {
        let own = caller.project_id().map_or("", |own| own.as_str());
        if own == self.0 {
            return Ok(());
        }
        let named = &self.0;
        Err(ApiError::bad_request(format!(
            "Malformed request URL: URL's project_id '{named}' doesn't match Context's project_id '{own}'"
        )))
    }
}

/// The request at the address of today: before it is routed.
#[must_use]
pub fn at_present_path(mut request: Request) -> Request {
    let Some((path, project, old)) = present(request.uri().path()) else { return request };
    let Some(uri) = with_path(request.uri(), &path) else { return request };
    *request.uri_mut() = uri;
    if let Some(project) = project {
        request.extensions_mut().insert(PathProject(project));
    }
    if old {
        // it knows no versions
        for name in ["openstack-api-version", "x-openstack-nova-api-version"] {
            request.headers_mut().remove(name);
        }
    }
    request
}

/// As [`at_present_path`], for block storage, whose paths had the id of the project behind `/v3` before 3.67. Source:
/// `cinder/api/v3/router.py`.
#[must_use]
pub fn without_project(mut request: Request) -> Request {
    let path = request.uri().path();
    let Some((project, rest)) = path.strip_prefix("/v3/").and_then(|rest| rest.split_once('/')) else {
        return request;
    };
    if !is_project(project) || project.len() < SHORTEST_PROJECT || rest.is_empty() {
        return request;
    }
    let (project, path) = (project.to_owned(), format!("/v3/{rest}"));
    let Some(uri) = with_path(request.uri(), &path) else { return request };
    *request.uri_mut() = uri;
    request.extensions_mut().insert(PathProject(project));
    request
}

/// Shorter words behind `/v3` are names of resources.
const SHORTEST_PROJECT: usize = 32;

/// Whether a part of a path may be the id of a project.
fn is_project(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// The path of today, the project that is named, and whether the version is `/v2`; nothing where the path is today's.
fn present(path: &str) -> Option<(String, Option<String>, bool)> {
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    let old = version == "v2";
    if (version != "v2.1" && !old) || rest.is_empty() {
        return None;
    }
    match rest.split_once('/').filter(|(first, _)| is_project(first)) {
        Some((project, rest)) => Some((format!("/v2.1/{rest}"), Some(project.to_owned()), old)),
        None if old => Some((format!("/v2.1/{rest}"), None, old)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_question_stay() {
        let request = Request::builder().uri("http://cloud:8770/v2/flavors?limit=1");
        let moved = at_present_path(request.body(axum::body::Body::empty()).unwrap());
        assert_eq!(moved.uri(), "http://cloud:8770/v2.1/flavors?limit=1");
    }

    #[test]
    fn block_storage_is_found_with_project_and_without() {
        let at = |uri: &str| {
            let request = Request::builder().uri(uri).body(axum::body::Body::empty()).unwrap();
            let moved = without_project(request);
            let project = moved.extensions().get::<PathProject>().map(|project| project.0.clone());
            (moved.uri().to_string(), project)
        };
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            at(&format!("/v3/{id}/volumes?limit=1")),
            ("/v3/volumes?limit=1".to_owned(), Some(id.to_owned()))
        );
        for same in ["/v3/volumes", "/v3/backups/abc", "/v3/", "/"] {
            assert_eq!(at(same), (same.to_owned(), None), "{same}");
        }
    }

    #[test]
    fn old_addresses_become_those_of_today() {
        let id = "0123456789abcdef0123456789abcdef";
        for (path, expected) in [
            ("/v2.1/flavors", None),
            ("/v2.1", None),
            ("/v2", None),
            ("/v2/", None),
            ("/v2.1/abc", None),
            ("/v2/flavors", Some(("/v2.1/flavors".to_owned(), None, true))),
            (
                &format!("/v2.1/{id}/flavors/1"),
                Some(("/v2.1/flavors/1".to_owned(), Some(id.to_owned()), false)),
            ),
            (&format!("/v2/{id}/servers"), Some(("/v2.1/servers".to_owned(), Some(id.to_owned()), true))),
        ] {
            assert_eq!(present(path), expected, "{path}");
        }
    }
}
