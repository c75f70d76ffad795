//! Data in and out.

use std::time::Duration;

use crate::harness::*;
use axum::body::Body;
use futures_util::stream;
use http::Request;
use kogge_image::ImageConfig;
use serde_json::{Value, json};

fn config() -> ImageConfig {
    ImageConfig { max_size: 1000, project_bytes: Some(1500), ..ImageConfig::default() }
}

fn qcow2(backing: bool) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
    bytes[15] = u8::from(backing);
    bytes[23] = 16;
    bytes[24..32].copy_from_slice(&4096u64.to_be_bytes());
    bytes[103] = 104;
    bytes
}

on_both! {
    what_goes_in_comes_out_with_its_hashes(c) {
        let id = c.image(json!({ "visibility": "private" })).await;
        let file = format!("/v2/images/{id}/file");
        let empty = c.get(MEMBER, &file).await.expect(204);
        assert!(empty.bytes.is_empty());
        c.put_bytes(MEMBER, &file, "hello").await.expect(204);
        let image = c.show(&id).await;
        assert_eq!((&image["status"], &image["size"], &image["virtual_size"]), (&json!("active"), &json!(5), &json!(5)));
        assert_eq!(image["checksum"], "5d41402abc4b2a76b9719d911017c592");
        assert_eq!((&image["os_hash_algo"], &image["stores"]), (&json!("sha512"), &json!("file")));
        assert!(image["os_hash_value"].as_str().unwrap().starts_with("9b71d224bd62f378"));
        let out = c.get(MEMBER, &file).await.expect(200);
        assert_eq!(out.bytes, b"hello");
        assert_eq!((out.header("content-length"), out.header("content-md5")), ("5", "5d41402abc4b2a76b9719d911017c592"));
        assert_eq!(out.header("content-type"), "application/octet-stream");
    }

    a_range_is_a_part(c) {
        let id = c.active(json!({}), b"0123456789").await;
        let ask = async |range: &str| {
            let request = Request::builder().uri(format!("/v2/images/{id}/file")).header("x-auth-token", MEMBER.token());
            c.send(request.header("range", range).body(Body::empty()).unwrap()).await
        };
        let part = ask("bytes=2-4").await.expect(206);
        assert_eq!((part.bytes.as_slice(), part.header("content-range")), (b"234".as_slice(), "bytes 2-4/10"));
        assert_eq!(ask("bytes=-3").await.expect(206).bytes, b"789");
        ask("bytes=10-").await.expect(416);
        ask("bytes=0-1,2-3").await.expect(400);
    }

    data_come_once_and_need_formats_and_a_content_type(c) {
        let id = c.active(json!({}), b"first").await;
        let file = format!("/v2/images/{id}/file");
        let again = c.put_bytes(MEMBER, &file, "second").await.expect(409);
        assert!(again.text().contains("Image status transition from active to saving is not allowed"));
        assert_eq!(c.get(MEMBER, &file).await.bytes, b"first");
        let bare = c.call(MEMBER, "POST", "/v2/images", Some(json!({}))).await.json()["id"].as_str().unwrap().to_owned();
        let refused = c.put_bytes(MEMBER, &format!("/v2/images/{bare}/file"), "x").await.expect(400);
        assert!(refused.text().contains("must be set prior to saving data"));
        let other = c.image(json!({})).await;
        c.call(MEMBER, "PUT", &format!("/v2/images/{other}/file"), Some(json!({}))).await.expect(415);
        assert_eq!(c.show(&other).await["status"], "queued");
    }

    too_large_data_are_413_and_the_image_is_queued_again(c) {
        let id = c.image(json!({})).await;
        let file = format!("/v2/images/{id}/file");
        c.put_bytes(MEMBER, &file, vec![1; 1001]).await.expect(413);
        let image = c.show(&id).await;
        assert_eq!((&image["status"], &image["size"]), (&json!("queued"), &Value::Null));
        c.put_bytes(MEMBER, &file, vec![1; 1000]).await.expect(204);
        let second = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{second}/file"), vec![1; 501]).await.expect(413);
        c.put_bytes(MEMBER, &format!("/v2/images/{second}/file"), vec![1; 500]).await.expect(204);
        assert_eq!(c.files(), 2);
    }

    an_announced_size_must_be_kept(c) {
        let id = c.image(json!({})).await;
        let send = async |size: &str| {
            let request = Request::builder().method("PUT").uri(format!("/v2/images/{id}/file"));
            let request = request.header("x-auth-token", MEMBER.token()).header("content-type", "application/octet-stream");
            c.send(request.header("x-openstack-image-size", size).body(Body::from("12345")).unwrap()).await
        };
        send("many").await.expect(400);
        send("6").await.expect(400);
        send("99999").await.expect(413);
        assert_eq!(c.show(&id).await["status"], "queued");
        send("5").await.expect(204);
    }

    a_sender_that_breaks_off_leaves_a_queued_image_and_no_file(c) {
        let id = c.image(json!({})).await;
        let parts = vec![Ok("123"), Err(std::io::Error::other("reset"))];
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), Body::from_stream(stream::iter(parts))).await.expect(400);
        assert_eq!(c.show(&id).await["status"], "queued");
        assert_eq!(c.files(), 0);
    }

    an_image_that_is_deleted_during_its_upload_is_gone(c) {
        let id = c.image(json!({})).await;
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<&'static str, std::io::Error>>(1);
        let body = Body::from_stream(stream::unfold(receiver, |mut r| async move { r.recv().await.map(|i| (i, r)) }));
        let path = format!("/v2/images/{id}/file");
        let (answer, ()) = tokio::join!(c.put_bytes(MEMBER, &path, body), async {
            c.reach(&id, "saving").await;
            sender.send(Ok("123")).await.unwrap();
            c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
            drop(sender);
        });
        answer.expect(410);
        assert_eq!(c.files(), 0);
    }

    a_lost_upload_is_put_back_after_its_deadline(c) {
        let id = c.image(json!({})).await;
        let waiting = Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
        let path = format!("/v2/images/{id}/file");
        tokio::select! {
            _ = c.put_bytes(MEMBER, &path, waiting) => unreachable!("it never ends"),
            _ = c.reach(&id, "saving") => {}
        }
        c.run_tasks().await;
        assert_eq!(c.show(&id).await["status"], "saving", "its sender may still live");
        c.clock.advance(Duration::from_secs(181));
        c.run_tasks().await;
        assert_eq!(c.show(&id).await["status"], "queued");
        c.put_bytes(MEMBER, &path, "again").await.expect(204);
    }

    what_a_killed_process_was_receiving_is_put_back_at_once(c) {
        let (saving, staging) = (c.image(json!({})).await, c.image(json!({})).await);
        let waiting = || Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
        let (file, stage) = (format!("/v2/images/{saving}/file"), format!("/v2/images/{staging}/stage"));
        tokio::select! {
            _ = c.put_bytes(MEMBER, &file, waiting()) => unreachable!("it never ends"),
            _ = c.put_bytes(MEMBER, &stage, waiting()) => unreachable!("it never ends"),
            () = async { c.reach(&saving, "saving").await; c.reach(&staging, "uploading").await; } => {}
        }
        c.run_tasks().await;
        assert_eq!(c.show(&saving).await["status"], "saving", "this process lives");
        c.killed("images").await;
        c.run_tasks().await;
        for id in [&saving, &staging] {
            assert_eq!(c.show(id).await["status"], "queued");
        }
        c.put_bytes(MEMBER, &file, "again").await.expect(204);
    }

    dangerous_content_is_refused_whatever_it_is_declared(c) {
        for declared in ["qcow2", "raw", "vmdk", "iso"] {
            let id = c.image(json!({ "disk_format": declared })).await;
            let refused = c.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), qcow2(true)).await.expect(415);
            assert!(refused.text().contains("backing file"), "{}", refused.text());
            assert_eq!(c.show(&id).await["status"], "queued");
        }
        assert_eq!(c.files(), 0);
    }

    a_mismatch_is_kept_but_never_booted(c) {
        let id = c.image(json!({ "disk_format": "qcow2" })).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), vec![7; 600]).await.expect(204);
        let boot = c.images.for_boot(&MEMBER.caller(&c.policies), id.parse().unwrap()).await.unwrap();
        assert!(boot.fit_to_boot.unwrap_err().contains("its content is raw but its disk_format is qcow2"));
        let hidden = c.image(json!({})).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{hidden}/file"), qcow2(false)).await.expect(204);
        let boot = c.images.for_boot(&MEMBER.caller(&c.policies), hidden.parse().unwrap()).await.unwrap();
        assert!(boot.fit_to_boot.is_err());
        let good = c.image(json!({ "disk_format": "qcow2", "hw_disk_bus": "virtio" })).await;
        c.put_bytes(MEMBER, &format!("/v2/images/{good}/file"), qcow2(false)).await;
        // the project is full by now, so it has no data
        let boot = c.images.boot_file(good.parse().unwrap()).await.unwrap();
        assert!(boot.fit_to_boot.unwrap_err().contains("not active"));
        assert_eq!(boot.properties["hw_disk_bus"], "virtio");
    }

    deactivated_data_are_for_administrators(c) {
        let id = c.active(json!({}), b"x").await;
        let (file, action) = (format!("/v2/images/{id}/file"), format!("/v2/images/{id}/actions"));
        c.call(READER, "POST", &format!("{action}/deactivate"), None).await.expect(403);
        c.call(MEMBER, "POST", &format!("{action}/deactivate"), None).await.expect(204);
        c.call(MEMBER, "POST", &format!("{action}/deactivate"), None).await.expect(204);
        assert_eq!(c.show(&id).await["status"], "deactivated");
        c.get(MEMBER, &file).await.expect(403);
        c.get(ADMIN, &file).await.expect(200);
        c.call(MEMBER, "POST", &format!("{action}/reactivate"), None).await.expect(204);
        c.get(MEMBER, &file).await.expect(200);
        let queued = c.image(json!({})).await;
        c.call(MEMBER, "POST", &format!("/v2/images/{queued}/actions/deactivate"), None).await.expect(403);
    }
}

mod with_enforcement {
    use super::*;

    fn config() -> ImageConfig {
        ImageConfig { require_format_match: true, ..ImageConfig::default() }
    }

    on_both! {
        a_mismatch_is_refused(c) {
            let id = c.image(json!({ "disk_format": "qcow2" })).await;
            let refused = c.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), vec![7; 600]).await.expect(415);
            assert!(refused.text().contains("its content is raw"), "{}", refused.text());
            c.put_bytes(MEMBER, &format!("/v2/images/{id}/file"), super::super::qcow2(false)).await.expect(204);
            let image = c.show(&id).await;
            assert_eq!((&image["size"], &image["virtual_size"]), (&json!(512), &json!(4096)));
        }
    }
}
