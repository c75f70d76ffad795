//! Members and visibility.

use crate::harness::*;
use kogge_image::ImageConfig;
use serde_json::json;

fn config() -> ImageConfig {
    ImageConfig { max_members: 2, ..ImageConfig::default() }
}

on_both! {
    a_shared_image_is_in_lists_once_it_is_accepted(c) {
        let id = c.active(json!({}), b"x").await;
        let members = format!("/v2/images/{id}/members");
        let other = OTHER.project_id();
        c.get(OTHER, &format!("/v2/images/{id}")).await.expect(404);
        let added = c.call(MEMBER, "POST", &members, Some(json!({ "member": other }))).await.expect(200).json();
        assert_eq!((&added["status"], &added["member_id"]), (&json!("pending"), &json!(other)));
        c.call(MEMBER, "POST", &members, Some(json!({ "member": other }))).await.expect(409);
        c.get(OTHER, &format!("/v2/images/{id}")).await.expect(200);
        c.get(OTHER, &format!("/v2/images/{id}/file")).await.expect(200);
        assert!(c.ids(OTHER, "").await.is_empty());
        assert_eq!(c.ids(OTHER, "visibility=shared&member_status=pending").await, [id.as_str()]);
        assert_eq!(c.ids(OTHER, "member_status=all").await, [id.as_str()]);
        let own = format!("{members}/{other}");
        let accept = json!({ "status": "accepted" });
        c.call(MEMBER, "PUT", &own, Some(accept.clone())).await.expect(403);
        c.call(OTHER, "PUT", &own, Some(json!({ "status": "maybe" }))).await.expect(400);
        c.call(OTHER, "PUT", &own, Some(accept)).await.expect(200);
        assert_eq!(c.ids(OTHER, "").await, [id.as_str()]);
        c.delete(OTHER, &format!("/v2/images/{id}")).await.expect(403);
        c.patch(OTHER, &id, json!([{ "op": "replace", "path": "/name", "value": "mine" }])).await.expect(403);
        c.delete(OTHER, &own).await.expect(403);
        c.delete(MEMBER, &own).await.expect(204);
        c.delete(MEMBER, &own).await.expect(404);
        c.get(OTHER, &format!("/v2/images/{id}")).await.expect(404);
    }

    members_know_of_themselves_only(c) {
        let id = c.image(json!({})).await;
        let members = format!("/v2/images/{id}/members");
        for member in [OTHER.project_id(), "third".to_owned()] {
            c.call(MEMBER, "POST", &members, Some(json!({ "member": member }))).await.expect(200);
        }
        c.call(MEMBER, "POST", &members, Some(json!({ "member": "fourth" }))).await.expect(413);
        let count = async |who| c.get(who, &members).await.expect(200).json()["members"].as_array().unwrap().len();
        assert_eq!((count(MEMBER).await, count(OTHER).await, count(READER).await), (2, 1, 2));
        c.get(OTHER, &format!("{members}/third")).await.expect(404);
        c.get(OTHER, &format!("{members}/{}", OTHER.project_id())).await.expect(200);
        c.get(MEMBER, &format!("{members}/nobody")).await.expect(404);
        c.call(OTHER, "PUT", &format!("{members}/third"), Some(json!({ "status": "accepted" }))).await.expect(404);
        for body in [json!({}), json!([]), json!({ "member": "" }), json!({ "member": 5 }), json!({ "member": "a\u{0}" })] {
            c.call(MEMBER, "POST", &members, Some(body)).await.expect(400);
        }
    }

    only_shared_images_have_members(c) {
        let id = c.image(json!({ "visibility": "private" })).await;
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/members"), Some(json!({ "member": "x" }))).await.expect(403);
        c.get(MEMBER, &format!("/v2/images/{id}/members")).await.expect(403);
    }

    community_images_are_seen_but_listed_only_on_request(c) {
        let id = c.image(json!({ "visibility": "community" })).await;
        c.get(OTHER, &format!("/v2/images/{id}")).await.expect(200);
        assert!(c.ids(OTHER, "").await.is_empty());
        assert_eq!(c.ids(OTHER, "visibility=community").await, [id.as_str()]);
        assert_eq!(c.ids(OTHER, "visibility=all").await, [id.as_str()]);
        assert_eq!(c.ids(MEMBER, "").await, [id.as_str()]);
        c.delete(OTHER, &format!("/v2/images/{id}")).await.expect(403);
    }

    public_images_are_for_everybody_and_made_by_administrators(c) {
        let id = c.image_of(ADMIN, json!({ "visibility": "public" })).await;
        for who in [MEMBER, READER, OTHER] {
            assert_eq!(c.ids(who, "").await, [id.as_str()]);
            c.get(who, &format!("/v2/images/{id}")).await.expect(200);
            c.delete(who, &format!("/v2/images/{id}")).await.expect(403);
        }
    }
}
