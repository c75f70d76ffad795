//! Reading a DHCPv4 request. Only what is used is read, by hand: the codec's decoder panics on some malformed options
//! (dhcproto 0.15: a static route with a prefix above 32, a status of length zero), and guests send what they like.

use std::net::Ipv4Addr;

use dhcproto::v4::MessageType;

/// Bytes before the options.
const HEADER: usize = 240;
/// Begins the options.
const MAGIC: [u8; 4] = [99, 130, 83, 99];

/// A request of a client on our own link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) kind: MessageType,
    pub(super) xid: u32,
    pub(super) flags: u16,
    /// The address that the client has, or zeros.
    pub(super) ciaddr: Ipv4Addr,
    pub(super) mac: [u8; 6],
    /// Option 50.
    pub(super) wanted: Option<Ipv4Addr>,
    /// Option 54.
    pub(super) server: Option<Ipv4Addr>,
}

impl Request {
    /// Reads a packet; `None` for anything but an Ethernet client's request that came without a relay.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let (header, options) = packet.split_at_checked(HEADER)?;
        let request_on_ethernet = header[0..3] == [1, 1, 6];
        let relayed = header[24..28] != [0; 4];
        if !request_on_ethernet || relayed || header[236..240] != MAGIC {
            return None;
        }
        let mut request = Self {
            kind: MessageType::Unknown(0),
            xid: u32::from_be_bytes(bytes(header, 4)?),
            flags: u16::from_be_bytes(bytes(header, 10)?),
            ciaddr: bytes::<4>(header, 12)?.into(),
            mac: bytes(header, 28)?,
            wanted: None,
            server: None,
        };
        for (code, value) in Options(options) {
            match (code, value) {
                (53, [kind]) => request.kind = MessageType::from(*kind),
                (50, value) => request.wanted = bytes::<4>(value, 0).map(Into::into),
                (54, value) => request.server = bytes::<4>(value, 0).map(Into::into),
                _ => {}
            }
        }
        Some(request)
    }

    /// Whether the client asks for an answer to everybody.
    pub(super) const fn broadcast(&self) -> bool {
        self.flags & 0x8000 != 0
    }
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> Option<[u8; N]> {
    from.get(at..at + N)?.try_into().ok()
}

/// Options until the end mark or the first that is cut off.
struct Options<'a>(&'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let [0, rest @ ..] = self.0 {
            self.0 = rest;
        }
        let [code, length, rest @ ..] = self.0 else { return None };
        if *code == 255 {
            return None;
        }
        let (value, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some((*code, value))
    }
}
