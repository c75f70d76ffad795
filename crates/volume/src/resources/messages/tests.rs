//! Messages from their writing to their end.

use std::sync::Arc;
use std::time::Duration;

use kogge_clock::{Clock, Timestamp};
use kogge_db::{Db, Executor as _, Query};
use kogge_image::{ImageConfig, ImageDeps, Images};
use kogge_node_api::Nodes;

use crate::model::message::{About, Action, Detail, Message};
use crate::service::messages::Said;
use crate::{Seal, SealedKeyring, VolumeConfig, VolumeDeps, Volumes};

struct Open;

impl Seal for Open {
    fn seal(&self, clear: &str) -> String {
        clear.to_owned()
    }

    fn open(&self, sealed: &str) -> Option<String> {
        Some(sealed.to_owned())
    }
}

#[tokio::test]
async fn messages_are_written_with_the_fault_and_forgotten_after_a_month() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::for_test(dir.path(), false).await.unwrap().unwrap();
    let (clock, time) = Clock::fake(Timestamp::from_seconds(1_800_000_000));
    db.migrate(&[kogge_image::MIGRATIONS, crate::MIGRATIONS], &clock).await.unwrap();
    let config = ImageConfig { data_dir: dir.path().join("images"), ..ImageConfig::default() };
    let image = Images::new(ImageDeps { db: db.clone(), clock: clock.clone(), config }).unwrap();
    let keyring = Arc::new(SealedKeyring::new(db.clone(), clock.clone(), Arc::new(Open)));
    let (nodes, config) = (Nodes::new(), VolumeConfig::default());
    let deps = VolumeDeps { db: db.clone(), clock, image, nodes, backends: Vec::new(), keyring, config };
    let volumes = Volumes::new(deps);
    let project = "a".repeat(32).parse().unwrap();
    let mut tx = db.begin().await.unwrap();
    let said = Said {
        project: &project,
        request: Some("req-1"),
        about: About::Volume,
        id: "v",
        action: Action::Create,
        detail: Detail::CreateFailed,
    };
    volumes.say(&mut tx, said).await.unwrap();
    tx.commit().await.unwrap();
    let row = db.one(Query::new("SELECT * FROM volume_messages")).await.unwrap();
    let message = <Message as kogge_db::Record>::from_row(&row).unwrap();
    assert_eq!(message.event_id, "VOLUME_VOLUME_008_012");
    assert_eq!(message.text(), "create volume from backend storage:Driver failed to create the volume.");
    time.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(volumes.forget_messages().await.unwrap(), 0);
    time.advance(Duration::from_secs(1));
    assert_eq!(volumes.forget_messages().await.unwrap(), 1);
}
