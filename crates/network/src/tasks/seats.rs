//! Where every port of the cloud is, and which addresses every security group has, in memory: so that a change of one port
//! costs one port, however many there are.
//!
//! It is an index of rows and never decides anything alone: who tells a node of a port reads the port's row. It follows the
//! rows that were written ([`super::sort`]), and is read anew as a whole now and then.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;

use kogge_ids::{NetworkId, PortId, RouterId, SecurityGroupId};

/// So many changes of a group are remembered; whoever is further behind is told all members.
const REMEMBERED: usize = 4096;

/// Who has to know of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Its host.
    Host(String),
    /// The host of its router.
    Router(RouterId),
    /// All hosts with its network: it is where DHCP answers.
    Dhcp(NetworkId),
    /// Nobody.
    Nowhere,
}

/// What is remembered of a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) place: Place,
    pub(super) groups: Vec<SecurityGroupId>,
    pub(super) addresses: Vec<IpAddr>,
}

/// All ports, and the members of all groups.
#[derive(Debug, Default)]
pub(super) struct Seats {
    ports: HashMap<PortId, Seat>,
    groups: HashMap<SecurityGroupId, Crowd>,
    /// Of the newest change of any group.
    number: u64,
}

/// The members of a group.
#[derive(Debug, Default)]
struct Crowd {
    /// How many ports have each address: networks may overlap.
    addresses: BTreeMap<IpAddr, u32>,
    /// Of its newest change.
    number: u64,
    /// Changes by number: an address that came or went.
    log: VecDeque<(u64, IpAddr, bool)>,
    /// What changed up to this number is not remembered.
    forgotten: u64,
}

/// What whoever knew the members at some time has to learn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Nothing.
    None,
    /// These came and went.
    Change { come: Vec<IpAddr>, gone: Vec<IpAddr>, number: u64 },
    /// All members.
    Whole { members: Vec<IpAddr>, number: u64 },
}

impl Seats {
    /// Notes what is known of a port now, or that it is gone. Answers what was known before.
    pub(super) fn set(&mut self, port: PortId, seat: Option<Seat>) -> Option<Seat> {
        let before = match seat.clone() {
            Some(seat) => self.ports.insert(port, seat),
            None => self.ports.remove(&port),
        };
        let same = |a: &Seat, b: &Seat| a.groups == b.groups && a.addresses == b.addresses;
        if before.as_ref().zip(seat.as_ref()).is_some_and(|(before, seat)| same(before, seat)) {
            return before;
        }
        // what comes first: an address that stays does not go in between
        for (seat, comes) in
            seat.iter().map(|seat| (seat, true)).chain(before.iter().map(|seat| (seat, false)))
        {
            for group in &seat.groups {
                let crowd = self.groups.entry(*group).or_default();
                for address in &seat.addresses {
                    crowd.count(*address, comes, &mut self.number);
                }
            }
        }
        before
    }

    /// Notes all ports there are.
    pub(super) fn set_all(&mut self, seats: HashMap<PortId, Seat>) {
        let gone: Vec<PortId> = self.ports.keys().filter(|port| !seats.contains_key(port)).copied().collect();
        // what comes first: an address that another port has now does not go in between
        seats.into_iter().for_each(|(port, seat)| drop(self.set(port, Some(seat))));
        gone.into_iter().for_each(|port| drop(self.set(port, None)));
    }

    /// What whoever knew the members at `known` has to learn; `None` for who knew none.
    pub(super) fn news(&self, group: SecurityGroupId, known: Option<u64>) -> News {
        let Some(crowd) = self.groups.get(&group) else {
            let number = 0;
            return if known == Some(number) {
                News::None
            } else {
                News::Whole { members: Vec::new(), number }
            };
        };
        match known {
            Some(known) if known == crowd.number => News::None,
            Some(known) if known >= crowd.forgotten => crowd.since(known),
            _ => News::Whole { members: crowd.addresses.keys().copied().collect(), number: crowd.number },
        }
    }

