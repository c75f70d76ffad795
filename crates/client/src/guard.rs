//! Which addresses a cloud may send us to.
//!
//! A catalogue is written by the cloud under test. Somebody else's cloud must not be able to make the checker talk to
//! the checker's own network, its loopback or a metadata service. So an endpoint may lie at most as far *inside* as the
//! identity service that the user named: a cloud at a public address has public endpoints only, a cloud on
//! `127.0.0.1` may use anything but link-local addresses.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// How far inside an address lies, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reach {
    /// Reachable from anywhere.
    Public = 0,
    /// Private networks, carrier-grade NAT, unique local IPv6.
    Private = 1,
    /// This machine.
    Loopback = 2,
    /// One link, among them the metadata service at 169.254.169.254.
    LinkLocal = 3,
}

/// How far inside an address lies. Addresses that embed an IPv4 address count as that.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, ..] = address.octets();
    if address.is_link_local() || address.is_broadcast() || address.is_multicast() {
        Reach::LinkLocal
    } else if address.is_loopback() || a == 0 {
        Reach::Loopback
    } else if address.is_private() || (a == 100 && (64..128).contains(&b)) {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let segments = address.segments();
    if let Some(v4) = address.to_ipv4_mapped() {
        return reach_v4(v4);
    }
    // 64:ff9b::/96 (NAT64) and 2002::/16 (6to4) carry an IPv4 address
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return reach_v4(v4_of(segments[6], segments[7]));
    }
    if segments[0] == 0x2002 {
        return reach_v4(v4_of(segments[1], segments[2]));
    }
    if address.is_loopback() || address.is_unspecified() {
        Reach::Loopback
    } else if segments[0] & 0xffc0 == 0xfe80 || segments[0] & 0xff00 == 0xff00 {
        Reach::LinkLocal
    } else if segments[0] & 0xfe00 == 0xfc00 {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

/// Not yet known how far inside the user's own address lies: everything is allowed until then.
const UNKNOWN: u8 = u8::MAX;

/// Holds the innermost reach that is allowed, and the hosts that the user named. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    innermost: Arc<AtomicU8>,
    trusted: Arc<HashSet<String>>,
}

impl Guard {
    /// A guard that lets every address through that the user wrote down, wherever it lies.
    pub(crate) fn new<'a>(trusted: impl IntoIterator<Item = &'a Url>) -> Self {
        let hosts = trusted.into_iter().filter_map(|url| url.host_str().map(str::to_owned));
        Self { innermost: Arc::new(AtomicU8::new(UNKNOWN)), trusted: Arc::new(hosts.collect()) }
    }

    /// Learns from the address that the user gave. A name that does not resolve (behind a proxy) leaves the guard open.
    pub(crate) async fn learn(&self, url: &Url) {
        if self.innermost.load(Ordering::Relaxed) != UNKNOWN {
            return;
        }
        let innermost = match url.host() {
            Some(Host::Ipv4(v4)) => Some(reach(v4.into())),
            Some(Host::Ipv6(v6)) => Some(reach(v6.into())),
            Some(Host::Domain(name)) => {
                resolve(name).await.ok().and_then(|all| all.iter().map(|a| reach(a.ip())).max())
            }
            None => None,
        };
        if let Some(innermost) = innermost {
            self.innermost.store(innermost as u8, Ordering::Relaxed);
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        reach(address) as u8 <= self.innermost.load(Ordering::Relaxed)
    }

    /// Why an address may not be spoken to. Names are judged when they are resolved.
    pub(crate) fn refusal(&self, url: &Url) -> Option<String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Some(format!("its scheme is {:?}, not http or https", url.scheme()));
        }
        if url.host_str().is_some_and(|host| self.trusted.contains(host)) {
            return None;
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => IpAddr::from(v4),
            Some(Host::Ipv6(v6)) => IpAddr::from(v6),
            Some(Host::Domain(_)) => return None,
            None => return Some("it names no host".to_owned()),
        };
        (!self.allows(address)).then(|| inside(&address.to_string()))
    }

    /// Where the host of an address may be reached; the reason if it may not be.
    pub(crate) async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        if let Some(because) = self.refusal(url) {
            return Err(because);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let name = match url.host() {
            Some(Host::Ipv4(v4)) => return Ok(vec![(v4, port).into()]),
            Some(Host::Ipv6(v6)) => return Ok(vec![(v6, port).into()]),
            Some(Host::Domain(name)) => name,
            None => return Err("it names no host".to_owned()),
        };
        let all = self.allowed(name).await.map_err(|error| format!("{name}: {error}"))?;
        Ok(all.into_iter().map(|address| (address.ip(), port).into()).collect())
    }

    /// The addresses of a name that may be spoken to.
    async fn allowed(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        let all = resolve(name).await?;
        let trusted = self.trusted.contains(name);
        let allowed: Vec<SocketAddr> =
            all.iter().copied().filter(|a| trusted || self.allows(a.ip())).collect();
        if allowed.is_empty() && !all.is_empty() {
            return Err(std::io::Error::other(inside(name)));
        }
        Ok(allowed)
    }
}

