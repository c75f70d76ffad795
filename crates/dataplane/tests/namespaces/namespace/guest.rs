//! A real guest on QEMU behind a tap: where `KOGGE_GUEST_IMAGE` names the test guest's image.

use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::lab::{Lab, eventually, pings, talk};
use super::state::{external, open_group, port, router, state, tenant};

/// A virtual machine that ends with the test.
struct Machine {
    child: Child,
    console: PathBuf,
}

impl Machine {
    /// Starts QEMU with software emulation, the image (unchanged), and the tap.
    fn start(image: &Path, tap: std::os::fd::OwnedFd, mac: &str, folder: &Path) -> Self {
        let console = folder.join("console");
        fcntl(&tap, FcntlArg::F_SETFD(FdFlag::empty())).unwrap(); // QEMU inherits it
        let child = Command::new("qemu-system-x86_64")
            .args(["-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"])
            .args(["-cpu", "max", "-accel", "tcg,thread=multi", "-m", "192"])
            .arg("-drive")
            .arg(format!("file={},if=none,id=d,snapshot=on", image.display()))
            .args(["-device", "virtio-blk-pci,drive=d", "-device", "virtio-rng-pci"])
            .args(["-netdev", &format!("tap,id=n,fd={},vhost=off", tap.as_raw_fd())])
            .args(["-device", &format!("virtio-net-pci,netdev=n,mac={mac},host_mtu=1450,romfile=")])
            .arg("-serial")
            .arg(format!("file:{}", console.display()))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, console }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.console).unwrap_or_default()).into_owned()
    }

    /// Waits for a line with `words`: as long as the guest gets on, at most five minutes.
    fn line(&self, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(300);
        while Instant::now() < deadline {
            let said = self.said();
            let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole); // the last line may be half written
            if let Some(line) = whole.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        panic!("no {words} in {}", self.said())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_guest_gets_its_lease_and_metadata_and_is_reached_under_its_floating_ip() {
    let Some(image) = std::env::var_os("KOGGE_GUEST_IMAGE").map(PathBuf::from) else {
        println!("skipped: KOGGE_GUEST_IMAGE does not name the test guest's image");
        return;
    };
    let Some(lab) = Lab::new("guest") else { return };
    let plane = lab.open().await;
    let group = open_group();
    let (network, outside) = (tenant(7), external(8));
    let port = port(&network, 10, &[&group]);
    let (id, mac, server) = (port.id, port.mac.clone(), port.server.unwrap());
    let router = router(&network, &outside, 5, &[("172.24.4.50", "10.0.0.10")]);
    let mut desired = state(network, vec![port], vec![group]);
    desired.networks.push(outside);
    desired.routers.push(router);
    plane.apply(desired.clone()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let machine = Machine::start(&image, plane.plug(id).await.unwrap(), &mac, folder.path());
    let finished = machine.line("BOOT-FINISHED");
    assert!(finished.contains("ip=10.0.0.10") && finished.contains(&format!("host-{server}")), "{finished}");
    assert!(plane.observe().await.unwrap().ports[0].up);
    assert!(pings(&lab.host(), "172.24.4.50", &[]));
    let answers =
        || talk(&lab.host(), "172.24.4.50:22", "").is_some_and(|banner| banner.starts_with("SSH-2.0"));
    assert!(eventually(answers), "{}", machine.said());

    drop(plane);
    let plane = lab.open().await;
    assert!(plane.recover().await.unwrap().ports[0].up, "the guest keeps its tap over a restart");
    assert!(pings(&lab.host(), "172.24.4.50", &[]));
    drop(machine);
    assert!(!plane.observe().await.unwrap().ports[0].up, "the tap goes with the guest");
}
