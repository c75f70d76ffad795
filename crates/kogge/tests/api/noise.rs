//! Noise on every route: whole bodies with a few places spoilt at random. No 5xx, no hang, no answer without a request id.
//!
//! `KOGGE_NOISE` says how many bodies each route gets (8), `KOGGE_NOISE_SEED` which ones; a complaint names both.

pub(crate) mod whole;

use http::Method;
use kogge::cloud::doors;
use kogge::test_cloud::TestCloud;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use crate::isolation::bodies;
use crate::isolation::fixture::Fixture;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Values that meet a parser's edges.
fn spoilt(dice: &mut StdRng) -> Value {
    let deep = (0..dice.random_range(1..80)).fold(json!(1), |inner, _| json!([inner]));
    let pool = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(65_536),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e308),
        json!(0.5),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("a\r\nSet-Cookie: x=y"),
        json!("\u{202e}\u{fffd}ü😀"),
        json!("x".repeat(dice.random_range(1..70_000))),
        json!("../../../etc/passwd"),
        json!("' OR 1=1 --"),
        json!("00000000-0000-4000-8000-000000000000"),
        json!("10.0.0.0/0"),
        json!("::ffff:1.2.3.4/129"),
        json!("999.1.1.1"),
        json!("9999-99-99T99:99:99Z"),
        json!("2026-02-30"),
        json!("-9223372036854775808"),
        json!("file:///etc/shadow"),
        json!("http://169.254.169.254/"),
        json!([]),
        json!({}),
        json!([null, 1, "x", {}]),
        json!({"": {"": ""}}),
        deep,
    ];
    pool.choose(dice).cloned().unwrap_or(Value::Null)
}

/// Spoils one place of `value`: the place is found by going down at random.
fn spoil(value: &mut Value, dice: &mut StdRng) {
    let stay = dice.random_bool(0.2);
    match value {
        Value::Object(map) if !map.is_empty() && !stay => spoil_object(map, dice),
        Value::Array(items) if !items.is_empty() && !stay => {
            let place = dice.random_range(0..items.len());
            match dice.random_range(0..6) {
                0 => drop(items.remove(place)),
                1 => items.push(items[place].clone()),
                2 => items.push(spoilt(dice)),
                _ => spoil(&mut items[place], dice),
            }
        }
        _ => *value = spoilt(dice),
    }
}

fn spoil_object(map: &mut Map<String, Value>, dice: &mut StdRng) {
    let keys: Vec<String> = map.keys().cloned().collect();
    let key = keys.choose(dice).cloned().unwrap_or_default();
    match dice.random_range(0..8) {
        0 => drop(map.remove(&key)),
        1 => drop(map.insert(format!("{key}\u{0}"), spoilt(dice))),
        2 => drop(map.insert("x".repeat(dice.random_range(1..300)), spoilt(dice))),
        _ => {
            if let Some(inner) = map.get_mut(&key) {
                spoil(inner, dice);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_breaks_on_noise() {
    let (rounds, seed) = (number("KOGGE_NOISE", 8), number("KOGGE_NOISE_SEED", 1));
    let mut dice = StdRng::seed_from_u64(seed);
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    let fixture = Fixture::make(&cloud, &demo).await;
    let mut sent = 0_u32;
    for door in doors(None) {
        for route in &door.table {
            let ends_the_session = route.method == Method::DELETE;
            if ends_the_session || route.method == Method::GET || route.method == Method::HEAD {
                continue;
            }
            let path = fixture.fill(&door, route.path);
            let newest = route.versions.until.or(route.versions.since);
            let caller = cloud.session("kogge-admin").await;
            let caller = match newest {
                Some(version) => caller.speaking(&format!("{} {version}", door.spoken())),
                None => caller.speaking("compute 2.100"),
            };
            for round in 0..rounds {
                let mut body = whole::of(route, &fixture)
                    .or_else(|| bodies::of(route, &fixture))
                    .unwrap_or_else(|| json!({}));
                for _ in 0..dice.random_range(1..4) {
                    spoil(&mut body, &mut dice);
                }
                let bytes = body.to_string().into_bytes();
                let answer =
                    caller.send_bytes(route.method.clone(), &path, Some("application/json"), bytes).await;
                sent += 1;
                let place = format!("{} {path} (seed {seed}, round {round})", route.method);
                let text = body.to_string().chars().take(600).collect::<String>();
                assert!(answer.status < 500 || answer.status == 501, "{place}: {} {text}", answer.status);
                assert!(!answer.header("x-openstack-request-id").is_empty(), "{place}: no request id");
            }
        }
    }
    assert!(sent > 100, "only {sent} requests were sent");
    cloud.stop().await;
}
