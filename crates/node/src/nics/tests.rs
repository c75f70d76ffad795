//! Desired against actual, case by case.

use super::*;

fn nic(port: PortId, mac: &str) -> Nic {
    Nic { port, mac: mac.to_owned(), mtu: 1450 }
}

fn device(id: &str, mac: &str) -> GuestDevice {
    GuestDevice { id: id.to_owned(), mac: mac.to_owned() }
}

fn of(port: PortId) -> GuestDevice {
    device(&kogge_qemu::nic_device(port), "fa:16:3e:00:00:01")
}

const PATIENCE: Duration = Duration::from_secs(30);

struct Case {
    nics: Nics,
    wanted: Vec<Nic>,
    plugs: Vec<Plug>,
    now: Instant,
}

impl Case {
    /// A guest that has the interfaces of `has` and should have those of `wants`.
    fn new(has: &[PortId], wants: &[PortId]) -> Self {
        let mut case = Self {
            nics: Nics::default(),
            wanted: wants.iter().map(|port| nic(*port, "fa:16:3e:00:00:01")).collect(),
            plugs: has.iter().map(|port| Plug::of(*port)).collect(),
            now: Instant::now(),
        };
        case.look(has);
        case
    }

    fn look(&mut self, has: &[PortId]) {
        self.nics.look(has.iter().map(|port| of(*port)).collect(), &self.wanted, &mut self.plugs);
    }

    fn next(&self) -> Option<NicStep> {
        self.nics.next(&self.wanted, &self.plugs, PATIENCE, self.now)
    }

    fn after(&mut self, seconds: u64) -> Option<NicStep> {
        self.now += Duration::from_secs(seconds);
        self.next()
    }

    fn asked(&mut self, port: PortId) {
        self.nics.note_asked(&kogge_qemu::nic_device(port), self.now);
    }

    fn deferred(&self) -> Option<String> {
        self.nics.deferred(&self.wanted, &self.plugs).map(|error| error.to_string())
    }
}

fn ask(port: PortId) -> Option<NicStep> {
    Some(NicStep::Ask(kogge_qemu::nic_device(port)))
}

#[tokio::test]
async fn a_guest_that_has_what_it_should_is_left_alone() {
    let port = PortId::random();
    let case = Case::new(&[port], &[port]);
    assert_eq!((case.next(), case.deferred()), (None, None));
    assert_eq!(Case::new(&[], &[]).next(), None);
}

#[tokio::test]
async fn what_lacks_is_plugged_in_also_where_it_was_begun_before() {
    let (old, new) = (PortId::random(), PortId::random());
    let mut case = Case::new(&[old], &[old, new]);
    assert_eq!(case.next(), Some(NicStep::Plug(new)));
    // killed between the note and the device
    case.plugs.push(Plug::of(new));
    assert_eq!(case.next(), Some(NicStep::Plug(new)));
    case.look(&[old, new]);
    assert_eq!(case.next(), None);
}

#[tokio::test]
async fn what_was_begun_and_is_not_wanted_any_more_is_cleared() {
    let port = PortId::random();
    let mut case = Case::new(&[], &[]);
    case.plugs.push(Plug::of(port));
    assert_eq!(case.next(), Some(NicStep::Clear(kogge_qemu::nic_device(port))));
}

#[tokio::test]
async fn a_guest_is_asked_until_it_lets_go() {
    let port = PortId::random();
    let mut case = Case::new(&[port], &[]);
    assert_eq!(case.next(), ask(port));
    case.asked(port);
    assert_eq!(case.next(), Some(NicStep::Wait));
    assert_eq!(case.after(5), ask(port), "it may not have listened");
    case.asked(port);
    assert_eq!(case.after(1), Some(NicStep::Wait));
    case.look(&[]);
    assert_eq!(case.next(), Some(NicStep::Clear(kogge_qemu::nic_device(port))), "its tap is last");
}

#[tokio::test]
async fn a_guest_that_does_not_let_go_is_cut_off_and_holds_up_nothing_else() {
    let (kept, new) = (PortId::random(), PortId::random());
    let mut case = Case::new(&[kept], &[new]);
    case.asked(kept);
    assert_eq!(case.next(), Some(NicStep::Plug(new)), "another one need not wait");
    case.wanted.clear();
    assert_eq!(case.after(30), Some(NicStep::Cut(kogge_qemu::nic_device(kept))));
    case.plugs[0].cut = true;
    case.asked(kept);
    assert_eq!(case.next(), None, "the generation is reached");
    assert!(case.deferred().unwrap().contains(&kept.to_string()));
    assert_eq!(case.after(61), ask(kept), "and it is asked for ever");
    case.look(&[]);
    assert_eq!(case.deferred(), None);
    assert_eq!(case.next(), Some(NicStep::Clear(kogge_qemu::nic_device(kept))));
}

