//! Logs that nobody takes: the API answers, the tasks go on.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::machine::{Machine, read, text};

/// The cloud answers requests and every task runs on.
async fn works(machine: &mut Machine) {
    let root = machine.address().await;
    let token = machine.token(&root).await;
    for number in 0..200 {
        assert_eq!(machine.code(&format!("{root}/network/v2.0/?{number}")).await, 401);
    }
    assert_eq!(machine.make_network(&root, &token, "while the log is dead").await.0, 201);
    let before = machine.runs();
    Machine::until("every task to run on", async || {
        let now = machine.runs();
        // those that run once an hour do not run again in a test
        let on = |(name, runs): &(String, u64)| before.iter().any(|(other, b)| other == name && runs > b);
        now.iter().filter(|task| on(task)).count() >= 8
    })
    .await;
    assert_eq!(machine.code(&format!("{root}/readyz")).await, 200);
}

#[tokio::test]
async fn a_reader_of_the_log_that_goes_away_costs_nothing_but_the_log() {
    let mut machine = Machine::new();
    let child = machine.start(|command| {
        command.stderr(Stdio::piped()).env("KOGGE_LOG_LEVEL", "debug");
    });
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    works(&mut machine).await;
}

#[tokio::test]
async fn a_reader_of_the_log_that_stops_reading_keeps_nobody() {
    let mut machine = Machine::new();
    let child = machine.start(|command| {
        command.stderr(Stdio::piped()).env("KOGGE_LOG_LEVEL", "trace");
    });
    // held open, and never read: it is full after 64 KiB
    let held = child.stderr.take();
    works(&mut machine).await;
    drop(held);
}

#[tokio::test]
async fn a_log_on_a_full_disk_costs_nothing_but_the_log() {
    let mut machine = Machine::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    machine.start(|command| {
        command.stderr(full).env("KOGGE_LOG_LEVEL", "debug");
    });
    works(&mut machine).await;
}

#[tokio::test]
async fn the_log_of_a_cloud_in_the_background_is_bounded_and_opened_anew_at_a_hangup() {
    let mut machine = Machine::new();
    machine.write("kogge.toml", b"[log]\nmax_mib = 1\nkeep = 1\nlevel = \"debug\"\n");
    // nearly full, and for others to read
    machine.write("kogge.log", "an old line\n".repeat((1 << 20) / 12 - 10).as_bytes());
    let up = machine.kogge(&["up", "--sim", "--listen", "127.0.0.1:0"]);
    assert!(up.status.success(), "{}", text(&up.stderr));
    let root = machine.address().await;
    let log = machine.data().join("kogge.log");
    assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let older = machine.data().join("kogge.log.1");
    Machine::until("the log to be rotated", async || {
        assert_eq!(machine.code(&format!("{root}/network/v2.0/networks")).await, 401);
        older.exists()
    })
    .await;
    for path in [&log, &older] {
        assert!(std::fs::metadata(path).unwrap().len() <= 1 << 20);
    }
    let moved = machine.data().join("moved.log");
    std::fs::rename(&log, &moved).unwrap();
    kill(Pid::from_raw(machine.background()), Signal::SIGHUP).unwrap();
    Machine::until("the log to be there again", async || {
        let _ = machine.code(&format!("{root}/network/v2.0/networks")).await;
        !read(&log).is_empty()
    })
    .await;
    assert_eq!(machine.code(&format!("{root}/readyz")).await, 200, "a hangup ends nothing");
}

#[test]
fn a_log_that_is_a_link_is_refused() {
    let machine = Machine::new();
    machine.write("precious", b"precious");
    std::os::unix::fs::symlink(machine.data().join("precious"), machine.data().join("kogge.log")).unwrap();
    let up = machine.kogge(&["up", "--sim", "--listen", "127.0.0.1:0"]);
    assert!(!up.status.success());
    assert!(text(&up.stderr).contains("kogge.log"), "{}", text(&up.stderr));
    assert_eq!(read(&machine.data().join("precious")), "precious");
}
