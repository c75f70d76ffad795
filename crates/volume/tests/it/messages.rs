//! Messages to users.

use kogge_auth::testing::Persona;
use kogge_db::{Executor as _, Query};
use kogge_storage::SimFault;
use serde_json::{Value, json};

use super::cloud::{Cloud, on_both};

const ID: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];

/// Two messages of the member: of a volume that could not be made, and of a snapshot that could not be removed.
async fn written(cloud: &Cloud) {
    let mut tx = cloud.db.begin().await.unwrap();
    for (at, kind, action, detail) in [(0, "VOLUME", "008", "012"), (1, "VOLUME_SNAPSHOT", "010", "016")] {
        let add = Query::new(
            "INSERT INTO volume_messages (id, project_id, request_id, resource_type, resource_id, action_id, detail_id, \
             event_id, level, created_at, expires_at) VALUES ($1, $2, 'req-1', $3, 'thing', $4, $5, $6, 'ERROR', $7, $8)",
        );
        let event = format!("VOLUME_{kind}_{action}_{detail}");
        let created = 1_800_000_000_000_000_i64 + at * 1_000_000;
        let add =
            add.bind(ID[at as usize]).bind(Persona::Member.project_id()).bind(kind).bind(action).bind(detail);
        let add = add.bind(event).bind(created).bind(created + 2_592_000_000_000);
        tx.execute(add).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn ids(list: &Value) -> Vec<&str> {
    list["messages"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

on_both! {
    messages_are_listed_shown_and_deleted(cloud) {
        written(&cloud).await;
        cloud.get("/messages").await.fault(404);
        cloud.at("3.3");
        let path = format!("/messages/{}", ID[0]);
        let project = Persona::Member.project_id();
        let whole = json!({
            "id": ID[0],
            "event_id": "VOLUME_VOLUME_008_012",
            "user_message": "create volume from backend storage:Driver failed to create the volume.",
            "message_level": "ERROR",
            "created_at": "2027-01-15T08:00:00.000000",
            "guaranteed_until": "2027-02-14T08:00:00.000000",
            "request_id": "req-1",
            "resource_type": "VOLUME",
            "resource_uuid": "thing",
            "links": [
                {"rel": "self", "href": format!("http://cloud.example/volume/v3/{project}/messages/{}", ID[0])},
                {"rel": "bookmark", "href": format!("http://cloud.example/volume/{project}/messages/{}", ID[0])},
            ],
        });
        assert_eq!(cloud.get(&path).await.expect(200), json!({ "message": whole }));
        assert_eq!(ids(&cloud.get("/messages").await.expect(200)), [ID[1], ID[0]]);
        assert_eq!(ids(&cloud.get("/messages?limit=1").await.expect(200)).len(), 2, "no pages yet");
        cloud.at("3.5");
        let page = cloud.get("/messages?limit=1").await.expect(200);
        assert_eq!(ids(&page), [ID[1]]);
        assert!(page["messages_links"][0]["href"].as_str().unwrap().contains("marker="));
        assert_eq!(ids(&cloud.get("/messages?resource_type=VOLUME").await.expect(200)), [ID[0]]);
        assert_eq!(ids(&cloud.get("/messages?event_id=VOLUME_VOLUME_SNAPSHOT_010_016").await.expect(200)), [ID[1]]);
        assert_eq!(ids(&cloud.at("3.31").get("/messages?sort=event_id:asc").await.expect(200)), [ID[0], ID[1]]);
        cloud.get("/messages?colour=red").await.fault(400);
        let other = cloud.ask(Persona::OtherMember, "GET", "/messages", None).await.expect(200);
        assert_eq!(ids(&other), [""; 0]);
        assert_eq!(cloud.ask(Persona::OtherMember, "GET", &path, None).await.status, 404);
        assert_eq!(cloud.ask(Persona::Reader, "GET", &path, None).await.status, 200);
        cloud.ask(Persona::Reader, "DELETE", &path, None).await.fault(403);
        assert_eq!(cloud.ask(Persona::OtherMember, "DELETE", &path, None).await.status, 404);
        assert_eq!(cloud.delete(&path).await.status, 204);
        assert_eq!(cloud.get(&path).await.fault(404), format!("Message {} could not be found.", ID[0]));
        cloud.wait(5).await;
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_messages").await, 1);
        cloud.time.advance(std::time::Duration::from_secs(31 * 86_400));
        cloud.run().await;
        assert_eq!(cloud.count("SELECT COUNT(*) AS n FROM volume_messages").await, 0);
    }

    what_could_not_be_done_is_told(cloud) {
        cloud.storage[0].fail(Some(SimFault::Full));
        let made = cloud.post("/volumes", json!({"volume": {"size": 1}})).await.expect(202);
        let volume = made["volume"]["id"].as_str().unwrap();
        cloud.wait(60).await;
        assert_eq!(cloud.get(&format!("/volumes/{volume}")).await.expect(200)["volume"]["status"], "error");
        let told = cloud.at("3.5").get(&format!("/messages?resource_uuid={volume}")).await.expect(200);
        assert_eq!(told["messages"][0]["event_id"], "VOLUME_VOLUME_008_012", "{told}");
        assert_eq!(ids(&told).len(), 1, "once");
    }
}
