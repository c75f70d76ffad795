//! Filters of server lists: which there are, who may use them, what they mean.

use kogge_auth::Caller;
use kogge_clock::Timestamp;
use kogge_db::Page;
use kogge_http::{ApiError, Microversion, Pairs};
use kogge_resource::Call;
use kogge_resource::nova::{additional, query};
use regex::Regex;

use crate::model::bounds;
use crate::model::server::Server;
use crate::model::state::STATUSES;
use crate::service::flavors::is_admin;
use crate::store::server_list::{SORT_KEYS, ServerFilter};
use crate::{Compute, microversion as v, policy};

/// Filters of everybody.
const PUBLIC: &[&str] =
    &["reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"];
/// Those that everybody has since 2.26.
const TAGS: &[&str] = &["tags", "tags-any", "not-tags", "not-tags-any"];
/// Those that everybody has since 2.83.
#[rustfmt::skip]
const MORE: &[&str] = &[
    "availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at",
    "power_state", "task_state", "vm_state", "progress", "user_id",
];
/// Those that only admins have.
#[rustfmt::skip]
const ADMIN: &[&str] = &[
    "project_id", "tenant_id", "launch_index", "image_ref", "kernel_id", "ramdisk_id", "hostname", "host",
    "node", "display_name", "description", "display_description", "locked_by", "uuid", "root_device_name",
    "access_ip_v4", "access_ip_v6", "auto_disk_config", "soft_deleted", "deleted", "ip6",
];
const PAGING: &[&str] = &["sort_key", "sort_dir", "limit", "marker"];
/// Names of other tables in Nova: refused in words of their own.
#[rustfmt::skip]
const FOREIGN: &[&str] = &[
    "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups",
    "pci_devices",
];
/// Sort keys of Nova that sort by nothing here; from 2.75 on the second group is refused, as in Nova.
const UNSORTED: &[&str] = &["auto_disk_config", "kernel_id", "progress", "ramdisk_id", "root_device_name"];
#[rustfmt::skip]
const IGNORED: &[&str] = &[
    "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
    "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data",
    "launched_on", "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data",
    "vcpus", "vm_mode",
];

/// A list that is asked for.
pub(crate) struct Asked {
    /// What SQL answers.
    pub(crate) filter: ServerFilter,
    /// Regular expressions on fields of the server.
    pub(crate) patterns: Vec<(Field, Regex)>,
    /// Regular expressions on fixed addresses, version 4 and 6.
    pub(crate) addresses: Option<Regex>,
    /// The page.
    pub(crate) page: Page,
    /// Nothing can match.
    pub(crate) empty: bool,
}

/// A field that a regular expression is matched with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Hostname,
    Description,
    KeyName,
    Zone,
}

impl Field {
    fn of(self, server: &Server) -> &str {
        match self {
            Self::Name => &server.name,
            Self::Hostname => &server.hostname,
            Self::Description => server.description.as_deref().unwrap_or(""),
            Self::KeyName => server.spec.key.as_ref().map_or("", |key| key.name.as_str()),
            Self::Zone => server.spec.zone.as_deref().unwrap_or(""),
        }
    }
}

impl Asked {
    /// Number of things that each server is compared with.
    fn breadth(&self) -> usize {
        let filter = &self.filter;
        let lists = [&filter.tags, &filter.tags_any, &filter.not_tags, &filter.not_tags_any];
        let words = [&filter.vm_states, &filter.task_states];
        lists.into_iter().chain(words).map(Vec::len).sum::<usize>() + self.patterns.len()
    }

    /// Whether the patterns on fields let a server through.
    pub(crate) fn matches(&self, server: &Server) -> bool {
        self.patterns.iter().all(|(field, pattern)| pattern.is_match(field.of(server)))
    }
}

fn known(name: &str, version: Microversion) -> bool {
    PUBLIC.contains(&name)
        || MORE.contains(&name)
        || ADMIN.contains(&name)
        || PAGING.contains(&name)
        || FOREIGN.contains(&name)
        || (TAGS.contains(&name) && version.has(v::TAGS))
        || (name == "changes-before" && version.has(v::CHANGES_BEFORE))
        || (name == "locked" && version.has(v::LOCKED_REASON))
}

fn allowed(name: &str, everything: bool, version: Microversion) -> bool {
    everything
        || PUBLIC.contains(&name)
        || (name == "ip6" && version.has(v::IP6_FILTER))
        || (TAGS.contains(&name) && version.has(v::TAGS))
        || (name == "changes-before" && version.has(v::CHANGES_BEFORE))
        || (name == "locked" && version.has(v::LOCKED_REASON))
        || (MORE.contains(&name) && version.has(v::MORE_FILTERS))
        || (name == "hostname" && version.has(v::HOSTNAME))
}

