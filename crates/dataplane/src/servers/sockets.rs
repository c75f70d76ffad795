//! Sockets, opened on a thread inside a namespace and handed to the async runtime afterwards.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use kogge_node_api::NodeError;
use nix::libc;
use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use super::tasks::SOLICITATION;

/// Where guests look for metadata.
const METADATA_PORT: u16 = 80;
/// Where DHCP servers listen.
const DHCP_PORT: u16 = 67;
/// Where DHCPv6 servers listen.
const DHCPV6_PORT: u16 = 547;
/// All DHCPv6 servers and relays on the link.
const ALL_DHCP_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
/// All routers on the link.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// The metadata listeners of a link.
pub(super) struct Metadata {
    v4: Socket,
    v6: Option<Socket>,
}

impl Metadata {
    /// Opens them in the calling thread's namespace, for what comes in on `link` and nothing else. A host without IPv6
    /// does without.
    pub(super) fn open(link: &str) -> Result<Self, NodeError> {
        let any = |address: IpAddr| SocketAddr::from((address, METADATA_PORT));
        let v4 = listener(Domain::IPV4, link, any(Ipv4Addr::UNSPECIFIED.into()))
            .map_err(|error| NodeError::failed("opening the metadata socket", error))?;
        Ok(Self { v4, v6: listener(Domain::IPV6, link, any(Ipv6Addr::UNSPECIFIED.into())).ok() })
    }

    /// The listeners, on the runtime.
    pub(super) fn listening(self) -> Result<Vec<TcpListener>, NodeError> {
        let on_runtime = |socket: Socket| TcpListener::from_std(socket.into());
        let all = std::iter::once(self.v4).chain(self.v6).map(on_runtime);
        all.collect::<io::Result<_>>().map_err(|error| NodeError::failed("starting a responder", error))
    }
}

/// The DHCP sockets of a network.
pub(super) struct Dhcp {
    v4: Socket,
    v6: Option<Socket>,
}

impl Dhcp {
    /// Opens them on `link` in the calling thread's namespace. A host without IPv6 does without.
    pub(super) fn open(link: &str) -> Result<Self, NodeError> {
        let v4 = dhcp_v4(link).map_err(|error| NodeError::failed("opening the DHCP socket", error))?;
        Ok(Self { v4, v6: dhcp_v6(link).ok() })
    }

    /// The sockets, on the runtime.
    pub(super) fn registered(self) -> Result<(UdpSocket, Option<UdpSocket>), NodeError> {
        Ok((registered(self.v4)?, self.v6.map(registered).transpose()?))
    }
}

/// A datagram or raw socket on the runtime.
pub(super) fn registered(socket: Socket) -> Result<UdpSocket, NodeError> {
    UdpSocket::from_std(socket.into()).map_err(|error| NodeError::failed("starting a responder", error))
}

fn dhcp_v4(link: &str) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(link.as_bytes()))?;
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, DHCP_PORT))))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn dhcp_v6(link: &str) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_only_v6(true)?;
    socket.bind_device(Some(link.as_bytes()))?;
    socket.join_multicast_v6(&ALL_DHCP_SERVERS, index(link)?)?;
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv6Addr::UNSPECIFIED, DHCPV6_PORT))))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn index(link: &str) -> io::Result<u32> {
    Ok(nix::net::if_::if_nametoindex(link)?)
}

/// A listener for what comes in on `link`; which address is asked is the firewall's business.
fn listener(domain: Domain, link: &str, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind_device(Some(link.as_bytes()))?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(128)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A socket for router advertisements on a leg, with the leg's index. It is a raw ICMPv6 socket; only the calls that
/// it shares with datagram sockets are used on it.
pub(super) fn router_advertisements(leg: &str) -> Result<(Socket, u32), NodeError> {
    let open = || -> io::Result<(Socket, u32)> {
        let index = index(leg)?;
        let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
        socket.bind_device(Some(leg.as_bytes()))?;
        socket.set_multicast_hops_v6(255)?;
        socket.set_unicast_hops_v6(255)?;
        socket.set_multicast_loop_v6(false)?;
        socket.set_multicast_if_v6(index)?;
        socket.join_multicast_v6(&ALL_ROUTERS, index)?;
        socket.attach_filter(&only_solicitations())?;
        socket.set_nonblocking(true)?;
        Ok((socket, index))
    };
    open().map_err(|error| NodeError::failed("opening the socket for router advertisements", error))
}

/// Lets only router solicitations wake the responder: the kernel hands a raw socket every ICMPv6 message, and a guest's
/// pings are the kernel's work alone.
fn only_solicitations() -> [SockFilter; 4] {
    let [load_byte, jump_if_equal, answer] = [
        libc::BPF_LD | libc::BPF_B | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        libc::BPF_RET,
    ]
    .map(|code| u16::try_from(code).unwrap_or_default());
    [
        SockFilter::new(load_byte, 0, 0, 0),
        SockFilter::new(jump_if_equal, 0, 1, u32::from(SOLICITATION)),
        SockFilter::new(answer, 0, 0, u32::MAX),
        SockFilter::new(answer, 0, 0, 0),
    ]
}
