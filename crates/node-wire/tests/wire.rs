//! A node behind the wire is the node, for whoever bears the right certificate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use kogge_clock::{Clock, Timestamp};
use kogge_ids::{CloudId, ImageId, ServerId};
use kogge_node_api::{
    ConsoleKind, Data, DesiredDisk, DesiredInstance, DesiredNetworking, DiskBus, DiskFormat, DiskSource,
    Epoch, Firmware, GuestMetadata, Hello, ImageHead, ImageSource, InstanceState, IoLimits, NetworkingChange,
    Node, NodeError, Power, SetAside, Slot, Versions, VolumePlace, VolumeSource,
};
use kogge_node_sim::{Call, SimConfig, SimNode, Times};
use kogge_node_wire::{Authority, Deadlines, Identity, Server, WireNode, router};
use sha2::{Digest as _, Sha512};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const DAY: Duration = Duration::from_secs(86_400);
const HOST: &str = "rack7";
const IMAGE: &[u8] = b"the bytes of an image";

struct Lab {
    sim: SimNode,
    authority: Authority,
    now: Timestamp,
    server: Server,
}

impl Lab {
    async fn open() -> Self {
        let now = Clock::system().now();
        let authority = Authority::make(CloudId::random(), now).unwrap();
        let sim = SimNode::new(SimConfig { strict_ports: false, ..SimConfig::new(HOST) }, Clock::system());
        let own = authority.node(HOST, now, DAY).unwrap();
        let server = serve(&sim, &own).await;
        Self { sim, authority, now, server }
    }

    fn node(&self) -> WireNode {
        self.node_as(&self.authority.control_plane(self.now, DAY).unwrap())
    }

    fn node_as(&self, own: &Identity) -> WireNode {
        WireNode::new(HOST, self.server.address(), own, hasty()).unwrap()
    }
}

async fn serve(sim: &SimNode, own: &Identity) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::start(listener, router(Arc::new(sim.clone())), own).unwrap()
}

fn hasty() -> Deadlines {
    let pause = Duration::from_millis(10);
    Deadlines { call: Duration::from_secs(3), tries: 3, pause, ..Deadlines::default() }
}

/// A volume with all that can be said of one.
fn volume() -> DesiredDisk {
    let attachment = kogge_ids::AttachmentId::random();
    let place = VolumePlace::File {
        backend: "files".to_owned(),
        name: "volume-1.luks".to_owned(),
        format: DiskFormat::Raw,
    };
    let limits = IoLimits { total_iops: Some(100), write_bytes: Some(1 << 20), ..IoLimits::default() };
    let source = VolumeSource {
        volume: kogge_ids::VolumeId::random(),
        attachment,
        place,
        passphrase: Some("secret".to_owned()),
        read_only: true,
        shared: true,
        limits,
    };
    DesiredDisk {
        slot: Slot::volume(attachment),
        source: DiskSource::Volume(source),
        size_mib: 2048,
        bus: DiskBus::Scsi,
        boot: None,
        made: true,
    }
}

fn desired() -> DesiredInstance {
    let id = ServerId::random();
    let image = ImageSource {
        image: ImageId::random(),
        digest: Some(hex::encode(Sha512::digest(IMAGE))),
        format: DiskFormat::Raw,
    };
    DesiredInstance {
        id,
        generation: 1,
        power: Power::Running,
        reboot: None,
        interrupt: 0,
        vcpus: 1,
        memory_mib: 512,
        disks: vec![
            DesiredDisk {
                slot: Slot::root(),
                source: DiskSource::Image(image),
                size_mib: 1024,
                bus: DiskBus::Virtio,
                boot: Some(1),
                made: false,
            },
            volume(),
        ],
        nics: Vec::new(),
        config_drive: false,
        firmware: Firmware::Bios,
        hardware: Default::default(),
        metadata: GuestMetadata {
            server: id,
            name: "web".to_owned(),
            hostname: "web".to_owned(),
            project_id: "p".to_owned(),
            availability_zone: "nova".to_owned(),
            meta: [("key".to_owned(), "value".to_owned())].into(),
            keys: Vec::new(),
            user_data: Some(vec![0, 255]),
            admin_password: Some("secret".to_owned()),
            launch_index: 0,
            flavor: "small".to_owned(),
            image: String::new(),
            network_data: "{}".to_owned(),
            random_seed: None,
            files: Vec::new(),
        },
    }
}

