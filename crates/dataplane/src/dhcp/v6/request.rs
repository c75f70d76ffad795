//! Reading a DHCPv6 request, by hand for the same reason as in DHCPv4: guests send what they like.

use std::net::Ipv6Addr;

use dhcproto::v6::MessageType;

/// A request of a client on our own link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) kind: MessageType,
    pub(super) xid: [u8; 3],
    /// Option 1.
    pub(super) client: Option<Vec<u8>>,
    /// Option 2.
    pub(super) server: Option<Vec<u8>>,
    /// Option 14.
    pub(super) rapid_commit: bool,
    /// Options 3.
    pub(super) associations: Vec<Association>,
}

/// An identity association for addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Association {
    pub(super) id: u32,
    /// What the client has or would like.
    pub(super) addresses: Vec<Ipv6Addr>,
}

impl Request {
    /// Reads a packet; `None` where it is too short to be one.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let [kind, a, b, c, options @ ..] = packet else { return None };
        let mut request = Self {
            kind: MessageType::from(*kind),
            xid: [*a, *b, *c],
            client: None,
            server: None,
            rapid_commit: false,
            associations: Vec::new(),
        };
        for (code, value) in Options(options) {
            match code {
                1 => request.client = Some(value.to_vec()),
                2 => request.server = Some(value.to_vec()),
                3 => request.associations.extend(association(value)),
                14 => request.rapid_commit = true,
                _ => {}
            }
        }
        Some(request)
    }
}

fn association(value: &[u8]) -> Option<Association> {
    let (id, rest) = value.split_first_chunk::<4>()?;
    let inner = rest.get(8..)?; // the two times are ours to say
    let addresses = Options(inner).filter(|(code, _)| *code == 5);
    let addresses = addresses.filter_map(|(_, value)| value.first_chunk::<16>().map(|b| Ipv6Addr::from(*b)));
    Some(Association { id: u32::from_be_bytes(*id), addresses: addresses.collect() })
}

/// Options until the first that is cut off.
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((u16::from_be_bytes([head[0], head[1]]), value))
    }
}
