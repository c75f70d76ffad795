//! Imports, in the background.

use std::time::Duration;

use crate::harness::*;
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use kogge_image::{ImageConfig, WebDownload};
use serde_json::json;

fn config() -> ImageConfig {
    // ports of test servers are not known before: all that an ephemeral port can be
    let web_download = WebDownload {
        ports: (1024..=u16::MAX).chain([80]).collect(),
        allow_networks: vec!["127.0.0.1/32".parse().unwrap()],
        idle_seconds: 2,
        ..WebDownload::default()
    };
    let web_download = WebDownload { at_once: 2, project_at_once: 1, ..web_download };
    ImageConfig { web_download, max_size: 1000, ..ImageConfig::default() }
}

async fn web() -> String {
    let router = Router::new()
        .route("/image", get(|| async { "from the web" }))
        .route("/large", get(|| async { vec![0u8; 2000] }))
        .route("/metadata", get(|| async { Redirect::temporary("http://169.254.169.254/latest") }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A harmless qcow2 disk of 4 KiB.
fn qcow2() -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
    bytes[23] = 16;
    bytes[24..32].copy_from_slice(&4096u64.to_be_bytes());
    bytes[103] = 104;
    bytes
}

/// A server that answers with a qcow2 disk when it is told to.
async fn held() -> (String, std::sync::Arc<tokio::sync::Notify>) {
    let go = std::sync::Arc::new(tokio::sync::Notify::new());
    let told = std::sync::Arc::clone(&go);
    let answer = move || {
        let told = std::sync::Arc::clone(&told);
        async move {
            told.notified().await;
            qcow2()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/image", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/image"), go)
}

fn download(uri: &str) -> serde_json::Value {
    json!({ "method": { "name": "web-download", "uri": uri } })
}

on_both! {
    staged_data_become_the_image(c) {
        let id = c.image(json!({})).await;
        let import = format!("/v2/images/{id}/import");
        let direct = json!({ "method": { "name": "glance-direct" } });
        c.call(MEMBER, "POST", &import, Some(direct.clone())).await.expect(409);
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), "staged").await.expect(204);
        let staged = c.show(&id).await;
        assert_eq!((&staged["status"], &staged["size"]), (&json!("uploading"), &json!(6)));
        c.get(MEMBER, &format!("/v2/images/{id}/file")).await.expect(204);
        c.call(MEMBER, "POST", &import, Some(direct.clone())).await.expect(202);
        assert_eq!(c.show(&id).await["status"], "importing");
        c.call(MEMBER, "POST", &import, Some(direct)).await.expect(409);
        c.run_tasks().await;
        let image = c.reach(&id, "active").await;
        assert_eq!(image["size"], 6);
        assert_eq!(c.get(MEMBER, &format!("/v2/images/{id}/file")).await.bytes, b"staged");
        assert_eq!(c.files(), 1);
        let tasks = c.get(MEMBER, &format!("/v2/images/{id}/tasks")).await.expect(200).json();
        assert_eq!(tasks["tasks"][0]["input"]["import_req"]["method"]["name"], "glance-direct");
        c.get(OTHER, &format!("/v2/images/{id}/tasks")).await.expect(404);
    }

    an_image_is_fetched_from_the_web(c) {
        let (id, base) = (c.image(json!({})).await, web().await);
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(download(&format!("{base}/image")))).await.expect(202);
        c.run_tasks().await;
        c.reach(&id, "active").await;
        assert_eq!(c.get(MEMBER, &format!("/v2/images/{id}/file")).await.bytes, b"from the web");
    }

    a_failed_import_says_so_until_the_next_one_begins(c) {
        let (id, base) = (c.image(json!({})).await, web().await);
        let import = format!("/v2/images/{id}/import");
        c.call(MEMBER, "POST", &import, Some(download(&format!("{base}/nothing")))).await.expect(202);
        assert_eq!(c.show(&id).await["os_glance_importing_to_stores"], "file");
        c.run_tasks().await;
        let image = c.reach(&id, "queued").await;
        assert_eq!(image["os_glance_failed_import"], "file");
        assert!(image.get("os_glance_importing_to_stores").is_none());
        for change in [json!([{ "op": "remove", "path": "/os_glance_failed_import" }]),
            json!([{ "op": "replace", "path": "/os_glance_failed_import", "value": "" }])] {
            c.patch(MEMBER, &id, change).await.expect(403);
        }
        c.call(MEMBER, "POST", &import, Some(download(&format!("{base}/image")))).await.expect(202);
        assert!(c.show(&id).await.get("os_glance_failed_import").is_none());
        c.run_tasks().await;
        let image = c.reach(&id, "active").await;
        assert!(image.as_object().unwrap().keys().all(|name| !name.starts_with("os_glance")), "{image}");
    }

    tasks_are_listed_in_pages_and_by_state(c) {
        let base = web().await;
        for _ in 0..3 {
            let import = format!("/v2/images/{}/import", c.image(json!({})).await);
            c.call(MEMBER, "POST", &import, Some(download(&format!("{base}/image")))).await.expect(202);
        }
        let list = async |query: &str| c.get(ADMIN, &format!("/v2/tasks?{query}")).await;
        let first = list("limit=2").await.expect(200).json();
        assert_eq!((first["tasks"].as_array().unwrap().len(), &first["first"]), (2, &json!("/v2/tasks?limit=2")));
        let next = first["next"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
        let second = list(&next).await.expect(200).json();
        assert_eq!(second["tasks"].as_array().unwrap().len(), 1);
        assert!(second.get("next").is_none());
        let count = async |query: &str| list(query).await.expect(200).json()["tasks"].as_array().unwrap().len();
        assert_eq!([count("status=pending").await, count("status=success").await, count("type=import").await], [3, 0, 0]);
        for bad in ["status=lost", "limit=many", "sort_key=uri", "sort_dir=up"] {
            list(bad).await.expect(400);
        }
        c.get(MEMBER, "/v2/tasks").await.expect(403);
    }

    formats_that_change_during_an_import_are_judged_again(c) {
        let packed = json!({ "container_format": "ova" });
        let declared = json!({ "disk_format": "qcow2" });
        for (made, changed, value) in [(packed, "container_format", "bare"), (declared, "disk_format", "raw")] {
            let (id, (uri, go)) = (c.image(made).await, held().await);
            c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(download(&uri))).await.expect(202);
            c.run_tasks().await;
            let change = json!([{ "op": "replace", "path": format!("/{changed}"), "value": value }]);
            c.patch(MEMBER, &id, change.clone()).await.expect(200);
            go.notify_one();
            c.reach(&id, "active").await;
            let boot = c.images.boot_file(id.parse().unwrap()).await.unwrap();
            let why = boot.fit_to_boot.unwrap_err();
            assert!(why.contains("its content is qcow2 but its disk_format is raw"), "{why}");
            c.patch(MEMBER, &id, change).await.expect(403);
        }
    }

    a_project_whose_servers_drip_keeps_nobody_waiting(c) {
        let ((dripping, _go), base) = (held().await, web().await);
        for _ in 0..4 {
            let id = c.image(json!({})).await;
            c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(download(&dripping))).await.expect(202);
        }
        c.run_tasks().await;
        let other = c.image_of(OTHER, json!({})).await;
        let import = format!("/v2/images/{other}/import");
        c.call(OTHER, "POST", &import, Some(download(&format!("{base}/image")))).await.expect(202);
        c.run_tasks().await;
        c.reach(&other, "active").await;
        let tasks = c.get(ADMIN, "/v2/tasks").await.json();
        let dripping = |task: &&serde_json::Value| {
            task["owner"] == MEMBER.project_id().as_str() && task["status"] == "processing"
        };
        let under_way = tasks["tasks"].as_array().unwrap().iter().filter(dripping).count();
        assert_eq!(under_way, 1, "of the four");
    }

    an_import_says_nothing_to_other_projects(c) {
        let (id, base) = (c.image(json!({})).await, web().await);
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(download(&format!("{base}/image")))).await.expect(202);
        c.run_tasks().await;
        c.reach(&id, "active").await;
        let open = json!([{ "op": "replace", "path": "/visibility", "value": "community" }]);
        c.patch(MEMBER, &id, open).await.expect(200);
        let tasks = async |who| c.get(who, &format!("/v2/images/{id}/tasks")).await.expect(200).json()["tasks"].take();
        assert_eq!(tasks(OTHER).await, json!([]));
        assert_eq!(tasks(MEMBER).await.as_array().unwrap().len(), 1);
        assert_eq!(tasks(ADMIN).await.as_array().unwrap().len(), 1);
    }

    ended_imports_are_remembered_up_to_a_number(c) {
        use kogge_db::{Executor, Query};
        let id = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), "staged").await.expect(204);
        let import = format!("/v2/images/{id}/import");
        let direct = json!({ "method": { "name": "glance-direct" } });
        c.call(MEMBER, "POST", &import, Some(direct)).await.expect(202);
        c.run_tasks().await;
        c.reach(&id, "active").await;
        let copies = "INSERT INTO image_tasks (id, image_id, method, status, owner, user_id, request_id, message,
                attempts, created_at, updated_at)
            SELECT $1, image_id, method, 'failure', owner, user_id, request_id, message, attempts, created_at, 0
            FROM image_tasks WHERE image_id = $2 AND id NOT LIKE 'copy-%'";
        let mut tx = c.db.begin().await.unwrap();
        for number in 0..250 {
            let query = Query::new(copies).bind(format!("copy-{number}")).bind(&id);
            tx.execute(query).await.unwrap();
        }
        tx.commit().await.unwrap();
        let next = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{next}/stage"), "staged").await.expect(204);
        let direct = json!({ "method": { "name": "glance-direct" } });
        c.call(MEMBER, "POST", &format!("/v2/images/{next}/import"), Some(direct)).await.expect(202);
        let left = c.get(ADMIN, "/v2/tasks?limit=1000").await.json()["tasks"].as_array().unwrap().len();
        assert_eq!(left, 201, "200 that ended and the one that waits");
    }

    a_failed_fetch_says_why_and_can_be_repeated(c) {
        let base = web().await;
        for (path, why) in [("missing", "404"), ("large", "larger than 1000"), ("metadata", "redirects to where")] {
            let id = c.image(json!({})).await;
            let import = format!("/v2/images/{id}/import");
            c.call(MEMBER, "POST", &import, Some(download(&format!("{base}/{path}")))).await.expect(202);
            c.run_tasks().await;
            c.reach(&id, "queued").await;
            let task = loop {
                let tasks = c.get(MEMBER, &format!("/v2/images/{id}/tasks")).await.json()["tasks"].take();
                if tasks[0]["status"] == "failure" { break tasks[0].clone() }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            assert!(task["message"].as_str().unwrap().contains(why), "{task}");
            c.call(MEMBER, "POST", &import, Some(download(&format!("{base}/image")))).await.expect(202);
            c.run_tasks().await;
            c.reach(&id, "active").await;
        }
        assert_eq!(c.files(), 3);
    }

    addresses_that_lead_inside_are_refused_at_once(c) {
        let id = c.image(json!({})).await;
        for uri in ["http://10.0.0.1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]:80/", "", "x"] {
            c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(download(uri))).await.expect(400);
        }
        assert_eq!(c.show(&id).await["status"], "queued");
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(json!({ "method": { "name": "copy-image" } }))).await.expect(400);
        c.call(READER, "POST", &format!("/v2/images/{id}/import"), Some(download("http://127.0.0.1:80/"))).await.expect(403);
    }

    an_import_that_a_crash_interrupted_begins_again(c) {
        let id = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), "staged").await.expect(204);
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(json!({ "method": { "name": "glance-direct" } }))).await.expect(202);
        use kogge_db::{Executor, Query};
        let crashed = "UPDATE image_tasks SET status = 'processing', attempts = 1, busy_until = $1";
        (&c.db).execute(Query::new(crashed).bind(1_800_000_100_000_000i64)).await.unwrap();
        c.run_tasks().await;
        assert_eq!(c.show(&id).await["status"], "importing", "another process may still work at it");
        c.clock.advance(Duration::from_secs(200));
        c.run_tasks().await;
        c.reach(&id, "active").await;
    }

    an_import_of_a_killed_process_begins_again_at_once(c) {
        let id = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), "staged").await.expect(204);
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(json!({ "method": { "name": "glance-direct" } }))).await.expect(202);
        use kogge_db::{Executor, Query};
        let taken = "UPDATE image_tasks SET status = 'processing', busy_until = $1, busy_by = 'other'";
        (&c.db).execute(Query::new(taken).bind(1_800_000_100_000_000i64)).await.unwrap();
        c.run_tasks().await;
        assert_eq!(c.show(&id).await["status"], "importing", "nothing is known of that process");
        c.killed("image_tasks").await;
        c.run_tasks().await;
        c.run_tasks().await;
        c.reach(&id, "active").await;
    }

    deleting_during_an_import_leaves_nothing(c) {
        let id = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), "staged").await.expect(204);
        c.call(MEMBER, "POST", &format!("/v2/images/{id}/import"), Some(json!({ "method": { "name": "glance-direct" } }))).await.expect(202);
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        c.run_tasks().await;
        for _ in 0..200 {
            let tasks = c.get(ADMIN, "/v2/tasks").await.json();
            if tasks["tasks"][0]["status"] == "failure" { break }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(c.get(ADMIN, "/v2/tasks").await.json()["tasks"][0]["status"], "failure");
        assert_eq!(c.files(), 0);
    }
}
