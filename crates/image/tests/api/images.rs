//! Registering, listing, changing and deleting.

use crate::harness::*;
use kogge_image::ImageConfig;
use serde_json::{Value, json};

fn config() -> ImageConfig {
    ImageConfig { max_properties: 3, max_tags: 2, project_images: Some(8), ..ImageConfig::default() }
}

on_both! {
    a_new_image_is_queued_and_shared_and_shows_every_attribute(c) {
        let body = json!({ "name": "web", "os_distro": "debian", "min_disk": 5, "tags": ["a"] });
        let made = c.call(MEMBER, "POST", "/v2/images", Some(body)).await.expect(201);
        let image = made.json();
        let id = image["id"].as_str().unwrap();
        assert_eq!(made.header("location"), format!("http://cloud.example/image/v2/images/{id}"));
        assert_eq!(made.header("openstack-image-import-methods"), "glance-direct,web-download");
        for (name, value) in [
            ("status", json!("queued")), ("visibility", json!("shared")), ("os_distro", json!("debian")),
            ("min_disk", json!(5)), ("min_ram", json!(0)), ("protected", json!(false)), ("os_hidden", json!(false)),
            ("size", Value::Null), ("checksum", Value::Null), ("virtual_size", Value::Null), ("tags", json!(["a"])),
            ("owner", json!(MEMBER.project_id())), ("disk_format", Value::Null), ("schema", json!("/v2/schemas/image")),
            ("self", json!(format!("/v2/images/{id}"))), ("file", json!(format!("/v2/images/{id}/file"))),
            ("created_at", json!("2027-01-15T08:00:00Z")),
        ] {
            assert_eq!(image[name], value, "{name}");
        }
        assert_eq!(c.get(READER, &format!("/v2/images/{id}")).await.expect(200).json(), image);
    }

    what_is_wrong_in_itself_is_400_and_what_is_not_allowed_403(c) {
        for (body, status) in [
            (json!({ "container_format": "wrong", "disk_format": "vhd" }), 400),
            (json!({ "container_format": "bare", "disk_format": "wrong" }), 400),
            (json!({ "name": "a\u{0}b" }), 400),
            (json!({ "prop": 5 }), 400),
            (json!({ "min_ram": -1 }), 400),
            (json!([]), 400),
            (json!({ "visibility": "public" }), 403),
            (json!({ "owner": OTHER.project_id() }), 403),
            (json!({ "status": "active" }), 403),
            (json!({ "os_glance_x": "y" }), 403),
            (json!({ "a": "1", "b": "2", "c": "3", "d": "4" }), 413),
            (json!({ "tags": ["1", "2", "3"] }), 413),
        ] {
            let answer = c.call(MEMBER, "POST", "/v2/images", Some(body.clone())).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text());
            assert!(answer.text().contains(&format!("<title>{status} ")), "{}", answer.text());
        }
        c.call(READER, "POST", "/v2/images", Some(json!({}))).await.expect(403);
        c.call(ADMIN, "POST", "/v2/images", Some(json!({ "visibility": "public" }))).await.expect(201);
        assert!(c.ids(MEMBER, "visibility=private").await.is_empty());
    }

    a_project_has_as_many_images_as_its_quota(c) {
        for _ in 0..8 {
            c.image(json!({})).await;
        }
        let refused = c.call(MEMBER, "POST", "/v2/images", Some(json!({}))).await.expect(413);
        assert!(refused.text().contains("may have 8"));
        c.image_of(OTHER, json!({})).await;
        let usage = c.get(MEMBER, "/v2/info/usage").await.expect(200).json();
        assert_eq!(usage["usage"]["image_count_total"], json!({ "usage": 8, "limit": 8 }));
    }

    an_id_of_choice_is_used_once(c) {
        let id = "12345678-1234-4234-8234-123456789abc";
        assert_eq!(c.image(json!({ "id": id })).await, id);
        c.call(OTHER, "POST", "/v2/images", Some(json!({ "id": id }))).await.expect(409);
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        c.call(MEMBER, "POST", "/v2/images", Some(json!({ "id": id }))).await.expect(409);
    }

    what_is_not_there_is_404(c) {
        let missing = "12345678-1234-4234-8234-123456789abc";
        for path in [missing, "nonsense", "%00", "a%2Fb"] {
            c.get(MEMBER, &format!("/v2/images/{path}")).await.expect(404);
            c.delete(MEMBER, &format!("/v2/images/{path}")).await.expect(404);
            c.patch(MEMBER, path, json!([])).await.expect(404);
        }
        c.get(MEMBER, "/v2/images/").await.expect(404);
        c.delete(MEMBER, "/v2/images/").await.expect(404);
        let answer = c.get(MEMBER, &format!("/v2/images/{missing}")).await;
        assert!(answer.text().contains(&format!("No image found with ID {missing}")));
        assert!(answer.header("content-type").starts_with("text/html"));
    }

    a_deleted_image_is_gone_and_a_protected_one_stays(c) {
        let id = c.active(json!({ "protected": true }), b"data").await;
        let path = format!("/v2/images/{id}");
        let refused = c.delete(MEMBER, &path).await.expect(403);
        assert!(refused.text().contains("is protected and cannot be deleted"));
        c.patch(MEMBER, &id, json!([{ "op": "replace", "path": "/protected", "value": false }])).await.expect(200);
        c.delete(MEMBER, &path).await.expect(204);
        c.get(MEMBER, &path).await.expect(404);
        c.delete(MEMBER, &path).await.expect(404);
        assert_eq!(c.files(), 0);
    }

    a_patch_applies_whole_or_not_at_all(c) {
        let id = c.image(json!({ "a": "1" })).await;
        let good = json!([
            { "op": "replace", "path": "/name", "value": "new" },
            { "op": "add", "path": "/b", "value": "2" },
            { "op": "remove", "path": "/a" },
            { "op": "replace", "path": "/tags", "value": ["t"] },
        ]);
        let changed = c.patch(MEMBER, &id, good).await.expect(200).json();
        assert_eq!((&changed["name"], &changed["b"], &changed["tags"]), (&json!("new"), &json!("2"), &json!(["t"])));
        assert!(changed.get("a").is_none());
        for (patch, status) in [
            (json!([{ "op": "replace", "path": "/name", "value": "x" }, { "op": "remove", "path": "/zzz" }]), 409),
            (json!([{ "op": "replace", "path": "/zzz", "value": "x" }]), 409),
            (json!([{ "op": "remove", "path": "/name" }]), 403),
            (json!([{ "op": "replace", "path": "/status", "value": "active" }]), 403),
            (json!([{ "op": "add", "path": "/os_glance_foo", "value": "x" }]), 403),
            (json!([{ "op": "replace", "path": "/owner", "value": "x" }]), 403),
            (json!([{ "op": "replace", "path": "/visibility", "value": "public" }]), 403),
            (json!([{ "op": "replace", "path": "/locations", "value": [{ "url": "file:///etc/passwd" }] }]), 403),
            (json!([{ "op": "add", "path": "/locations/-", "value": {} }]), 403),
            (json!([{ "op": "replace", "path": "/name", "value": 5 }]), 400),
            (json!({ "op": "replace" }), 400),
            (json!([{ "op": "add", "path": "/c", "value": "1" }, { "op": "add", "path": "/d", "value": "1" },
                { "op": "add", "path": "/e", "value": "1" }]), 413),
        ] {
            let answer = c.patch(MEMBER, &id, patch.clone()).await;
            assert_eq!(answer.status, status, "{patch}: {}", answer.text());
        }
        assert_eq!(c.show(&id).await, changed);
        c.call(MEMBER, "PATCH", &format!("/v2/images/{id}"), Some(json!([]))).await.expect(415);
        let owner = json!([{ "op": "replace", "path": "/owner", "value": "someone" }]);
        assert_eq!(c.patch(ADMIN, &id, owner).await.expect(200).json()["owner"], "someone");
    }

    formats_stay_once_data_are_there(c) {
        let patch = json!([{ "op": "replace", "path": "/disk_format", "value": "qcow2" }]);
        let queued = c.image(json!({})).await;
        assert_eq!(c.patch(MEMBER, &queued, patch.clone()).await.expect(200).json()["disk_format"], "qcow2");
        let active = c.active(json!({}), b"x").await;
        c.patch(MEMBER, &active, patch).await.expect(403);
    }

    lists_filter_by_everything(c) {
        let a = c.active(json!({ "name": "a", "os_distro": "debian", "tags": ["x", "y"] }), b"12345").await;
        c.clock.advance(std::time::Duration::from_secs(10));
        let b = c.active(json!({ "name": "b", "min_ram": 7, "tags": ["x"], "visibility": "private" }), b"1234567890").await;
        c.clock.advance(std::time::Duration::from_secs(10));
        let q = c.image(json!({ "name": "q", "disk_format": "qcow2", "protected": true })).await;
        let h = c.image(json!({ "name": "h", "os_hidden": true })).await;
        let created = |seconds: i64| kogge_clock::Timestamp::from_seconds(1_800_000_000 + seconds).seconds_z();
        for (query, expected) in [
            (String::new(), vec![&q, &b, &a]),
            ("name=a".into(), vec![&a]),
            ("name=in:a,b".into(), vec![&b, &a]),
            ("status=active".into(), vec![&b, &a]),
            ("status=in:queued".into(), vec![&q]),
            ("disk_format=qcow2".into(), vec![&q]),
            ("container_format=bare&limit=1".into(), vec![&q]),
            ("size=5".into(), vec![&a]),
            ("size_min=6".into(), vec![&b]),
            ("size_min=4&size_max=6".into(), vec![&a]),
            ("size=five".into(), vec![]),
            ("min_ram=7".into(), vec![&b]),
            ("tag=x".into(), vec![&b, &a]),
            ("tag=x&tag=y".into(), vec![&a]),
            ("os_distro=debian".into(), vec![&a]),
            ("os_distro=deb".into(), vec![]),
            ("visibility=private".into(), vec![&b]),
            ("visibility=shared".into(), vec![&q, &a]),
            ("visibility=all".into(), vec![&q, &b, &a]),
            ("protected=true".into(), vec![&q]),
            ("os_hidden=true".into(), vec![&h]),
            (format!("owner={}", MEMBER.project_id()), vec![&q, &b, &a]),
            ("owner=nobody".into(), vec![]),
            (format!("created_at=gt:{}", created(0)), vec![&q, &b]),
            (format!("created_at=lte:{}", created(10)), vec![&b, &a]),
            (format!("created_at={}", created(10)), vec![&b]),
            (format!("created_at=neq:{}", created(10)), vec![&q, &a]),
            ("sort=name:asc".into(), vec![&a, &b, &q]),
            ("sort_key=size&sort_dir=asc".into(), vec![&q, &a, &b]),
            ("sort_key=size".into(), vec![&b, &a, &q]),
            ("limit=0".into(), vec![]),
        ] {
            let expected: Vec<String> = expected.into_iter().cloned().collect();
            assert_eq!(c.ids(MEMBER, &query).await, expected, "{query}");
        }
        c.get(MEMBER, "/v2/images?sort_key=owner").await.expect(400);
        c.get(MEMBER, "/v2/images?name=a%00").await.expect(400);
        c.get(MEMBER, "/v2/images?marker=12345678-1234-4234-8234-123456789abc").await.expect(400);
    }

    pages_follow_each_other_without_gap_or_repetition(c) {
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(c.image(json!({ "name": (number % 2).to_string() })).await);
        }
        for sort in ["", "&sort=name:asc", "&sort=name:desc,size:asc", "&sort_key=status"] {
            let mut path = format!("/v2/images?limit=2{sort}");
            let mut seen: Vec<String> = Vec::new();
            loop {
                let page = c.get(MEMBER, &path).await.expect(200).json();
                assert!(!page["first"].as_str().unwrap().contains("marker"));
                let ids = page["images"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
                seen.extend(ids);
                match page["next"].as_str() {
                    Some(next) => path = next.to_owned(),
                    None => break,
                }
            }
            let (mut sorted, mut expected) = (seen.clone(), made.clone());
            sorted.sort();
            expected.sort();
            assert_eq!(sorted, expected, "{sort}");
        }
    }

    tags_come_and_go(c) {
        let id = c.image(json!({})).await;
        let path = format!("/v2/images/{id}/tags");
        c.call(MEMBER, "PUT", &format!("{path}/a%20b"), None).await.expect(204);
        c.call(MEMBER, "PUT", &format!("{path}/a%20b"), None).await.expect(204);
        assert_eq!(c.show(&id).await["tags"], json!(["a b"]));
        c.call(MEMBER, "PUT", &format!("{path}/b"), None).await.expect(204);
        c.call(MEMBER, "PUT", &format!("{path}/c"), None).await.expect(413);
        c.call(MEMBER, "PUT", &format!("{path}/{}", "x".repeat(256)), None).await.expect(400);
        c.delete(MEMBER, &format!("{path}/a%20b")).await.expect(204);
        c.delete(MEMBER, &format!("{path}/a%20b")).await.expect(404);
        c.call(READER, "PUT", &format!("{path}/d"), None).await.expect(403);
        c.call(OTHER, "PUT", &format!("{path}/d"), None).await.expect(404);
        c.call(MEMBER, "PUT", "/v2/images/12345678-1234-4234-8234-123456789abc/tags/a", None).await.expect(404);
    }

    public_documents_need_no_token(c) {
        let bare = |path: &str| http::Request::builder().uri(path).header("host", "h").body(axum::body::Body::empty()).unwrap();
        let choices = c.send(bare("/")).await.expect(300).json();
        assert_eq!(choices["versions"][7], json!({ "id": "v2.17", "status": "CURRENT",
            "links": [{ "rel": "self", "href": "http://h/image/v2/" }] }));
        assert_eq!(c.send(bare("/versions")).await.expect(200).json(), choices);
        c.send(bare("/v2/images")).await.expect(401);
        c.send(bare("/v2/nothing")).await.expect(401);
        c.get(MEMBER, "/v2/nothing").await.expect(404);
        c.call(MEMBER, "DELETE", "/v2/images", None).await.expect(405);
        assert_eq!(c.get(READER, "/v2/schemas/images").await.expect(200).json()["name"], "images");
        assert_eq!(c.get(READER, "/v2/info/stores").await.expect(200).json()["stores"][0]["id"], "file");
        c.get(MEMBER, "/v2/info/stores/detail").await.expect(403);
        c.get(ADMIN, "/v2/info/stores/detail").await.expect(200);
        c.get(MEMBER, "/v2/tasks").await.expect(403);
        assert_eq!(c.get(ADMIN, "/v2/tasks").await.expect(200).json()["tasks"], json!([]));
    }
}