fn image() -> (ImageHead, Data) {
    let digest = hex::encode(Sha512::digest(IMAGE));
    let head = ImageHead { digest, bytes: IMAGE.len() as u64, format: DiskFormat::Raw };
    let pieces = IMAGE.chunks(5).map(|piece| Ok(Bytes::from_static(piece))).collect::<Vec<_>>();
    (head, Data::Stream(futures_util::stream::iter(pieces).boxed()))
}

#[tokio::test]
async fn every_call_of_the_trait_reaches_the_node_and_comes_back() {
    let lab = Lab::open().await;
    let (node, web) = (lab.node(), desired());
    assert_eq!(node.hello(Hello::default()).await.unwrap(), lab.sim.hello(Hello::default()).await.unwrap());
    assert_eq!(node.facts().await.unwrap().name, HOST);
    let waits = node.apply(Epoch(3), web.clone()).await.unwrap();
    assert_eq!((waits.state, waits.lacks.len()), (InstanceState::Building, 1));
    assert_eq!(lab.sim.desired(web.id).unwrap(), web, "nothing of it is lost on the way");
    let (head, data) = image();
    node.put_image(Epoch(3), head, data).await.unwrap();
    let seen = node.observe().await.unwrap();
    assert_eq!(seen, lab.sim.observe().await.unwrap());
    assert_eq!((seen[0].state, seen[0].holds.len()), (InstanceState::Running, 1));
    let slot = &web.disks[1].slot;
    assert!(node.export_disk(web.id, slot).await.unwrap().bytes > 0);
    assert!(!format!("{:?}", web.disks).contains("secret"), "no passphrase is in a log");
    assert_eq!(node.take_command(Epoch(1)).await.unwrap(), Epoch(4));
    assert_eq!(node.take_command(Epoch(9)).await.unwrap(), Epoch(9));
    assert!(node.remove(Epoch(3), web.id, 1).await.is_err(), "and the one before is deposed");
    assert!(String::from_utf8(node.console_output(web.id, None).await.unwrap()).unwrap().contains("login:"));
    let mut console = node.open_console(web.id, ConsoleKind::Serial).await.unwrap();
    console.write_all(b"both ways").await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"both ways") {
        said.push(console.read_u8().await.unwrap());
    }
    let copy = node.export_disk(web.id, &Slot::root()).await.unwrap();
    let pieces: Vec<_> = copy.data.into_stream().map(|piece| piece.unwrap()).collect().await;
    let bytes = pieces.concat();
    assert_eq!((bytes.len() as u64, &bytes[..4]), (copy.bytes, b"QFI\xfb".as_slice()));
    let networking = node
        .apply_networking(Epoch(9), NetworkingChange::whole(7, DesiredNetworking::default()))
        .await
        .unwrap();
    assert_eq!(networking.generation, 7);
    let note = SetAside { since: 1, because: "nobody knows it".to_owned() };
    node.set_aside(Epoch(9), web.id, note.clone()).await.unwrap();
    assert_eq!(node.quarantine().await.unwrap()[0].note, note);
    node.take_back(Epoch(9), web.id).await.unwrap();
    assert!(node.discard(Epoch(9), web.id).await.unwrap_err().is_final());
    assert!(node.remove(Epoch(9), web.id, 1).await.unwrap());
    assert_eq!(lab.sim.instance_ids(), []);
}

