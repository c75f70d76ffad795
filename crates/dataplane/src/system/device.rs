//! The two ioctls for which no safe interface exists: making a tap, and switching off checksum offload.
#![expect(
    unsafe_code,
    reason = "TUNSETIFF and SIOCETHTOOL take a C structure; nix has no wrapper for either"
)]

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use kogge_node_api::NodeError;
use nix::errno::Errno;
use nix::libc;

/// `ETHTOOL_STXCSUM` of `linux/ethtool.h`: set transmit checksum offload.
const ETHTOOL_STXCSUM: u32 = 0x17;

/// An interface name as the kernel takes it: at most 15 bytes and a zero.
struct Interface([libc::c_char; libc::IFNAMSIZ]);

impl Interface {
    /// The interface called `name`; `None` where no interface can be called so.
    fn new(name: &str) -> Option<Self> {
        let fits =
            (1..libc::IFNAMSIZ).contains(&name.len()) && name.is_ascii() && !name.contains(['/', '\0']);
        let mut bytes = [0; libc::IFNAMSIZ];
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = libc::c_char::try_from(from).ok()?;
        }
        fits.then_some(Self(bytes))
    }
}

/// `struct ethtool_value`.
#[repr(C)]
struct EthtoolValue {
    cmd: u32,
    data: u32,
}

/// Makes the tap called `name` in the calling thread's namespace and opens it, with a virtio-net header before each
/// frame. The tap lives as long as the descriptor.
///
/// # Errors
/// [`NodeError::NotYet`] while another process holds the tap, else [`NodeError::Failed`].
pub(crate) fn open_tap(name: &str) -> Result<OwnedFd, NodeError> {
    let step = format!("making the tap {name}");
    let Some(interface) = Interface::new(name) else { return Err(NodeError::failed(&step, "no such name")) };
    let tun = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_CLOEXEC)
        .open("/dev/net/tun")
        .map_err(|error| NodeError::failed(&step, format!("/dev/net/tun: {error}")))?;
    let flags = libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR;
    let request = libc::ifreq {
        ifr_name: interface.0,
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_flags: libc::c_short::try_from(flags).unwrap_or(0) },
    };
    // SAFETY: the descriptor is open, and TUNSETIFF reads (and writes back) one ifreq that lives through the call.
    let done = unsafe { libc::ioctl(tun.as_raw_fd(), libc::TUNSETIFF, &raw const request) };
    match Errno::result(done) {
        Ok(_) => Ok(tun.into()),
        Err(Errno::EBUSY) => {
            Err(NodeError::NotYet { what: format!("the tap {name}, which a running guest holds") })
        }
        Err(error) => Err(NodeError::failed(&step, error)),
    }
}

/// Makes the kernel fill in checksums of what leaves by `name`. Raw DHCP clients drop packets without.
///
/// # Errors
/// [`NodeError::Failed`] where the interface does not exist or cannot.
pub(crate) fn without_checksum_offload(name: &str) -> Result<(), NodeError> {
    let step = format!("switching off checksum offload of {name}");
    let Some(interface) = Interface::new(name) else { return Err(NodeError::failed(&step, "no such name")) };
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").map_err(|error| NodeError::failed(&step, error))?;
    let mut value = EthtoolValue { cmd: ETHTOOL_STXCSUM, data: 0 };
    let request = libc::ifreq {
        ifr_name: interface.0,
        ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_data: (&raw mut value).cast() },
    };
    // SAFETY: the socket is open; SIOCETHTOOL reads one ifreq, which points to a value that lives through the call.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCETHTOOL, &raw const request) };
    Errno::result(done).map(|_| ()).map_err(|error| NodeError::failed(&step, error))
}

#[cfg(test)]
mod tests {
    use super::Interface;

    #[test]
    fn names_that_the_kernel_refuses_are_refused_before() {
        assert!(Interface::new("tap12345678-123").is_some());
        for bad in ["", "sixteen-letters-", "a/b", "a\0b", "täp"] {
            assert!(Interface::new(bad).is_none(), "{bad:?}");
        }
    }
}
