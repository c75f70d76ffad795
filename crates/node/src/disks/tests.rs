//! What becomes of wishes for disks.

use kogge_node_api::{Data, DiskBus, ImageHead};
use sha2::{Digest as _, Sha512};

use super::*;
use crate::step::testing::{desired, root};

const GIB: u64 = 1 << 30;

struct Place {
    dir: tempfile::TempDir,
    tool: ImageTool,
    images: Images,
}

impl Place {
    fn vm(&self) -> PathBuf {
        self.dir.path().join("vm")
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    /// Hands the image to the node and lets the root disk be made from it.
    async fn hand_over(&self, desired: &mut DesiredInstance) {
        let bytes = std::fs::read(self.image()).unwrap();
        let digest = hex::encode(Sha512::digest(&bytes));
        let head = ImageHead { digest: digest.clone(), bytes: bytes.len() as u64, format: DiskFormat::Qcow2 };
        self.images.put(&head, Data::File(File::open(self.image()).unwrap())).await.unwrap();
        let DiskSource::Image(image) = &mut root(desired).source else { panic!("it has an image") };
        image.digest = Some(digest);
    }

    async fn build(&self, desired: &DesiredInstance) -> Result<(), NodeError> {
        build(&self.tool, &self.images, &self.vm(), desired).await
    }
}

async fn place() -> Option<Place> {
    let dir = tempfile::tempdir().unwrap();
    let tool = ImageTool::default();
    if let Err(QemuError::NoProgram { .. }) = tool.create_empty(&dir.path().join("image"), 2 * GIB).await {
        println!("skipped: qemu-img is not installed");
        return None;
    }
    let bases = dir.path().join("bases");
    std::fs::create_dir(&bases).unwrap();
    std::fs::create_dir(dir.path().join("vm")).unwrap();
    Some(Place { images: Images::open(&bases).unwrap(), dir, tool })
}

fn with_more(mut of: DesiredInstance, gib: u64) -> DesiredInstance {
    root(&mut of).size_mib = gib * 1024;
    let more =
        |slot, source, size_mib| DesiredDisk { slot, source, size_mib, boot: None, ..of.disks[0].clone() };
    let two = [more(Slot::ephemeral(), DiskSource::Blank, 1024), more(Slot::swap(), DiskSource::Swap, 64)];
    of.disks.extend(two);
    of
}

#[tokio::test]
async fn all_disks_are_made_and_listed_in_order() {
    let Some(place) = place().await else { return };
    let mut desired = with_more(desired(), 3);
    desired.config_drive = true;
    place.hand_over(&mut desired).await;
    place.build(&desired).await.unwrap();
    place.build(&desired).await.unwrap();
    let there = present(&place.vm(), Some(&names(&desired))).unwrap();
    let nodes: Vec<String> = list(&there, &[], &desired).into_iter().map(|disk| disk.node).collect();
    assert_eq!(nodes, ["root", "ephemeral", "swap", "config"]);
    let size = async |name: &str| {
        place.tool.info(&place.vm().join(name), DiskFormat::Qcow2).await.unwrap().virtual_size
    };
    assert_eq!((size(ROOT).await, size("ephemeral.qcow2").await), (3 * GIB, GIB));
    root(&mut desired).size_mib = 5 * 1024;
    desired.disks[1].size_mib = 2 * 1024;
    let tool = place.tool.inside(&place.vm(), None);
    grow(&tool, &desired, &there).await.unwrap();
    grow(&tool, &desired, &there).await.unwrap();
    assert_eq!((size(ROOT).await, size("ephemeral.qcow2").await), (5 * GIB, 2 * GIB));
}

#[test]
fn a_disk_that_was_there_is_missed_and_one_that_never_was_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut wanted = with_more(desired(), 1);
    wanted.disks.remove(1);
    let swap = "swap.raw";
    std::fs::write(dir.path().join(ROOT), "disk").unwrap();
    assert_eq!(present(dir.path(), None).unwrap(), [ROOT]);
    let error = present(dir.path(), Some(&names(&wanted))).unwrap_err();
    let text = error.to_string();
    assert!(!error.is_final() && text.contains(swap) && text.contains("rebuild"), "{text}");
    std::fs::write(dir.path().join(swap), "disk").unwrap();
    assert_eq!(present(dir.path(), Some(&names(&wanted))).unwrap(), [ROOT, swap]);
    std::fs::remove_file(dir.path().join(ROOT)).unwrap();
    for made in [None, Some(names(&wanted))] {
        assert!(present(dir.path(), made.as_deref()).unwrap_err().to_string().contains(ROOT));
    }
}

