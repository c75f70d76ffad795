//! Volumes as they are when they were made, without the way there: what copies of them begin with.

use futures_util::TryStreamExt as _;
use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use kogge_ids::{SecretId, VolumeId, VolumeSnapshotId};
use kogge_storage::{Backend as _, DiskId, Extent, NewDisk, Origin};

use super::cloud::Cloud;

/// Where a test writes into disks.
pub const AT: u64 = 4096;

/// A volume of the member, of this many GiB, with a text on it.
pub async fn volume(cloud: &Cloud, gib: i64, text: &str) -> VolumeId {
    of_type(cloud, gib, text, "__DEFAULT__", None).await
}

/// As [`volume`], encrypted.
pub async fn encrypted(cloud: &Cloud, gib: i64, text: &str) -> VolumeId {
    let key = SecretId::random();
    let row =
        Query::new("INSERT INTO volume_keys (id, project_id, sealed, created_at) VALUES ($1, $2, $3, 1)");
    let row = row.bind(key).bind(Persona::Member.project_id()).bind("sealed:terces");
    let mut tx = cloud.db.begin().await.unwrap();
    tx.execute(row).await.unwrap();
    tx.commit().await.unwrap();
    of_type(cloud, gib, text, "encrypted", Some(key)).await
}

async fn of_type(cloud: &Cloud, gib: i64, text: &str, kind: &str, key: Option<SecretId>) -> VolumeId {
    let id = VolumeId::random();
    let kind = Query::new("SELECT id FROM volume_types WHERE name = $1").bind(kind);
    let kind = (&cloud.db).one(kind).await.unwrap().text("id").unwrap();
    let row = Query::new(
        "INSERT INTO volumes (id, project_id, user_id, name, size_gib, type_id, zone, backend, bootable, multiattach, \
         read_only, key_id, metadata, image_metadata, doing, status, made, created_at, due_at) VALUES ($1, $2, 'u', 'given', \
         $3, $4, 'nova', 'memory', FALSE, FALSE, FALSE, $5, '{}', '{}', '{\"what\":\"resting\",\"since\":0}', 'available', \
         TRUE, 1800000000000000, 9223372036854775807)",
    );
    let row = row.bind(id).bind(Persona::Member.project_id()).bind(gib).bind(&kind).bind(key);
    let usage = Query::new(
        "INSERT INTO volume_usage (project_id, type_id, volumes, snapshots, gigabytes, backups, backup_gigabytes) \
         VALUES ($1, $2, 1, 0, $3, 0, 0) ON CONFLICT (project_id, type_id) DO UPDATE SET \
         volumes = volume_usage.volumes + 1, gigabytes = volume_usage.gigabytes + excluded.gigabytes",
    );
    let usage = usage.bind(Persona::Member.project_id()).bind(&kind).bind(gib);
    let mut tx = cloud.db.begin().await.unwrap();
    tx.execute(row).await.unwrap();
    tx.execute(usage).await.unwrap();
    tx.commit().await.unwrap();
    let disk = DiskId::Volume(id);
    let new = NewDisk { id: disk, bytes: gib.unsigned_abs() << 30, passphrase: None };
    cloud.storage[0].create(new, Origin::Blank).await.unwrap();
    cloud.storage[0].write(disk, AT, text.as_bytes());
    id
}

/// Calls a volume so, as main's actions do.
pub async fn call(cloud: &Cloud, id: VolumeId, status: &str) {
    let doing = match status {
        "available" => "{\"what\":\"resting\",\"since\":0}".to_owned(),
        status => format!("{{\"what\":\"called\",\"status\":\"{status}\",\"since\":0}}"),
    };
    let row = Query::new("UPDATE volumes SET status = $1, doing = $2 WHERE id = $3");
    let mut tx = cloud.db.begin().await.unwrap();
    tx.execute(row.bind(status).bind(&doing).bind(id)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Gives a volume to a server on a host: it is in use.
pub async fn attach(cloud: &Cloud, id: VolumeId, host: &str, server: &str) {
    let row = Query::new(
        "INSERT INTO volume_attachments (id, volume_id, project_id, user_id, server_id, host, mode, status, holder, created_at) \
         VALUES ($1, $2, $3, 'u', $4, $5, 'rw', 'attached', 'compute', 1)",
    );
    let row = row.bind(kogge_ids::AttachmentId::random()).bind(id).bind(Persona::Member.project_id());
    let mut tx = cloud.db.begin().await.unwrap();
    tx.execute(row.bind(server).bind(host)).await.unwrap();
    let status = Query::new("UPDATE volumes SET status = 'in-use' WHERE id = $1");
    tx.execute(status.bind(id)).await.unwrap();
    tx.commit().await.unwrap();
}

/// What is on a disk where [`volume`] writes.
pub async fn text_on(cloud: &Cloud, disk: DiskId) -> String {
    let extents: Vec<Extent> =
        cloud.storage[0].read(disk).await.unwrap().extents.try_collect().await.unwrap();
    // what was written last counts: the simulated backend keeps pieces as they came
    let holds = |extent: &&Extent| (extent.offset..extent.offset + extent.data.len() as u64).contains(&AT);
    let found = extents.iter().rfind(holds).map(|extent| &extent.data[(AT - extent.offset) as usize..]);
    found.map(|data| String::from_utf8_lossy(data).into_owned()).unwrap_or_default()
}

/// The disk of a snapshot.
pub fn snapshot_disk(id: &str) -> DiskId {
    DiskId::Snapshot(id.parse::<VolumeSnapshotId>().unwrap())
}
