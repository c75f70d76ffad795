//! Talking to one server: an offer, the answer to it, and nothing more.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{self, MOST, Said};
use super::hello::{Hello, Version};
use super::judge::{Met, Offers};
use super::suites::{INTERMEDIATE, TLS13, TLS13_OTHERS, WEAK, everything};

/// Making a connection; and waiting for an answer to an offer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server and how to call it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// Where it may be reached.
    pub(super) addresses: Vec<SocketAddr>,
    /// Its name, unless only an address is known.
    pub(super) name: Option<String>,
}

/// How an offer ended.
enum Ended {
    Said(Said),
    Closed,
    Unclear(String),
}

impl Server {
    pub(super) async fn connect(&self) -> Result<TcpStream, String> {
        let mut last = "it has no address".to_owned();
        for address in &self.addresses {
            match timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = format!("no connection to {address}: {error}"),
                Err(_) => last = format!("no connection to {address} within {} s", PATIENCE.as_secs()),
            }
        }
        Err(last)
    }

    async fn ask(&self, hello: &Hello<'_>) -> Ended {
        match self.connect().await {
            Ok(stream) => match timeout(PATIENCE, exchange(stream, &hello.encode())).await {
                Ok(ended) => ended,
                Err(_) => Ended::Unclear(format!("no answer within {} s", PATIENCE.as_secs())),
            },
            Err(why) => Ended::Unclear(why),
        }
    }

    async fn offer(&self, hello: &Hello<'_>) -> (Met, Option<answer::ServerHello>) {
        match self.ask(hello).await {
            Ended::Said(Said::Hello(chosen)) if hello.is_taken_by(&chosen) => (Met::Taken, Some(chosen)),
            Ended::Said(Said::Hello(chosen)) if chosen.version != hello.version.number() => {
                (Met::Refused(format!("it wants version {:#06x}", chosen.version)), None)
            }
            Ended::Said(Said::Hello(chosen)) => {
                (Met::Unclear(format!("it chose suite {:#06x}, which was not offered", chosen.suite)), None)
            }
            Ended::Said(Said::Alert(description)) => (Met::Refused(answer::alert_word(description)), None),
            Ended::Closed => (Met::Refused("it closed the connection".to_owned()), None),
            Ended::Unclear(why) => (Met::Unclear(why), None),
        }
    }

    fn hello<'a>(&'a self, version: Version, suites: &'a [u16]) -> Hello<'a> {
        Hello { version, suites, server_name: self.name.as_deref(), compression: false }
    }

    /// Everything that it offers. Some 30 short connections, one after the other, so that nobody takes it for an attack.
    pub(super) async fn offers(&self) -> Offers {
        let (all, newest) = (everything(), TLS13.map(|(number, _)| number));
        let mut offers = Offers::default();
        for version in Version::ALL {
            let suites = if version == Version::Tls13 { &newest[..] } else { &all };
            let (met, _) = self.offer(&self.hello(version, suites)).await;
            // a server that cannot be reached is not asked thirty times
            let unreachable =
                matches!(met, Met::Unclear(_)) && version == Version::Ssl30 && self.connect().await.is_err();
            offers.versions.insert(version, met);
            if unreachable {
                return Offers { suites_unclear: Some("it cannot be reached".to_owned()), ..offers };
            }
        }
        let compressing = Hello { compression: true, ..self.hello(Version::Tls12, &all) };
        offers.compression = self.offer(&compressing).await.1.is_some_and(|chosen| chosen.compression);
        self.suites(&mut offers).await;
        offers
    }

    /// Its suites: those of TLS 1.3, and those of the newest version before.
    async fn suites(&self, offers: &mut Offers) {
        let took = |version| offers.versions.get(&version) == Some(&Met::Taken);
        let before =
            [Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl30].into_iter().find(|v| took(*v));
        let newest = took(Version::Tls13);
        if let Some(Met::Unclear(why)) = offers.versions.values().find(|met| matches!(met, Met::Unclear(_))) {
            offers.suites_unclear = Some(why.clone());
        } else if before.is_none() && !newest {
            offers.suites_unclear = Some("it accepts no version of TLS".to_owned());
        }
        if let Some(version) = before {
            let weak: Vec<u16> = WEAK.iter().map(|weak| weak.number).collect();
            self.takes(offers, version, &INTERMEDIATE.map(|(number, _)| number)).await;
            self.takes(offers, version, &weak).await;
        }
        if newest {
            self.takes(offers, Version::Tls13, &TLS13.map(|(number, _)| number)).await;
            self.takes(offers, Version::Tls13, &TLS13_OTHERS.map(|(number, _)| number)).await;
        }
    }

    /// Finds out which suites it takes: it chooses one, that one is left out, and so on until it refuses.
    async fn takes(&self, offers: &mut Offers, version: Version, suites: &[u16]) {
        let mut left = suites.to_vec();
        while !left.is_empty() {
            match self.offer(&self.hello(version, &left)).await {
                (_, Some(chosen)) => {
                    left.retain(|number| *number != chosen.suite);
                    offers.suites.push(chosen.suite);
                }
                (Met::Unclear(why), None) => {
                    offers.suites_unclear = Some(why);
                    return;
                }
                _ => return,
            }
        }
    }
}

/// Sends and reads until the answer is whole, the server hangs up, or it says more than any answer holds.
async fn exchange(mut stream: TcpStream, hello: &[u8]) -> Ended {
    if stream.write_all(hello).await.is_err() {
        return Ended::Closed;
    }
    let mut seen = Vec::new();
    let mut buffer = [0; 2048];
    while seen.len() <= MOST {
        let count = match stream.read(&mut buffer).await {
            Ok(0) | Err(_) if seen.is_empty() => return Ended::Closed,
            Ok(0) | Err(_) => return Ended::Unclear("it hung up in the middle of its answer".to_owned()),
            Ok(count) => count,
        };
        seen.extend_from_slice(&buffer[..count]);
        match answer::read(&seen) {
            Ok(Some(said)) => return Ended::Said(said),
            Ok(None) => {}
            Err(why) => return Ended::Unclear(format!("the answer cannot be read: {}", why.0)),
        }
    }
    Ended::Unclear("its answer does not end".to_owned())
}