fn inside(what: &str) -> String {
    format!(
        "{what} lies further inside the network than the identity service, so a foreign cloud could reach into ours"
    )
}

async fn resolve(name: &str) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let allowed = guard.allowed(name.as_str()).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach_of(text: &str) -> Reach {
        reach(text.parse().unwrap())
    }

    #[test]
    fn every_kind_of_address_has_its_reach() {
        for (text, expected) in [
            ("8.8.8.8", Reach::Public),
            ("2a01:4f8::1", Reach::Public),
            ("10.1.2.3", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("fd00::1", Reach::Private),
            ("127.0.0.1", Reach::Loopback),
            ("0.0.0.0", Reach::Loopback),
            ("::1", Reach::Loopback),
            ("169.254.169.254", Reach::LinkLocal),
            ("fe80::1", Reach::LinkLocal),
            ("::ffff:10.0.0.1", Reach::Private),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("64:ff9b::7f00:1", Reach::Loopback),
            ("2002:7f00:1::", Reach::Loopback),
        ] {
            assert_eq!(reach_of(text), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_public_cloud_may_not_point_inside() {
        let guard = Guard::new([]);
        guard.learn(&"https://8.8.8.8/v3".parse().unwrap()).await;
        let refused = |u: &str| guard.refusal(&u.parse().unwrap()).is_some();
        assert!(
            refused("http://10.0.0.1/image")
                && refused("http://[::1]/")
                && refused("http://169.254.169.254/")
        );
        assert!(!refused("https://9.9.9.9/image"));
    }

    #[tokio::test]
    async fn addresses_are_given_only_where_one_may_go() {
        let guard = Guard::new([]);
        guard.learn(&"https://8.8.8.8/v3".parse().unwrap()).await;
        let of = async |url: &str| guard.addresses(&url.parse().unwrap()).await;
        assert_eq!(of("https://9.9.9.9:444/x").await, Ok(vec!["9.9.9.9:444".parse().unwrap()]));
        assert!(of("https://10.0.0.1/").await.is_err() && of("https://localhost/").await.is_err());
    }

    #[tokio::test]
    async fn an_address_that_the_user_wrote_down_is_let_through() {
        let guard = Guard::new([&"http://10.0.0.1:8774/v2.1".parse().unwrap()]);
        guard.learn(&"https://8.8.8.8/v3".parse().unwrap()).await;
        assert_eq!(guard.refusal(&"http://10.0.0.1:8774/v2.1/x".parse().unwrap()), None);
        assert!(guard.refusal(&"http://10.0.0.2:8774/v2.1/x".parse().unwrap()).is_some());
    }

    #[tokio::test]
    async fn a_local_cloud_may_point_anywhere_but_to_the_metadata_service() {
        let guard = Guard::new([]);
        guard.learn(&"http://127.0.0.1:5000/v3".parse().unwrap()).await;
        let refused = |u: &str| guard.refusal(&u.parse().unwrap()).is_some();
        assert!(!refused("http://10.0.0.1/image") && !refused("http://[::1]/"));
        assert!(refused("http://169.254.169.254/latest") && refused("ftp://10.0.0.1/"));
    }
}
