//! The members of a security group as a number: ten thousand of them on each of a thousand simulated hosts would fill the
//! machine's memory, and nothing is filtered here.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::IpAddr;

use kogge_node_api::Members;

/// How many there are, and a number that two sets have in common only where they are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MembersDigest {
    count: i64,
    mixed: u64,
}

impl MembersDigest {
    fn mix(&mut self, addresses: &[IpAddr], count: i64) {
        for address in addresses {
            let mut hasher = DefaultHasher::new();
            address.hash(&mut hasher);
            self.mixed ^= hasher.finish();
            self.count += count;
        }
    }
}

impl Members for MembersDigest {
    fn come(&mut self, addresses: &[IpAddr]) {
        self.mix(addresses, 1);
    }
    fn gone(&mut self, addresses: &[IpAddr]) {
        self.mix(addresses, -1);
    }
    fn all(&self) -> Vec<IpAddr> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_sets_apart_whatever_the_order_they_came_in() {
        let addresses: Vec<IpAddr> =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|a| a.parse().unwrap()).into();
        let [mut one, mut other] = [MembersDigest::default(); 2];
        one.come(&addresses);
        other.come(&addresses[1..]);
        assert_ne!(one, other);
        other.come(&addresses[..1]);
        assert_eq!(one, other);
        one.gone(&addresses);
        assert_eq!(one, MembersDigest::default());
    }
}
