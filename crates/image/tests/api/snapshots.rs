//! Images made from servers, as compute makes them.

use std::collections::BTreeMap;

use crate::harness::*;
use kogge_ids::ImageId;
use kogge_image::{Error, ImageConfig, NewSnapshot, Status};

fn config() -> ImageConfig {
    ImageConfig::default()
}

/// The data of a snapshot, as a node sends them.
fn data(pieces: &[&'static [u8]]) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> + use<> {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(bytes::Bytes::from_static(piece))).collect();
    futures_util::stream::iter(pieces)
}

async fn snapshot(c: &Cloud) -> ImageId {
    let new = NewSnapshot {
        name: "snap".into(),
        properties: BTreeMap::from([("image_type".into(), "snapshot".into())]),
        disk_format: "raw".into(),
        min_disk: 3,
        min_ram: 0,
    };
    let mut tx = c.db.begin().await.unwrap();
    let id = c.images.create_snapshot_in(&mut tx, &MEMBER.caller(&c.policies), new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

on_both! {
    a_written_file_becomes_a_bootable_private_image(c) {
        let id = snapshot(&c).await;
        let shown = c.show(&id.to_string()).await;
        assert_eq!((&shown["status"], &shown["visibility"], &shown["min_disk"]), (&"saving".into(), &"private".into(), &3.into()));
        c.images.receive_snapshot(id, 4, data(&[b"di", b"sk"])).await.unwrap();
        c.images.receive_snapshot(id, 4, data(&[b"late"])).await.unwrap();
        let boot = c.images.boot_file(id).await.unwrap();
        assert_eq!((boot.status, boot.fit_to_boot.clone(), boot.size), (Status::Active, Ok(()), Some(4)));
        let held = c.images.held(id).await.unwrap();
        assert_eq!((std::io::read_to_string(held.open().await.unwrap()).unwrap(), held.digest), ("disk".to_owned(), boot.digest.clone()));
        assert_eq!(boot.properties["image_type"], "snapshot");
        assert_eq!(c.files(), 1);
        let stranger = c.images.for_boot(&OTHER.caller(&c.policies), id).await.unwrap_err();
        assert!(stranger.is_not_found());
    }

    a_failed_snapshot_goes_away(c) {
        let id = snapshot(&c).await;
        let torn = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"ha")), Err(std::io::Error::other("torn"))]);
        assert!(c.images.receive_snapshot(id, 4, torn).await.unwrap_err().to_string().contains("torn"));
        assert!(c.images.receive_snapshot(id, 4, data(&[b"hal"])).await.is_err(), "it is short");
        assert!(c.images.receive_snapshot(id, 4, data(&[b"half", b"!"])).await.is_err(), "it is long");
        assert_eq!(c.files(), 0, "and the next try begins anew");
        c.images.fail_snapshot(id, "the disk is gone").await.unwrap();
        c.images.fail_snapshot(id, "the disk is gone").await.unwrap();
        assert!(c.images.boot_file(id).await.unwrap_err().is_not_found());
        assert_eq!(c.files(), 0);
    }

    a_snapshot_that_is_deleted_meanwhile_leaves_no_file(c) {
        let id = snapshot(&c).await;
        c.delete(MEMBER, &format!("/v2/images/{id}")).await.expect(204);
        assert!(c.images.receive_snapshot(id, 4, data(&[b"disk"])).await.unwrap_err().is_not_found());
        assert_eq!(c.files(), 0);
    }

    a_reader_makes_no_snapshot_and_failing_never_deletes_a_finished_one(c) {
        let mut tx = c.db.begin().await.unwrap();
        let new = NewSnapshot { name: "x".into(), properties: BTreeMap::new(), disk_format: "raw".into(), min_disk: 0, min_ram: 0 };
        let refused = c.images.create_snapshot_in(&mut tx, &READER.caller(&c.policies), new).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        drop(tx);
        let id = snapshot(&c).await;
        c.images.receive_snapshot(id, 4, data(&[b"disk"])).await.unwrap();
        c.images.fail_snapshot(id, "late").await.unwrap();
        assert_eq!(c.images.boot_file(id).await.unwrap().status, Status::Active);
    }
}
