//! Copies are refused while the disk of the database is as good as full; all else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kogge_room::{Level, Room};
use kogge_volume::VolumeConfig;
use serde_json::json;

use super::cloud::Cloud;
use super::given;

const GIB: u64 = 1 << 30;

#[tokio::test]
async fn copies_need_room_and_leave_nothing_where_there_is_none() {
    for postgres in [false, true] {
        let free = Arc::new(AtomicU64::new(50 * GIB));
        let seen = Arc::clone(&free);
        let look = move || Some(Level { total: 100 * GIB, free: seen.load(Ordering::SeqCst) });
        let config = VolumeConfig { room: Room::by(GIB, look), ..VolumeConfig::default() };
        let Some(mut cloud) = Cloud::with(config, postgres).await else { continue };
        cloud.at("3.71");
        let volume = given::volume(&cloud, 1, "x").await.to_string();
        let snapshot = json!({"snapshot": {"volume_id": volume}});
        let made = cloud.post("/snapshots", snapshot.clone()).await.expect(202)["snapshot"]["id"].clone();
        let backup = json!({"backup": {"volume_id": volume}});
        cloud.run().await;
        let kept = cloud.post("/backups", backup.clone()).await.expect(202)["backup"]["id"].clone();
        cloud.run().await;
        let other =
            json!({"volume_type": {"name": "other", "extra_specs": {"volume_backend_name": "second"}}});
        cloud.admin("POST", "/types", Some(other)).await.expect(200);
        free.store(GIB / 2, Ordering::SeqCst);
        // a look holds for half a second
        while cloud.post("/snapshots", snapshot.clone()).await.status != 507 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        cloud.run().await;
        let counted = "SELECT (SELECT COUNT(*) FROM volumes) + (SELECT COUNT(*) FROM volume_snapshots) \
                       + (SELECT COUNT(*) FROM volume_backups) AS n";
        let before = cloud.count(counted).await;
        let action = format!("/volumes/{volume}/action");
        for (path, body) in [
            ("/backups", backup),
            ("/volumes", json!({"volume": {"size": 1, "snapshot_id": made}})),
            ("/volumes", json!({"volume": {"size": 1, "source_volid": volume}})),
            (&action, json!({"os-volume_upload_image": {"image_name": "x"}})),
            (&action, json!({"os-retype": {"new_type": "other", "migration_policy": "on-demand"}})),
            (
                &format!("/backups/{}/restore", kept.as_str().unwrap()),
                json!({"restore": {"volume_id": volume}}),
            ),
        ] {
            let refused = cloud.post(path, body.clone()).await;
            assert_eq!(refused.status, 507, "{path} {body}: {}", refused.body);
        }
        assert_eq!(cloud.count(counted).await, before);
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), Vec::<String>::new());
        let shown = cloud.get(&format!("/volumes/{volume}")).await.expect(200);
        assert_eq!(shown["volume"]["status"], "available");
        // an empty one takes nothing, and to remove is always possible
        cloud.post("/volumes", json!({"volume": {"size": 1}})).await.expect(202);
        cloud.delete(&format!("/snapshots/{}", made.as_str().unwrap())).await.expect(202);
    }
}
