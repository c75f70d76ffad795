//! Sockets, opened on a thread inside a namespace and handed to the async runtime afterwards.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use kogge_node_api::NodeError;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

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

/// The sockets of a network's responders.
pub(super) struct Network {
    dhcp_v4: Socket,
    metadata_v4: Socket,
    v6: Option<(Socket, Socket)>,
}

impl Network {
    /// Opens them on `link` in the calling thread's namespace. A host without IPv6 does without.
    pub(super) fn open(link: &str) -> Result<Self, NodeError> {
        let dhcp_v4 = dhcp_v4(link).map_err(|error| NodeError::failed("opening the DHCP socket", error))?;
        let v6 = dhcp_v6(link).ok().zip(metadata_v6().ok());
        Ok(Self { dhcp_v4, metadata_v4: metadata_v4()?, v6 })
    }

    /// The DHCP socket, on the runtime.
    pub(super) fn dhcp_v4(&self) -> Result<UdpSocket, NodeError> {
        registered(clone(&self.dhcp_v4)?)
    }

    /// The metadata listener, on the runtime.
    pub(super) fn metadata_v4(&self) -> Result<TcpListener, NodeError> {
        listening(clone(&self.metadata_v4)?)
    }

    /// DHCPv6 socket and metadata listener, on the runtime.
    pub(super) fn v6(&self) -> Result<Option<(UdpSocket, TcpListener)>, NodeError> {
        let Some((dhcp, metadata)) = &self.v6 else { return Ok(None) };
        Ok(Some((registered(clone(dhcp)?)?, listening(clone(metadata)?)?)))
    }
}

fn clone(socket: &Socket) -> Result<Socket, NodeError> {
    socket.try_clone().map_err(|error| NodeError::failed("opening a socket", error))
}

/// A datagram or raw socket on the runtime.
pub(super) fn registered(socket: Socket) -> Result<UdpSocket, NodeError> {
    UdpSocket::from_std(socket.into()).map_err(|error| NodeError::failed("starting a responder", error))
}

/// A listener on the runtime.
pub(super) fn listening(socket: Socket) -> Result<TcpListener, NodeError> {
    TcpListener::from_std(socket.into()).map_err(|error| NodeError::failed("starting a responder", error))
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

/// The metadata listener; which address is asked is the firewall's business.
pub(super) fn metadata_v4() -> Result<Socket, NodeError> {
    let open = || listener(Domain::IPV4, SocketAddr::from((Ipv4Addr::UNSPECIFIED, METADATA_PORT)));
    open().map_err(|error| NodeError::failed("opening the metadata socket", error))
}

/// The same over IPv6.
pub(super) fn metadata_v6() -> io::Result<Socket> {
    listener(Domain::IPV6, SocketAddr::from((Ipv6Addr::UNSPECIFIED, METADATA_PORT)))
}

fn listener(domain: Domain, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
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
        socket.set_nonblocking(true)?;
        Ok((socket, index))
    };
    open().map_err(|error| NodeError::failed("opening the socket for router advertisements", error))
}
