//! Quotas, quota classes, limits, and whether all is counted right.

use kogge_auth::testing::Persona;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

fn own() -> String {
    format!("/os-quota-sets/{}", Persona::Member.project_id())
}

async fn set(cloud: &Cloud, path: &str, set: Value) -> super::cloud::Answer {
    cloud.admin("PUT", path, Some(json!({ "quota_set": set }))).await
}

/// Asks for a volume of so many GiB and a type.
async fn volume(cloud: &Cloud, size: i64, kind: &str) -> super::cloud::Answer {
    cloud.post("/volumes", json!({"volume": {"size": size, "volume_type": kind}})).await
}

on_both! {
    a_project_sees_its_limits_and_what_it_has(cloud) {
        let shown = cloud.get(&own()).await.expect(200)["quota_set"].clone();
        let mut wanted = json!({
            "id": Persona::Member.project_id(), "volumes": 10, "snapshots": 10, "gigabytes": 1000, "backups": 10,
            "backup_gigabytes": 1000, "groups": 10, "per_volume_gigabytes": -1,
        });
        for kind in ["__DEFAULT__", "encrypted", "replicated"] {
            for resource in ["volumes", "gigabytes", "snapshots"] {
                wanted[format!("{resource}_{kind}")] = json!(-1);
            }
        }
        assert_eq!(shown, wanted);
        assert_eq!(cloud.get(&format!("{}/defaults", own())).await.expect(200)["quota_set"], wanted);
        volume(&cloud, 3, "encrypted").await.expect(202);
        let used = cloud.get(&format!("{}?usage=true", own())).await.expect(200)["quota_set"].clone();
        assert_eq!(used["volumes"], json!({"limit": 10, "in_use": 1, "reserved": 0}));
        assert_eq!(used["gigabytes_encrypted"], json!({"limit": -1, "in_use": 3, "reserved": 0}));
        assert_eq!(used["volumes___DEFAULT__"]["in_use"], 0);
        assert_eq!(used["groups"], json!({"limit": 10, "in_use": 0, "reserved": 0}));
        cloud.get(&format!("{}?usage=perhaps", own())).await.fault(400);
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", &own(), None).await.status, 403);
        assert_eq!(cloud.admin("GET", &own(), None).await.status, 200);
    }

    administrators_set_limits_which_then_hold(cloud) {
        let denied = cloud.put(&own(), json!({"quota_set": {"volumes": 1}})).await;
        assert_eq!(denied.status, 403);
        let now = set(&cloud, &own(), json!({"volumes": 1, "gigabytes_encrypted": "2", "tenant_id": "x"})).await.expect(200);
        assert_eq!((&now["quota_set"]["volumes"], &now["quota_set"]["gigabytes_encrypted"]), (&json!(1), &json!(2)));
        assert_eq!(now["quota_set"].get("id"), None);
        let why = volume(&cloud, 3, "encrypted").await.fault(413);
        assert!(why.contains("gigabytes_encrypted"), "{why}");
        volume(&cloud, 2, "encrypted").await.expect(202);
        let why = volume(&cloud, 1, "__DEFAULT__").await.fault(413);
        assert_eq!(why, "Maximum number of volumes allowed (1) exceeded for quota 'volumes'.");
        let why = set(&cloud, &own(), json!({"gigabytes": 1})).await.fault(400);
        let words = "Current usage is 2 and the requested limit is 1.";
        assert_eq!(why, format!("Quota gigabytes limit must be equal or greater than existing resources. {words}"));
        cloud.admin("DELETE", &own(), None).await.expect(200);
        assert_eq!(cloud.get(&own()).await.expect(200)["quota_set"]["volumes"], 10);
    }

    what_makes_no_sense_is_refused_and_changes_nothing(cloud) {
        let path = own();
        let why = set(&cloud, &path, json!({"volumes": 3, "wishes": 1, "volumes_none": 1})).await.fault(400);
        assert_eq!(why, "Invalid input received: Bad key(s) in quota set: volumes_none, wishes");
        assert_eq!(set(&cloud, &path, json!({"volumes": "x"})).await.fault(400), "volumes must be an integer");
        assert_eq!(set(&cloud, &path, json!({"volumes": -2})).await.fault(400), "volumes must be >= -1");
        assert_eq!(set(&cloud, &path, json!({"volumes": 1_i64 << 31})).await.fault(400), "volumes must be <= 2147483647");
        set(&cloud, &path, json!({})).await.fault(400);
        cloud.admin("PUT", &path, Some(json!({}))).await.fault(400);
        set(&cloud, "/os-quota-sets/class:default", json!({"volumes": 1})).await.fault(400);
        cloud.admin("DELETE", "/os-quota-sets/class:default", None).await.fault(400);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_quota_limits").await, 0);
    }

    the_default_class_holds_for_all_who_have_nothing_of_their_own(cloud) {
        let path = "/os-quota-class-sets/default";
        cloud.get(path).await.fault(403);
        assert_eq!(cloud.admin("GET", path, None).await.expect(200)["quota_class_set"]["id"], "default");
        let body = json!({"quota_class_set": {"volumes": 3, "snapshots___DEFAULT__": 4}});
        cloud.put(path, body.clone()).await.fault(403);
        let now = cloud.admin("PUT", path, Some(body)).await.expect(200);
        assert_eq!(now["quota_class_set"]["volumes"], 3);
        assert_eq!(now["quota_class_set"].get("id"), None);
        set(&cloud, &own(), json!({"volumes": 5})).await.expect(200);
        let member = cloud.get(&own()).await.expect(200)["quota_set"].clone();
        assert_eq!((&member["volumes"], &member["snapshots___DEFAULT__"]), (&json!(5), &json!(4)));
        let other = format!("/os-quota-sets/{}", Persona::OtherMember.project_id());
        let other = cloud.ask(Persona::OtherMember, "GET", &other, None).await.expect(200);
        assert_eq!(other["quota_set"]["volumes"], 3);
        assert_eq!(cloud.get(&format!("{}/defaults", own())).await.expect(200)["quota_set"]["volumes"], 3);
        let bad = json!({"quota_class_set": {"wishes": 1}});
        let why = cloud.admin("PUT", path, Some(bad)).await.fault(400);
        assert_eq!(why, "Invalid input received: Bad key(s) in quota class set: wishes");
    }

    limits_of_a_type_follow_its_name(cloud) {
        let kind = cloud.admin("POST", "/types", Some(json!({"volume_type": {"name": "old"}}))).await.expect(200);
        let path = format!("/types/{}", kind["volume_type"]["id"].as_str().unwrap());
        set(&cloud, &own(), json!({"volumes_old": 0})).await.expect(200);
        cloud.admin("PUT", &path, Some(json!({"volume_type": {"name": "new"}}))).await.expect(200);
        let shown = cloud.get(&own()).await.expect(200)["quota_set"].clone();
        assert_eq!((&shown["volumes_new"], shown.get("volumes_old")), (&json!(0), None));
        volume(&cloud, 1, "new").await.fault(413);
        cloud.admin("DELETE", &path, None).await.expect(202);
        assert_eq!(cloud.get(&own()).await.expect(200)["quota_set"].get("volumes_new"), None);
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_quota_limits").await, 0);
    }

    limits_say_what_is_there_and_what_is_used(cloud) {
        volume(&cloud, 2, "__DEFAULT__").await.expect(202);
        let whole = json!({"limits": {"rate": [], "absolute": {
            "maxTotalVolumes": 10, "maxTotalVolumeGigabytes": 1000, "maxTotalSnapshots": 10, "maxTotalBackups": 10,
            "maxTotalBackupGigabytes": 1000, "totalVolumesUsed": 1, "totalGigabytesUsed": 2, "totalSnapshotsUsed": 0,
            "totalBackupsUsed": 0, "totalBackupGigabytesUsed": 0,
        }}});
        assert_eq!(cloud.get("/limits").await.expect(200), whole);
        let other = format!("/limits?project_id={}", Persona::Member.project_id());
        let used = |answer: Value| answer["limits"]["absolute"]["totalVolumesUsed"].clone();
        assert_eq!(used(cloud.admin("GET", &other, None).await.expect(200)), 0, "its own before 3.39");
        cloud.at("3.39");
        assert_eq!(used(cloud.admin("GET", &other, None).await.expect(200)), 1);
        assert_eq!(used(cloud.ask(Persona::OtherMember, "GET", &other, None).await.expect(200)), 0, "not for others");
    }

    wrong_counts_are_found_and_mended(cloud) {
        let none: Vec<String> = Vec::new();
        volume(&cloud, 2, "encrypted").await.expect(202);
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), none);
        let row = cloud.admin("GET", "/types?sort=name:asc", None).await.expect(200)["volume_types"][0]["id"].clone();
        cloud.add_volume(row.as_str().unwrap(), Persona::Member).await;
        let wrong = kogge_volume::miscounted(&cloud.db).await.unwrap();
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].contains("counts -1 volumes, 0 snapshots, -1 GiB"), "{}", wrong[0]);
        assert_eq!(kogge_volume::recount(&cloud.db).await.unwrap(), wrong);
        assert_eq!(kogge_volume::miscounted(&cloud.db).await.unwrap(), none);
        let used = cloud.get(&format!("{}?usage=1", own())).await.expect(200);
        assert_eq!(used["quota_set"]["gigabytes"]["in_use"], 3);
    }

    a_hundred_volumes_at_once_never_pass_a_limit(cloud) {
        set(&cloud, &own(), json!({"volumes": 7})).await.expect(200);
        let cloud = &cloud;
        let answers = futures_util::future::join_all((0..100).map(|_| volume(cloud, 1, "__DEFAULT__"))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 7);
        assert!(answers.iter().all(|answer| matches!(answer.status, 202 | 413)));
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volumes").await, 7);
    }
}
