//! Desired against actual, case by case.

use kogge_node_api::{DiskSource, IoLimits};

use super::testing::volume;
use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

struct Case {
    volumes: Volumes,
    wanted: Vec<DesiredDisk>,
    held: Vec<Held>,
    now: Instant,
}

fn seen(disk: &DesiredDisk, plugged: bool) -> GuestDisk {
    let node = disk.slot.to_string();
    GuestDisk { node, plugged, bytes: disk.size_mib * MIB, limits: IoLimits::default() }
}

impl Case {
    /// A guest that has the volumes of `has` and should have those of `wants`.
    fn new(has: &[DesiredDisk], wants: &[DesiredDisk]) -> Self {
        let mut volumes = Volumes::default();
        volumes.look(has.iter().map(|disk| seen(disk, true)).collect());
        let held = has.iter().filter_map(Held::of).collect();
        Self { volumes, wanted: wants.to_vec(), held, now: Instant::now() }
    }

    fn next(&self) -> Option<VolumeStep> {
        self.volumes.next(&self.wanted, &self.held, PATIENCE, self.now)
    }

    fn after(&mut self, seconds: u64) -> Option<VolumeStep> {
        self.now += Duration::from_secs(seconds);
        self.next()
    }

    fn deferred(&self) -> String {
        self.volumes.deferred(&self.wanted, &self.held).unwrap().to_string()
    }
}

#[test]
fn what_is_as_wanted_is_left_alone() {
    let case = Case::new(&[volume(1), volume(2)], &[volume(1), volume(2)]);
    assert_eq!((case.next(), case.volumes.deferred(&case.wanted, &case.held)), (None, None));
    let sizes: Vec<_> = case.volumes.holds(&case.held).into_iter().map(|held| held.size_mib).collect();
    assert_eq!(sizes, [Some(1024), Some(1024)]);
}

#[test]
fn a_disk_of_ones_own_is_held_back_and_nothing_else() {
    let mut own = crate::step::testing::desired().disks.remove(0);
    own.size_mib = 4096;
    let small = DesiredDisk { size_mib: 1024, ..own.clone() };
    let mut case = Case::new(&[small, volume(1)], &[own.clone(), volume(1)]);
    case.held.retain(|held| held.slot != own.slot);
    assert_eq!(case.next(), None, "it grows at the next start");
    let limits = IoLimits { write_iops: Some(7), ..IoLimits::default() };
    case.volumes.hold_back(limits);
    assert_eq!(case.next(), Some(VolumeStep::Limit(own.slot.clone())));
    assert_eq!(
        (case.volumes.limits_of(&own), case.volumes.limits_of(&volume(1))),
        (limits, IoLimits::default())
    );
    case.volumes.note_refused(&VolumeStep::Limit(own.slot.clone()), "QEMU says no".to_owned(), case.now);
    assert_eq!(case.next(), None);
    assert!(case.deferred().contains("root") && case.deferred().contains("QEMU says no"));
    let seen_now = vec![GuestDisk { limits, ..seen(&own, true) }, seen(&volume(1), true)];
    case.volumes.look(seen_now);
    case.volumes.forget_refusals(&case.wanted);
    assert_eq!((case.next(), case.volumes.deferred(&case.wanted, &case.held)), (None, None));
    // what is not there is not plugged in: it was missing at the start
    case.volumes.look(vec![seen(&volume(1), true)]);
    assert_eq!(case.next(), None);
}

#[test]
fn a_volume_is_plugged_in_grown_and_held_back() {
    let mut case = Case::new(&[volume(1)], &[volume(1), volume(2)]);
    assert_eq!(case.next(), Some(VolumeStep::Plug(volume(2).slot)));
    case.wanted[0].size_mib = 2048;
    assert_eq!(case.next(), Some(VolumeStep::Grow(volume(1).slot)));
    let DiskSource::Volume(one) = &mut case.wanted[0].source else { panic!("it is one") };
    one.limits.total_iops = Some(100);
    assert_eq!(case.next(), Some(VolumeStep::Limit(volume(1).slot)));
    // one that is smaller than before stays as it is
    let mut case = Case::new(&[volume(1)], &[volume(1)]);
    case.wanted[0].size_mib = 512;
    assert_eq!(case.next(), None);
}

#[test]
fn a_guest_that_lets_go_is_asked_once_and_the_volume_is_closed_then() {
    let mut case = Case::new(&[volume(1)], &[]);
    let slot = volume(1).slot;
    assert_eq!(case.next(), Some(VolumeStep::Ask(slot.clone())));
    case.volumes.note_asked(&slot, case.now);
    assert_eq!(case.after(1), Some(VolumeStep::Wait));
    case.volumes.look(vec![seen(&volume(1), false)]);
    assert_eq!(case.next(), Some(VolumeStep::Close(slot)));
    assert_eq!(case.volumes.holds(&case.held)[0].size_mib, None, "open still, but no guest sees it");
}

#[test]
fn a_guest_that_never_lets_go_is_asked_for_ever_and_nothing_is_closed() {
    let mut case = Case::new(&[volume(1)], &[]);
    let slot = volume(1).slot;
    case.volumes.note_asked(&slot, case.now);
    assert_eq!(case.after(4), Some(VolumeStep::Ask(slot.clone())));
    case.volumes.note_asked(&slot, case.now);
    assert_eq!(case.after(3), Some(VolumeStep::Wait));
    for _ in 0..100 {
        match case.after(10) {
            Some(VolumeStep::Ask(asked)) => case.volumes.note_asked(&asked, case.now),
            step => assert!(matches!(step, None | Some(VolumeStep::Wait)), "{step:?}"),
        }
    }
    assert!(case.deferred().contains("does not let go"), "{}", case.deferred());
    assert_eq!(case.volumes.holds(&case.held).len(), 1);
}

#[test]
fn what_was_only_noted_is_closed_before_it_is_forgotten() {
    let mut case = Case::new(&[], &[]);
    case.held.extend(Held::of(&volume(1)));
    assert_eq!(case.next(), Some(VolumeStep::Close(volume(1).slot)));
    assert_eq!(case.volumes.holds(&case.held).len(), 1);
    // and is plugged in where it is wanted
    case.wanted.push(volume(1));
    assert_eq!(case.next(), Some(VolumeStep::Plug(volume(1).slot)));
}

#[test]
fn another_attachment_in_the_same_slot_waits_for_the_first_to_go() {
    let mut other = volume(1);
    let DiskSource::Volume(source) = &mut other.source else { panic!("it is one") };
    source.attachment = kogge_ids::AttachmentId::random();
    let case = Case::new(&[volume(1)], &[other]);
    assert_eq!(case.next(), Some(VolumeStep::Ask(volume(1).slot)));
}

#[test]
fn a_refusal_is_told_and_tried_again_later_and_holds_up_nothing_else() {
    let mut case = Case::new(&[], &[volume(1), volume(2)]);
    let step = case.next().unwrap();
    case.volumes.note_refused(&step, "no free slot".to_owned(), case.now);
    assert_eq!(case.next(), Some(VolumeStep::Plug(volume(2).slot)));
    case.volumes.look(vec![seen(&volume(2), true)]);
    assert_eq!(case.next(), None);
    assert!(case.deferred().contains("no free slot"), "{}", case.deferred());
    assert_eq!(case.after(60), Some(VolumeStep::Plug(volume(1).slot)));
    case.volumes.look(vec![seen(&volume(1), true), seen(&volume(2), true)]);
    case.volumes.forget_refusals(&case.wanted.clone());
    assert_eq!(case.volumes.deferred(&case.wanted, &case.held), None);
}
