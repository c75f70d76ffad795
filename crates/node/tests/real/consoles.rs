//! Consoles of a real QEMU.

use kogge_node_api::{ConsoleKind, ConsoleStream, Node, NodeError, Power};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::lab::{Lab, next, real_guest};
use crate::tiny;

/// Reads until `wanted` was said.
async fn says(console: &mut ConsoleStream, wanted: &str) {
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&said).contains(wanted) {
        let count = console.read(&mut piece).await.unwrap();
        assert!(count > 0, "it ended: {}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&piece[..count]);
    }
}

#[tokio::test]
async fn a_screen_is_shown_to_several_and_ends_with_its_guest() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let open = async || lab.node().open_console(web.id, ConsoleKind::Vnc).await.unwrap();
    let (mut first, mut second) = (open().await, open().await);
    for screen in [&mut first, &mut second] {
        let mut version = [0; 12];
        screen.read_exact(&mut version).await.unwrap();
        assert_eq!(&version, b"RFB 003.008\n");
        screen.write_all(&version).await.unwrap();
        assert_eq!(screen.read_u16().await.unwrap(), 0x0101, "one way to sign in: none");
        screen.write_all(&[1]).await.unwrap();
        assert_eq!(screen.read_u32().await.unwrap(), 0);
        screen.write_all(&[1]).await.unwrap();
        let mut init = [0; 24];
        screen.read_exact(&mut init).await.unwrap();
        assert!(u16::from_be_bytes([init[0], init[1]]) >= 320, "{init:?}");
    }
    lab.make(&next(&web, Power::Stopped)).await;
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).await.unwrap();
    let down = lab.node().open_console(web.id, ConsoleKind::Vnc).await.unwrap_err();
    assert!(matches!(down, NodeError::NotYet { .. }), "{down}");
}

#[tokio::test]
async fn a_guest_of_before_has_no_screen_and_that_is_said() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let run = lab.instance_dir(web.id).join("run");
    for entry in std::fs::read_dir(&run).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("vnc-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let refused = lab.node().open_console(web.id, ConsoleKind::Vnc).await.unwrap_err();
    assert!(refused.is_final() && refused.to_string().contains("hard reboot"), "{refused}");
    // whoever has the guest's rights may listen in its place: that is nobody's console
    let _other = std::os::unix::net::UnixListener::bind(run.join("vnc-1.sock")).unwrap();
    let refused = lab.node().open_console(web.id, ConsoleKind::Vnc).await.unwrap_err();
    assert!(refused.to_string().contains("somebody else listens"), "{refused}");
}

#[tokio::test]
async fn linux_is_signed_in_at_over_its_serial_line_which_the_next_one_takes_over() {
    let Some(web) = real_guest() else { return };
    let Some(lab) = Lab::open_patient().await else { return };
    lab.make(&web).await;
    lab.says(web.id, "login:", 1).await;
    let open = async || lab.node().open_console(web.id, ConsoleKind::Serial).await.unwrap();
    let mut line = open().await;
    line.write_all(b"\r").await.unwrap();
    says(&mut line, "login:").await;
    let mut second = open().await;
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).await.unwrap();
    drop(line);
    second.write_all(b"\r").await.unwrap();
    says(&mut second, "login:").await;
    assert!(lab.console(web.id).await.matches("login:").count() >= 3, "the log has it too");
}
