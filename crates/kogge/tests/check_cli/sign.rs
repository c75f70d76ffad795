//! `--sign`: OpenSSH itself agrees with the signature.

use std::os::unix::fs::PermissionsExt;

use kogge::test_cloud::TestCloud;

use crate::desk::{Desk, Ended};

/// A key made by OpenSSH.
pub(crate) async fn key(desk: &Desk, name: &str, words: &[&str]) {
    let always = ["-q", "-C", "test", "-f", name];
    desk.run("ssh-keygen", &[&always[..], words].concat()).await.expect(0);
}

/// Signs a report with a key, and asks OpenSSH about it as the monitor does.
async fn signed(desk: &Desk, key: &str, public: &str) -> Ended {
    let words = ["--tests", "scs-0100-syntax", "--report", "yaml=r.yaml", "--sign", key];
    desk.check(&words).await.expect(0);
    desk.write("allowed", &format!("mail@csp.eu {}", desk.read(public)));
    let report = desk.read("r.yaml");
    let verify = ["-Y", "verify", "-f", "allowed", "-I", "mail@csp.eu", "-n", "report", "-s", "r.yaml.sig"];
    let changed = desk.feed("ssh-keygen", &verify, report.replace(": 1", ": 0").as_bytes()).await;
    assert_ne!(changed.code, 0, "a changed report must not verify");
    let novalidate = ["-Y", "check-novalidate", "-n", "report", "-s", "r.yaml.sig"];
    desk.feed("ssh-keygen", &novalidate, report.as_bytes()).await.expect(0);
    desk.feed("ssh-keygen", &verify, report.as_bytes()).await
}

#[tokio::test]
async fn openssh_verifies_what_every_kind_of_key_signed() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("rsa", "2048")] {
        let name = format!("{kind}-{bits}");
        key(&desk, &name, &["-t", kind, "-b", bits, "-N", ""]).await;
        let verified = signed(&desk, &name, &format!("{name}.pub")).await.expect(0);
        assert!(verified.out.contains("Good \"report\" signature"), "{name}: {}", verified.out);
    }
    cloud.stop().await;
}

#[tokio::test]
async fn a_passphrase_comes_from_the_environment_and_nowhere_else_without_a_terminal() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    key(&desk, "k", &["-t", "ed25519", "-N", "geheim", "-a", "4"]).await;
    let words = ["--tests", "scs-0100-syntax", "--report", "yaml=r.yaml", "--sign", "k"];
    let asked = desk.check(&words).await.expect(2);
    assert!(
        asked.err.contains("KOGGE_SIGN_PASSPHRASE") && asked.out.is_empty(),
        "{}{}",
        asked.out,
        asked.err
    );
    let desk = desk.with("KOGGE_SIGN_PASSPHRASE", "wrong");
    let wrong = desk.check(&words).await.expect(2);
    assert!(wrong.err.contains("does not open it") && !wrong.err.contains("wrong"), "{}", wrong.err);
    let desk = desk.with("KOGGE_SIGN_PASSPHRASE", "geheim");
    signed(&desk, "k", "k.pub").await.expect(0);
    key(&desk, "rsa", &["-t", "rsa", "-b", "2048", "-N", "geheim", "-a", "4"]).await;
    signed(&desk, "rsa", "rsa.pub").await.expect(0);
    cloud.stop().await;
}

#[tokio::test]
async fn an_agent_signs_with_the_keys_that_it_holds() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    let socket = desk.path("agent");
    let socket = socket.to_string_lossy().into_owned();
    let mut agent = tokio::process::Command::new("ssh-agent")
        .args(["-D", "-a", &socket])
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    cloud.until("the agent listens", async || std::path::Path::new(&socket).exists()).await;
    let desk = desk.with("SSH_AUTH_SOCK", &socket);
    for kind in ["ed25519", "rsa"] {
        key(&desk, kind, &["-t", kind, "-N", ""]).await;
        let public = format!("{kind}.pub");
        let words = ["--tests", "scs-0100-syntax", "--report", "yaml=r.yaml", "--sign", &public];
        let without = desk.check(&words).await.expect(4);
        assert!(without.err.contains("ssh-add"), "{}", without.err);
        desk.run("ssh-add", &["-q", kind]).await.expect(0);
        signed(&desk, &public, &public).await.expect(0);
    }
    agent.kill().await.unwrap();
    cloud.stop().await;
}

#[tokio::test]
async fn keys_that_will_not_do_are_told_before_the_run() {
    let desk = Desk::bare();
    key(&desk, "rsa", &["-t", "rsa", "-b", "2048", "-N", ""]).await;
    key(&desk, "old", &["-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM"]).await;
    key(&desk, "open", &["-t", "ed25519", "-N", ""]).await;
    std::fs::set_permissions(desk.path("open"), std::fs::Permissions::from_mode(0o644)).unwrap();
    desk.write("text", "hello");
    let cloud = TestCloud::start().await;
    let desk = desk.with("OS_CLIENT_CONFIG_FILE", &cloud.clouds_yaml()).with("OS_CLOUD", "kogge");
    // here is no OpenSSH
    let desk = desk.with("PATH", "/nonexistent");
    for (key, hint) in [
        ("rsa", "ssh-agent"),
        ("old", "ssh-keygen -p"),
        ("open", "chmod 600"),
        ("text", "neither"),
        ("none", "none"),
        ("open.pub", "SSH_AUTH_SOCK"),
    ] {
        let ended = desk.check(&["--report", "yaml=r.yaml", "--sign", key]).await.expect(2);
        assert!(ended.err.contains(hint) && ended.out.is_empty(), "{key}: {}{}", ended.out, ended.err);
    }
    let nowhere = desk.check(&["--sign", "open"]).await.expect(2);
    assert!(nowhere.err.contains("yaml="), "{}", nowhere.err);
    cloud.stop().await;
}
