//! A disk that fills up under a running cloud, and has room again.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::machine::Machine;

/// Takes room until `left` bytes are free.
fn fill(dir: &Path, left: u64) {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("ballast")).unwrap();
    while kogge_room::level(dir).unwrap().free > left && file.write_all(&[0; 4096]).is_ok() {}
    if left == 0 {
        while file.write_all(&[0; 64]).is_ok() {}
    }
}

async fn wrong(machine: &Machine, root: &str) -> Vec<String> {
    let answer = machine.http().get(format!("{root}/readyz")).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    let checks = body["checks"].as_array().unwrap();
    let bad = checks.iter().filter(|check| check["ok"] != true);
    bad.map(|check| check["what"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn writes_are_refused_while_the_disk_is_full_and_work_when_it_is_not_without_a_restart() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    }
    let mut machine = Machine::new();
    machine.start_on_a_small_disk(32);
    let root = machine.address().await;
    let token = machine.token(&root).await;
    assert_eq!(machine.make_network(&root, &token, "before").await.0, 201);
    let disk = machine.small_disk();

    // below the watermark: the database still has its reserve
    fill(&disk, 6 << 20);
    Machine::until("the watermark to be seen", async || wrong(&machine, &root).await == ["disk"]).await;
    assert_eq!(machine.make_network(&root, &token, "small things go on").await.0, 201);

    fill(&disk, 0);
    Machine::until("a write to be refused", async || {
        let (code, retry) = machine.make_network(&root, &token, "full").await;
        assert!(code == 201 || (code == 507 && retry), "{code}, Retry-After: {retry}");
        code == 507
    })
    .await;
    for _ in 0..5 {
        let (code, retry) = machine.make_network(&root, &token, "full").await;
        assert!(code == 201 || (code == 507 && retry), "{code}, Retry-After: {retry}");
        let list = machine.http().get(format!("{root}/network/v2.0/networks")).header("x-auth-token", &token);
        assert_eq!(list.send().await.unwrap().status(), 200, "reads go on");
    }
    let missed = "database.write".to_owned();
    Machine::until("the database to be missed", async || wrong(&machine, &root).await.contains(&missed))
        .await;
    let status = machine.status().unwrap();
    assert!(status["problems"].to_string().contains("full"), "{status}");

    std::fs::remove_file(disk.join("ballast")).unwrap();
    Machine::until("the cloud to be well again", async || wrong(&machine, &root).await.is_empty()).await;
    assert_eq!(machine.make_network(&root, &token, "after").await.0, 201);
}
