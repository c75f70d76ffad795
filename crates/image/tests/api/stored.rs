//! Files against a database that is not the right one.

use std::time::Duration;

use crate::harness::*;
use kogge_db::{Executor, Query};
use kogge_image::ImageConfig;
use serde_json::json;

fn config() -> ImageConfig {
    ImageConfig { quarantine_keep: Some(Duration::from_secs(86_400)), ..ImageConfig::default() }
}

/// Makes all data look as if nobody had written to them for long.
fn age(cloud: &Cloud) {
    for entry in std::fs::read_dir(cloud.dir.path().join("images/data")).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - Duration::from_secs(7200)).unwrap();
    }
}

/// The image as a database knows it that is older than its data.
async fn forget(cloud: &Cloud, id: &str) -> String {
    let mut tx = cloud.db.begin().await.unwrap();
    let row = tx.one(Query::new("SELECT data_file FROM images WHERE id = $1").bind(id)).await.unwrap();
    let older = "UPDATE images SET status = 'queued', data_file = NULL WHERE id = $1";
    tx.execute(Query::new(older).bind(id)).await.unwrap();
    tx.commit().await.unwrap();
    row.text("data_file").unwrap()
}

async fn remember(cloud: &Cloud, id: &str, file: &str) {
    let right = "UPDATE images SET status = 'active', data_file = $1 WHERE id = $2";
    (&cloud.db).execute(Query::new(right).bind(file).bind(id)).await.unwrap();
}

on_both! {
    data_that_an_old_database_does_not_know_come_back_with_the_right_one(c) {
        let id = c.active(json!({}), b"precious").await;
        for _ in 0..2 {
            c.active(json!({}), b"x").await;
        }
        age(&c);
        let file = forget(&c, &id).await;
        c.run_tasks().await;
        let stored = c.images.check_stored().await.unwrap();
        assert_eq!((stored.quarantined.len(), stored.quarantined[0].image.to_string()), (1, id.clone()));
        assert_eq!((stored.quarantined[0].size, stored.unknown.len(), stored.missing.len()), (8, 0, 0));
        assert_eq!(stored.quarantined[0].since.as_seconds(), 1_800_000_000);
        remember(&c, &id, &file).await;
        assert!(c.images.check_stored().await.unwrap().quarantined.is_empty(), "it comes back by itself");
        assert_eq!(c.get(MEMBER, &format!("/v2/images/{id}/file")).await.expect(200).bytes, b"precious");
    }

    what_stays_in_quarantine_goes_after_its_time_but_not_right_after_a_start(c) {
        let id = c.active(json!({}), b"precious").await;
        c.active(json!({}), b"x").await;
        age(&c);
        forget(&c, &id).await;
        let kept = async || c.images.check_stored().await.unwrap().quarantined.len();
        let tasks = c.images.tasks();
        let sweep = tasks.iter().find(|task| task.name() == "sweep_image_files").unwrap();
        sweep.run().await.unwrap();
        c.clock.advance(Duration::from_secs(86_000));
        sweep.run().await.unwrap();
        assert_eq!(kept().await, 1, "not its time yet");
        c.clock.advance(Duration::from_secs(500));
        sweep.run().await.unwrap();
        assert_eq!(kept().await, 1, "some were looked at less than an hour ago");
        c.run_tasks().await;
        assert_eq!(kept().await, 1, "these tasks have just begun");
        c.clock.advance(Duration::from_secs(3600));
        sweep.run().await.unwrap();
        assert_eq!(kept().await, 0);
    }

    an_empty_database_moves_nothing(c) {
        let mut known = Vec::new();
        for _ in 0..3 {
            let id = c.active(json!({}), b"precious").await;
            known.push((id.clone(), forget(&c, &id).await));
        }
        age(&c);
        for _ in 0..3 {
            c.clock.advance(Duration::from_secs(30 * 86_400));
            c.run_tasks().await;
        }
        let stored = c.images.check_stored().await.unwrap();
        assert_eq!((stored.unknown.len(), stored.quarantined.len()), (3, 0));
        for (id, file) in known {
            remember(&c, &id, &file).await;
            assert_eq!(c.get(MEMBER, &format!("/v2/images/{id}/file")).await.expect(200).bytes, b"precious");
        }
    }

    a_deletion_that_was_cut_off_leaves_nothing_and_missing_data_are_told(c) {
        let ids = [c.active(json!({}), b"1").await, c.active(json!({}), b"2").await];
        age(&c);
        let mut tx = c.db.begin().await.unwrap();
        tx.execute(Query::new("DELETE FROM images WHERE id = $1").bind(&ids[0])).await.unwrap();
        let deleted = "INSERT INTO deleted_images (id, deleted_at) VALUES ($1, 0)";
        tx.execute(Query::new(deleted).bind(&ids[0])).await.unwrap();
        tx.commit().await.unwrap();
        c.run_tasks().await;
        assert_eq!(c.files(), 1);
        for entry in std::fs::read_dir(c.dir.path().join("images/data")).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        assert_eq!(c.images.check_stored().await.unwrap().missing, [ids[1].parse().unwrap()]);
    }

    an_operator_removes_what_is_in_quarantine(c) {
        let id = c.active(json!({}), b"precious").await;
        c.active(json!({}), b"x").await;
        age(&c);
        forget(&c, &id).await;
        c.run_tasks().await;
        let quarantine = c.images.quarantine();
        let [one] = quarantine.list().unwrap().try_into().unwrap();
        assert!(quarantine.remove(&one.name).unwrap());
        assert!(c.images.check_stored().await.unwrap().quarantined.is_empty());
    }
}
