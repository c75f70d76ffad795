//! Transfers, and putting volumes back to snapshots, over HTTP.

use futures_util::future::join_all;
use kogge_auth::testing::Persona;
use kogge_ids::VolumeId;
use kogge_storage::{DiskId, SimFault};
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};
use super::given::{self, text_on};

const OLD: &str = "/os-volume-transfer";
const NEW: &str = "/volume-transfers";

async fn offer(cloud: &Cloud, path: &str, body: Value) -> (String, String) {
    let made = cloud.post(path, json!({ "transfer": body })).await.expect(202)["transfer"].clone();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("auth_key"))
}

fn accept(key: &str) -> Option<Value> {
    Some(json!({ "accept": { "auth_key": key } }))
}

async fn snapshot(cloud: &Cloud, volume: VolumeId) -> String {
    let made = cloud.post("/snapshots", json!({ "snapshot": { "volume_id": volume } })).await.expect(202);
    cloud.run().await;
    made["snapshot"]["id"].as_str().unwrap().to_owned()
}

async fn status(cloud: &Cloud, path: String) -> String {
    let shown = cloud.admin("GET", &path, None).await.expect(200);
    let one = shown.as_object().unwrap().values().next().unwrap();
    one["status"].as_str().unwrap().to_owned()
}

async fn used(cloud: &Cloud, whose: Persona) -> (i64, i64, i64) {
    use kogge_db::{Executor as _, Query};
    let sums = Query::new(
        "SELECT CAST(COALESCE(SUM(volumes), 0) AS BIGINT) AS v, CAST(COALESCE(SUM(snapshots), 0) AS BIGINT) AS s, \
         CAST(COALESCE(SUM(gigabytes), 0) AS BIGINT) AS g FROM volume_usage WHERE project_id = $1",
    );
    let row = (&cloud.db).one(sums.bind(whose.project_id())).await.unwrap();
    (row.int("v").unwrap(), row.int("s").unwrap(), row.int("g").unwrap())
}

