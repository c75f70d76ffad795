//! What is kept of images, and for how long.

use std::io::{Seek as _, Write as _};

use bytes::Bytes;

use super::*;

const DATA: &[u8] = b"bytes of an image";

fn head(data: &[u8]) -> ImageHead {
    ImageHead { digest: hex::encode(Sha512::digest(data)), bytes: data.len() as u64, format: DiskFormat::Raw }
}

fn image(head: &ImageHead) -> ImageSource {
    ImageSource { image: ImageId::random(), digest: Some(head.digest.clone()), format: head.format }
}

fn stream(pieces: &[&'static [u8]]) -> Data {
    let pieces: Vec<io::Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    Data::Stream(futures_util::stream::iter(pieces).boxed())
}

fn place() -> (tempfile::TempDir, Images) {
    let dir = tempfile::tempdir().unwrap();
    let images = Images::open(dir.path()).unwrap();
    (dir, images)
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[tokio::test]
async fn an_image_that_is_handed_over_is_found_by_its_digest() {
    let (dir, images) = place();
    let head = head(DATA);
    let wanted = image(&head);
    let waits = images.ensure(&wanted).await.unwrap_err();
    assert!(
        matches!(waits, NodeError::NotYet { .. }) && waits.to_string().contains(&wanted.image.to_string())
    );
    images.put(&head, stream(&[b"bytes of ", b"", b"an image"])).await.unwrap();
    let base = images.ensure(&wanted).await.unwrap();
    assert_eq!(std::fs::read(&base).unwrap(), DATA);
    // another image of the same data, and the same again: nothing is read
    assert_eq!(images.ensure(&image(&head)).await.unwrap(), base);
    images.put(&head, stream(&[b"whatever"])).await.unwrap();
    assert_eq!((std::fs::read(&base).unwrap(), files(dir.path())), (DATA.to_vec(), 1));
    assert!(Images::open(dir.path()).unwrap().ensure(&wanted).await.is_ok(), "also in another life");
}

#[tokio::test]
async fn an_open_file_of_the_same_disk_is_not_copied() {
    use std::os::unix::fs::MetadataExt as _;
    let (dir, images) = place();
    let mut file = tempfile::NamedTempFile::new_in(dir.path().parent().unwrap()).unwrap();
    file.write_all(DATA).unwrap();
    file.rewind().unwrap();
    let head = head(DATA);
    images.put(&head, Data::File(file.reopen().unwrap())).await.unwrap();
    let base = images.ensure(&image(&head)).await.unwrap();
    assert_eq!(base.metadata().unwrap().ino(), file.as_file().metadata().unwrap().ino());
    drop(file);
    assert_eq!(std::fs::read(base).unwrap(), DATA, "it stays when the image is deleted");
    assert_eq!(files(dir.path()), 1);
}

#[tokio::test]
async fn data_that_are_not_the_images_are_not_kept_and_the_reason_is() {
    let (dir, images) = place();
    let head = head(DATA);
    for (pieces, why) in [
        (&[b"other of an image" as &[u8]][..], "not those of the image"),
        (&[b"bytes" as &[u8]], "5 bytes came of 17"),
        (&[DATA, b"x"], "more came"),
    ] {
        assert!(images.put(&head, stream(pieces)).await.is_err());
        let error = images.ensure(&image(&head)).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let broken = futures_util::stream::iter([Ok(Bytes::from_static(b"by")), Err(io::Error::other("torn"))]);
    assert!(images.put(&head, Data::Stream(broken.boxed())).await.unwrap_err().to_string().contains("torn"));
    assert_eq!(files(dir.path()), 0);
    images.put(&head, stream(&[DATA])).await.unwrap();
    assert!(images.ensure(&image(&head)).await.is_ok(), "and the next try counts alone");
}

#[tokio::test]
async fn a_name_that_is_no_digest_leads_nowhere() {
    let (dir, images) = place();
    for bad in ["", "../../x", &"A".repeat(128), &"a".repeat(127)] {
        let head = ImageHead { digest: bad.to_owned(), ..head(DATA) };
        assert!(images.put(&head, stream(&[DATA])).await.unwrap_err().is_final());
        assert!(path(dir.path(), &image(&head)).is_none());
    }
}

#[tokio::test]
async fn many_who_bring_the_same_image_make_one_base() {
    let (dir, images) = place();
    let head = head(DATA);
    let all = (0..20).map(|_| images.put(&head, stream(&[DATA])));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(files(dir.path()), 1);
}

#[tokio::test]
async fn what_a_version_before_kept_by_id_is_found_and_only_what_is_unused_goes() {
    let dir = tempfile::tempdir().unwrap();
    let (head, images) = (head(DATA), Images::open(dir.path()).unwrap());
    let wanted = image(&head);
    let old = path_by_id(dir.path(), wanted.image, wanted.format);
    std::fs::write(&old, DATA).unwrap();
    assert_eq!(images.ensure(&wanted).await.unwrap(), old);
    std::fs::write(dir.path().join("x.7.new"), "half").unwrap();
    collect(dir.path(), &BTreeSet::from([old.clone()])).unwrap();
    assert!(old.exists() && files(dir.path()) == 1);
    collect(dir.path(), &BTreeSet::new()).unwrap();
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test]
async fn what_is_lacking_is_known_without_looking_at_the_disk() {
    let (_dir, images) = place();
    let head = head(DATA);
    let mut desired = crate::step::testing::desired();
    crate::step::testing::root(&mut desired).source = kogge_node_api::DiskSource::Image(image(&head));
    assert_eq!(images.lacking(&desired).len(), 1);
    images.put(&head, stream(&[DATA])).await.unwrap();
    assert_eq!(images.lacking(&desired), []);
    std::fs::remove_file(images.ensure(&image(&head)).await.unwrap()).unwrap();
    assert!(images.ensure(&image(&head)).await.is_err());
    assert_eq!(images.lacking(&desired).len(), 1, "somebody removed it");
}
