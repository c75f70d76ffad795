//! `kogge up --foreground` under a supervisor: systemd, or somebody who speaks like it.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::site::Site;

/// Longest wait for a word; far more than a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(site: &Site, log: File, more: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
    command.args(["up", "--sim", "--foreground", "--listen", "127.0.0.1:0", "--data"]).arg(site.data());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.env_remove("NOTIFY_SOCKET").env_remove("JOURNAL_STREAM");
    more(&mut command);
    command.spawn().unwrap()
}

fn end(mut cloud: Child) {
    kill(Pid::from_raw(i32::try_from(cloud.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(cloud.wait().unwrap().code(), Some(0));
}

fn heard(socket: &UnixDatagram) -> String {
    let mut text = [0; 512];
    let length = socket.recv(&mut text).unwrap();
    String::from_utf8(text[..length].to_vec()).unwrap()
}

#[test]
fn a_supervisor_is_told_when_the_apis_answer_and_when_the_cloud_ends() {
    let site = Site::new();
    let socket = UnixDatagram::bind(site.path("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let log = File::create(site.path("log")).unwrap();
    let cloud = start(&site, log, |command| {
        command.env("NOTIFY_SOCKET", site.path("notify"));
    });
    let ready = heard(&socket);
    // no waiting: who is told may ask
    let address = site.status()["address"].as_str().unwrap().to_owned();
    assert_eq!(ready, format!("READY=1\nSTATUS=Answers at http://{address}"));
    std::net::TcpStream::connect(&address).unwrap();
    end(cloud);
    assert!(heard(&socket).starts_with("STOPPING=1\nSTATUS="));
}

#[test]
fn the_journal_gets_one_line_an_event_with_its_priority_and_nothing_that_it_adds_by_itself() {
    let site = Site::new();
    let log = File::create(site.path("log")).unwrap();
    let facts = log.metadata().unwrap();
    let cloud = start(&site, log, |command| {
        command.env("JOURNAL_STREAM", format!("{}:{}", facts.dev(), facts.ino()));
    });
    while site.kogge("status", &[]).code != 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    end(cloud);
    let text = std::fs::read_to_string(site.path("log")).unwrap();
    assert!(text.lines().any(|line| line.starts_with("<6>kogge::cloud: the cloud answers ")), "{text}");
    for line in text.lines() {
        let marked = ["<3>", "<4>", "<6>", "<7>"].iter().any(|mark| line.starts_with(mark));
        assert!(marked && !line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn a_failure_to_start_has_the_priority_of_an_error_in_the_journal() {
    let site = Site::new();
    let log = File::create(site.path("log")).unwrap();
    let facts = log.metadata().unwrap();
    let mut cloud = start(&site, log, |command| {
        command.env("JOURNAL_STREAM", format!("{}:{}", facts.dev(), facts.ino()));
        command.env("KOGGE_SERVER_REGION", "x").env("KOGGE_LOG_LEVEL", "inof");
    });
    assert_eq!(cloud.wait().unwrap().code(), Some(2));
    let text = std::fs::read_to_string(site.path("log")).unwrap();
    assert!(text.starts_with("<3>kogge: ") && text.contains("`inof`"), "{text}");
}

#[test]
fn a_log_that_is_no_journal_keeps_time_and_level_whatever_is_inherited() {
    let site = Site::new();
    let log = File::create(site.path("log")).unwrap();
    let cloud = start(&site, log, |command| {
        command.env("JOURNAL_STREAM", "1:1");
    });
    while site.kogge("status", &[]).code != 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    end(cloud);
    let text = std::fs::read_to_string(site.path("log")).unwrap();
    assert!(text.contains(" INFO kogge::cloud: the cloud answers ") && !text.contains("<6>"), "{text}");
}

#[test]
fn commands_look_at_the_configuration_that_the_running_cloud_has() {
    let site = Site::new();
    let file = site.path("own.toml");
    std::fs::write(&file, "[server]\nregion = \"Bremen\"\n").unwrap();
    site.up(&["--listen", "127.0.0.1:0", "--config", "own.toml"]).expect(0);
    assert_eq!(site.status()["config"], file.display().to_string());
    let doctor = site.kogge("doctor", &["--sim"]);
    assert!(doctor.out.contains(&format!("{} is right", file.display())), "{}", doctor.out);
}
