//! The isolation matrix: every route of the table, asked by everybody, about a private image of one project.

use crate::harness::*;
use axum::body::Body;
use http::{Method, Request};
use kogge_auth::testing::Persona;
use kogge_http::Access;
use kogge_image::{ImageConfig, routes};
use serde_json::json;

fn config() -> ImageConfig {
    ImageConfig::default()
}

fn body_of(method: &Method, path: &str) -> (&'static str, Body) {
    match (method.as_str(), path) {
        ("PATCH", _) => (
            "application/openstack-images-v2.1-json-patch",
            Body::from(r#"[{"op": "replace", "path": "/name", "value": "n"}]"#),
        ),
        ("PUT", path) if path.ends_with("/file") || path.ends_with("/stage") => {
            ("application/octet-stream", Body::from("x"))
        }
        ("PUT", path) if path.contains("/members/") => {
            ("application/json", Body::from(r#"{"status": "accepted"}"#))
        }
        ("POST", path) if path.ends_with("/members") => {
            ("application/json", Body::from(r#"{"member": "m"}"#))
        }
        ("POST", path) if path.ends_with("/import") => {
            ("application/json", Body::from(r#"{"method": {"name": "glance-direct"}}"#))
        }
        ("POST", "/v2/images") => ("application/json", Body::from("{}")),
        _ => ("application/json", Body::empty()),
    }
}

on_both! {
    strangers_get_401_and_other_projects_404(c) {
        for route in routes().table().to_vec() {
            let id = c.image(json!({ "visibility": "private" })).await;
            let path = route.path.replace("{id}", &id).replace("{tag}", "t").replace("{member}", "m").replace("{store}", "file");
            let ask = async |token: Option<&str>| {
                let (kind, body) = body_of(&route.method, route.path);
                let request = Request::builder().method(route.method.clone()).uri(&path).header("content-type", kind);
                let request = token.into_iter().fold(request, |request, token| request.header("x-auth-token", token));
                c.send(request.body(body).unwrap()).await.status
            };
            let line = format!("{} {}", route.method, route.path);
            let public = route.access == Access::Public;
            for token in [None, Some("expired"), Some("")] {
                assert_eq!(ask(token).await == 401, !public, "{line} {token:?}");
            }
            let about_an_image = route.path.starts_with("/v2/images/{id}");
            let without = Persona::WITHOUT_PROJECT;
            for who in without.into_iter().chain([Persona::OtherMember, Persona::OtherReader]) {
                if about_an_image {
                    assert_eq!(ask(Some(who.token())).await, 404, "{line} {who:?}");
                }
            }
            let changes = route.method != Method::GET;
            if about_an_image && changes {
                let status = ask(Some(Persona::Reader.token())).await;
                assert!(matches!(status, 403 | 409 | 404), "{line} reader {status}");
            }
            if !about_an_image && route.access.scopes() == Some(kogge_auth::Scopes::Project) {
                let hidden = route.path.contains('{');
                for who in without {
                    assert_eq!(ask(Some(who.token())).await, if hidden { 404 } else { 403 }, "{line} {who:?}");
                }
            }
            let status = ask(Some(Persona::Admin.token())).await;
            assert!(is_not_server_trouble(http::StatusCode::from_u16(status).unwrap()), "{line} admin {status}");
            assert_ne!(status, 401, "{line}");
        }
    }

    a_reader_reads_and_changes_nothing(c) {
        let id = c.active(json!({ "visibility": "private" }), b"x").await;
        let before = c.show(&id).await;
        c.get(Persona::Reader, &format!("/v2/images/{id}")).await.expect(200);
        c.get(Persona::Reader, &format!("/v2/images/{id}/file")).await.expect(403);
        c.delete(Persona::Reader, &format!("/v2/images/{id}")).await.expect(403);
        c.patch(Persona::Reader, &id, json!([{ "op": "replace", "path": "/name", "value": "n" }])).await.expect(403);
        assert_eq!(c.show(&id).await, before);
    }

    an_administrator_sees_the_images_of_all_projects(c) {
        let id = c.image(json!({ "visibility": "private" })).await;
        assert_eq!(c.ids(ADMIN, "visibility=private").await, [id.as_str()]);
        c.get(Persona::SystemAdmin, "/v2/images").await.expect(403);
        assert!(c.ids(OTHER, "visibility=all").await.is_empty());
    }
}
