//! Pieces of nft text.

use std::fmt::Write;
use std::net::IpAddr;

use ipnet::IpNet;

/// A named set or map. `head` is `set NAME` or `map NAME`.
pub(crate) fn named(out: &mut String, head: &str, kind: &str, elements: impl Iterator<Item = String>) {
    let elements: Vec<String> = elements.collect();
    let _ = writeln!(out, " {head} {{\n  type {kind};");
    if !elements.is_empty() {
        let _ = writeln!(out, "  elements = {{ {} }}", elements.join(", "));
    }
    out.push_str(" }\n");
}

/// An anonymous set of ranges without overlaps, or `None` where nothing is in it.
pub(crate) fn ranges(nets: &[IpNet]) -> Option<String> {
    let merged = IpNet::aggregate(&nets.to_vec());
    let texts: Vec<String> = merged.iter().map(net).collect();
    (!texts.is_empty()).then(|| format!("{{ {} }}", texts.join(", ")))
}

/// A range; single addresses without length.
pub(crate) fn net(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.trunc().to_string() }
}

/// The nft word for an address's family.
pub(crate) const fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "ip",
        IpAddr::V6(_) => "ip6",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_ranges_are_merged_because_nft_refuses_them() {
        let nets: Vec<IpNet> =
            ["10.0.0.10/32", "10.0.0.0/24", "10.0.1.7/32"].iter().map(|n| n.parse().unwrap()).collect();
        assert_eq!(ranges(&nets).unwrap(), "{ 10.0.0.0/24, 10.0.1.7 }");
        assert_eq!(ranges(&[]), None);
    }

    #[test]
    fn host_bits_of_a_range_are_cleared() {
        assert_eq!(net(&"10.0.0.7/24".parse().unwrap()), "10.0.0.0/24");
    }
}