#[tokio::test]
async fn a_port_that_comes_back_waits_for_its_old_shell_to_go() {
    let port = PortId::random();
    let mut case = Case::new(&[port], &[port]);
    case.plugs[0].cut = true;
    assert_eq!(case.next(), ask(port));
    case.asked(port);
    assert_eq!(case.next(), None);
    assert!(case.deferred().is_some());
    assert_eq!(case.after(5), ask(port), "soon, for somebody waits");
    case.look(&[]);
    assert_eq!(case.next(), Some(NicStep::Clear(kogge_qemu::nic_device(port))));
    case.plugs.clear();
    assert_eq!(case.next(), Some(NicStep::Plug(port)));
}

#[tokio::test]
async fn an_interface_without_a_slot_waits_and_is_tried_again() {
    let port = PortId::random();
    let mut case = Case::new(&[], &[port]);
    case.nics.note_refused(port, "no free slot".to_owned(), case.now);
    assert_eq!(case.next(), None);
    assert!(case.deferred().unwrap().ends_with("no free slot"));
    assert_eq!(case.after(60), Some(NicStep::Plug(port)));
    case.look(&[port]);
    case.nics.forget_refusals(&case.wanted, &case.plugs);
    assert_eq!((case.next(), case.deferred()), (None, None));
}

#[tokio::test]
async fn numbered_devices_of_older_versions_are_known_by_their_mac() {
    let (port, gone) = (PortId::random(), PortId::random());
    let wanted = vec![nic(port, "fa:16:3e:00:00:0A")];
    let mut plugs = Vec::new();
    let mut nics = Nics::default();
    let seen = vec![device("nic0", "fa:16:3e:00:00:0a"), device("nic1", "fa:16:3e:00:00:0b")];
    assert!(nics.look(seen.clone(), &wanted, &mut plugs));
    assert_eq!(plugs.iter().map(|plug| plug.port).collect::<Vec<_>>(), [Some(port), None]);
    let step = nics.next(&wanted, &plugs, PATIENCE, Instant::now());
    assert_eq!(step, Some(NicStep::Ask("nic1".to_owned())), "the first one is left alone");
    assert!(!nics.look(seen, &wanted, &mut plugs), "noted once");
    let other = nics.next(&[nic(gone, "x")], &plugs, PATIENCE, Instant::now());
    assert_eq!(other, Some(NicStep::Ask("nic0".to_owned())));
}

#[tokio::test]
async fn whatever_the_start_a_guest_that_reacts_ends_with_exactly_what_is_wanted() {
    let ports: Vec<PortId> = (0..3).map(|_| PortId::random()).collect();
    let subset = |bits: usize| -> Vec<PortId> {
        ports.iter().enumerate().filter(|(n, _)| (bits >> n) & 1 == 1).map(|(_, port)| *port).collect()
    };
    for (has, wants, noted, cut) in quadruples(8) {
        let mut has = subset(has);
        let mut case = Case::new(&has, &subset(wants));
        for port in subset(noted).into_iter().filter(|port| !has.contains(port)) {
            case.plugs.push(Plug::of(port));
        }
        for port in subset(cut) {
            case.plugs.iter_mut().filter(|plug| plug.port == Some(port)).for_each(|plug| plug.cut = true);
        }
        let mut steps = 0;
        while let Some(step) = case.next() {
            steps += 1;
            assert!(steps < 20, "it never ends: {step:?}");
            follow(step, &mut case, &mut has);
        }
        has.sort_unstable();
        let mut wanted = subset(wants);
        wanted.sort_unstable();
        assert_eq!(has, wanted);
        assert_eq!((case.plugs.len(), case.deferred()), (wanted.len(), None));
    }
}

/// Every quadruple below `n`.
fn quadruples(n: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..n * n * n * n).map(move |i| (i % n, i / n % n, i / n / n % n, i / n / n / n))
}

/// What a step does when QEMU and the guest react.
fn follow(step: NicStep, case: &mut Case, has: &mut Vec<PortId>) {
    match step {
        NicStep::Plug(port) => {
            if !case.plugs.iter().any(|plug| plug.port == Some(port)) {
                case.plugs.push(Plug::of(port));
            }
            has.push(port);
        }
        NicStep::Ask(device) => has.retain(|port| kogge_qemu::nic_device(*port) != device),
        NicStep::Clear(device) => case.plugs.retain(|plug| plug.device != device),
        NicStep::Cut(_) | NicStep::Wait => panic!("nobody waits here"),
    }
    case.look(&has.clone());
}
