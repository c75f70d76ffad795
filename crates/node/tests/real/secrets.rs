//! What is a guest's stays with the guest, and what is the operator's with the operator.

use kogge_node_api::{DesiredInstance, Epoch, Node, Power};

use crate::lab::{Lab, next};
use crate::tiny;

const PASSWORD: &str = "very-secret-password";

fn with_password(lab: &Lab) -> DesiredInstance {
    let mut web = lab.server(&tiny::waiting());
    web.config_drive = true;
    web.metadata.admin_password = Some(PASSWORD.to_owned());
    web
}

/// The files of an instance that hold the password.
fn holders(lab: &Lab, web: &DesiredInstance) -> Vec<String> {
    let entries = std::fs::read_dir(lab.instance_dir(web.id)).unwrap();
    let holds = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes())
    };
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files
        .filter(|path| holds(path))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test]
async fn the_administrators_password_is_on_the_config_drive_and_nowhere_else() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = with_password(&lab);
    lab.make(&web).await;
    assert_eq!(holders(&lab, &web), ["config.iso"]);
    // later orders need not know it
    let mut off = next(&web, Power::Stopped);
    off.metadata.admin_password = None;
    lab.make(&off).await;
    lab.restart(|_| ()).await;
    lab.make(&next(&off, Power::Running)).await;
    assert_eq!(holders(&lab, &web), ["config.iso"]);
}

#[tokio::test]
async fn an_agent_that_forgot_the_password_before_the_drive_was_made_waits_to_be_told_again() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = with_password(&lab);
    lab.node().apply(Epoch::FIRST, web.clone()).await.unwrap();
    lab.until(web.id, "a fault", |o| o.is_some_and(|o| o.fault.is_some())).await;
    lab.restart(|_| ()).await;
    let waits = |o: &kogge_node_api::ObservedInstance| {
        o.fault.as_ref().is_some_and(|fault| fault.to_string().contains("password"))
    };
    lab.until(web.id, "the password to be missed", |o| o.is_some_and(waits)).await;
    lab.make(&web).await;
    assert_eq!(holders(&lab, &web), ["config.iso"]);
}

#[tokio::test]
async fn a_guests_process_sees_nothing_of_the_shell_that_started_the_agent() {
    let Some(lab) = Lab::open().await else { return };
    lab.make(&lab.server(&tiny::waiting())).await;
    // cargo gives every test variables of its own
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let pid = lab.guests()[0].process.pid;
    let text = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let mut names: Vec<&str> = text.split('\0').filter_map(|one| Some(one.split_once('=')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["LANG", "LC_ALL", "PATH"]);
}
