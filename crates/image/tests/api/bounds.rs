//! Bounds and quotas, also under many requests at once.

use crate::harness::*;
use futures_util::future::join_all;
use kogge_db::{Executor, Query};
use kogge_image::ImageConfig;
use serde_json::{Value, json};

fn config() -> ImageConfig {
    ImageConfig {
        project_images: Some(30),
        project_bytes: Some(1000),
        project_staged: Some(500),
        project_uploads: Some(7),
        ..ImageConfig::default()
    }
}

/// How many answers have each status, of as many as there are.
fn tally(answers: &[Answer], statuses: [u16; 2]) -> [usize; 2] {
    let counts = statuses.map(|status| answers.iter().filter(|answer| answer.status == status).count());
    let others: Vec<String> = answers
        .iter()
        .filter(|answer| !statuses.contains(&answer.status))
        .map(|answer| format!("{}: {}", answer.status, answer.text()))
        .collect();
    assert_eq!(others, Vec::<String>::new());
    counts
}

/// What is counted of the member's project: images, bytes stored, bytes staged, images whose data come in.
async fn counted(cloud: &Cloud) -> [i64; 4] {
    let row = (&cloud.db)
        .optional(Query::new("SELECT * FROM image_usage WHERE project = $1").bind(project()))
        .await;
    row.unwrap().map_or([0; 4], |row| {
        ["images", "stored", "staged", "uploading"].map(|column| row.int(column).unwrap())
    })
}

/// The same, from the images themselves.
async fn summed(cloud: &Cloud) -> [i64; 4] {
    let rows =
        (&cloud.db).all(Query::new("SELECT * FROM images WHERE owner = $1").bind(project())).await.unwrap();
    let mut sums = [rows.len() as i64, 0, 0, 0];
    for row in rows {
        let size = row.opt_int("size").unwrap().unwrap_or(0);
        let place = if row.opt_text("checksum").unwrap().is_some() { 1 } else { 2 };
        sums[place] += size;
        let moving = ["saving", "uploading", "importing"].contains(&row.text("status").unwrap().as_str());
        sums[3] += i64::from(moving);
    }
    sums
}

fn project() -> String {
    MEMBER.project_id().to_string()
}

async fn images(cloud: &Cloud, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(cloud.image(json!({})).await);
    }
    ids
}

