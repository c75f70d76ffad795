//! MAC addresses: six bytes, parsed strictly, because they end up in firewall rules.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// A MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

/// The text was not six pairs of hex digits with colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadMac;

impl Mac {
    /// The modified EUI-64 interface identifier.
    pub(crate) const fn eui64(self) -> [u8; 8] {
        let m = self.0;
        [m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]]
    }

    /// The six bytes as one hexadecimal number, as a filter compares raw payload.
    pub(crate) fn hex(self) -> String {
        let m = self.0;
        format!("0x{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", m[0], m[1], m[2], m[3], m[4], m[5])
    }

    /// The link-local address that a guest with this MAC makes.
    pub(crate) fn link_local(self) -> Ipv6Addr {
        let mut bytes = [0; 16];
        bytes[0] = 0xfe;
        bytes[1] = 0x80;
        bytes[8..].copy_from_slice(&self.eui64());
        Ipv6Addr::from(bytes)
    }

    /// The MAC from which a link-local address was made, where it was made from one.
    pub(crate) fn of_link_local(address: Ipv6Addr) -> Option<Self> {
        let b = address.octets();
        let made = b[..8] == [0xfe, 0x80, 0, 0, 0, 0, 0, 0] && b[11] == 0xff && b[12] == 0xfe;
        made.then(|| Self([b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]]))
    }
}

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()));
            *byte = part.and_then(|p| u8::from_str_radix(p, 16).ok()).ok_or(BadMac)?;
        }
        if parts.next().is_some() { Err(BadMac) } else { Ok(Self(bytes)) }
    }
}

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let m = self.0;
        write!(f, "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", m[0], m[1], m[2], m[3], m[4], m[5])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_survives_text_and_anything_else_is_refused() {
        assert_eq!("FA:16:3e:00:00:0a".parse::<Mac>().unwrap().to_string(), "fa:16:3e:00:00:0a");
        for bad in
            ["", "fa:16:3e:00:00", "fa:16:3e:00:00:0a:0b", "fa:16:3e:00:00:+a", "fa-16-3e-00-00-0a", "x"]
        {
            assert_eq!(bad.parse::<Mac>(), Err(BadMac), "{bad}");
        }
        assert!("fa:16:3e:00:00:0a drop".parse::<Mac>().is_err(), "nothing can be smuggled into a rule");
    }

    #[test]
    fn a_link_local_address_leads_back_to_its_mac() {
        let mac: Mac = "fa:16:3e:00:00:0a".parse().unwrap();
        assert_eq!(mac.link_local().to_string(), "fe80::f816:3eff:fe00:a");
        assert_eq!(Mac::of_link_local(mac.link_local()), Some(mac));
        assert_eq!(Mac::of_link_local("fe80::1".parse().unwrap()), None);
        assert_eq!(Mac::of_link_local("fd00::f816:3eff:fe00:a".parse().unwrap()), None);
    }
}
