//! There and back, on both databases.

use std::path::PathBuf;

use kogge_clock::{Clock, Timestamp};
use kogge_config::Config;
use kogge_db::{Db, DbOptions, Durability, Executor, Query};
use sha2::{Digest, Sha512};

use super::*;
use crate::data_dir::DataDir;

/// A data directory with a database, a key and an image, as a cloud leaves it.
struct Place {
    dir: tempfile::TempDir,
    config: Config,
}

const IMAGE: &[u8] = b"an image";

impl Place {
    async fn new(url: &str) -> Self {
        let mut config = Config::default();
        config.database.url = url.to_owned();
        let place = Self { dir: tempfile::tempdir().unwrap(), config };
        let data = place.data();
        data.create().unwrap();
        std::fs::create_dir_all(images::store(&data)).unwrap();
        std::fs::create_dir(data.join("fernet-keys")).unwrap();
        std::fs::write(data.join("fernet-keys/0"), "key").unwrap();
        std::fs::write(data.join("cloud-id"), "one").unwrap();
        std::fs::write(images::store(&data).join("i.1"), IMAGE).unwrap();
        let db = place.db().await;
        db.migrate(&[kogge_image::MIGRATIONS], &Clock::system()).await.unwrap();
        place.add_image(&db, IMAGE).await;
        db.close().await;
        place
    }

    fn data(&self) -> DataDir {
        DataDir::chosen(Some(&self.dir.path().join("data"))).unwrap()
    }

    fn backups(&self) -> PathBuf {
        self.dir.path().join("backups")
    }

    async fn db(&self) -> Db {
        let options = match self.config.database.url.as_str() {
            "" => DbOptions::File { path: self.data().sqlite(), durability: Durability::Full },
            url => DbOptions::Postgres { url: url.to_owned(), connections: 2 },
        };
        Db::open(&options).await.unwrap()
    }

    async fn add_image(&self, db: &Db, content: &[u8]) {
        let insert = "INSERT INTO images (id, status, visibility, protected, os_hidden, min_disk, min_ram, size, checksum,
            os_hash_value, data_file, properties, tags, revision, created_at, updated_at)
            VALUES ($1, 'active', 'private', FALSE, FALSE, 0, 0, $2, 'c', $3, 'i.1', '{}', '[]', 0, 0, 0)";
        let digest = hex::encode(Sha512::digest(content));
        let size = i64::try_from(content.len()).unwrap();
        let id = kogge_ids::ImageId::random();
        db.execute(Query::new(insert).bind(id).bind(size).bind(digest)).await.unwrap();
    }

    async fn images(&self) -> i64 {
        let db = self.db().await;
        let count = db.one(Query::new("SELECT COUNT(*) AS n FROM images")).await.unwrap().int("n").unwrap();
        db.close().await;
        count
    }

    async fn backup(&self) -> Made {
        make(&self.data(), &self.config, &self.backups(), at(1)).await.unwrap()
    }

    async fn restore(&self) -> Result<Restored, crate::exit::Failure> {
        restore(&self.data(), &self.config, &newest(&self.backups())?, at(2)).await
    }
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_micros(minute * 60_000_000)
}

async fn there_and_back(place: Place) {
    let made = place.backup().await;
    assert_eq!((made.images, made.copied, made.damaged.len()), (1, 1, 0));
    // a bad day
    let db = place.db().await;
    db.execute(Query::new("DELETE FROM images")).await.unwrap();
    db.close().await;
    std::fs::remove_file(images::store(&place.data()).join("i.1")).unwrap();
    std::fs::write(place.data().join("fernet-keys/0"), "other").unwrap();
    let restored = place.restore().await.unwrap();
    assert_eq!(restored.images, 1);
    assert_eq!(place.images().await, 1);
    assert_eq!(std::fs::read(images::store(&place.data()).join("i.1")).unwrap(), IMAGE);
    assert_eq!(std::fs::read(place.data().join("fernet-keys/0")).unwrap(), b"key");
    // nothing that had been there is lost
    let replaced = restored.replaced.unwrap();
    assert_eq!(std::fs::read(replaced.join("fernet-keys/0")).unwrap(), b"other");
    assert!(interrupted(&place.data()).is_none());
}

