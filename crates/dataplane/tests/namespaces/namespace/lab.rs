//! A host, a data plane and guests, all in namespaces of this test: the machine's own is not touched.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kogge_dataplane::{Dataplane, DataplaneConfig, HostSide, MetadataSource};
use kogge_ids::ServerId;
use kogge_node_api::{DesiredPort, GuestMetadata};
use nix::sched::{CloneFlags, setns};

/// Everything of one test; removed when dropped.
pub(crate) struct Lab {
    pub(crate) prefix: String,
    pub(crate) side: HostSide,
    folder: tempfile::TempDir,
}

/// Answers for every server, with its id as host name.
struct Source;

impl MetadataSource for Source {
    fn for_server(&self, id: ServerId) -> Option<GuestMetadata> {
        Some(GuestMetadata {
            server: id,
            name: "guest".to_owned(),
            hostname: format!("host-{id}"),
            project_id: String::new(),
            availability_zone: "nova".to_owned(),
            meta: Default::default(),
            keys: Vec::new(),
            user_data: None,
            admin_password: None,
            launch_index: 0,
            flavor: String::new(),
            image: String::new(),
            network_data: String::new(),
            random_seed: None,
            files: Vec::new(),
        })
    }
}

impl Lab {
    /// A lab of its own for the test called `name`; `None`, with a word, where the machine cannot have one.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let missing = ["ip", "nft", "conntrack", "ping"].into_iter().find(|tool| {
            !["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
                .iter()
                .any(|dir| PathBuf::from(dir).join(tool).exists())
        });
        if !nix::unistd::Uid::effective().is_root() || missing.is_some() {
            println!("skipped: namespace tests need root and iproute2, nftables, conntrack, iputils-ping");
            return None;
        }
        let prefix = format!("kt{}-{name}", std::process::id());
        let lab = Self {
            side: HostSide { namespace: Some(format!("{prefix}-host")), ..HostSide::default() },
            prefix,
            folder: tempfile::tempdir().unwrap(),
        };
        ip(&["netns", "add", &lab.host()]);
        ip(&["-n", &lab.host(), "link", "set", "lo", "up"]);
        Some(lab)
    }

    pub(crate) fn host(&self) -> String {
        format!("{}-host", self.prefix)
    }

    pub(crate) async fn open(&self) -> Dataplane {
        let config = DataplaneConfig {
            prefix: self.prefix.clone(),
            data_dir: self.folder.path().to_owned(),
            host: self.side.clone(),
            metadata: Arc::new(Source),
        };
        Dataplane::open(config).await.unwrap()
    }

    /// A namespace that stands in for the VM of `port`. The node's namespace has to exist; the tap is joined by the
    /// next `apply`.
    pub(crate) fn guest(&self, name: &str, port: &DesiredPort) -> Guest {
        let namespace = format!("{}-{name}", self.prefix);
        let tap = format!("tap{}", &port.id.to_string()[..11]);
        ip(&["netns", "add", &namespace]);
        ip(&[
            "-n",
            &self.prefix,
            "link",
            "add",
            "name",
            &tap,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            &namespace,
        ]);
        ip(&["-n", &namespace, "link", "set", "dev", "eth0", "address", &port.mac]);
        ip(&["-n", &namespace, "link", "set", "dev", "lo", "up"]);
        ip(&["-n", &namespace, "link", "set", "dev", "eth0", "up"]);
        Guest { namespace }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let folder = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
        for name in folder.filter_map(|entry| entry.file_name().into_string().ok()) {
            if name == self.prefix || name.starts_with(&format!("{}-", self.prefix)) {
                let _ = Command::new("ip").args(["netns", "del", &name]).status();
            }
        }
    }
}

/// A namespace with one interface.
pub(crate) struct Guest {
    pub(crate) namespace: String,
}

impl Guest {
    /// Gives the guest an address and a default route, as its administrator would.
    pub(crate) fn configure(&self, address: &str, gateway: Option<&str>) {
        ip(&["-n", &self.namespace, "addr", "add", address, "dev", "eth0"]);
        if let Some(gateway) = gateway {
            ip(&["-n", &self.namespace, "route", "add", "default", "via", gateway]);
        }
    }

    /// True where one of three pings is answered.
    pub(crate) fn pings(&self, to: &str) -> bool {
        pings(&self.namespace, to, &[])
    }

    /// Answers every TCP connection to `port` with `words` until the test ends.
    pub(crate) fn listen(&self, port: u16, words: &'static str) {
        let listener = inside(&self.namespace, move || TcpListener::bind(("0.0.0.0", port)).unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.write_all(words.as_bytes());
            }
        });
    }

    /// An HTTP request to the metadata address: status line and body.
    pub(crate) fn metadata(&self, path: &str) -> Option<String> {
        let request = format!("GET {path} HTTP/1.0\r\nHost: 169.254.169.254\r\n\r\n");
        talk(&self.namespace, "169.254.169.254:80", &request)
    }
}

/// Runs `ip` and insists.
pub(crate) fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).output().unwrap();
    assert!(output.status.success(), "ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
}

/// Runs a program in a namespace: whether it succeeded, and all it said.
pub(crate) fn exec(namespace: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new("ip").args(["netns", "exec", namespace]).args(args).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// True where one of three pings is answered.
pub(crate) fn pings(namespace: &str, to: &str, more: &[&str]) -> bool {
    let mut args = vec!["ping", "-n", "-q", "-c", "3", "-i", "0.2", "-w", "2"];
    args.extend(more);
    args.push(to);
    exec(namespace, &args).1.lines().any(|line| line.contains("received") && !line.contains(" 0 received"))
}

/// Connects from a namespace, says `words`, and answers what the other side said.
pub(crate) fn talk(namespace: &str, to: &str, words: &str) -> Option<String> {
    let to: SocketAddr = to.parse().unwrap();
    let words = words.to_owned();
    inside(namespace, move || {
        let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(2)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(words.as_bytes()).ok()?;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes); // what came before a timeout counts, too
        Some(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// Does `work` on a thread inside a namespace.
pub(crate) fn inside<T: Send + 'static>(namespace: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let path = format!("/run/netns/{namespace}");
    let thread = std::thread::spawn(move || {
        let file = std::fs::File::open(path).unwrap();
        setns(file, CloneFlags::CLONE_NEWNET).unwrap();
        work()
    });
    thread.join().unwrap()
}

/// Waits until `condition` holds, at most ten seconds.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}
