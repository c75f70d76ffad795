//! Rules of security groups: protocols, what fits together, and when two rules are the same.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::error::{Error, Result};

/// Protocol names and numbers. Upstream: `neutron_lib.constants.IP_PROTOCOL_MAP`.
const PROTOCOLS: &[(&str, u8)] = &[
    ("ah", 51),
    ("dccp", 33),
    ("egp", 8),
    ("esp", 50),
    ("gre", 47),
    ("hopopt", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ip", 0),
    ("ipip", 4),
    ("ipv6-encap", 41),
    ("ipv6-frag", 44),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("ipv6-route", 43),
    ("ospf", 89),
    ("pgm", 113),
    ("rsvp", 46),
    ("sctp", 132),
    ("tcp", 6),
    ("udp", 17),
    ("udplite", 136),
    ("vrrp", 112),
];

const IPV6_ONLY: &[u8] = &[41, 43, 44, 58, 59, 60];
const WITH_PORTS: &[u8] = &[6, 17, 33, 132, 136];

/// What a rule lets through, as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'a> {
    /// `ingress` or `egress`.
    pub direction: &'a str,
    /// `IPv4` or `IPv6`.
    pub ethertype: &'a str,
    /// Name or number; `None` for any.
    pub protocol: Option<&'a str>,
    /// Lowest port or ICMP type.
    pub port_min: Option<i64>,
    /// Highest port or ICMP code.
    pub port_max: Option<i64>,
    /// The other side's range.
    pub prefix: Option<&'a str>,
    /// The other side's group.
    pub group: Option<String>,
}

/// A protocol as users may write it, in lower case; `None` for any.
///
/// # Errors
/// `SecurityGroupRuleInvalidProtocol`.
pub fn protocol(text: &str) -> Result<Option<String>> {
    let text = text.to_ascii_lowercase();
    if text == "any" {
        return Ok(None);
    }
    let known = PROTOCOLS.iter().any(|(name, _)| *name == text);
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if known || (digits && text.parse::<u8>().is_ok()) {
        return Ok(Some(text));
    }
    let mut names: Vec<String> = vec!["None".to_owned(), "'any'".to_owned()];
    names.extend(PROTOCOLS.iter().map(|(name, _)| format!("'{name}'")));
    Err(Error::invalid_protocol(
        text.chars().take(100).collect::<String>(),
        format!("[{}]", names.join(", ")),
    ))
}

/// The protocol's number for an ethertype: `icmp` of IPv6 is 58.
#[must_use]
pub fn protocol_number(protocol: &str, ethertype: &str) -> Option<u8> {
    let number = PROTOCOLS
        .iter()
        .find(|(name, _)| *name == protocol)
        .map(|(_, number)| *number)
        .or_else(|| protocol.parse().ok())?;
    Some(if ethertype == "IPv6" && number == 1 { 58 } else { number })
}