#[tokio::test]
async fn a_backup_brings_database_keys_and_images_back() {
    there_and_back(Place::new("").await).await;
}

#[tokio::test]
async fn a_backup_of_postgresql_brings_it_back_in_one_step() {
    let Ok(url) = std::env::var("KOGGE_TEST_POSTGRES") else {
        eprintln!("skipped: KOGGE_TEST_POSTGRES names no server");
        return;
    };
    let name = format!("b{}", kogge_ids::HostId::random().uuid().simple());
    let create = format!("CREATE DATABASE {name}");
    let made =
        std::process::Command::new("psql").args(["--quiet", "--command", &create, &url]).status().unwrap();
    assert!(made.success());
    let mut own = url::Url::parse(&url).unwrap();
    own.set_path(&name);
    there_and_back(Place::new(own.as_str()).await).await;
}

#[tokio::test]
async fn a_backup_goes_into_an_empty_directory() {
    let place = Place::new("").await;
    place.backup().await;
    std::fs::rename(place.data().path(), place.dir.path().join("lost")).unwrap();
    let restored = place.restore().await.unwrap();
    assert!(restored.replaced.is_none());
    assert_eq!(place.images().await, 1);
}

#[tokio::test]
async fn a_damaged_backup_changes_nothing() {
    let place = Place::new("").await;
    let made = place.backup().await;
    for victim in ["database", "files/fernet-keys/0"] {
        let path = made.backup.join(victim);
        let whole = std::fs::read(&path).unwrap();
        let mut spoiled = whole.clone();
        spoiled[0] ^= 1;
        std::fs::write(&path, &spoiled).unwrap();
        let refused = place.restore().await.unwrap_err().to_string();
        assert!(refused.contains(victim) && refused.contains("damaged"), "{refused}");
        std::fs::write(&path, &whole).unwrap();
        assert!(interrupted(&place.data()).is_none());
        assert!(!place.data().join("replaced").exists());
    }
    assert_eq!(place.images().await, 1);
}

#[tokio::test]
async fn a_restore_that_was_killed_is_noticed_and_can_be_run_again() {
    let place = Place::new("").await;
    place.backup().await;
    // as a kill after the old database went aside leaves it
    std::fs::write(place.data().join("restore-under-way"), place.backups().display().to_string()).unwrap();
    std::fs::remove_file(place.data().sqlite()).unwrap();
    let told = interrupted(&place.data()).unwrap();
    assert!(told.contains("kogge restore") && told.contains("replaced"), "{told}");
    place.restore().await.unwrap();
    assert!(interrupted(&place.data()).is_none());
    assert_eq!(place.images().await, 1);
}

#[tokio::test]
async fn a_backup_of_another_cloud_or_a_directory_in_use_is_refused() {
    let place = Place::new("").await;
    place.backup().await;
    std::fs::write(place.data().join("cloud-id"), "two").unwrap();
    let refused = place.restore().await.unwrap_err().to_string();
    assert!(refused.contains("of cloud one") && refused.contains("holds cloud two"), "{refused}");
    std::fs::write(place.data().join("cloud-id"), "one").unwrap();
    let _running = place.data().claim().unwrap();
    let refused = place.restore().await.unwrap_err().to_string();
    assert!(refused.contains("another kogge runs"), "{refused}");
}

#[tokio::test]
async fn without_a_cloud_there_is_no_backup_and_nothing_that_looks_like_one() {
    let place = Place::new("").await;
    std::fs::remove_file(place.data().sqlite()).unwrap();
    let refused = make(&place.data(), &place.config, &place.backups(), at(1)).await.unwrap_err().to_string();
    assert!(refused.contains("no database"), "{refused}");
    assert!(newest(&place.backups()).is_err());
    let inside = make(&place.data(), &place.config, &place.data().join("b"), at(1)).await.unwrap_err();
    assert!(inside.to_string().contains("would take the other"), "{inside}");
}
