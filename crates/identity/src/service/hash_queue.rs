//! Whose turn it is to hash. bcrypt takes a core for a quarter of a second, so that whoever sends most must not get most.
//!
//! ```text
//! enter: bounded per client and in all ─▶ the clients in turn ─▶ of a client its accounts in turn ─▶ of an account first come first
//! ```
//!
//! A flood from one address waits in that address's own line: everybody else waits for one hash of it at most per round. Clients
//! behind one proxy share a line, in which the accounts that they try take turns.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// Who wants a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// Somebody who is not known yet, by address (of IPv6 the first 64 bits); `None` where there is no address.
    Address(Option<IpAddr>),
    /// A caller, by user id.
    User(String),
    /// Kogge itself.
    Inside,
}

impl Client {
    /// A stranger at an address.
    pub(crate) fn at(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
            short @ IpAddr::V4(_) => short,
        }))
    }

    /// A caller.
    pub(crate) fn of(caller: &kogge_auth::Caller) -> Self {
        Self::User(caller.user.id.to_string())
    }
}

/// Most hashes that wait or run, of one client and in all; and how long one waits for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) per_client: usize,
    pub(super) in_all: usize,
    pub(super) patience: Duration,
}

/// How long one waits for a turn.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl Default for Bounds {
    fn default() -> Self {
        Self { per_client: 256, in_all: 1024, patience: PATIENCE }
    }
}

/// What who cannot be served is told to wait.
const COME_BACK_SECONDS: u32 = 5;

/// The line. Cheap to clone.
#[derive(Clone)]
pub(super) struct HashQueue(Arc<Inner>);

struct Inner {
    bounds: Bounds,
    hashes: RandomState,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Turns that nobody has.
    free: usize,
    /// Entries, of all clients.
    entered: usize,
    lanes: HashMap<Client, Lane>,
    /// Clients of whom somebody waits, next one first.
    order: VecDeque<Client>,
}

/// The line of one client.
#[derive(Default)]
struct Lane {
    entered: usize,
    waiting: HashMap<u64, VecDeque<oneshot::Sender<Turn>>>,
    /// Accounts for which somebody waits, next one first.
    order: VecDeque<u64>,
}

/// A place in the line, given back when dropped.
pub(super) struct Entry {
    queue: HashQueue,
    client: Client,
    account: u64,
}

/// The right to hash, passed on when dropped.
pub(super) struct Turn {
    queue: HashQueue,
    /// Taken back because nobody was there to take it.
    void: bool,
}

