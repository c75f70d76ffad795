//! The loops of the responders. A failed send is the guest's loss only; it asks again.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::watch;

use crate::dhcp::leases::Leases;
use crate::dhcp::ra::Advert;
use crate::dhcp::{v4, v6};
use crate::seldom::Seldom;

/// More than any DHCP packet on a network with a usual MTU.
const PACKET: usize = 2_048;
/// How often a router says that it is there.
const ADVERT_PERIOD: Duration = Duration::from_secs(60);
/// All nodes on the link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// ICMPv6 type of a router solicitation.
pub(super) const SOLICITATION: u8 = 133;
/// Answers that could not be sent.
static UNSENT: Seldom = Seldom::new();

/// Waits a little after a socket error, so that a persistent one does not spin.
async fn breathe(what: &str, error: std::io::Error) {
    tracing::debug!(%error, "{what}: reading failed");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Answers DHCPv4.
pub(super) async fn dhcp_v4(socket: UdpSocket, leases: watch::Receiver<Arc<Leases>>) {
    let mut packet = [0; PACKET];
    loop {
        let length = match socket.recv_from(&mut packet).await {
            Ok((length, _)) => length,
            Err(error) => {
                breathe("DHCP", error).await;
                continue;
            }
        };
        let leases = Arc::clone(&leases.borrow());
        let Some(reply) = v4::answer(&leases, &packet[..length]) else { continue };
        if let Err(error) = socket.send_to(&reply.bytes, reply.to).await
            && let Some(kept_back) = UNSENT.due()
        {
            tracing::warn!(%error, to = %reply.to, kept_back, "DHCP: an answer was not sent");
        }
    }
}

/// Answers DHCPv6.
pub(super) async fn dhcp_v6(socket: UdpSocket, leases: watch::Receiver<Arc<Leases>>) {
    let mut packet = [0; PACKET];
    loop {
        let (length, from) = match socket.recv_from(&mut packet).await {
            Ok(received) => received,
            Err(error) => {
                breathe("DHCPv6", error).await;
                continue;
            }
        };
        let IpAddr::V6(source) = from.ip() else { continue };
        let leases = Arc::clone(&leases.borrow());
        let Some(reply) = v6::answer(&leases, &packet[..length], source) else { continue };
        if let Err(error) = socket.send_to(&reply, from).await
            && let Some(kept_back) = UNSENT.due()
        {
            tracing::warn!(%error, %from, kept_back, "DHCPv6: an answer was not sent");
        }
    }
}

/// Advertises a router on the link with this index: now, now and then, when asked, and when something changed.
pub(super) async fn advertise(socket: UdpSocket, index: u32, mut advert: watch::Receiver<Advert>) {
    let everybody = SocketAddr::V6(SocketAddrV6::new(ALL_NODES, 0, 0, index));
    let mut packet = [0; PACKET];
    let mut period = tokio::time::interval(ADVERT_PERIOD);
    loop {
        let to = tokio::select! {
            _ = period.tick() => everybody,
            changed = advert.changed() => match changed {
                Ok(()) => everybody,
                Err(_) => return,
            },
            received = socket.recv_from(&mut packet) => match received {
                Ok((_, from)) if packet[0] == SOLICITATION && !from.ip().is_unspecified() => from,
                Ok(_) if packet[0] == SOLICITATION => everybody,
                Ok(_) => continue,
                Err(error) => {
                    breathe("router advertisements", error).await;
                    continue;
                }
            },
        };
        let bytes = advert.borrow_and_update().bytes();
        if let Err(error) = socket.send_to(&bytes, to).await {
            tracing::debug!(%error, %to, "a router advertisement was not sent");
        }
    }
}
