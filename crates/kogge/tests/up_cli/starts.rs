//! Starting twice, starting with a file, stopping twice.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::site::Site;

#[test]
fn a_second_start_shows_the_cloud_or_says_in_what_it_differs() {
    let site = Site::new();
    site.up(&["--listen", "127.0.0.1:0"]).expect(0);
    let address = site.status()["address"].as_str().unwrap().to_owned();
    let again = site.up(&[]).expect(0);
    assert!(again.out.contains(&address), "{}", again.out);
    let other = site.up(&["--listen", "127.0.0.1:1"]).expect(4);
    assert!(other.err.contains(&format!("listens at {address}, not at 127.0.0.1:1")), "{}", other.err);
}

#[test]
fn a_configuration_is_found_where_the_command_was_typed() {
    let site = Site::new();
    std::fs::write(site.path("own.toml"), "[server]\nlisten = \"127.0.0.1:0\"\nregion = \"Bremen\"\n")
        .unwrap();
    site.up(&["--config", "own.toml"]).expect(0);
    let clouds = std::fs::read_to_string(site.data().join("clouds.yaml")).unwrap();
    assert!(clouds.contains("region_name: \"Bremen\""), "{clouds}");
}

#[test]
fn a_second_signal_ends_a_cloud_that_is_slow_to_stop() {
    let site = Site::new();
    let mut cloud = Command::new(env!("CARGO_BIN_EXE_kogge"))
        .args(["up", "--sim", "--foreground", "--listen", "127.0.0.1:0", "--data"])
        .arg(site.data())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(cloud.id()).unwrap());
    while site.kogge("status", &[]).code != 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    // a request that never sends its body holds the first, polite end up
    let address = site.status()["address"].as_str().unwrap().to_owned();
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    let head = "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    std::io::Write::write_all(&mut slow, head.as_bytes()).unwrap();
    loop {
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
        if let Some(ended) = cloud.try_wait().unwrap() {
            // 0 where the first signal was enough by then
            assert!(matches!(ended.code(), Some(0 | 4)), "{ended}");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