on_both! {
    of_a_hundred_images_at_once_as_many_are_made_as_there_may_be(c) {
        let body = json!({ "name": "x", "disk_format": "raw", "container_format": "bare" });
        let make = || c.call(MEMBER, "POST", "/v2/images", Some(body.clone()));
        let answers = join_all((0..100).map(|_| make())).await;
        assert_eq!(tally(&answers, [201, 413]), [30, 70]);
        let refused = answers.iter().find(|answer| answer.status == 413).unwrap().text();
        assert!(refused.contains("image_count_total"), "{refused}");
        assert_eq!(counted(&c).await, [30, 0, 0, 0]);
        let id = c.ids(MEMBER, "limit=1").await.remove(0);
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        assert_eq!(tally(&join_all((0..5).map(|_| make())).await, [201, 413]), [1, 4]);
        assert_eq!(c.call(OTHER, "POST", "/v2/images", Some(body.clone())).await.status, 201);
    }

    bytes_that_come_at_once_share_the_room_of_their_project(c) {
        // never more at once than may come in at once
        let mut stored = 0;
        for _ in 0..4 {
            let ids = images(&c, 6).await;
            let files: Vec<String> = ids.iter().map(|id| format!("/v2/images/{id}/file")).collect();
            let answers = join_all(files.iter().map(|file| c.put_bytes(MEMBER, file, vec![7; 90]))).await;
            stored += tally(&answers, [204, 413])[0];
        }
        assert_eq!(stored, 11);
        assert_eq!(counted(&c).await, [24, 990, 0, 0]);
        assert_eq!(c.files(), 11);
    }

    as_many_images_get_data_at_once_as_may(c) {
        let ids = images(&c, 30).await;
        let stages: Vec<String> = ids.iter().map(|id| format!("/v2/images/{id}/stage")).collect();
        let answers = join_all(stages.iter().map(|stage| c.put_bytes(MEMBER, stage, vec![7; 10]))).await;
        assert_eq!(tally(&answers, [204, 413]), [7, 23]);
        assert_eq!(counted(&c).await, [30, 0, 70, 7]);
        let usage = c.get(MEMBER, "/v2/info/usage").await.expect(200).json()["usage"].take();
        assert_eq!(usage["image_count_uploading"], json!({ "usage": 7, "limit": 7 }));
        assert_eq!(usage["image_count_total"], json!({ "usage": 30, "limit": 30 }));
        for id in ids {
            c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        }
        assert_eq!(counted(&c).await, [0; 4]);
    }

    staged_bytes_have_a_quota_of_their_own(c) {
        let ids = images(&c, 3).await;
        for (id, status) in [(&ids[0], 204), (&ids[1], 413)] {
            c.put_bytes(MEMBER, &format!("/v2/images/{id}/stage"), vec![7; 300]).await.expect(status);
        }
        assert_eq!(c.show(&ids[1]).await["status"], "queued");
        c.put_bytes(MEMBER, &format!("/v2/images/{}/file", ids[2]), vec![7; 900]).await.expect(204);
        let import = json!({ "method": { "name": "glance-direct" } });
        c.call(MEMBER, "POST", &format!("/v2/images/{}/import", ids[0]), Some(import)).await.expect(202);
        c.run_tasks().await;
        c.reach(&ids[0], "queued").await;
        assert_eq!(counted(&c).await, [3, 900, 0, 0], "imported data are stored data");
        c.keeps_files(1).await;
    }

    of_many_uploads_to_one_image_one_is_taken(c) {
        let id = c.image(json!({})).await;
        let file = format!("/v2/images/{id}/file");
        let bodies: Vec<Vec<u8>> = (0..20).map(|number| vec![number; 10]).collect();
        let answers = join_all(bodies.iter().map(|body| c.put_bytes(MEMBER, &file, body.clone()))).await;
        assert_eq!(tally(&answers, [204, 409]), [1, 19]);
        let taken = answers.iter().position(|answer| answer.status == 204).unwrap();
        assert_eq!(c.get(MEMBER, &file).await.expect(200).bytes, bodies[taken]);
        assert_eq!(c.files(), 1);
    }

    of_many_images_of_one_id_one_is_made(c) {
        let id = "6c1a9a8e-2f0f-4f0a-9f3c-0a2b4c6d8e0f";
        let make = || c.call(MEMBER, "POST", "/v2/images", Some(json!({ "id": id })));
        assert_eq!(tally(&join_all((0..50).map(|_| make())).await, [201, 409]), [1, 49]);
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        assert_eq!(tally(&join_all((0..5).map(|_| make())).await, [201, 409]), [0, 5]);
        assert_eq!(counted(&c).await, [0; 4]);
    }

    of_many_members_at_once_as_many_are_taken_as_there_may_be(c) {
        let id = c.image(json!({})).await;
        let members = format!("/v2/images/{id}/members");
        let add = |number: usize| c.call(MEMBER, "POST", &members, Some(json!({ "member": format!("m{number}") })));
        let answers = join_all((0..140).map(add)).await;
        assert_eq!(tally(&answers, [200, 413]), [128, 12]);
    }

    what_is_counted_is_what_there_is(c) {
        let ids = images(&c, 4).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{}/file", ids[0]), vec![7; 100]).await.expect(204);
        c.put_bytes(MEMBER, &format!("/v2/images/{}/stage", ids[1]), vec![7; 50]).await.expect(204);
        c.put_bytes(MEMBER, &format!("/v2/images/{}/file", ids[2]), vec![7; 2000]).await.expect(413);
        assert_eq!((counted(&c).await, summed(&c).await), ([4, 100, 50, 1], [4, 100, 50, 1]));
        let give = |owner: &str| json!([{ "op": "replace", "path": "/owner", "value": owner }]);
        c.patch(ADMIN, &ids[0], give("somebody")).await.expect(200);
        assert_eq!((counted(&c).await, summed(&c).await), ([3, 0, 50, 1], [3, 0, 50, 1]));
        c.patch(ADMIN, &ids[0], give(&project())).await.expect(200);
        c.call(MEMBER, "POST", &format!("/v2/images/{}/actions/deactivate", ids[0]), None).await.expect(204);
        c.delete(MEMBER, &format!("/v2/images/{}", ids[1])).await.expect(204);
        assert_eq!((counted(&c).await, summed(&c).await), ([3, 100, 0, 0], [3, 100, 0, 0]));
    }

    an_image_has_bounds(c) {
        let id = c.image(json!({})).await;
        let add = |name: String, value: Value| json!({ "op": "add", "path": format!("/{name}"), "value": value });
        c.patch(MEMBER, &id, json!([add("p".into(), json!("x".repeat(65_536)))])).await.expect(400);
        let large: Vec<Value> = (0..4).map(|n| add(format!("p{n}"), json!("x".repeat(20_000)))).collect();
        let refused = c.patch(MEMBER, &id, json!(large)).await.expect(413);
        assert!(refused.text().contains("Maximum: 65536"), "{}", refused.text());
        c.patch(MEMBER, &id, json!(large[..3])).await.expect(200);
        c.patch(MEMBER, &id, json!([large[3]])).await.expect(413);
        let many: Vec<Value> = (0..129).map(|n| add(format!("q{n}"), json!(""))).collect();
        c.patch(MEMBER, &id, json!(many)).await.expect(413);
        let tags: Vec<String> = (0..129).map(|n| format!("t{n}")).collect();
        c.patch(MEMBER, &id, json!([add("tags".into(), json!(tags))])).await.expect(413);
        c.patch(MEMBER, &id, json!([add("tags".into(), json!(tags[..128]))])).await.expect(200);
        c.call(MEMBER, "PUT", &format!("/v2/images/{id}/tags/one-more"), None).await.expect(413);
        let shown = c.show(&id).await;
        assert_eq!((shown["tags"].as_array().unwrap().len(), shown.get("p3")), (128, None));
        let properties: serde_json::Map<String, Value> = (0..129).map(|n| (format!("q{n}"), json!(""))).collect();
        c.call(MEMBER, "POST", "/v2/images", Some(json!(properties))).await.expect(413);
    }
}

