//! The behaviour of a backend, whichever it is.

use kogge_storage::{Backend, DiskId, Origin, StorageError};

use crate::lab::{GIB, new, snapshot, volume, with_word, word};

/// Tries everything that a volume service relies on.
pub(crate) async fn behaves(backend: &dyn Backend) {
    disks_come_and_go(backend).await;
    copies_are_of_their_time(backend).await;
    contents_are_replaced(backend).await;
    disks_grow(backend).await;
    strangers_are_taken_over(backend).await;
}

fn is_missing<T: std::fmt::Debug>(result: Result<T, StorageError>) -> bool {
    matches!(result, Err(StorageError::NotFound { .. }))
}

async fn disks_come_and_go(backend: &dyn Backend) {
    let id = volume();
    let DiskId::Volume(number) = id else { panic!("it is a volume") };
    assert!(is_missing(backend.place(number).await) && is_missing(backend.read(id).await));
    assert!(is_missing(backend.extend(id, GIB).await) && is_missing(backend.share(number).await));
    for _ in 0..2 {
        backend.create(new(id, GIB), Origin::Blank).await.unwrap();
    }
    assert_eq!(word(backend, id).await, (String::new(), GIB));
    // a retry that says something else changes nothing: the disk is whole
    backend.create(new(id, GIB), with_word(GIB, "other")).await.unwrap();
    assert_eq!(word(backend, id).await.0, "");
    backend.place(number).await.unwrap();
    assert!(backend.disks().await.unwrap().contains(&id));
    for _ in 0..2 {
        backend.delete(id).await.unwrap();
    }
    assert!(is_missing(backend.place(number).await) && !backend.disks().await.unwrap().contains(&id));
    let from_nothing = backend.create(new(id, GIB), Origin::Copy(volume())).await;
    assert!(is_missing(from_nothing) && !backend.disks().await.unwrap().contains(&id));
    assert!(backend.facts().await.unwrap().total_bytes > 0);
}

async fn copies_are_of_their_time(backend: &dyn Backend) {
    let (one, shot, large) = (volume(), snapshot(), volume());
    backend.create(new(one, GIB), with_word(GIB, "before")).await.unwrap();
    for _ in 0..2 {
        backend.create(new(shot, GIB), Origin::Copy(one)).await.unwrap();
    }
    backend.replace(new(one, GIB), with_word(GIB, "after")).await.unwrap();
    backend.create(new(large, 2 * GIB), Origin::Copy(shot)).await.unwrap();
    assert_eq!(word(backend, one).await.0, "after");
    assert_eq!(word(backend, shot).await, ("before".to_owned(), GIB));
    assert_eq!(word(backend, large).await, ("before".to_owned(), 2 * GIB));
    let small = volume();
    let refused = backend.create(new(small, GIB), Origin::Copy(large)).await.unwrap_err();
    assert!(refused.is_final() && refused.for_tenants().contains("2 GiB"), "{refused}");
    assert!(!backend.disks().await.unwrap().contains(&small));
    // what it was copied from may go first
    let DiskId::Volume(number) = large else { panic!("it is a volume") };
    for _ in 0..2 {
        backend.share(number).await.unwrap();
        assert_eq!(word(backend, large).await, ("before".to_owned(), 2 * GIB));
    }
    backend.delete(one).await.unwrap();
    backend.delete(shot).await.unwrap();
    assert_eq!(word(backend, large).await.0, "before");
    backend.delete(large).await.unwrap();
}

async fn contents_are_replaced(backend: &dyn Backend) {
    let (id, shot) = (volume(), snapshot());
    backend.create(new(id, GIB), with_word(GIB, "first")).await.unwrap();
    backend.create(new(shot, GIB), Origin::Copy(id)).await.unwrap();
    // back and forth, and again
    for round in 0..3 {
        backend.replace(new(id, GIB), with_word(GIB, &format!("round {round}"))).await.unwrap();
        assert_eq!(word(backend, id).await.0, format!("round {round}"));
    }
    for _ in 0..2 {
        backend.replace(new(id, 2 * GIB), Origin::Copy(shot)).await.unwrap();
        assert_eq!(word(backend, id).await, ("first".to_owned(), 2 * GIB));
    }
    // what fails changes nothing
    assert!(is_missing(backend.replace(new(id, 2 * GIB), Origin::Copy(volume())).await));
    assert_eq!(word(backend, id).await.0, "first");
    let count = backend.disks().await.unwrap().iter().filter(|disk| **disk == id).count();
    assert_eq!(count, 1);
    backend.delete(id).await.unwrap();
    backend.delete(shot).await.unwrap();
    assert!(!backend.disks().await.unwrap().contains(&id));
}

async fn disks_grow(backend: &dyn Backend) {
    let id = volume();
    backend.create(new(id, GIB), with_word(GIB, "kept")).await.unwrap();
    for bytes in [3 * GIB, 3 * GIB, 2 * GIB] {
        backend.extend(id, bytes).await.unwrap();
        assert_eq!(word(backend, id).await, ("kept".to_owned(), 3 * GIB));
    }
    backend.delete(id).await.unwrap();
}

async fn strangers_are_taken_over(backend: &dyn Backend) {
    let (id, other) = (volume(), volume());
    backend.create(new(id, GIB), with_word(GIB, "mine")).await.unwrap();
    backend.release(id).await.unwrap();
    assert!(!backend.disks().await.unwrap().contains(&id));
    let seen = backend.foreign().await.unwrap();
    let mine = seen.iter().find(|one| one.name.contains(&id.to_string())).unwrap();
    assert_eq!((mine.bytes, &mine.obstacle), (GIB, &None));
    for _ in 0..2 {
        assert_eq!(backend.adopt(&mine.name, other).await.unwrap().bytes, GIB);
    }
    assert_eq!(word(backend, other).await.0, "mine");
    assert!(is_missing(backend.adopt(&mine.name, volume()).await));
    assert!(backend.foreign().await.unwrap().iter().all(|one| one.name != mine.name));
    backend.delete(other).await.unwrap();
}
