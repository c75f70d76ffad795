//! Which guest runs as which system user.
//!
//! A range of numbers is set aside on the host (`hypervisor.guest_uid_first`, `guest_uid_count`); the default lies where
//! no distribution, no `useradd` and no container tool hands out any (systemd's list of ranges calls it unused). Nothing
//! has to be made for that: no user, no group, no line in `/etc`. A guest's number follows from its server's id, so that
//! several clouds on one machine hardly ever meet, is written into its record, and goes with its files.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kogge_ids::ServerId;
use kogge_node_api::NodeError;
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

/// The user for trials of this range; `None` where guests run as ourselves.
///
/// # Errors
/// Where guests cannot have users of their own, and must not run as root.
pub async fn trial_user(range: UserRange, program: &str) -> Result<Option<GuestUser>, NodeError> {
    Ok(Users::open(range, program, false).await?.any())
}

/// The users of a node's guests.
pub(crate) struct Users {
    /// The numbers; a count of 0 lets all guests run as ourselves.
    range: UserRange,
    used: Mutex<BTreeSet<u32>>,
}

impl Users {
    /// The users of this range. Without root, guests run as the agent's own user, who is nobody special. With root they
    /// run as root only where `as_root` says that the operator wants it so.
    ///
    /// # Errors
    /// Where the machine has no such users: a container, mostly.
    pub(crate) async fn open(range: UserRange, program: &str, as_root: bool) -> Result<Self, NodeError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(Self::ourselves(range));
        }
        let Err(because) = usable(range, program).await else {
            return Ok(Self { range, used: Mutex::default() });
        };
        if as_root {
            tracing::warn!(because, "guests run as root, as hypervisor.guests_as_root says");
            return Ok(Self::ourselves(range));
        }
        let because = format!(
            "guests would run as root: {because}. Give this machine or container these user numbers, name others in \
             hypervisor.guest_uid_first and guest_uid_count, or, where that is meant, set hypervisor.guests_as_root"
        );
        Err(NodeError::Refused { because })
    }

    fn ourselves(range: UserRange) -> Self {
        Self { range: UserRange { count: 0, ..range }, used: Mutex::default() }
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

    /// A free number for a guest; `None` where guests run as ourselves.
    ///
    /// # Errors
    /// Where no number is free: no guest shares one with another, or runs as root instead.
    pub(crate) fn take(&self, id: ServerId) -> Result<Option<u32>, NodeError> {
        let UserRange { first, count } = self.range;
        if count == 0 {
            return Ok(None);
        }
        let hash = id.uuid().as_u128() % u128::from(count);
        let start = u32::try_from(hash).unwrap_or_default();
        let mut used = self.used();
        // below 2^32 in all: the range was checked
        let mut numbers = (start..count).chain(0..start).map(|n| first + n);
        let uid = numbers.find(|uid| !used.contains(uid));
        let because = "every system user for guests is taken on this host (hypervisor.guest_uid_count)";
        let uid = uid.ok_or_else(|| NodeError::failed("starting the guest", because))?;
        used.insert(uid);
        Ok(Some(uid))
    }

    /// Gives a number back. Nothing of its guest may be left.
    pub(crate) fn give_back(&self, uid: u32) {
        self.used().remove(&uid);
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether processes can run as the first and the last user of the range; why not, where they cannot.
async fn usable(range: UserRange, program: &str) -> Result<(), String> {
    if range.count == 0 {
        return Err("hypervisor.guest_uid_count is 0, and Kogge runs as root".to_owned());
    }
    let last =
        range.first.checked_add(range.count - 1).filter(|last| range.first > 0 && *last < u32::MAX - 1);
    let last =
        last.ok_or_else(|| format!("there is no range of {} users from {}", range.count, range.first))?;
    for uid in [range.first, last] {
        let tried = try_user(&GuestUser::new(uid), program).await;
        tried.map_err(|error| format!("they cannot run as user {uid} ({error})"))?;
    }
    Ok(())
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
        let taken: BTreeSet<u32> = (0..50).filter_map(|_| users.take(ServerId::random()).unwrap()).collect();
        assert_eq!(taken, (100..150).collect());
        let refused = users.take(ServerId::random()).unwrap_err().to_string();
        assert!(refused.contains("guest_uid_count"), "{refused}");
        users.give_back(117);
        assert_eq!(users.take(ServerId::random()), Ok(Some(117)));
    }

    #[test]
    fn a_number_follows_from_the_server_unless_it_is_taken() {
        let id = ServerId::random();
        let wide = UserRange::default().count;
        let (one, other) = (users(wide), users(wide));
        let uid = one.take(id).unwrap().unwrap();
        assert_eq!(other.take(id), Ok(Some(uid)));
        let third = users(wide);
        third.note(uid);
        assert_eq!(third.take(id), Ok(Some(if uid + 1 == 100 + wide { 100 } else { uid + 1 })));
    }

    #[tokio::test]
    async fn guests_never_run_as_root_unless_that_is_meant() {
        let root = nix::unistd::geteuid().is_root();
        for range in [UserRange { first: 100, count: 0 }, UserRange { first: u32::MAX - 3, count: 10 }] {
            let meant = Users::open(range, "/nowhere", true).await.unwrap();
            assert_eq!((meant.take(ServerId::random()), meant.any()), (Ok(None), None));
            let silent = Users::open(range, "/nowhere", false).await;
            assert_eq!(silent.is_err(), root, "without root there is nobody to become");
            if let Err(error) = silent {
                assert!(error.is_final() && error.to_string().contains("guests_as_root"), "{error}");
            }
        }
    }
}