/// A database of the version before quotas were counted.
async fn upgraded(postgres: bool) -> Option<[i64; 4]> {
    use kogge_clock::{Clock, Timestamp};
    let dir = tempfile::tempdir().unwrap();
    let db = kogge_db::Db::for_test(dir.path(), postgres).await.unwrap()?;
    let (clock, _) = Clock::fake(Timestamp::from_seconds(0));
    let before = kogge_db::Migrations { owner: "image", steps: &kogge_image::MIGRATIONS.steps[..2] };
    db.migrate(&[before], &clock).await.unwrap();
    let image = "INSERT INTO images (id, owner, status, visibility, protected, os_hidden, min_disk, min_ram,
            size, checksum, properties, tags, revision, created_at, updated_at)
        VALUES ($1, $2, $3, 'private', FALSE, FALSE, 0, 0, $4, $5, '{}', '[]', 0, 0, 0)";
    let mut tx = db.begin().await.unwrap();
    for (id, owner, status, size, checksum) in [
        ("a", Some("p"), "active", Some(100), Some("x")),
        ("b", Some("p"), "uploading", Some(30), None),
        ("c", Some("p"), "queued", None, None),
        ("d", None, "active", Some(5), Some("x")),
        ("e", Some("q"), "active", Some(7), Some("x")),
    ] {
        let query =
            Query::new(image).bind(id).bind(owner).bind(status).bind(size.map(i64::from)).bind(checksum);
        tx.execute(query).await.unwrap();
    }
    let kept = "INSERT INTO kept_images (image_id, owner, data_file, size) VALUES ('f', 'p', 'f', 1000)";
    tx.execute(Query::new(kept)).await.unwrap();
    tx.commit().await.unwrap();
    db.migrate(&[kogge_image::MIGRATIONS], &clock).await.unwrap();
    let row = (&db).one(Query::new("SELECT * FROM image_usage WHERE project = 'p'")).await.unwrap();
    Some(["images", "stored", "staged", "uploading"].map(|column| row.int(column).unwrap()))
}

#[tokio::test]
async fn an_older_database_is_counted_once() {
    for postgres in [false, true] {
        if let Some(counted) = upgraded(postgres).await {
            assert_eq!(counted, [3, 1100, 30, 1]);
        }
    }
}