impl HashQueue {
    /// A line for so many hashes at once.
    pub(super) fn new(turns: usize, bounds: Bounds) -> Self {
        let state = State { free: turns.max(1), ..State::default() };
        Self(Arc::new(Inner { bounds, hashes: RandomState::new(), state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place. `account` is what the client tries: known or not makes no difference.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] where this client has too many, [`Error::Busy`] where all together have.
    pub(super) fn enter(&self, client: Client, account: &str) -> Result<Entry> {
        let mut state = self.state();
        if state.entered >= self.0.bounds.in_all {
            return Err(Error::Busy { seconds: COME_BACK_SECONDS });
        }
        let lane = state.lanes.entry(client.clone()).or_default();
        if lane.entered >= self.0.bounds.per_client {
            return Err(Error::TooManyTries { seconds: COME_BACK_SECONDS });
        }
        lane.entered += 1;
        state.entered += 1;
        Ok(Entry { queue: self.clone(), client, account: self.0.hashes.hash_one(account) })
    }

    fn wait(&self, client: &Client, account: u64) -> Option<oneshot::Receiver<Turn>> {
        let mut state = self.state();
        if state.free > 0 {
            state.free -= 1;
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        let lane = state.lanes.entry(client.clone()).or_default();
        let first = lane.order.is_empty();
        let line = lane.waiting.entry(account).or_default();
        if line.is_empty() {
            lane.order.push_back(account);
        }
        line.push_back(sender);
        if first {
            state.order.push_back(client.clone());
        }
        Some(receiver)
    }

    /// Gives a turn to the next who still waits, or keeps it for whoever comes.
    fn pass_on(&self) {
        loop {
            let next = {
                let mut state = self.state();
                let next = state.next();
                if next.is_none() {
                    state.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn { queue: self.clone(), void: false }) {
                Ok(()) => return,
                // whoever waited is gone
                Err(mut turn) => turn.void = true,
            }
        }
    }

    fn leave(&self, client: &Client) {
        let mut state = self.state();
        state.entered = state.entered.saturating_sub(1);
        let Some(lane) = state.lanes.get_mut(client) else { return };
        lane.entered = lane.entered.saturating_sub(1);
        if lane.entered == 0 {
            // who is left in it has stopped waiting
            state.lanes.remove(client);
            state.order.retain(|waiting| waiting != client);
        }
    }
}

impl State {
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(client) = self.order.pop_front() {
            let Some(lane) = self.lanes.get_mut(&client) else { continue };
            let next = lane.next();
            if !lane.order.is_empty() {
                self.order.push_back(client);
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl Lane {
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let account = self.order.pop_front()?;
        let line = self.waiting.get_mut(&account)?;
        let next = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&account);
        } else {
            self.order.push_back(account);
        }
        next
    }
}

impl Entry {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Error::Busy`] where it does not come in time.
    pub(super) async fn turn(&self) -> Result<Turn> {
        let busy = || Error::Busy { seconds: COME_BACK_SECONDS };
        match self.queue.wait(&self.client, self.account) {
            None => Ok(Turn { queue: self.queue.clone(), void: false }),
            Some(turn) => {
                let turn = tokio::time::timeout(self.queue.0.bounds.patience, turn).await;
                turn.map_err(|_| busy())?.map_err(|_| busy())
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.queue.leave(&self.client);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.void {
            self.queue.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(per_client: usize, in_all: usize) -> HashQueue {
        HashQueue::new(1, Bounds { per_client, in_all, ..Bounds::default() })
    }

    fn client(last: u8) -> Client {
        Client::at(Some(IpAddr::from([192, 0, 2, last])))
    }

    /// Enters and waits in the order given; answers in which order the turns came.
    async fn served(queue: &HashQueue, waiting: &[(u8, &str)]) -> Vec<usize> {
        let first = queue.enter(Client::Inside, "").unwrap();
        let turn = first.turn().await.unwrap();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for (number, (from, account)) in waiting.iter().enumerate() {
            let entry = queue.enter(client(*from), account).unwrap();
            // stands in the line before the next one comes
            let receiver = queue.wait(&entry.client, entry.account).unwrap();
            let tell = tell.clone();
            tasks.push(tokio::spawn(async move {
                let _turn = receiver.await.unwrap();
                let _entry = entry;
                tell.send(number).unwrap();
            }));
        }
        drop((turn, tell));
        for task in tasks {
            task.await.unwrap();
        }
        let mut order = Vec::new();
        while let Some(number) = told.recv().await {
            order.push(number);
        }
        order
    }

    #[tokio::test]
    async fn a_flood_of_one_client_costs_another_one_turn() {
        let order = served(&queue(100, 100), &[(1, "a"), (1, "a"), (1, "a"), (1, "a"), (2, "b")]).await;
        assert_eq!(order, [0, 4, 1, 2, 3]);
    }

    #[tokio::test]
    async fn a_flood_for_many_accounts_is_a_flood_of_one_client_too() {
        let order = served(&queue(100, 100), &[(1, "a"), (1, "b"), (1, "c"), (2, "d"), (2, "d")]).await;
        assert_eq!(order, [0, 3, 1, 4, 2]);
    }

    #[tokio::test]
    async fn behind_one_address_the_accounts_take_turns() {
        let order = served(&queue(100, 100), &[(1, "a"), (1, "a"), (1, "a"), (1, "b")]).await;
        assert_eq!(order, [0, 3, 1, 2]);
    }

    #[tokio::test]
    async fn the_line_is_bounded_per_client_and_in_all() {
        let queue = queue(2, 3);
        let held = [queue.enter(client(1), "a").unwrap(), queue.enter(client(1), "b").unwrap()];
        assert!(matches!(queue.enter(client(1), "c"), Err(Error::TooManyTries { .. })));
        let other = queue.enter(client(2), "a").unwrap();
        assert!(matches!(queue.enter(client(3), "a"), Err(Error::Busy { .. })));
        drop(other);
        queue.enter(client(3), "a").unwrap();
        drop(held);
        queue.enter(client(1), "c").unwrap();
        assert!(queue.state().lanes.is_empty(), "nothing is kept of who left");
    }

    #[tokio::test]
    async fn who_gave_up_is_passed_over_and_no_turn_is_lost() {
        let queue = queue(10, 10);
        let first = queue.enter(client(1), "a").unwrap();
        let turn = first.turn().await.unwrap();
        let (gone, stays) = (queue.enter(client(2), "a").unwrap(), queue.enter(client(3), "a").unwrap());
        let left = queue.wait(&gone.client, gone.account).unwrap();
        let waits = queue.wait(&stays.client, stays.account).unwrap();
        drop((left, gone));
        drop(turn);
        drop(waits.await.unwrap());
        assert_eq!(queue.state().free, 1);
        drop(first.turn().await.unwrap());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let at = |text: &str| Client::at(Some(text.parse().unwrap()));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), client(1));
    }
}
