//! How many connections there may be, and what happens where none can be accepted.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Counts connections.
pub(super) struct Admission {
    places: Arc<Semaphore>,
    clients: Arc<Clients>,
}

struct Clients {
    most: usize,
    here: Mutex<HashMap<IpAddr, usize>>,
}

/// The place of one connection. It is free again when this is dropped.
pub(super) struct Slot {
    _place: Option<OwnedSemaphorePermit>,
    client: Option<(IpAddr, Arc<Clients>)>,
}

impl Admission {
    /// Room for so many in all, and so many of one client (zero: any number).
    pub(super) fn new(all: usize, per_client: usize) -> Self {
        let places = Arc::new(Semaphore::new(all.clamp(1, Semaphore::MAX_PERMITS)));
        Self { places, clients: Arc::new(Clients { most: per_client, here: Mutex::default() }) }
    }

    /// Waits until there is room for one more.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        metrics::counter!("kogge_http_connections_full_total").increment(1);
        tracing::warn!("there are as many connections as server.connections allows: the next one waits");
        // never closed
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// A slot for a connection from there; `None` where that client has as many as it may have.
    pub(super) fn admit(&self, place: Option<OwnedSemaphorePermit>, from: IpAddr) -> Option<Slot> {
        let Some(client) = client(from).filter(|_| self.clients.most > 0) else {
            return Some(Slot { _place: place, client: None });
        };
        let mut here = self.clients.here.lock().unwrap_or_else(PoisonError::into_inner);
        let count = here.entry(client).or_default();
        if *count >= self.clients.most {
            metrics::counter!("kogge_http_connections_refused_total").increment(1);
            tracing::debug!(%client, "a client has as many connections as server.connections_per_client allows");
            return None;
        }
        *count += 1;
        Some(Slot { _place: place, client: Some((client, Arc::clone(&self.clients))) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((client, clients)) = &self.client else { return };
        let mut here = clients.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = here.get_mut(client) {
            *count -= 1;
            if *count == 0 {
                here.remove(client);
            }
        }
    }
}

/// What counts as one client; `None` for this machine. Who has one IPv6 address has 2⁶⁴ of them.
fn client(from: IpAddr) -> Option<IpAddr> {
    match from.to_canonical() {
        address if address.is_loopback() => None,
        address @ IpAddr::V4(_) => Some(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Some(IpAddr::V6(Ipv6Addr::from(network)))
        }
    }
}

/// Waiting after connections that could not be accepted: longer each time, with one line in the log for many.
#[derive(Default)]
pub(super) struct Pause {
    in_a_row: u32,
    told: Option<Instant>,
}

impl Pause {
    const LONGEST: Duration = Duration::from_secs(1);
    const BETWEEN_LINES: Duration = Duration::from_secs(10);

    /// One was accepted.
    pub(super) fn over(&mut self) {
        self.in_a_row = 0;
    }

    /// Out of descriptors, or a client gone early: waits, so that others can end meanwhile.
    pub(super) async fn after(&mut self, error: &std::io::Error) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        let now = Instant::now();
        if self.told.is_none_or(|told| now.duration_since(told) >= Self::BETWEEN_LINES) {
            self.told = Some(now);
            tracing::warn!(%error, in_a_row = self.in_a_row, "a connection could not be accepted; it is tried again");
        }
        tokio::time::sleep(self.length()).await;
    }

    fn length(&self) -> Duration {
        Duration::from_millis(10).saturating_mul(1 << self.in_a_row.min(10)).min(Self::LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_client_takes_its_share_and_no_more() {
        let admission = Admission::new(10, 2);
        let first = admission.admit(None, ip("192.0.2.1")).unwrap();
        let _second = admission.admit(None, ip("::ffff:192.0.2.1")).unwrap();
        assert!(admission.admit(None, ip("192.0.2.1")).is_none());
        assert!(admission.admit(None, ip("192.0.2.2")).is_some(), "another client");
        drop(first);
        assert!(admission.admit(None, ip("192.0.2.1")).is_some(), "what ended counts no longer");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let admission = Admission::new(10, 1);
        let _one = admission.admit(None, ip("2001:db8::1")).unwrap();
        assert!(admission.admit(None, ip("2001:db8::ffff:2")).is_none());
        assert!(admission.admit(None, ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_proxy_on_this_machine_stands_for_many() {
        let admission = Admission::new(10, 1);
        let kept: Vec<Slot> = ["127.0.0.1", "::1", "127.0.0.1", "::ffff:127.0.0.1"]
            .iter()
            .filter_map(|from| admission.admit(None, ip(from)))
            .collect();
        assert_eq!(kept.len(), 4);
        let none = Admission::new(10, 0);
        let kept: Vec<Slot> = (0..100).filter_map(|_| none.admit(None, ip("192.0.2.1"))).collect();
        assert_eq!(kept.len(), 100, "zero is no limit");
    }

    #[test]
    fn clients_that_have_gone_leave_nothing() {
        let admission = Admission::new(10, 2);
        for last in 0..200 {
            drop(admission.admit(None, ip(&format!("192.0.2.{last}"))));
        }
        assert!(admission.clients.here.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_next_one_waits_for_a_place() {
        let admission = Admission::new(1, 0);
        let slot = admission.admit(admission.place().await, ip("192.0.2.1")).unwrap();
        let mut waiting = Box::pin(admission.place());
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(slot);
        assert!(waiting.await.is_some());
    }

    #[test]
    fn pauses_grow_to_a_second() {
        let lengths: Vec<u128> =
            [0, 1, 3, 6, 7, 40].map(|in_a_row| Pause { in_a_row, told: None }.length().as_millis()).to_vec();
        assert_eq!(lengths, [10, 20, 80, 640, 1000, 1000]);
    }
}
