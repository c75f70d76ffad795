//! `kogge fix apply` that is stopped, killed, or runs out of disk in the midst: what was done is written down, nothing is
//! left half-way, and the next one goes on.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use kogge::test_cloud::TestCloud;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::sync::Semaphore;

use crate::{Ran, TESTS, apply, broken, check, command, file, lists, plan, record, text};

/// The compute service behind a gate at which the making of flavors waits.
struct Gate {
    service: String,
    http: reqwest::Client,
    /// One for each flavor that has come to the gate.
    reached: Semaphore,
    /// One for each that may pass.
    open: Semaphore,
}

impl Gate {
    /// Puts one before the compute service of `kogge-admin`, in a clouds.yaml of its own.
    async fn before(cloud: &TestCloud) -> (Arc<Self>, String) {
        let gate = Arc::new(Self {
            service: format!("{}/compute", cloud.root()),
            http: reqwest::Client::new(),
            reached: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let served = axum::Router::new().fallback(pass).with_state(Arc::clone(&gate));
        tokio::spawn(axum::serve(listener, served).into_future());
        let whole = std::fs::read_to_string(cloud.clouds_yaml()).unwrap();
        let name = "  kogge-admin:\n";
        let text =
            whole.replacen(name, &format!("{name}    compute_endpoint_override: http://{at}/v2.1/\n"), 1);
        assert_ne!(text, whole);
        let file = std::path::Path::new(&cloud.clouds_yaml()).with_file_name("gated.yaml");
        std::fs::write(&file, text).unwrap();
        (gate, file.to_string_lossy().into_owned())
    }

    async fn is_reached(&self) {
        let reached = tokio::time::timeout(Duration::from_secs(60), self.reached.acquire());
        reached.await.unwrap().unwrap().forget();
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.method == Method::POST && head.uri.path() == "/v2.1/flavors" {
        gate.reached.add_permits(1);
        gate.open.acquire().await.unwrap().forget();
    }
    let mut headers = head.headers;
    headers.remove("host");
    let address = format!("{}{}", gate.service, head.uri);
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let answer = gate.http.request(head.method, address).headers(headers).body(body).send().await.unwrap();
    let mut told = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "transfer-encoding") {
        told = told.header(name, value);
    }
    told.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// `kogge fix apply --yes` behind a gate.
fn begin(cloud: &TestCloud, clouds: &str) -> Child {
    let words = ["fix", "apply", &file(cloud), "--yes"];
    let mut command = command(cloud, env!("CARGO_BIN_EXE_kogge"), &words);
    command.env("OS_CLIENT_CONFIG_FILE", clouds).spawn().unwrap()
}

/// Sends a signal, and waits until it is heard.
async fn stop(child: &mut Child, signal: Signal) -> Vec<String> {
    send(child, signal);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let heard = line.contains("stopping");
        said.push(line);
        if heard {
            break;
        }
    }
    // whoever still writes there must not be stopped by a pipe that is closed
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    said
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
}

async fn ended(child: Child) -> Ran {
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    Ran::of(output.unwrap().unwrap())
}

/// The events of a record with how they ended, `ended done`.
fn events(record: &[Value]) -> Vec<String> {
    let event = |line: &Value| format!("{} {}", text(&line["event"]), text(&line["outcome"]));
    record.iter().map(|line| event(line).trim_end().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_the_step_under_way_end_and_the_next_run_goes_on() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let cloud = TestCloud::start().await;
        broken::everything(&cloud).await;
        plan(&cloud, &["--tests", TESTS]).await.expect(3);
        let (gate, clouds) = Gate::before(&cloud).await;
        let mut child = begin(&cloud, &clouds);
        gate.is_reached().await;
        let said = stop(&mut child, signal).await;
        assert!(
            said.iter().any(|line| line.contains("the step under way is brought to its end")),
            "{said:?}"
        );
        gate.open.add_permits(1);
        let ran = ended(child).await.expect(code);
        assert!(ran.out.contains("1 of 6 changes made") && ran.out.contains("it was stopped"), "{}", ran.out);
        let stopped = [&["begins", "ended done"][..], &["ended stopped"; 5]].concat();
        assert_eq!(events(&record(&cloud)), stopped);

        let ran = apply(&cloud, &["--yes"]).await.expect(0);
        assert!(ran.out.contains("6 of 6 changes made"), "{}", ran.out);
        check(&cloud, &["--cloud", "kogge", "--tests", TESTS]).await.expect(0);
        cloud.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_signal_tears_is_recorded_whole_and_the_old_plan_refused() {
    let cloud = TestCloud::start().await;
    let server = broken::flavor_in_use(&cloud, "SCS-1L-1-5").await;
    broken::delete_server(&cloud, &server).await;
    let old = broken::whole_flavor(&cloud, "SCS-1L-1-5").await;
    let tests = ["--tests", "scs-0103-flavor-1l-1-5", "--replace-flavors"];
    plan(&cloud, &tests).await.expect(3);
    let (gate, clouds) = Gate::before(&cloud).await;
    let mut child = begin(&cloud, &clouds);
    gate.is_reached().await;
    stop(&mut child, Signal::SIGINT).await;
    send(&child, Signal::SIGINT);
    ended(child).await.expect(130);

    let told = record(&cloud);
    assert_eq!(events(&told), ["begins", "deletes"]);
    let kept = &told[1]["whole"]["flavor"];
    for key in
        ["id", "name", "ram", "swap", "OS-FLV-EXT-DATA:ephemeral", "rxtx_factor", "description", "disk"]
    {
        assert_eq!(kept[key], old[key], "{key}: {told:?}");
    }
    let between = lists(&cloud).await;
    let ran = apply(&cloud, &["--yes"]).await.expect(4);
    assert!(ran.out.contains("is gone; plan anew"), "{}", ran.out);
    assert_eq!(lists(&cloud).await, between, "a refused plan changes nothing");
    plan(&cloud, &tests).await.expect(3);
    apply(&cloud, &["--yes"]).await.expect(0);
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_the_midst_ends_it_and_the_next_run_goes_on() {
    let cloud = TestCloud::start().await;
    broken::everything(&cloud).await;
    plan(&cloud, &["--tests", TESTS]).await.expect(3);
    // files may have 3 KiB, which is room for two or three steps
    let limited = format!(
        "trap '' XFSZ; ulimit -f 3; exec {} fix apply {} --yes --format json",
        env!("CARGO_BIN_EXE_kogge"),
        file(&cloud)
    );
    let child = command(&cloud, "/bin/bash", &["-c", &limited]).stdin(Stdio::null()).spawn().unwrap();
    let ran = ended(child).await.expect(4);
    let told = ran.json();
    let outcomes: Vec<&str> =
        told["applied"].as_array().unwrap().iter().map(|step| text(&step["outcome"])).collect();
    let done = outcomes.iter().filter(|outcome| **outcome == "done").count();
    assert!((1..6).contains(&done), "{outcomes:?}");
    assert!(outcomes[done..].iter().all(|outcome| *outcome == "stopped"), "{outcomes:?}");
    assert!(told["not_recorded"].is_string(), "{told}");

    let before = std::fs::read_to_string(format!("{}.record", file(&cloud))).unwrap();
    apply(&cloud, &["--yes"]).await.expect(0);
    let after = std::fs::read_to_string(format!("{}.record", file(&cloud))).unwrap();
    let more: Vec<Value> = after[before.len()..]
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(more.len(), 12, "each change begins and ends, whatever was torn before: {after}");
    check(&cloud, &["--cloud", "kogge", "--tests", TESTS]).await.expect(0);
    cloud.stop().await;
}
