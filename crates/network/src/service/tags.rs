//! Tags of everything that has tags.

use kogge_auth::Caller;
use kogge_db::Tx;

use crate::error::{Error, Result};
use crate::store::rows::{FloatingIp, Network, Port, Router, SecurityGroup, Subnet, SubnetPool};
use crate::{Networking, policy};

/// A kind of thing with tags, as paths name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// `networks`.
    Network,
    /// `subnets`.
    Subnet,
    /// `ports`.
    Port,
    /// `routers`.
    Router,
    /// `floatingips`.
    FloatingIp,
    /// `security-groups` (or with underscore).
    SecurityGroup,
    /// `subnetpools`.
    SubnetPool,
}

impl Tagged {
    /// All of them with the word in paths.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Network, "networks"),
        (Self::Subnet, "subnets"),
        (Self::Port, "ports"),
        (Self::Router, "routers"),
        (Self::FloatingIp, "floatingips"),
        (Self::SecurityGroup, "security-groups"),
        (Self::SubnetPool, "subnetpools"),
    ];
}

/// What happens to the tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    /// These and no others.
    Replace(Vec<String>),
    /// These too.
    Add(Vec<String>),
    /// This one not; a fault where it is not there.
    Remove(String),
    /// None.
    Clear,
}

/// Most tags of a thing.
const MOST: usize = 50;
/// Longest tag in characters.
const LONGEST: usize = 255;

impl TagChange {
    /// The tags after it.
    fn apply(self, mut tags: Vec<String>) -> Result<Vec<String>> {
        match self {
            Self::Replace(new) => tags = new,
            Self::Add(more) => tags.extend(more),
            Self::Clear => tags.clear(),
            Self::Remove(tag) => {
                if !tags.contains(&tag) {
                    return Err(Error::tag_not_found(tag));
                }
                tags.retain(|known| *known != tag);
            }
        }
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > MOST {
            return Err(Error::bad_request(
                "tags",
                format!("The number of tags exceed the per-resource limit of {MOST}"),
            ));
        }
        match tags.iter().find(|tag| tag.is_empty() || tag.chars().count() > LONGEST || tag.contains(',')) {
            Some(bad) => Err(Error::Attribute(format!(
                "Invalid input for tags. Reason: '{bad}' is not a tag of 1 to {LONGEST} characters."
            ))),
            None => Ok(tags),
        }
    }
}

impl Networking {
    /// The tags of a thing that the caller may see.
    ///
    /// # Errors
    /// Not found.
    pub async fn tags(&self, caller: &Caller, kind: Tagged, id: &str) -> Result<Vec<String>> {
        macro_rules! of {
            ($show:ident, $missing:ident) => {{
                let id = id.parse().map_err(|_| Error::$missing(id))?;
                Ok(self.$show(caller, id).await?.row.tags.0)
            }};
        }
        match kind {
            Tagged::Network => of!(network, network_not_found),
            Tagged::Subnet => of!(subnet, subnet_not_found),
            Tagged::Port => of!(port, port_not_found),
            Tagged::Router => of!(router, router_not_found),
            Tagged::FloatingIp => of!(floating_ip, floating_ip_not_found),
            Tagged::SecurityGroup => of!(security_group, security_group_not_found),
            Tagged::SubnetPool => {
                let id = id.parse().map_err(|_| Error::subnet_pool_not_found(id))?;
                Ok(self.subnet_pool(caller, id).await?.tags.0)
            }
        }
    }

    /// Changes the tags of a thing, and answers them.
    ///
    /// # Errors
    /// Not found, `PolicyNotAuthorized`, `TagNotFound`, 400 for what is no tag.
    pub async fn change_tags_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        kind: Tagged,
        id: &str,
        change: TagChange,
    ) -> Result<Vec<String>> {
        macro_rules! with {
            ($type:ty, $missing:ident, $own:expr) => {{
                let id = id.parse().map_err(|_| Error::$missing(id))?;
                let own = $own;
                let mut row: $type = own(tx, id).await?;
                row.tags.0 = change.apply(std::mem::take(&mut row.tags.0))?;
                row.updated_at = self.clock().now();
                row.revision_number += 1;
                row.save(tx).await?;
                Ok(row.tags.0)
            }};
        }
        match kind {
            Tagged::Network => with!(Network, network_not_found, async |tx: &mut Tx, id| self
                .own_network(tx, caller, id, &policy::UPDATE_NETWORK_TAGS)
                .await),
            Tagged::Subnet => with!(Subnet, subnet_not_found, async |tx: &mut Tx, id| self
                .own_subnet(tx, caller, id, &policy::UPDATE_SUBNET_TAGS)
                .await
                .map(|found| found.0)),
            Tagged::Port => with!(Port, port_not_found, async |tx: &mut Tx, id| self
                .own_port(tx, caller, id, &policy::UPDATE_PORT_TAGS)
                .await
                .map(|found| found.0)),
            Tagged::Router => with!(Router, router_not_found, async |tx: &mut Tx, id| self
                .own_router(tx, caller, id, &policy::UPDATE_ROUTER_TAGS)
                .await),
            Tagged::FloatingIp => with!(FloatingIp, floating_ip_not_found, async |tx: &mut Tx, id| self
                .own_floating(tx, caller, id, &policy::UPDATE_FLOATINGIP_TAGS)
                .await),
            Tagged::SecurityGroup => {
                with!(SecurityGroup, security_group_not_found, async |tx: &mut Tx, id| self
                    .own_group(tx, caller, id, &policy::UPDATE_SECURITY_GROUP_TAGS)
                    .await)
            }
            Tagged::SubnetPool => with!(SubnetPool, subnet_pool_not_found, async |tx: &mut Tx, id| self
                .own_pool(tx, caller, id, &policy::UPDATE_SUBNETPOOL_TAGS)
                .await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_a_sorted_set() {
        let after = TagChange::Add(vec!["b".into(), "a".into()]).apply(vec!["b".into()]).unwrap();
        assert_eq!(after, ["a", "b"]);
        assert_eq!(TagChange::Remove("c".into()).apply(after.clone()).unwrap_err().name(), "TagNotFound");
        assert!(TagChange::Clear.apply(after).unwrap().is_empty());
        assert!(TagChange::Replace(vec![String::new()]).apply(vec![]).is_err());
        assert!(TagChange::Replace((0..51).map(|n| n.to_string()).collect()).apply(vec![]).is_err());
    }
}