#[tokio::test]
async fn what_the_node_says_no_to_comes_back_as_its_own_words() {
    let lab = Lab::open().await;
    let node = lab.node();
    let id = ServerId::random();
    let missing = NodeError::NotFound { kind: "server".to_owned(), id: id.to_string() };
    assert_eq!(node.console_output(id, Some(3)).await.unwrap_err(), missing);
    assert_eq!(node.export_disk(id, &Slot::root()).await.unwrap_err(), missing);
    assert_eq!(node.open_console(id, ConsoleKind::Vnc).await.unwrap_err(), missing);
    node.apply(Epoch(2), desired()).await.unwrap();
    let deposed = NodeError::Deposed { by: Epoch(1), newest: Epoch(2) };
    assert_eq!(node.apply(Epoch(1), desired()).await.unwrap_err(), deposed);
    let (head, data) = image();
    let short = Data::Stream(data.into_stream().skip(1).boxed());
    let error = node.put_image(Epoch(2), head, short).await.unwrap_err();
    assert!(matches!(&error, NodeError::Failed { .. }), "{error}");
    let strange = Hello { versions: Versions { oldest: 7, newest: 9 } };
    assert!(node.hello(strange).await.unwrap_err().is_final());
}

#[tokio::test]
async fn an_observer_waits_on_the_other_side_and_is_told_at_once() {
    let lab = Lab::open().await;
    let node = lab.node();
    let begun = node.observe_since(None, Duration::ZERO).await.unwrap();
    assert!(begun.whole);
    let quiet = node.observe_since(Some(begun.cursor), Duration::from_millis(50)).await.unwrap();
    assert!(quiet.is_empty());
    let web = desired();
    let waiting = tokio::spawn({
        let node = node.clone();
        // longer than the deadline of a call: waiting is not silence
        async move { node.observe_since(Some(quiet.cursor), Duration::from_secs(60)).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    lab.sim.apply(Epoch(1), web.clone()).await.unwrap();
    let told = waiting.await.unwrap().unwrap();
    assert_eq!(told.instances[0].id, web.id);
    lab.sim.restart_agent();
    assert!(node.observe_since(Some(told.cursor), Duration::from_secs(60)).await.unwrap().whole);
}

#[tokio::test]
async fn a_call_that_gets_no_answer_is_made_again_and_does_its_work_once() {
    let lab = Lab::open().await;
    let own = lab.authority.control_plane(lab.now, DAY).unwrap();
    let short = Deadlines { call: Duration::from_millis(300), ..hasty() };
    let node = WireNode::new(HOST, lab.server.address(), &own, short).unwrap();
    let web = desired();
    lab.sim.faults().hang(Call::Apply, None, Times::N(1), Duration::from_secs(2));
    node.apply(Epoch(1), web.clone()).await.unwrap();
    assert_eq!(lab.sim.faults().calls(Call::Apply), 2);
    assert_eq!(lab.sim.instance_ids(), [web.id]);
    lab.sim.faults().hang(Call::Observe, None, Times::Forever, Duration::from_secs(60));
    let silent = node.observe().await.unwrap_err();
    assert!(silent.to_string().contains("no answer within"), "{silent}");
    assert_eq!(lab.sim.faults().calls(Call::Observe), 3);
}

#[tokio::test]
async fn a_command_that_is_taken_twice_by_one_call_is_taken_once() {
    let lab = Lab::open().await;
    let own = lab.authority.control_plane(lab.now, DAY).unwrap();
    let node = WireNode::new(HOST, lab.server.address(), &own, hasty()).unwrap();
    let first = node.take_command(Epoch(1)).await.unwrap();
    let second = node.take_command(Epoch(1)).await.unwrap();
    assert!(second > first, "two calls are two");
    assert!(node.apply(first, desired()).await.is_err() && node.apply(second, desired()).await.is_ok());
}

/// What a stranger hears.
async fn refused(node: &WireNode) -> String {
    match node.facts().await {
        Err(NodeError::Unreachable { because, .. }) => because,
        other => panic!("it was let in: {other:?}"),
    }
}

#[tokio::test]
async fn only_a_certificate_of_this_clouds_control_plane_opens_the_door() {
    let lab = Lab::open().await;
    let other = Authority::make(CloudId::random(), lab.now).unwrap();
    let ours = |own: Identity| Identity { authority: lab.authority.certificate().to_owned(), ..own };
    let strangers = [
        ("another cloud's", ours(other.control_plane(lab.now, DAY).unwrap())),
        ("expired", lab.authority.control_plane(lab.now.minus(10 * DAY), DAY).unwrap()),
        ("not yet good", lab.authority.control_plane(lab.now.plus(10 * DAY), DAY).unwrap()),
        ("a node's", lab.authority.node(HOST, lab.now, DAY).unwrap()),
    ];
    for (what, own) in strangers {
        let because = refused(&lab.node_as(&own)).await;
        assert!(!because.is_empty(), "{what}");
    }
    assert_eq!(lab.sim.faults().calls(Call::Facts), 0, "nobody got as far as the node");
    assert!(lab.node().facts().await.is_ok(), "and who may, may");
}

#[tokio::test]
async fn without_any_certificate_nobody_gets_in() {
    let lab = Lab::open().await;
    let authority = reqwest::Certificate::from_pem(lab.authority.certificate().as_bytes()).unwrap();
    // two libraries may want a TLS provider: the first call wins, the second says so and is right
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder()
        .tls_certs_only([authority])
        .tls_danger_accept_invalid_hostnames(true)
        .http2_prior_knowledge()
        .build()
        .unwrap();
    for scheme in ["https", "http"] {
        let url = format!("{scheme}://127.0.0.1:{}/v1/facts", lab.server.address().port());
        assert!(http.post(url).body("{}").send().await.is_err(), "{scheme}");
    }
    assert_eq!(lab.sim.faults().calls(Call::Facts), 0);
}

#[tokio::test]
async fn a_machine_under_another_hosts_name_is_not_spoken_to() {
    let lab = Lab::open().await;
    let strangers = [
        lab.authority.node("rack8", lab.now, DAY).unwrap(),
        lab.authority.node(HOST, lab.now.minus(10 * DAY), DAY).unwrap(),
        lab.authority.control_plane(lab.now, DAY).unwrap(),
        Authority::make(CloudId::random(), lab.now).unwrap().node(HOST, lab.now, DAY).unwrap(),
    ];
    let own = lab.authority.control_plane(lab.now, DAY).unwrap();
    for stranger in strangers {
        // it lets everybody in whom this cloud vouches for
        let stranger = Identity { authority: lab.authority.certificate().to_owned(), ..stranger };
        let server = serve(&lab.sim, &stranger).await;
        refused(&WireNode::new(HOST, server.address(), &own, hasty()).unwrap()).await;
    }
    assert_eq!(lab.sim.faults().calls(Call::Facts), 0, "not a word was said");
}

#[tokio::test]
async fn an_authority_that_was_put_away_still_vouches() {
    let lab = Lab::open().await;
    let cloud = CloudId::random();
    let first = Authority::make(cloud, lab.now).unwrap();
    let again = Authority::load(cloud, first.certificate().to_owned(), first.key()).unwrap();
    let server = serve(&lab.sim, &first.node(HOST, lab.now, DAY).unwrap()).await;
    let own = again.control_plane(lab.now, DAY).unwrap();
    let node = WireNode::new(HOST, server.address(), &own, hasty()).unwrap();
    assert_eq!(node.facts().await.unwrap().name, HOST);
}

#[tokio::test]
async fn an_order_that_is_too_long_changes_nothing_and_a_node_that_went_is_silent() {
    let lab = Lab::open().await;
    let node = lab.node();
    let mut huge = desired();
    huge.metadata.user_data = Some(vec![100; 20 << 20]);
    let error = node.apply(Epoch(1), huge).await.unwrap_err();
    assert!(matches!(error, NodeError::Unreachable { .. }), "{error}");
    assert_eq!((lab.sim.faults().calls(Call::Apply), lab.sim.instance_ids().len()), (0, 0));
    assert!(node.facts().await.is_ok(), "and the next one is heard");
    drop(lab.server);
    assert!(matches!(node.facts().await, Err(NodeError::Unreachable { .. })));
}
