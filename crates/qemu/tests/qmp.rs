//! The QMP client against a double that speaks QMP badly on purpose.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use kogge_qemu::{Qmp, QmpError};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

struct Double(BufReader<UnixStream>);

impl Double {
    async fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(line.as_bytes()).await.unwrap();
        self.0.get_mut().write_all(b"\r\n").await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

async fn connected() -> (Qmp, Double) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut double = Double(BufReader::new(theirs));
    let greets = async {
        double.say(r#"{"QMP": {"version": {}, "capabilities": []}}"#).await;
        let asked = double.hear().await;
        assert_eq!(asked["execute"], "qmp_capabilities");
        double.say(&json!({"id": asked["id"], "return": {}}).to_string()).await;
    };
    let (qmp, ()) = tokio::join!(Qmp::negotiate(ours), greets);
    (qmp.unwrap(), double)
}

#[tokio::test]
async fn answers_find_their_questions_in_any_order_with_events_between() {
    let (qmp, mut double) = connected().await;
    let mut events = qmp.events();
    let answers = async {
        let (one, two) = (double.hear().await, double.hear().await);
        double.say(&json!({"id": two["id"], "return": two["execute"]}).to_string()).await;
        double.say(r#"{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1, "microseconds": 2}}"#).await;
        double.say(&json!({"id": one["id"], "return": one["execute"]}).to_string()).await;
    };
    let (a, b, ()) = tokio::join!(qmp.execute("a", Value::Null), qmp.execute("b", json!({})), answers);
    assert_eq!((a.unwrap(), b.unwrap()), (json!("a"), json!("b")));
    let event = events.recv().await.unwrap();
    assert_eq!((event.name.as_str(), &event.data["guest"]), ("RESET", &json!(true)));
}

#[tokio::test]
async fn a_refusal_carries_the_words_of_qemu() {
    let (qmp, mut double) = connected().await;
    let refuses = async {
        let asked = double.hear().await;
        double
            .say(&json!({"id": asked["id"], "error": {"class": "GenericError", "desc": "busy"}}).to_string())
            .await;
    };
    let (answer, ()) = tokio::join!(qmp.execute("blockdev-del", Value::Null), refuses);
    let Err(QmpError::Refused { because, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(because, "busy");
}

#[tokio::test]
async fn a_qemu_that_dies_fails_every_waiting_command() {
    let (qmp, mut double) = connected().await;
    let dies = async {
        double.hear().await;
        drop(double);
    };
    let (answer, ()) = tokio::join!(qmp.execute("stop", Value::Null), dies);
    assert!(matches!(answer, Err(QmpError::Closed)), "{answer:?}");
    qmp.closed().await;
    assert!(qmp.is_closed());
    assert!(matches!(qmp.execute("cont", Value::Null).await, Err(QmpError::Closed)));
}

#[tokio::test]
async fn nonsense_ends_the_connection_instead_of_hanging_it() {
    let (qmp, mut double) = connected().await;
    double.say("hello").await;
    qmp.closed().await;
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_dropped() {
    let (qmp, mut double) = connected().await;
    double.say(r#"{"id": 4711, "return": {}}"#).await;
    let answers = async {
        let asked = double.hear().await;
        double.say(&json!({"id": asked["id"], "return": 1}).to_string()).await;
    };
    let (answer, ()) = tokio::join!(qmp.execute("a", Value::Null), answers);
    assert_eq!(answer.unwrap(), json!(1));
}

#[tokio::test]
async fn who_does_not_greet_is_not_qemu() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut double = Double(BufReader::new(theirs));
    double.say(r#"{"id": 1, "return": {}}"#).await;
    assert!(matches!(Qmp::negotiate(ours).await, Err(QmpError::Protocol(_))));
}

#[tokio::test]
async fn dropping_the_last_clone_hangs_up_so_that_a_successor_is_served() {
    let (qmp, mut double) = connected().await;
    let other = qmp.clone();
    drop(qmp);
    drop(other);
    let mut rest = String::new();
    assert_eq!(double.0.read_line(&mut rest).await.unwrap(), 0);
}