#[tokio::test]
async fn a_disk_that_was_made_before_is_not_made_anew() {
    let Some(place) = place().await else { return };
    let mut lost = desired();
    place.hand_over(&mut lost).await;
    root(&mut lost).made = true;
    let error = place.build(&lost).await.unwrap_err();
    assert!(error.is_final() && error.to_string().contains("not made anew"), "{error}");
    assert_eq!(std::fs::read_dir(place.vm()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_disk_smaller_than_its_image_is_refused_for_good() {
    let Some(place) = place().await else { return };
    let mut desired = with_more(desired(), 1);
    place.hand_over(&mut desired).await;
    let error = place.build(&desired).await.unwrap_err();
    assert!(error.is_final() && error.to_string().contains("larger flavor"), "{error}");
}

#[tokio::test]
async fn an_image_that_leans_on_a_file_of_the_host_is_refused() {
    let Some(place) = place().await else { return };
    let mut desired = desired();
    let below = place.dir.path().join("below");
    std::fs::rename(place.image(), &below).unwrap();
    place.tool.create_overlay(&place.image(), &below, DiskFormat::Qcow2, None).await.unwrap();
    place.hand_over(&mut desired).await;
    let error = place.build(&desired).await.unwrap_err();
    assert!(error.is_final(), "{error}");
}

#[tokio::test]
async fn a_text_file_that_pretends_to_be_a_disk_fails_with_words() {
    let Some(place) = place().await else { return };
    let mut desired = desired();
    std::fs::write(place.image(), "not a disk").unwrap();
    place.hand_over(&mut desired).await;
    let error = place.build(&desired).await.unwrap_err();
    assert!(error.to_string().contains("reading the image"), "{error}");
}

#[test]
fn disks_that_would_get_in_each_others_way_are_refused() {
    let twice = |change: &dyn Fn(&mut DesiredInstance)| {
        let mut desired = with_more(desired(), 1);
        assert_eq!(check(&desired), Ok(()));
        change(&mut desired);
        check(&desired).unwrap_err().to_string()
    };
    let slot = |name: &str| Slot::try_from(name.to_owned()).unwrap();
    assert!(twice(&|d| d.disks[1].slot = Slot::swap()).contains("two disks are called swap"));
    assert!(twice(&|d| d.disks[1].slot = slot("config")).contains("may be called config"));
    assert!(twice(&|d| d.disks[1].size_mib = 0).contains("ephemeral has no size"));
    assert!(twice(&|d| drop(d.disks.remove(0))).contains("neither a root disk"));
}

#[test]
fn each_disk_is_attached_as_its_own_bus_and_boot_order_say() {
    let mut desired = with_more(desired(), 1);
    desired.disks[1].bus = DiskBus::Scsi;
    desired.disks[1].boot = Some(2);
    let disks = list(&names(&desired), &[], &desired);
    let seen: Vec<_> = disks.iter().map(|disk| (disk.node.as_str(), disk.bus, disk.boot)).collect();
    let virtio = DiskBus::Virtio;
    assert_eq!(
        seen,
        [("root", virtio, Some(1)), ("ephemeral", DiskBus::Scsi, Some(2)), ("swap", virtio, None)]
    );
}

#[test]
fn the_disk_of_a_rescue_is_none_of_those_that_last() {
    let mut desired = desired();
    let before = names(&desired);
    let rescue = DesiredDisk { slot: Slot::rescue(), ..desired.disks[0].clone() };
    desired.disks.insert(0, rescue);
    assert_eq!(names(&desired), before);
}
