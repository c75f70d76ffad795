//! Wrong, lost, empty and old databases beside directories in use.

use kogge_db::{DbOptions, Durability};

use super::*;

fn holds(cloud: Option<CloudId>, instances: usize) -> Holdings {
    Holdings { cloud, instances, images: 0 }
}

#[test]
fn every_pair_that_could_cost_something_is_refused_until_an_operator_adopts_it() {
    let (own, other) = (CloudId::random(), CloudId::random());
    let refused = [
        (holds(None, 1), Database::Blank),
        (Holdings { images: 1, ..holds(None, 0) }, Database::Blank),
        (holds(Some(own), 0), Database::Blank),
        (holds(Some(own), 1), Database::Unmarked),
        (holds(Some(own), 1), Database::Of(other)),
        (holds(Some(own), 0), Database::Of(other)),
    ];
    for (holdings, database) in refused {
        assert!(judge(&holdings, database, false).is_err(), "{holdings:?} {database:?}");
        assert!(judge(&holdings, database, true).is_ok(), "{holdings:?} {database:?}");
    }
    assert_eq!(judge(&holds(Some(own), 1), Database::Of(other), true), Ok(other), "the database's id wins");
    assert_eq!(judge(&holds(Some(own), 1), Database::Blank, true), Ok(own));
    assert_eq!(judge(&holds(Some(own), 1), Database::Of(own), false), Ok(own));
    // another machine joins, and what is from before clouds had ids is marked
    assert_eq!(judge(&holds(None, 0), Database::Of(own), false), Ok(own));
    for fine in [(holds(None, 0), Database::Blank), (holds(None, 5), Database::Unmarked)] {
        assert!(judge(&fine.0, fine.1, false).is_ok(), "{fine:?}");
    }
}

struct Place {
    dir: tempfile::TempDir,
    data: DataDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::chosen(Some(dir.path())).unwrap();
        Self { dir, data }
    }

    fn sqlite(&self) -> std::path::PathBuf {
        self.dir.path().join("kogge.sqlite")
    }

    async fn open(&self, adopt: bool) -> Result<CloudId, Failure> {
        let belonging = Belonging::look(&self.data, self.sqlite().display().to_string(), adopt)?;
        if !self.sqlite().exists() {
            belonging.refuse_blank()?;
        }
        let options = DbOptions::File { path: self.sqlite(), durability: Durability::None };
        let db = Db::open(&options).await.unwrap();
        let blank = db.is_blank().await.unwrap();
        if blank {
            belonging.refuse_blank()?;
        }
        db.migrate(&[MIGRATIONS], &Clock::system()).await.unwrap();
        let settled = belonging.settle(&db, blank, &Clock::system()).await;
        db.close().await;
        settled
    }

    fn hold_an_instance(&self) {
        let id = kogge_ids::ServerId::random().to_string();
        std::fs::create_dir_all(self.dir.path().join("node/instances").join(id)).unwrap();
    }
}

#[tokio::test]
async fn a_lost_a_wrong_and_the_right_database() {
    let place = Place::new();
    let id = place.open(false).await.unwrap();
    assert_eq!(place.open(false).await.unwrap(), id);
    place.hold_an_instance();
    let away = place.dir.path().join("away");
    std::fs::rename(place.sqlite(), &away).unwrap();
    let refused = place.open(false).await.unwrap_err().to_string();
    for part in ["missing or empty", &id.to_string(), "1 guests", "--adopt-database", "kogge restore"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(!place.sqlite().exists(), "a refusal makes no database");
    // one of another cloud
    let elsewhere = Place::new();
    let other = elsewhere.open(false).await.unwrap();
    std::fs::copy(elsewhere.sqlite(), place.sqlite()).unwrap();
    let refused = place.open(false).await.unwrap_err().to_string();
    assert!(refused.contains(&other.to_string()) && refused.contains(&id.to_string()), "{refused}");
    // the right one again
    std::fs::rename(&away, place.sqlite()).unwrap();
    assert_eq!(place.open(false).await.unwrap(), id);
    // and the other one, on purpose
    std::fs::copy(elsewhere.sqlite(), place.sqlite()).unwrap();
    assert_eq!(place.open(true).await.unwrap(), other);
    assert_eq!(place.open(false).await.unwrap(), other, "from then on without a word");
    let node = std::fs::read_to_string(place.dir.path().join("node/cloud-id")).unwrap();
    assert_eq!(node.trim(), other.to_string());
}

#[tokio::test]
async fn a_directory_and_a_database_from_before_are_marked_once() {
    let place = Place::new();
    place.hold_an_instance();
    let options = DbOptions::File { path: place.sqlite(), durability: Durability::None };
    let db = Db::open(&options).await.unwrap();
    let before = kogge_db::Migrations { owner: "compute", steps: &[] };
    db.migrate(&[before], &Clock::system()).await.unwrap();
    db.close().await;
    let id = place.open(false).await.unwrap();
    assert_eq!(place.open(false).await.unwrap(), id);
    assert_eq!(std::fs::read_to_string(place.data.join(FILE)).unwrap().trim(), id.to_string());
}

#[tokio::test]
async fn an_id_that_cannot_be_read_is_no_reason_to_begin_anew() {
    let place = Place::new();
    std::fs::write(place.data.join(FILE), "garbage").unwrap();
    let refused = place.open(false).await.unwrap_err().to_string();
    assert!(refused.contains(FILE), "{refused}");
    assert!(!place.sqlite().exists());
}