on_both! {
    a_volume_changes_hands_with_its_snapshots(cloud) {
        let volume = given::volume(&cloud, 2, "x").await;
        let taken = snapshot(&cloud, volume).await;
        let made = cloud.at("3.57").post(NEW, json!({ "transfer": { "volume_id": volume, "name": " t " } })).await.expect(202);
        let made = made["transfer"].clone();
        let (id, key) = (made["id"].as_str().unwrap(), made["auth_key"].as_str().unwrap());
        assert_eq!(made, json!({
            "id": id, "created_at": made["created_at"], "name": "t", "volume_id": volume, "auth_key": key,
            "links": made["links"], "no_snapshots": false, "source_project_id": Persona::Member.project_id(),
            "destination_project_id": null, "accepted": false,
        }));
        assert_eq!(key.len(), 16);
        let shown = cloud.get(&format!("{OLD}/{id}")).await.expect(200);
        assert!(shown["transfer"].get("auth_key").is_none());
        assert_eq!(status(&cloud, format!("/volumes/{volume}")).await, "awaiting-transfer");
        cloud.delete(&format!("/volumes/{volume}")).await.fault(400);
        cloud.post(NEW, json!({ "transfer": { "volume_id": volume } })).await.fault(400);
        // whoever is offered something sees nothing of it before it is taken
        cloud.ask(Persona::OtherMember, "GET", &format!("{NEW}/{id}"), None).await.fault(404);
        let path = format!("{NEW}/{id}/accept");
        let wrong = cloud.ask(Persona::OtherMember, "POST", &path, accept("0000000000000000")).await.fault(400);
        assert_eq!(wrong, format!("Invalid auth key: Attempt to transfer {id} with invalid auth key."));
        cloud.ask(Persona::OtherReader, "POST", &path, accept(key)).await.fault(403);
        let answer = cloud.ask(Persona::OtherMember, "POST", &path, accept(key)).await.expect(202);
        assert_eq!(answer["transfer"]["volume_id"], volume.to_string());
        cloud.get(&format!("/volumes/{volume}")).await.fault(404);
        let theirs = cloud.ask(Persona::OtherMember, "GET", &format!("/snapshots/{taken}"), None).await.expect(200);
        assert_eq!(theirs["snapshot"]["status"], "available");
        assert_eq!(status(&cloud, format!("/volumes/{volume}")).await, "available");
        assert_eq!((used(&cloud, Persona::Member).await, used(&cloud, Persona::OtherMember).await), ((0, 0, 0), (1, 1, 4)));
        cloud.ask(Persona::OtherMember, "POST", &path, accept(key)).await.fault(404);
    }

    an_offer_is_taken_back_listed_and_found(cloud) {
        let [one, two] = [given::volume(&cloud, 1, "x").await, given::volume(&cloud, 1, "x").await];
        let (first, _) = offer(&cloud, OLD, json!({ "volume_id": one, "name": "a" })).await;
        cloud.time.advance(std::time::Duration::from_secs(1));
        let (second, key) = offer(&cloud, OLD, json!({ "volume_id": two })).await;
        let ids = |list: &Value| -> Vec<String> {
            list["transfers"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
        };
        let brief = cloud.get(OLD).await.expect(200);
        assert_eq!(ids(&brief), [first.clone(), second.clone()]);
        assert!(brief["transfers"][0].get("created_at").is_none());
        assert!(cloud.get(&format!("{OLD}/detail")).await.expect(200)["transfers"][0]["created_at"].is_string());
        assert_eq!(ids(&cloud.get(&format!("{OLD}?name=a")).await.expect(200)), std::slice::from_ref(&first));
        assert_eq!(ids(&cloud.ask(Persona::OtherMember, "GET", OLD, None).await.expect(200)), [""; 0]);
        assert_eq!(ids(&cloud.admin("GET", &format!("{OLD}?all_tenants=1"), None).await.expect(200)).len(), 2);
        let page = cloud.at("3.59").get(&format!("{NEW}?limit=1&sort=created_at:asc")).await.expect(200);
        assert_eq!(ids(&page), std::slice::from_ref(&first));
        assert!(page["transfers_links"].is_array());
        cloud.ask(Persona::Reader, "DELETE", &format!("{OLD}/{second}"), None).await.fault(403);
        cloud.ask(Persona::OtherMember, "DELETE", &format!("{OLD}/{second}"), None).await.fault(404);
        cloud.delete(&format!("{OLD}/{second}")).await.expect(202);
        assert_eq!(status(&cloud, format!("/volumes/{two}")).await, "available");
        cloud.ask(Persona::OtherMember, "POST", &format!("{OLD}/{second}/accept"), accept(&key)).await.fault(404);
        assert_eq!(ids(&cloud.at("3.0").get(NEW).await.expect(200)), std::slice::from_ref(&first));
    }

    what_may_not_be_offered_or_taken(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let body = |more: Value| {
            let mut transfer = json!({ "volume_id": volume });
            transfer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "transfer": transfer })
        };
        cloud.post(OLD, body(json!({ "no_snapshots": true }))).await.fault(400);
        cloud.post(OLD, body(json!({ "colour": "red" }))).await.fault(400);
        cloud.post(OLD, json!({ "transfer": {} })).await.fault(400);
        cloud.ask(Persona::OtherMember, "POST", OLD, Some(body(json!({})))).await.fault(404);
        let secret = given::encrypted(&cloud, 1, "x").await;
        cloud.at("3.69").post(NEW, json!({ "transfer": { "volume_id": secret } })).await.fault(400);
        cloud.at("3.70");
        cloud.post(NEW, json!({ "transfer": { "volume_id": secret, "no_snapshots": true } })).await.fault(400);
        let (id, key) = offer(&cloud, NEW, json!({ "volume_id": secret })).await;
        cloud.ask(Persona::OtherMember, "POST", &format!("{NEW}/{id}/accept"), accept(&key)).await.expect(202);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_keys").await, 1);
        // the snapshots of one that goes alone stay where they are
        let kept = snapshot(&cloud, volume).await;
        let (id, key) = offer(&cloud, NEW, json!({ "volume_id": volume, "no_snapshots": true })).await;
        let path = format!("{NEW}/{id}/accept");
        cloud.ask(Persona::OtherMember, "POST", &path, Some(json!({ "accept": { "auth_key": true } }))).await.fault(400);
        // there is no room for it
        use kogge_db::{Executor as _, Query};
        let limit = Query::new("INSERT INTO volume_quota_limits (project_id, resource, most) VALUES ($1, 'volumes', 1)");
        let mut tx = cloud.db.begin().await.unwrap();
        tx.execute(limit.bind(Persona::OtherMember.project_id())).await.unwrap();
        tx.commit().await.unwrap();
        cloud.ask(Persona::OtherMember, "POST", &path, accept(&key)).await.fault(413);
        assert_eq!(used(&cloud, Persona::Member).await, (1, 1, 2));
        let mut tx = cloud.db.begin().await.unwrap();
        tx.execute(Query::new("DELETE FROM volume_quota_limits")).await.unwrap();
        tx.commit().await.unwrap();
        cloud.ask(Persona::OtherMember, "POST", &path, accept(&key)).await.expect(202);
        cloud.get(&format!("/snapshots/{kept}")).await.expect(200);
        assert_eq!((used(&cloud, Persona::Member).await, used(&cloud, Persona::OtherMember).await), ((0, 1, 1), (2, 0, 2)));
    }

    of_a_hundred_who_know_the_key_one_takes_it(cloud) {
        let volume = given::volume(&cloud, 1, "x").await;
        let (id, key) = offer(&cloud, OLD, json!({ "volume_id": volume })).await;
        let path = format!("{OLD}/{id}/accept");
        let who = |n: usize| if n.is_multiple_of(2) { Persona::OtherMember } else { Persona::Member };
        let tries = join_all((0..100).map(|n| cloud.ask(who(n), "POST", &path, accept(&key)))).await;
        assert_eq!(tries.iter().filter(|answer| answer.status == 202).count(), 1);
        assert!(tries.iter().all(|answer| [202, 400, 404].contains(&answer.status)));
        let (mine, theirs) = (used(&cloud, Persona::Member).await, used(&cloud, Persona::OtherMember).await);
        assert_eq!((mine.0 + theirs.0, mine.2 + theirs.2), (1, 1));
    }

    a_volume_goes_back_to_its_latest_snapshot(cloud) {
        let volume = given::volume(&cloud, 1, "before").await;
        let action = format!("/volumes/{volume}/action");
        let revert = |id: &str| json!({ "revert": { "snapshot_id": id } });
        cloud.at("3.40").post(&action, revert(&VolumeId::random().to_string())).await.fault(400);
        let first = snapshot(&cloud, volume).await;
        cloud.time.advance(std::time::Duration::from_secs(1));
        let latest = snapshot(&cloud, volume).await;
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"after!");
        cloud.post(&action, revert(&first)).await.fault(400);
        cloud.post(&action, json!({ "revert": {} })).await.fault(400);
        cloud.at("3.39").post(&action, revert(&latest)).await.fault(400);
        given::call(&cloud, volume, "in-use").await;
        cloud.at("3.40").post(&action, revert(&latest)).await.fault(409);
        given::call(&cloud, volume, "available").await;
        cloud.post(&action, revert(&latest)).await.expect(202);
        assert_eq!(status(&cloud, format!("/volumes/{volume}")).await, "reverting");
        assert_eq!(status(&cloud, format!("/snapshots/{latest}")).await, "restoring");
        cloud.run().await;
        assert_eq!(status(&cloud, format!("/volumes/{volume}")).await, "available");
        assert_eq!(status(&cloud, format!("/snapshots/{latest}")).await, "available");
        assert_eq!(text_on(&cloud, DiskId::Volume(volume)).await, "before");
        cloud.storage[0].write(DiskId::Volume(volume), given::AT, b"newer!");
        cloud.post(&action, revert(&latest)).await.expect(202);
        cloud.storage[0].fail(Some(SimFault::Full));
        cloud.wait(60).await;
        assert_eq!(status(&cloud, format!("/volumes/{volume}")).await, "error");
        assert_eq!(status(&cloud, format!("/snapshots/{latest}")).await, "available");
        assert_eq!(text_on(&cloud, DiskId::Volume(volume)).await, "newer!");
    }
}