/// Reads a query string, for who may list servers. `detail` chooses the rule for `all_tenants`.
pub(crate) fn read(call: &Call<Compute>, detail: bool) -> Result<Asked, ApiError> {
    let Call { caller, version, query: pairs, .. } = call;
    let version = *version;
    caller.allow_on_own(&call.rule)?;
    if version.has(v::STRICT_QUERY) {
        let extra: Vec<&str> =
            pairs.iter().map(|(name, _)| name).filter(|name| !known(name, version)).collect();
        if !extra.is_empty() {
            return Err(ApiError::bad_request(additional(&extra)));
        }
    }
    sort_keys(caller, version, pairs)?;
    let everything = caller.may_on_own(&policy::SERVERS_ALL_FILTERS);
    let mut asked = Asked {
        filter: ServerFilter { deleted: Some(false), ..ServerFilter::default() },
        patterns: Vec::new(),
        addresses: None,
        page: query::page(pairs, call.service.config().max_limit, SORT_KEYS)?,
        empty: false,
    };
    for (name, value) in pairs.iter().filter(|(name, _)| allowed(name, everything, version)) {
        if FOREIGN.contains(&name) || name.starts_with('_') {
            return Err(ApiError::bad_request(format!("Invalid filter field: {name}.")));
        }
        apply(&mut asked, caller, name, value)?;
        if asked.breadth() > bounds::FILTERS {
            let why = format!("Too many filters: {} patterns, words and tags at most.", bounds::FILTERS);
            return Err(ApiError::bad_request(why));
        }
    }
    statuses(&mut asked, caller, version, pairs)?;
    if let (Some(since), Some(before)) = (asked.filter.since, asked.filter.before)
        && before < since
    {
        let why = "The value of changes-since must be less than or equal to changes-before.";
        return Err(ApiError::bad_request(why));
    }
    scope(&mut asked, caller, pairs, detail)?;
    Ok(asked)
}

fn sort_keys(caller: &Caller, version: Microversion, pairs: &Pairs) -> Result<(), ApiError> {
    for key in pairs.all("sort_key") {
        let sortable = SORT_KEYS.iter().any(|one| one.name == key) || UNSORTED.contains(&key);
        let passed = (IGNORED.contains(&key) && version.before(v::STRICT_QUERY)) || (key == "locked");
        if !sortable && !passed {
            let why = format!(
                "Invalid input for query parameters sort_key. Value: {key}. No server is sorted by it."
            );
            return Err(ApiError::bad_request(why));
        }
        if matches!(key, "host" | "node") && !is_admin(caller) {
            return Err(ApiError::forbidden(format!("Only administrators can sort servers by {key}")));
        }
    }
    Ok(())
}

/// Whose servers: of the caller's project, or with `all_tenants` of all.
fn scope(asked: &mut Asked, caller: &Caller, pairs: &Pairs, detail: bool) -> Result<(), ApiError> {
    let all = match pairs.get("all_tenants") {
        None => false,
        Some("") => true,
        Some(word) => query::boolean("all_tenants", word)
            .map_err(|_| ApiError::bad_request(format!("Invalid value '{word}' for 'all_tenants'")))?,
    };
    if all {
        let rule = if detail { &policy::SERVERS_DETAIL_ALL } else { &policy::SERVERS_INDEX_ALL };
        caller.allow_on_own(rule)?;
        return Ok(());
    }
    match caller.project_id() {
        Some(project) => asked.filter.project = Some(project.to_string()),
        None => asked.filter.user = Some(caller.user.id.to_string()),
    }
    Ok(())
}

fn statuses(
    asked: &mut Asked,
    caller: &Caller,
    version: Microversion,
    pairs: &Pairs,
) -> Result<(), ApiError> {
    let wanted: Vec<String> = pairs.all("status").map(str::to_ascii_uppercase).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    asked.filter.statuses = wanted.iter().filter(|word| STATUSES.contains(&word.as_str())).cloned().collect();
    asked.filter.statuses.sort_unstable();
    asked.filter.statuses.dedup();
    if asked.filter.statuses.is_empty() {
        if version.has(v::STRICT_STATUS) {
            return Err(ApiError::bad_request("Invalid status value"));
        }
        asked.empty = true;
    }
    if asked.filter.statuses == ["DELETED"] {
        if !is_admin(caller) {
            return Err(ApiError::forbidden("Only administrators may list deleted instances"));
        }
        asked.filter.deleted = Some(true);
    }
    Ok(())
}

