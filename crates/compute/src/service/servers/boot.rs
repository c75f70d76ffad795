//! The parts of a new server: its password, its names, its room on a host.

use kogge_placement::{DISK_GB, MEMORY_MB, Resources, VCPU};
use rand::Rng as _;

use crate::model::flavor::Shape;
use crate::model::server::Server;
use crate::model::wishes::custom_amounts;
use crate::store::big;

/// Letters and digits that nobody confuses.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnopqrstuvwxyz";

/// A random password of 12 characters.
pub(crate) fn password() -> String {
    random(ALPHABET, 12)
}

/// A new id for all servers of one request.
pub(crate) fn reservation() -> String {
    format!("r-{}", random(b"abcdefghijklmnopqrstuvwxyz0123456789", 8))
}

/// 256 random bytes for the guest's random pool, base64.
pub(crate) fn seed() -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..256).map(|_| rand::rng().random()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn random(alphabet: &[u8], length: usize) -> String {
    let mut random = rand::rng();
    (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
}

/// The name of server number `index` of `count`: only several get numbers, from 1.
pub(crate) fn numbered(name: &str, index: u32, count: u32) -> String {
    if count > 1 { format!("{name}-{}", index + 1) } else { name.to_owned() }
}

/// What a server takes of a host. The root disk counts as large as it ever was.
pub(crate) fn room(shape: &Shape, root_gib: u64) -> Resources {
    let disk = Shape { disk_gib: shape.disk_gib.max(root_gib), ..shape.clone() }.local_gib();
    let own = [(VCPU, i64::from(shape.vcpus)), (MEMORY_MB, big(shape.ram_mib)), (DISK_GB, big(disk))];
    let own = own.map(|(class, amount)| (class.to_owned(), amount));
    own.into_iter().chain(custom_amounts(&shape.extra_specs)).collect()
}

/// What a server takes of a host with this shape. A root disk that is a volume is elsewhere.
pub(crate) fn room_for(server: &Server, shape: &Shape) -> Resources {
    if server.is_volume_backed() {
        return room(&Shape { disk_gib: 0, ..shape.clone() }, 0);
    }
    room(shape, server.spec.root_gib)
}

/// The greater amount of each class: what a server holds while a resize waits to be confirmed.
pub(crate) fn greater(one: &Resources, other: &Resources) -> Resources {
    let mut all = one.clone();
    for (class, amount) in other {
        let entry = all.entry(class.clone()).or_insert(0);
        *entry = (*entry).max(*amount);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_reservations_are_random_and_plain() {
        assert_eq!(password().len(), 12);
        assert_ne!(password(), password());
        assert!(reservation().starts_with("r-") && reservation().len() == 10);
    }

    #[test]
    fn only_several_servers_get_numbers() {
        assert_eq!(numbered("web", 0, 1), "web");
        assert_eq!((numbered("web", 0, 2), numbered("web", 1, 2)), ("web-1".to_owned(), "web-2".to_owned()));
    }

    #[test]
    fn room_counts_all_local_disks_and_a_grown_root() {
        let mut shape = crate::model::step::tests::fresh().shape;
        shape.swap_mib = 1;
        shape.ephemeral_gib = 2;
        assert_eq!(room(&shape, 0)[DISK_GB], 8);
        assert_eq!(room(&shape, 10)[DISK_GB], 13);
        let other = Shape { vcpus: 4, ram_mib: 1, ..shape.clone() };
        let both = greater(&room(&shape, 0), &room(&other, 0));
        assert_eq!((both[VCPU], both[MEMORY_MB]), (4, 512));
    }
}
