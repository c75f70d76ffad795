//! Which guest runs as which system user.
//!
//! A range of numbers is set aside on the host (`hypervisor.guest_uid_first`, `guest_uid_count`); the default lies where
//! no distribution, no `useradd` and no container tool hands out any (systemd's list of ranges calls it unused). Nothing
//! has to be made for that: no user, no group, no line in `/etc`. A guest's number follows from its server's id, so that
//! several clouds on one machine hardly ever meet, is written into its record, and goes with its files.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kogge_ids::ServerId;
use kogge_qemu::{GuestUser, try_user};

/// Numbers for guests' users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserRange {
    /// The first one.
    pub first: u32,
    /// How many; 0 lets all guests run as the agent's own user.
    pub count: u32,
}

impl Default for UserRange {
    fn default() -> Self {
        Self { first: 1_900_000_000, count: 1 << 24 }
    }
}

/// The user for trials of this range; `None` where guests would run as ourselves.
pub async fn trial_user(range: UserRange, program: &str) -> Option<GuestUser> {
    Users::open(range, program).await.any()
}

/// The users of a node's guests.
pub(crate) struct Users {
    range: UserRange,
    used: Mutex<BTreeSet<u32>>,
}

impl Users {
    /// The users of this range, or none where the machine cannot do it: without root, or in a container that has no
    /// such numbers.
    pub(crate) async fn open(range: UserRange, program: &str) -> Self {
        let none = |used| Self { range: UserRange { count: 0, ..range }, used };
        let used = Mutex::default();
        if range.count == 0 || !nix::unistd::geteuid().is_root() {
            return none(used);
        }
        let last =
            range.first.checked_add(range.count - 1).filter(|last| range.first > 0 && *last < u32::MAX - 1);
        let Some(last) = last else {
            tracing::error!(range.first, range.count, "no such range of users; guests run as root");
            return none(used);
        };
        for uid in [range.first, last] {
            if let Err(error) = try_user(&GuestUser::new(uid), program).await {
                tracing::error!(
                    %error, user.id = uid,
                    "guests cannot run as users of their own and run as root; give this machine or container these \
                     user numbers, or name others in hypervisor.guest_uid_first and guest_uid_count"
                );
                return none(used);
            }
        }
        Self { range, used }
    }

    /// The user for trials; `None` where guests run as ourselves.
    pub(crate) fn any(&self) -> Option<GuestUser> {
        (self.range.count > 0).then(|| GuestUser::new(self.range.first))
    }

    /// Whom a guest with this number in its record runs as: a machine that cannot do it any more runs it all the same.
    pub(crate) fn of(&self, uid: Option<u32>) -> Option<GuestUser> {
        uid.filter(|_| self.range.count > 0).map(GuestUser::new)
    }

    /// Notes a number that a guest has.
    pub(crate) fn note(&self, uid: u32) {
        self.used().insert(uid);
    }

    /// A free number for a guest; `None` where guests run as ourselves, or no number is free.
    pub(crate) fn take(&self, id: ServerId) -> Option<u32> {
        let UserRange { first, count } = self.range;
        if count == 0 {
            return None;
        }
        let hash = id.uuid().as_u128() % u128::from(count);
        let start = u32::try_from(hash).unwrap_or_default();
        let mut used = self.used();
        // below 2^32 in all: the range was checked
        let mut numbers = (start..count).chain(0..start).map(|n| first + n);
        let uid = numbers.find(|uid| !used.contains(uid))?;
        used.insert(uid);
        Some(uid)
    }

    /// Gives a number back. Nothing of its guest may be left.
    pub(crate) fn give_back(&self, uid: u32) {
        self.used().remove(&uid);
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(count: u32) -> Users {
        Users { range: UserRange { first: 100, count }, used: Mutex::default() }
    }

    #[test]
    fn every_guest_has_a_number_of_its_own_from_the_range_until_there_is_none() {
        let users = users(50);
        let taken: BTreeSet<u32> = (0..50).filter_map(|_| users.take(ServerId::random())).collect();
        assert_eq!(taken, (100..150).collect());
        assert_eq!(users.take(ServerId::random()), None);
        users.give_back(117);
        assert_eq!(users.take(ServerId::random()), Some(117));
    }

    #[test]
    fn a_number_follows_from_the_server_unless_it_is_taken() {
        let id = ServerId::random();
        let wide = UserRange::default().count;
        let (one, other) = (users(wide), users(wide));
        let uid = one.take(id).unwrap();
        assert_eq!(other.take(id), Some(uid));
        let third = users(wide);
        third.note(uid);
        assert_eq!(third.take(id), Some(if uid + 1 == 100 + wide { 100 } else { uid + 1 }));
    }

    #[tokio::test]
    async fn without_a_range_guests_run_as_the_agent() {
        let off = Users::open(UserRange { first: 100, count: 0 }, "/nowhere").await;
        assert_eq!((off.take(ServerId::random()), off.any()), (None, None));
        let wrong = Users::open(UserRange { first: u32::MAX - 3, count: 10 }, "/nowhere").await;
        assert_eq!(wrong.take(ServerId::random()), None);
    }
}
