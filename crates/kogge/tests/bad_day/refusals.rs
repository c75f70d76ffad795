//! What a cloud does not start with, and what it says then.

use crate::machine::{Machine, read, text};

fn refused(machine: &Machine, words: &[&str]) -> String {
    let ended = machine.kogge(words);
    assert!(!ended.status.success(), "{words:?} went well: {}", text(&ended.stdout));
    text(&ended.stderr)
}

#[test]
fn a_damaged_database_is_refused_and_left_as_it_is() {
    let machine = Machine::new();
    let garbage = [0x5a; 8192];
    machine.write("kogge.sqlite", &garbage);
    let words = refused(&machine, &["up", "--foreground", "--listen", "127.0.0.1:0"]);
    assert!(words.contains("kogge.sqlite") && words.contains("damaged"), "{words}");
    assert!(words.contains("backup") && words.contains("doctor --deep"), "{words}");
    assert_eq!(std::fs::read(machine.data().join("kogge.sqlite")).unwrap(), garbage);
    let doctor = machine.kogge(&["doctor", "--sim", "--deep"]);
    let words = text(&doctor.stdout);
    assert!(!doctor.status.success() && words.contains("BAD   database"), "{words}");
}

#[test]
fn slips_in_the_configuration_are_refused_by_name() {
    let machine = Machine::new();
    machine.write("kogge.toml", b"[log]\nlevel = \"inof\"\n");
    for words in [&["up", "--sim"][..], &["config", "check"]] {
        assert!(refused(&machine, words).contains("`inof`"));
    }
    machine.write("kogge.toml", b"[database]\nurl = \"mysql://root:geheim@db/kogge\"\n");
    for words in [&["up", "--sim"][..], &["config", "check"]] {
        let said = refused(&machine, words);
        assert!(said.contains("mysql") && !said.contains("geheim"), "{said}");
    }
    machine.write("kogge.toml", b"[database]\nurl = \"postgres://kogge:geheim@127.0.0.1:9/kogge\"\n");
    let said = refused(&machine, &["up", "--sim"]);
    assert!(said.contains("--sim") && said.contains("database.url"), "{said}");
    let said = refused(&machine, &["config", "check"]);
    assert!(said.contains("127.0.0.1:9") && said.contains("refused") && !said.contains("geheim"), "{said}");
}

#[tokio::test]
async fn another_address_than_that_of_the_running_cloud_is_refused() {
    let mut machine = Machine::new();
    let up = machine.kogge(&["up", "--sim", "--listen", "127.0.0.1:0"]);
    assert!(up.status.success(), "{}", text(&up.stderr));
    let root = machine.address().await;
    let said = refused(&machine, &["up", "--sim", "--listen", "127.0.0.1:1"]);
    assert!(said.contains(root.trim_start_matches("http://")), "{said}");
    let same = root.trim_start_matches("http://").to_owned();
    assert!(machine.kogge(&["up", "--sim", "--listen", &same]).status.success());
    assert!(read(&machine.data().join("kogge.log")).contains("the cloud answers"));
}

#[test]
fn a_configuration_at_a_relative_path_is_found_in_the_background() {
    let machine = Machine::new();
    machine.write("other.toml", b"[server]\nregion = \"Elsewhere\"\n");
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_kogge"))
        .args(["up", "--sim", "--listen", "127.0.0.1:0", "--config", "other.toml", "--data"])
        .arg(machine.data())
        .current_dir(machine.data())
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    assert!(read(&machine.data().join("clouds.yaml")).contains("Elsewhere"));
}