/// A range as a rule takes it: host bits may be set, a bare address is one address.
#[must_use]
pub fn prefix(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Match<'_> {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// The fault of the first part that does not.
    pub fn check(&self) -> Result<()> {
        self.check_ports()?;
        let number = self.protocol.and_then(|protocol| protocol_number(protocol, "IPv4"));
        if let (Some(protocol), Some(number)) = (self.protocol, number)
            && self.ethertype == "IPv4"
            && IPV6_ONLY.contains(&number)
        {
            return Err(Error::ethertype_conflict(self.ethertype, protocol));
        }
        if self.prefix.is_some() && self.group.is_some() {
            return Err(Error::several_remotes());
        }
        if let Some(text) = self.prefix {
            let range = prefix(text).ok_or_else(|| Error::invalid_cidr(text))?;
            if matches!(range, IpNet::V4(_)) != (self.ethertype == "IPv4") {
                return Err(Error::rule_conflict(self.ethertype, text));
            }
        }
        Ok(())
    }

    fn check_ports(&self) -> Result<()> {
        if self.port_min.is_none() && self.port_max.is_none() {
            return Ok(());
        }
        let Some(protocol) = self.protocol else { return Err(Error::protocol_required()) };
        match protocol_number(protocol, "IPv4") {
            Some(number) if WITH_PORTS.contains(&number) => match (self.port_min, self.port_max) {
                (Some(0), _) | (_, Some(0)) => Err(Error::invalid_port(0)),
                (Some(min), Some(max)) if min <= max => Ok(()),
                _ => Err(Error::invalid_port_range()),
            },
            Some(1 | 58) => {
                let attributes =
                    [(self.port_min, "port_range_min", "type"), (self.port_max, "port_range_max", "code")];
                for (value, attribute, field) in attributes {
                    if let Some(value) = value.filter(|value| !(0..=255).contains(value)) {
                        return Err(Error::invalid_icmp(field, attribute, value));
                    }
                }
                match (self.port_min, self.port_max) {
                    (None, Some(code)) => Err(Error::missing_icmp_type(code)),
                    _ => Ok(()),
                }
            }
            _ => Err(Error::protocol_without_ports(protocol)),
        }
    }

    /// Equal for rules that let the same through: names and numbers of protocols, and "everybody" written as
    /// `0.0.0.0/0` or not at all, are the same.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let number = self.protocol.and_then(|protocol| protocol_number(protocol, self.ethertype));
        let range =
            self.prefix.and_then(prefix).map(|range| range.trunc()).filter(|range| range.prefix_len() > 0);
        let show = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |n| n.to_string());
        format!(
            "{}/{}/{}/{}/{}/{}/{}",
            self.direction,
            self.ethertype,
            show(number.map(i64::from)),
            show(self.port_min),
            show(self.port_max),
            range.map_or_else(|| "-".to_owned(), |range| range.to_string()),
            self.group.as_deref().unwrap_or("-"),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tcp(min: Option<i64>, max: Option<i64>) -> Match<'static> {
        Match {
            direction: "ingress",
            ethertype: "IPv4",
            protocol: Some("tcp"),
            port_min: min,
            port_max: max,
            prefix: None,
            group: None,
        }
    }

    #[test]
    fn the_negative_cases_of_tempest() {
        let name = |rule: Match<'_>| rule.check().unwrap_err().name();
        assert_eq!(name(tcp(Some(80), Some(79))), "SecurityGroupInvalidPortRange");
        assert_eq!(name(tcp(None, Some(6))), "SecurityGroupInvalidPortRange");
        let icmp = |min, max| Match { protocol: Some("icmp"), ..tcp(min, max) };
        assert_eq!(name(icmp(Some(1), Some(256))), "SecurityGroupInvalidIcmpValue");
        assert_eq!(name(icmp(None, Some(6))), "SecurityGroupMissingIcmpType");
        assert_eq!(name(icmp(Some(300), Some(1))), "SecurityGroupInvalidIcmpValue");
        assert!(icmp(Some(11), None).check().is_ok());
        assert_eq!(
            name(Match { protocol: Some("gre"), ..tcp(Some(1), Some(2)) }),
            "SecurityGroupInvalidProtocolForPort"
        );
        assert_eq!(
            name(Match { protocol: None, ..tcp(Some(1), Some(2)) }),
            "SecurityGroupProtocolRequiredWithPorts"
        );
        assert_eq!(
            name(Match { protocol: Some("ipv6-icmp"), ..tcp(None, None) }),
            "SecurityGroupEthertypeConflictWithProtocol"
        );
        assert_eq!(
            name(Match { prefix: Some("fd00::/8"), ..tcp(None, None) }),
            "SecurityGroupRuleParameterConflict"
        );
        assert_eq!(
            name(Match { prefix: Some("10.0.0.0/8"), group: Some("g".into()), ..tcp(None, None) }),
            "SecurityGroupMultipleRemoteEntites"
        );
    }

    #[test]
    fn the_same_rule_in_other_words_has_the_same_fingerprint() {
        let number = Match { protocol: Some("6"), ..tcp(Some(22), Some(22)) };
        assert_eq!(number.fingerprint(), tcp(Some(22), Some(22)).fingerprint());
        let everybody = Match { prefix: Some("0.0.0.0/0"), ..tcp(Some(22), Some(22)) };
        assert_eq!(everybody.fingerprint(), number.fingerprint());
        let icmp = |protocol| Match { ethertype: "IPv6", protocol: Some(protocol), ..tcp(None, None) };
        assert_eq!(icmp("icmp").fingerprint(), icmp("ipv6-icmp").fingerprint());
        assert_ne!(tcp(None, None).fingerprint(), number.fingerprint());
    }

    #[test]
    fn protocols_are_names_or_numbers_of_one_byte() {
        assert_eq!(protocol("TCP").unwrap().as_deref(), Some("tcp"));
        assert_eq!(protocol("255").unwrap().as_deref(), Some("255"));
        assert_eq!(protocol("any").unwrap(), None);
        for text in ["256", "-1", "bad_protocol_name", "", "+6"] {
            assert_eq!(protocol(text).unwrap_err().name(), "SecurityGroupRuleInvalidProtocol", "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_rule_makes_the_check_panic(name in "\\PC{0,12}", min in any::<Option<i64>>(), max in any::<Option<i64>>(), range in "\\PC{0,20}") {
            let rule = Match { protocol: Some(&name), prefix: Some(&range), ..tcp(min, max) };
            let _ = rule.check();
            let _ = rule.fingerprint();
            let _ = protocol(&name);
        }
    }
}
