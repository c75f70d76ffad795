//! How much of everything one server, one request and one project may have, whatever its quotas say. Quotas are the
//! operator's to set, also to -1; these hold behind them, so that no tenant fills the database or a guest's bus.
//!
//! A server's row has at most some 200 KiB (user data 64 KiB, metadata and tags 90 KiB, hints 16 KiB, names); a project
//! has at most [`crate::ComputeConfig::max_servers_per_project`] of them, so its total is bounded too.

/// Most scheduler hints of a request.
pub const HINTS: usize = 64;
/// Most bytes of all scheduler hints of a request, as JSON.
pub const HINTS_BYTES: usize = 16 * 1024;
/// Most interfaces of a server: each takes a slot of the guest's bus.
pub const INTERFACES: usize = 26;
/// Volumes of one server.
pub const VOLUMES: usize = 26;
/// Most items of a list in a body, where no smaller number holds.
pub const LIST: usize = 256;
/// Most pairs of a map in a body, and of a server's metadata or a flavor's extra specs.
pub const PAIRS: usize = 256;
/// Most tags of a server, as in Nova.
pub const TAGS: usize = 50;
/// Most characters of a public key: an RSA key of 16,384 bits has some 2,800, a certificate not many more.
pub const PUBLIC_KEY: usize = 16_384;
/// Most keypairs of a user.
pub const KEYPAIRS: i64 = 1000;
/// Most server groups of a project.
pub const SERVER_GROUPS: i64 = 1000;
/// Most members of a server group.
pub const GROUP_MEMBERS: i64 = 1000;
/// Most characters of a regular expression in a filter.
pub const PATTERN: usize = 255;
/// Most values of one filter, and most filters that are regular expressions.
pub const FILTERS: usize = 50;
/// Finished actions of a server that are kept; older ones go.
pub const ACTIONS: i64 = 500;
/// Rights to open consoles of a server; the oldest go.
pub const CONSOLE_TOKENS: i64 = 32;
/// Deleted servers that are kept for admins; the oldest go first.
pub const DELETED: i64 = 10_000;

/// The limit that holds where a quota allows `quota` (-1: any number) and `most` is possible at all.
#[must_use]
pub fn capped(quota: Option<i64>, most: i64) -> i64 {
    quota.filter(|quota| *quota >= 0).map_or(most, |quota| quota.min(most))
}

/// Block devices of a new server, `max_local_block_devices` of Nova.
pub const LOCAL_DEVICES: usize = 3;

/// Longest path and content of a file for a guest, in characters as they come: what a request has room for.
pub const INJECTED: usize = 65_535;

#[cfg(test)]
mod tests {
    use super::capped;

    #[test]
    fn no_quota_is_not_no_bound() {
        assert_eq!(
            [capped(None, 5), capped(Some(-1), 5), capped(Some(9), 5), capped(Some(2), 5)],
            [5, 5, 5, 2]
        );
    }
}