fn list(value: &str) -> Vec<String> {
    value.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn pattern(name: &str, value: &str) -> Result<Regex, ApiError> {
    if value.chars().count() > bounds::PATTERN {
        let why =
            format!("Invalid input for query parameters {name}: {} characters at most.", bounds::PATTERN);
        return Err(ApiError::bad_request(why));
    }
    regex::RegexBuilder::new(value).size_limit(1 << 20).build().map_err(|_| {
        let why =
            format!("Invalid input for query parameters {name}. Value: {value}. '{value}' is not a 'regex'");
        ApiError::bad_request(why)
    })
}

fn moment(name: &str, value: &str) -> Result<Timestamp, ApiError> {
    value.parse().map_err(|_| {
        let why = format!(
            "Invalid input for query parameters {name}. Value: {value}. '{value}' is not a 'date-time'"
        );
        ApiError::bad_request(why)
    })
}

fn flag(value: &str) -> Option<bool> {
    query::boolean("", value).ok()
}

fn apply(asked: &mut Asked, caller: &Caller, name: &str, value: &str) -> Result<(), ApiError> {
    let filter = &mut asked.filter;
    let text = || Some(value.to_owned());
    match name {
        "name" | "display_name" => asked.patterns.push((Field::Name, pattern(name, value)?)),
        "hostname" => asked.patterns.push((Field::Hostname, pattern(name, value)?)),
        "description" | "display_description" => {
            asked.patterns.push((Field::Description, pattern(name, value)?));
        }
        "key_name" => asked.patterns.push((Field::KeyName, pattern(name, value)?)),
        "availability_zone" => asked.patterns.push((Field::Zone, pattern(name, value)?)),
        "ip" | "ip6" => asked.addresses = Some(pattern(name, value)?),
        "image" | "image_ref" => {
            // an image may be named by its address
            filter.image = value.rsplit('/').next().map(str::to_owned);
        }
        "flavor" => filter.flavor = value.rsplit('/').next().map(str::to_owned),
        "uuid" => filter.id = text(),
        "host" | "node" => filter.host = text(),
        "user_id" => filter.user = text(),
        // without all_tenants the caller's own project wins over what is said here
        "project_id" | "tenant_id" => filter.project = text(),
        "reservation_id" => filter.reservation_id = text(),
        "launch_index" => filter.launch_index = value.parse().ok(),
        "vm_state" => filter.vm_states.push(value.to_ascii_lowercase()),
        "task_state" => filter.task_states.push(value.to_ascii_lowercase()),
        "power_state" => filter.power_state = Some(value.parse().unwrap_or(-1)),
        "config_drive" => filter.config_drive = flag(value),
        "locked" => {
            let bad = || ApiError::bad_request(format!("Invalid value '{value}' for 'locked'"));
            filter.locked = Some(flag(value).ok_or_else(bad)?);
        }
        "tags" => filter.tags = list(value),
        "tags-any" => filter.tags_any = list(value),
        "not-tags" => filter.not_tags = list(value),
        "not-tags-any" => filter.not_tags_any = list(value),
        "changes-since" => {
            filter.since = Some(moment(name, value)?);
            filter.deleted = filter.deleted.filter(|deleted| *deleted);
        }
        "changes-before" => {
            filter.before = Some(moment(name, value)?);
            filter.deleted = filter.deleted.filter(|deleted| *deleted);
        }
        "deleted" if is_admin(caller) => filter.deleted = Some(flag(value).unwrap_or(false)),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_http::mv;

    #[test]
    fn everybody_gets_more_filters_over_time() {
        for (name, since) in
            [("ip6", 5), ("tags", 26), ("changes-before", 66), ("locked", 73), ("user_id", 83)]
        {
            assert!(!allowed(name, false, mv(2, since - 1)), "{name}");
            assert!(allowed(name, false, mv(2, since)), "{name}");
            assert!(allowed(name, true, mv(2, 1)), "{name} for admins");
        }
        assert!(!allowed("host", false, mv(2, 103)) && !allowed("deleted", false, mv(2, 103)));
    }

    #[test]
    fn patterns_are_regular_expressions_and_bad_ones_are_refused() {
        assert!(pattern("name", "^web-[0-9]+$").unwrap().is_match("web-12"));
        assert!(pattern("name", "*").is_err() && pattern("name", "(").is_err());
        assert!(pattern("name", &format!("({}){{1000}}", "a".repeat(1000))).is_err(), "too large");
    }

    #[test]
    fn times_are_iso_8601() {
        assert!(moment("changes-since", "2011-01-01T12:34:00Z").is_ok());
        assert!(moment("changes-since", "2011/01/01").is_err());
    }
}
