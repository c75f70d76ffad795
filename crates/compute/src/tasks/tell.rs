//! The whole desired state of a server, in the words of nodes.

use std::collections::BTreeMap;

use kogge_node_api::{
    DesiredDisk, DesiredInstance, DiskSource, GuestFile, GuestMetadata, ImageSource, Nic, NodeError, Power,
    PublicKey, Reboot, RebootKind, Slot,
};

use crate::Compute;
use crate::model::keypair::KeyType;
use crate::model::server::{self, BirthDisk, InjectedFile, Rescue, Server};
use crate::service::servers::details::Details;

impl Compute {
    /// The password that the guest does not have yet. One that cannot be opened is gone with its key.
    fn password_of(&self, server: &Server) -> Option<String> {
        let sealed = server.spec.sealed_password.as_deref()?;
        let opened = self.seal().open(sealed);
        if opened.is_none() {
            tracing::warn!(server.id = %server.id, "the password of a server was sealed with a key that is not here");
        }
        opened
    }

    /// What the node of `server` should make true.
    pub(super) async fn desired(&self, server: &Server) -> Result<DesiredInstance, NodeError> {
        let (birth, digest) = self.root_of(server).await?;
        let failed = |error: crate::error::Error| NodeError::failed("reading the server's ports", error);
        let details = self.detail(server.clone()).await.map_err(failed)?;
        let network_data = self.network_data(server.id, &server.nics).await.map_err(failed)?;
        let mut nics = Vec::with_capacity(server.nics.len());
        for nic in &server.nics {
            let port = details.ports.iter().find(|port| port.id == nic.port);
            // a port that its owner deleted is an interface less
            nics.extend(port.map(|port| Nic { port: port.id, mac: port.mac.clone(), mtu: port.mtu }));
        }
        let intent = &server.intent;
        Ok(DesiredInstance {
            id: server.id,
            generation: intent.generation,
            power: match server.power_to_tell() {
                server::Power::Running => Power::Running,
                server::Power::Stopped => Power::Stopped,
                server::Power::Paused => Power::Paused,
                server::Power::Suspended => Power::Suspended,
            },
            reboot: (intent.boot > 0).then_some(Reboot {
                number: intent.boot,
                kind: if intent.soft { RebootKind::Soft } else { RebootKind::Hard },
            }),
            interrupt: intent.interrupt,
            vcpus: server.shape.vcpus,
            memory_mib: server.shape.ram_mib,
            disks: self.disks(server, &birth, digest).await?,
            nics,
            config_drive: server.spec.config_drive,
            firmware: birth.firmware,
            hardware: server.spec.hardware.clone(),
            metadata: metadata(&details, network_data, self.password_of(server)),
        })
    }
}

impl Compute {
    /// All disks: what it boots from first, then those of its host, then its other volumes.
    async fn disks(
        &self,
        server: &Server,
        birth: &BirthDisk,
        digest: Option<String>,
    ) -> Result<Vec<DesiredDisk>, NodeError> {
        let (mut all, others): (Vec<_>, Vec<_>) =
            self.volume_disks(server, birth).await?.into_iter().partition(|disk| disk.boot.is_some());
        all.extend(local_disks(server, birth, digest));
        all.extend(others);
        if let Some(rescue) = &server.intent.rescue {
            add_rescue(&mut all, rescue);
        }
        Ok(all)
    }
}

/// Root, ephemeral and swap, as far as the flavor has them and the root is no volume.
fn local_disks(server: &Server, birth: &BirthDisk, digest: Option<String>) -> Vec<DesiredDisk> {
    let made = server.disk_is_built();
    let disk =
        |slot, source, size_mib, boot| DesiredDisk { slot, source, size_mib, bus: birth.bus, boot, made };
    let mib = |gib: u64| gib.saturating_mul(1024);
    let (ephemeral, swap) = server.spec.local.on(&server.shape);
    let mut all = Vec::new();
    if let Some(image) = server.disk_image() {
        let image = ImageSource { image, digest, format: birth.format };
        // what comes from another host is not made from an image; only simulated hosts carry disks, without a byte
        let root = if server.is_carried() && !made { DiskSource::Blank } else { DiskSource::Image(image) };
        all.push(disk(Slot::root(), root, mib(server.spec.root_gib), Some(1)));
    }
    for (number, gib) in ephemeral.into_iter().enumerate().filter(|(_, gib)| *gib > 0) {
        all.push(disk(Slot::ephemeral_of(number), DiskSource::Blank, mib(gib), None));
    }
    if swap > 0 {
        all.push(disk(Slot::swap(), DiskSource::Swap, swap, None));
    }
    all
}

/// The guest boots from the rescue disk. It is the first one, unless its image wants the others to stay where they are.
fn add_rescue(all: &mut Vec<DesiredDisk>, rescue: &Rescue) {
    all.iter_mut().for_each(|disk| disk.boot = None);
    let image =
        ImageSource { image: rescue.image, digest: rescue.disk.digest.clone(), format: rescue.disk.format };
    let disk = DesiredDisk {
        slot: Slot::rescue(),
        source: DiskSource::Image(image),
        size_mib: 0,
        bus: rescue.disk.bus,
        boot: Some(1),
        made: false,
    };
    let place = if rescue.stable { all.len() } else { 0 };
    all.insert(place, disk);
}

fn metadata(details: &Details, network_data: String, admin_password: Option<String>) -> GuestMetadata {
    let server = &details.server;
    let spec = &server.spec;
    let key = spec.key.as_ref().filter(|key| key.kind == KeyType::Ssh);
    GuestMetadata {
        server: server.id,
        name: server.name.clone(),
        hostname: server.hostname.clone(),
        project_id: server.project.to_string(),
        availability_zone: details.zone.clone(),
        meta: server
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        keys: key
            .map(|key| PublicKey { name: key.name.clone(), key: key.public_key.trim().to_owned() })
            .into_iter()
            .collect(),
        user_data: spec.user_data.as_deref().and_then(decode),
        admin_password,
        launch_index: spec.launch_index,
        flavor: server.shape.name.clone(),
        image: server.image.as_ref().map(|image| image.id.to_string()).unwrap_or_default(),
        network_data,
        random_seed: Some(spec.random_seed.clone()),
        files: spec.files.iter().filter_map(file).collect(),
    }
}

fn file(file: &InjectedFile) -> Option<GuestFile> {
    Some(GuestFile { path: file.path.clone(), content: decode(&file.contents)? })
}

fn decode(data: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(data).ok()
}