    /// Whether there is news.
    pub(super) fn has_news(&self, group: SecurityGroupId, known: u64) -> bool {
        self.groups.get(&group).map_or(0, |crowd| crowd.number) != known
    }
}

impl Crowd {
    /// One port more or less has the address.
    fn count(&mut self, address: IpAddr, comes: bool, number: &mut u64) {
        let count = self.addresses.entry(address).or_default();
        *count = if comes { *count + 1 } else { count.saturating_sub(1) };
        match (*count, comes) {
            (0, _) => drop(self.addresses.remove(&address)),
            (1, true) => {}
            _ => return,
        }
        *number += 1;
        self.number = *number;
        self.log.push_back((self.number, address, comes));
        while self.log.len() > REMEMBERED {
            self.forgotten = self.log.pop_front().map_or(self.forgotten, |(number, ..)| number);
        }
    }

    /// What is different since: an address that came and went is not.
    fn since(&self, known: u64) -> News {
        let mut first: BTreeMap<IpAddr, bool> = BTreeMap::new();
        for (_, address, comes) in self.log.iter().rev().take_while(|(number, ..)| *number > known) {
            first.insert(*address, *comes);
        }
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        for (address, came_first) in first {
            // what came first was not there before
            match (came_first, self.addresses.contains_key(&address)) {
                (true, true) => come.push(address),
                (false, false) => gone.push(address),
                _ => {}
            }
        }
        News::Change { come, gone, number: self.number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(group: SecurityGroupId, address: &str) -> Option<Seat> {
        let (groups, addresses) = (vec![group], vec![address.parse().unwrap()]);
        Some(Seat { place: Place::Nowhere, groups, addresses })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_knew_the_members_learns_what_changed_and_no_more() {
        let (mut seats, group) = (Seats::default(), SecurityGroupId::random());
        let [a, b, c] = std::array::from_fn(|_| PortId::random());
        assert_eq!(seats.news(group, None), News::Whole { members: Vec::new(), number: 0 });
        seats.set(a, seat(group, "192.0.2.1"));
        assert_eq!(
            seats.news(group, Some(0)),
            News::Change { come: vec![ip("192.0.2.1")], gone: vec![], number: 1 }
        );
        assert_eq!(seats.news(group, Some(1)), News::None);
        // another network with the same address
        seats.set(b, seat(group, "192.0.2.1"));
        seats.set(a, None);
        assert_eq!(seats.news(group, Some(1)), News::None, "somebody has it still");
        seats.set(c, seat(group, "192.0.2.3"));
        seats.set(b, seat(group, "192.0.2.2"));
        seats.set(c, None);
        let news = News::Change { come: vec![ip("192.0.2.2")], gone: vec![ip("192.0.2.1")], number: 5 };
        assert_eq!(seats.news(group, Some(1)), news);
        let whole = News::Whole { members: vec![ip("192.0.2.2")], number: 5 };
        assert_eq!(seats.news(group, None), whole);
        seats.set_all(HashMap::from([(a, seat(group, "192.0.2.2").unwrap())]));
        assert!(!seats.has_news(group, 5), "it was the other port's");
        seats.set_all(HashMap::new());
        assert!(seats.has_news(group, 5));
        assert_eq!(
            seats.news(group, Some(5)),
            News::Change { come: vec![], gone: vec![ip("192.0.2.2")], number: 6 }
        );
    }

    #[test]
    fn whoever_is_far_behind_learns_everything() {
        let (mut seats, group) = (Seats::default(), SecurityGroupId::random());
        let port = PortId::random();
        for number in 0..REMEMBERED {
            let seat = (number % 2 == 0).then(|| seat(group, "192.0.2.1").unwrap());
            seats.set(port, seat);
        }
        assert!(matches!(seats.news(group, Some(0)), News::Change { .. }));
        seats.set(port, seat(group, "192.0.2.1"));
        assert!(matches!(seats.news(group, Some(0)), News::Whole { .. }));
        assert!(matches!(seats.news(group, Some(1)), News::Change { .. }));
    }
}
