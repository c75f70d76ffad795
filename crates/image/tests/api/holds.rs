//! Data that somebody builds a disk from.

use std::time::Duration;

use crate::harness::*;
use kogge_ids::ImageId;
use kogge_image::{Error, ImageConfig};
use serde_json::json;

fn config() -> ImageConfig {
    ImageConfig { project_bytes: Some(6), ..ImageConfig::default() }
}

async fn hold(c: &Cloud, id: &str, consumers: &[&str]) -> Result<(), Error> {
    let consumers: Vec<String> = consumers.iter().map(|one| (*one).to_owned()).collect();
    let mut tx = c.db.begin().await.unwrap();
    c.images.hold_in(&mut tx, id.parse().unwrap(), &consumers).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn release(c: &Cloud, consumer: &str) {
    let mut tx = c.db.begin().await.unwrap();
    c.images.release_in(&mut tx, consumer).await.unwrap();
    tx.commit().await.unwrap();
}

/// Makes every file old enough to be nobody's work under way, then runs the tasks.
async fn sweep(c: &Cloud) {
    for file in std::fs::read_dir(c.dir.path().join("images/data")).unwrap() {
        let file = std::fs::File::options().write(true).open(file.unwrap().path()).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - Duration::from_secs(7200)).unwrap();
    }
    c.run_tasks().await;
}

on_both! {
    a_deleted_image_leaves_its_data_to_the_last_holder(c) {
        let id = c.active(json!({}), b"disk").await;
        hold(&c, &id, &["one", "two"]).await.unwrap();
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        c.get(MEMBER, &format!("/v2/images/{id}")).await.expect(404);
        let image: ImageId = id.parse().unwrap();
        sweep(&c).await;
        release(&c, "one").await;
        sweep(&c).await;
        let held = c.images.held(image).await.unwrap();
        assert_eq!(std::io::read_to_string(held.open().await.unwrap()).unwrap(), "disk");
        assert!(held.digest.is_none() && c.images.digest_of(&held).await.unwrap().starts_with("fc9036b8"));
        let late = hold(&c, &id, &["three"]).await.unwrap_err();
        assert!(late.is_not_found(), "nobody begins to hold what is deleted");
        release(&c, "two").await;
        release(&c, "two").await;
        sweep(&c).await;
        assert_eq!(c.files(), 0);
        assert!(c.images.held(image).await.unwrap_err().is_not_found());
    }

    kept_data_count_for_their_owner(c) {
        let id = c.active(json!({}), b"disk").await;
        hold(&c, &id, &["one"]).await.unwrap();
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        let next = c.image(json!({})).await;
        let path = format!("/v2/images/{next}/file");
        c.put_bytes(MEMBER, &path, &b"disk"[..]).await.expect(413);
        release(&c, "one").await;
        sweep(&c).await;
        c.put_bytes(MEMBER, &path, &b"disk"[..]).await.expect(204);
    }

    a_holder_that_takes_another_image_lets_the_first_one_go(c) {
        let (old, new) = (c.active(json!({}), b"a").await, c.active(json!({}), b"b").await);
        hold(&c, &old, &["one"]).await.unwrap();
        hold(&c, &new, &["one"]).await.unwrap();
        c.delete(MEMBER, &format!("/v2/images/{old}")).await.expect(204);
        assert_eq!(c.files(), 1, "nobody holds the first any more: its data go at once");
    }

    an_image_out_of_service_builds_no_disk(c) {
        let id = c.active(json!({}), b"a").await;
        hold(&c, &id, &["one"]).await.unwrap();
        c.call(ADMIN, "POST", &format!("/v2/images/{id}/actions/deactivate"), None).await.expect(204);
        assert!(c.images.held(id.parse().unwrap()).await.is_err());
        assert!(hold(&c, &id, &["two"]).await.unwrap_err().to_string().contains("deactivated"));
    }

    a_hundred_deletions_and_holds_at_once_lose_no_data_that_are_held(c) {
        for _ in 0..10 {
            let id = c.active(json!({}), b"").await;
            let image: ImageId = id.parse().unwrap();
            let path = format!("/v2/images/{id}");
            let names: Vec<String> = (0..9).map(|n| format!("{id}-{n}")).collect();
            let holds = names.iter().map(|name| async { hold(&c, &id, &[name.as_str()]).await });
            let holds = futures_util::future::join_all(holds);
            let (holds, gone) = tokio::join!(holds, c.delete(MEMBER, &path));
            assert_eq!(gone.status, 204);
            let some = holds.iter().filter(|one| one.is_ok()).count();
            assert_eq!(c.images.held(image).await.is_ok(), some > 0, "{some} hold it");
        }
    }
}
