//! Addresses, ranges and pools: pure arithmetic that never walks over a range.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// IPv4's least MTU, and that of the links which networks are made of.
pub const LEAST_MTU: i64 = 68;

/// The least MTU of a network with subnets of this IP version (Neutron's `IP_VERSION_MTU`).
#[must_use]
pub const fn least_mtu(ip_version: i64) -> i64 {
    if ip_version == 6 { 1280 } else { LEAST_MTU }
}

/// A run of addresses, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// First address.
    pub start: IpAddr,
    /// Last address.
    pub end: IpAddr,
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

impl Pool {
    /// True where `address` is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.start.is_ipv4() && self.start <= address && address <= self.end
    }

    /// Number of addresses; saturates at `u128::MAX`.
    #[must_use]
    pub fn size(&self) -> u128 {
        number(self.end).saturating_sub(number(self.start)).saturating_add(1)
    }
}

/// A route: where to, and over which address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to.
    pub destination: IpNet,
    /// Over which address.
    pub nexthop: IpAddr,
}

/// The address as a number.
#[must_use]
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The number as an address of the family of `like`.
#[must_use]
pub fn address(number: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// First and last number of a range.
#[must_use]
pub fn bounds(net: &IpNet) -> (u128, u128) {
    (number(net.network()), number(net.broadcast()))
}

/// True where the ranges share an address.
#[must_use]
pub fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// True where a port may have `address` on a subnet of this range: inside, and neither network nor broadcast
/// address. Routers may have the network address of IPv6 (the anycast address).
#[must_use]
pub fn fits(net: &IpNet, address: IpAddr, router: bool) -> bool {
    if !net.contains(&address) {
        return false;
    }
    match net {
        IpNet::V4(v4) if v4.prefix_len() >= 31 => true,
        IpNet::V4(_) => address != net.network() && address != net.broadcast(),
        IpNet::V6(v6) if v6.prefix_len() >= 127 => true,
        IpNet::V6(_) => router || address != net.network(),
    }
}

/// The gateway of a subnet for which none was named: the address behind the first one, in IPv4 outside of a subnet of one
/// address, as in Neutron.
#[must_use]
pub fn default_gateway(net: &IpNet) -> Option<IpAddr> {
    let (first, last) = bounds(net);
    let greatest = if net.network().is_ipv4() { u128::from(u32::MAX) } else { last };
    (first < greatest).then(|| address(first + 1, net.network()))
}

/// The pools of a subnet for which none are given: everything but network, broadcast and gateway address.
#[must_use]
pub fn default_pools(net: &IpNet, gateway: Option<IpAddr>) -> Vec<Pool> {
    let like = net.network();
    let (first, last) = bounds(net);
    if first == last {
        return vec![Pool { start: like, end: like }];
    }
    let last = if like.is_ipv4() { last - 1 } else { last };
    let first = first + 1;
    if first >= last {
        return Vec::new();
    }
    let make = |from: u128, to: u128| Pool { start: address(from, like), end: address(to, like) };
    let Some(gap) =
        gateway.filter(|ip| ip.is_ipv4() == like.is_ipv4()).map(number).filter(|g| *g >= first && *g <= last)
    else {
        return vec![make(first, last)];
    };
    let mut pools = Vec::new();
    if gap > first {
        pools.push(make(first, gap - 1));
    }
    if gap < last {
        pools.push(make(gap + 1, last));
    }
    pools
}

/// Checks pools that a user gave: right family and order, inside of the subnet, no overlaps.
///
/// # Errors
/// `InvalidAllocationPool`, `OutOfBoundsAllocationPool`, `OverlappingAllocationPools`.
pub fn check_pools(pools: &[Pool], net: &IpNet) -> Result<()> {
    let (mut first, mut last) = bounds(net);
    match net {
        IpNet::V4(v4) if v4.prefix_len() <= 30 => {
            first += 1;
            last -= 1;
        }
        IpNet::V4(_) => {}
        IpNet::V6(v6) => first += u128::from(v6.prefix_len() < 128),
    }
    for pool in pools {
        if pool.start.is_ipv4() != net.network().is_ipv4()
            || pool.end.is_ipv4() != pool.start.is_ipv4()
            || pool.start > pool.end
        {
            return Err(Error::invalid_pool(pool));
        }
        if number(pool.start) < first || number(pool.end) > last {
            return Err(Error::pool_out_of_bounds(pool, net));
        }
    }
    let mut sorted: Vec<&Pool> = pools.iter().collect();
    sorted.sort_by_key(|pool| number(pool.start));
    for pair in sorted.windows(2) {
        if let [one, other] = pair
            && one.end >= other.start
        {
            return Err(Error::pools_overlap(one, other, net));
        }
    }
    Ok(())
}

/// The address that a guest with this MAC makes for itself in an IPv6 /64 (RFC 4291 appendix A).
#[must_use]
pub fn eui64(net: &IpNet, mac: &str) -> Option<IpAddr> {
    let octets: Vec<u8> = mac.split(':').filter_map(|part| u8::from_str_radix(part, 16).ok()).collect();
    let [a, b, c, d, e, f] = octets.try_into().ok()?;
    let suffix = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    let IpNet::V6(v6) = net else { return None };
    Some(IpAddr::V6(Ipv6Addr::from(u128::from(v6.network()) | u128::from(suffix))))
}

/// The column `slot` of an address: its distance from the subnet's first one, shifted so that it sorts as a signed
/// number. `None` where the distance needs more than 64 bits.
#[must_use]
pub fn slot(net: &IpNet, address: IpAddr) -> Option<i64> {
    let distance = number(address).checked_sub(bounds(net).0)?;
    u64::try_from(distance).ok().map(|n| i64::from_ne_bytes((n ^ (1 << 63)).to_ne_bytes()))
}

/// The address of a slot.
#[must_use]
pub fn of_slot(net: &IpNet, slot: i64) -> IpAddr {
    let distance = u64::from_ne_bytes(slot.to_ne_bytes()) ^ (1 << 63);
    address(bounds(net).0 + u128::from(distance), net.network())
}

/// `ranges` without what `less` covers: what is cut into is split, and the rest aggregated.
#[must_use]
pub fn without(ranges: &[IpNet], less: &[IpNet]) -> Vec<IpNet> {
    let mut left: Vec<IpNet> = ranges.to_vec();
    for hole in less {
        left = left.into_iter().flat_map(|range| around(range, hole)).collect();
    }
    let mut left = IpNet::aggregate(&left);
    left.sort_by_key(|range| number(range.network()));
    left
}

/// What is left of `range` around `hole`: one piece for each bit by which the hole is longer.
fn around(range: IpNet, hole: &IpNet) -> Vec<IpNet> {
    if !overlap(&range, hole) {
        return vec![range];
    }
    let (mut inner, mut pieces) = (range, Vec::new());
    while inner.prefix_len() < hole.prefix_len() {
        let Ok(halves) = inner.subnets(inner.prefix_len() + 1) else { break };
        let (hit, missed): (Vec<IpNet>, Vec<IpNet>) = halves.partition(|half| overlap(half, hole));
        pieces.extend(missed);
        let Some(next) = hit.first() else { break };
        inner = *next;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }
    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn default_pools_leave_out_network_broadcast_and_gateway() {
        let pools = default_pools(&net("10.0.0.0/28"), Some(ip("10.0.0.5")));
        let texts: Vec<String> = pools.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.1-10.0.0.4", "10.0.0.6-10.0.0.14"]);
        assert!(default_pools(&net("10.0.0.0/31"), None).is_empty());
        assert_eq!(default_pools(&net("10.0.0.9/32"), None).len(), 1);
        let v6 = default_pools(&net("fd00::/64"), Some(ip("fd00::1")));
        assert_eq!(v6[0].to_string(), "fd00::2-fd00::ffff:ffff:ffff:ffff");
    }

    #[test]
    fn the_gateway_is_the_address_behind_the_first() {
        for (range, gateway) in [
            ("10.0.0.0/24", Some("10.0.0.1")),
            ("10.0.0.9/32", Some("10.0.0.10")),
            ("255.255.255.255/32", None),
            ("2001:db8::/64", Some("2001:db8::1")),
            ("2001:db8::5/128", None),
        ] {
            assert_eq!(default_gateway(&net(range)), gateway.map(ip), "{range}");
        }
    }

    #[test]
    fn pools_must_lie_inside_and_apart() {
        let pool = |a: &str, b: &str| Pool { start: ip(a), end: ip(b) };
        let range = net("10.0.0.0/24");
        assert!(check_pools(&[pool("10.0.0.2", "10.0.0.9"), pool("10.0.0.10", "10.0.0.20")], &range).is_ok());
        let name = |pools: &[Pool]| check_pools(pools, &range).unwrap_err().name();
        assert_eq!(name(&[pool("10.0.0.9", "10.0.0.2")]), "InvalidAllocationPool");
        assert_eq!(name(&[pool("fd00::1", "fd00::2")]), "InvalidAllocationPool");
        assert_eq!(name(&[pool("10.0.0.2", "10.0.0.255")]), "OutOfBoundsAllocationPool");
        assert_eq!(
            name(&[pool("10.0.0.5", "10.0.0.9"), pool("10.0.0.2", "10.0.0.5")]),
            "OverlappingAllocationPools"
        );
    }

    #[test]
    fn eui64_is_the_address_of_rfc_4291() {
        assert_eq!(
            eui64(&net("2001:db8::/64"), "00:16:3e:33:44:55"),
            Some(ip("2001:db8::216:3eff:fe33:4455"))
        );
        assert_eq!(eui64(&net("10.0.0.0/24"), "00:16:3e:33:44:55"), None);
        assert_eq!(eui64(&net("2001:db8::/64"), "nonsense"), None);
    }

    #[test]
    fn network_and_broadcast_address_fit_no_port() {
        assert!(!fits(&net("10.0.0.0/24"), ip("10.0.0.0"), false));
        assert!(!fits(&net("10.0.0.0/24"), ip("10.0.0.255"), true));
        assert!(fits(&net("10.0.0.0/31"), ip("10.0.0.0"), false));
        assert!(!fits(&net("fd00::/64"), ip("fd00::"), false));
        assert!(fits(&net("fd00::/64"), ip("fd00::"), true));
        assert!(!fits(&net("fd00::/64"), ip("10.0.0.1"), false));
    }

    #[test]
    fn ranges_are_cut_around_holes() {
        let nets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        let cut = |ranges: &[&str], less: &[&str]| without(&nets(ranges), &nets(less));
        assert_eq!(cut(&["10.0.0.0/22"], &["10.0.1.0/24"]), nets(&["10.0.0.0/24", "10.0.2.0/23"]));
        assert_eq!(cut(&["10.0.0.0/24", "10.2.0.0/24"], &["10.0.0.0/16"]), nets(&["10.2.0.0/24"]));
        assert_eq!(cut(&["10.0.0.0/24"], &["10.9.0.0/24", "fd00::/8"]), nets(&["10.0.0.0/24"]));
        assert!(cut(&["fd00::/48"], &["fd00::/48"]).is_empty());
        assert_eq!(cut(&["fd00::/48"], &["fd00::1/128"]).len(), 80);
    }

    proptest! {
        #[test]
        fn slots_keep_the_order_and_come_back(a in any::<u64>(), b in any::<u64>()) {
            let range = net("2001:db8::/48");
            let at = |n: u64| address(bounds(&range).0 + u128::from(n), range.network());
            let (x, y) = (slot(&range, at(a)).unwrap(), slot(&range, at(b)).unwrap());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(of_slot(&range, x), at(a));
        }

        #[test]
        fn default_pools_are_valid_and_never_hold_the_gateway(bits in 8u8..=32, base in any::<u32>(), at in any::<u32>()) {
            let range = IpNet::from(ipnet::Ipv4Net::new(Ipv4Addr::from(base), bits).unwrap().trunc());
            let (first, last) = bounds(&range);
            let gateway = address(first + u128::from(at) % (last - first + 1), range.network());
            let pools = default_pools(&range, Some(gateway));
            prop_assert!(check_pools(&pools, &range).is_ok());
            if bits < 32 {
                prop_assert!(!pools.iter().any(|pool| pool.contains(gateway)));
            }
        }

        #[test]
        fn overlap_is_symmetric(a in any::<u32>(), x in 0u8..=32, b in any::<u32>(), y in 0u8..=32) {
            let one = IpNet::from(ipnet::Ipv4Net::new(Ipv4Addr::from(a), x).unwrap().trunc());
            let other = IpNet::from(ipnet::Ipv4Net::new(Ipv4Addr::from(b), y).unwrap().trunc());
            prop_assert_eq!(overlap(&one, &other), overlap(&other, &one));
            let (f1, l1) = bounds(&one);
            let (f2, l2) = bounds(&other);
            prop_assert_eq!(overlap(&one, &other), f1 <= l2 && f2 <= l1);
        }
    }
}
