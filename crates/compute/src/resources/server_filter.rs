//! Filters of server lists: which there are, who may use them, what they mean.

use std::borrow::Cow;
use std::collections::BTreeSet;

use kogge_auth::Caller;
use kogge_clock::Timestamp;
use kogge_db::filter::{Filter, ListQuery, apply, int, text, truth};
use kogge_db::{Page, Select};
use kogge_http::{ApiError, Microversion, Pairs};
use kogge_resource::Call;
use kogge_resource::nova::{additional, query};
use regex::Regex;

use super::changes::changes;
use crate::model::bounds;
use crate::model::server::{ROOT_DEVICE, Server};
use crate::model::state::STATUSES;
use crate::service::flavors::is_admin;
use crate::store::server_list::SORT_KEYS;
use crate::store::servers::COLUMNS;
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
const HAS_TAG: &str = "REPLACE(tags, ?, '') <> tags";
const LACKS_TAG: &str = "REPLACE(tags, ?, '') = tags";
/// Sort keys of Nova that sort by nothing here; from 2.75 on the second group is refused, as in Nova.
const UNSORTED: &[&str] = &["auto_disk_config", "kernel_id", "progress", "ramdisk_id", "root_device_name"];
#[rustfmt::skip]
const IGNORED: &[&str] = &[
    "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
    "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data",
    "launched_on", "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data",
    "vcpus", "vm_mode",
];

/// Filters that a column answers. Several values are alternatives where Nova takes several; else the last one counts.
const EXACT: &[Filter] = &[
    text("uuid", "id = ?"),
    text("host", "placed_host = ?"),
    text("node", "placed_host = ?"),
    text("user_id", "user_id = ?"),
    text("image", "image_id = ?"),
    text("image_ref", "image_id = ?"),
    text("flavor", "flavor_id = ?"),
    text("reservation_id", "reservation_id = ?"),
    text("status", "status = ?"),
    text("vm_state", "vm_state = ?"),
    text("task_state", "task_state = ?"),
    int("launch_index", "launch_index = ?"),
    int("power_state", "power_state = ?"),
    truth("config_drive", "config_drive = ?"),
];
/// Those of which several values count.
const SEVERAL: &[&str] = &["status", "vm_state", "task_state"];

/// A field of a server as text.
type Shown = fn(&Server) -> Option<Cow<'_, str>>;

/// What SQL cannot answer of a question: regular expressions.
#[derive(Default)]
pub(crate) struct Sieve {
    /// On fields of the server.
    patterns: Vec<(Shown, Regex)>,
    /// On its fixed addresses, version 4 and 6.
    pub(crate) addresses: Option<Regex>,
    /// On the zone that it shows.
    pub(crate) zone: Option<Regex>,
}

impl Sieve {
    /// True where everything passes.
    pub(crate) fn is_open(&self) -> bool {
        self.patterns.is_empty() && self.addresses.is_none() && self.zone.is_none()
    }

    /// Whether the patterns on fields let a server through.
    pub(crate) fn lets_through(&self, server: &Server) -> bool {
        let matches =
            |shown: Option<Cow<'_, str>>, pattern: &Regex| shown.is_some_and(|text| pattern.is_match(&text));
        self.patterns.iter().all(|(shown, pattern)| matches(shown(server), pattern))
    }
}

/// A list that is asked for.
pub(crate) struct Asked {
    /// What SQL answers.
    pub(crate) select: Select,
    /// The project whose servers are listed; nothing for those of all.
    pub(crate) project: Option<String>,
    /// What SQL cannot answer.
    pub(crate) sieve: Sieve,
    /// The page.
    pub(crate) page: Page,
    /// Nothing can match.
    pub(crate) empty: bool,
    /// Deleted ones, living ones, or both.
    deleted: Option<bool>,
    /// Also those that can be brought back.
    soft_deleted: bool,
    /// Number of things that each server is compared with.
    breadth: usize,
}

/// What a regular expression is matched with; nothing never matches.
fn shown(name: &str) -> Option<Shown> {
    Some(match name {
        "name" | "display_name" => |server| Some(server.name.as_str().into()),
        "hostname" => |server| Some(server.hostname.as_str().into()),
        "description" | "display_description" => |server| Some(server.description.as_deref()?.into()),
        "key_name" => |server| Some(server.spec.key.as_ref()?.name.as_str().into()),
        "access_ip_v4" => |server| Some(server.access_v4?.to_string().into()),
        "access_ip_v6" => |server| Some(server.access_v6?.to_string().into()),
        "created_at" => |server| Some(column(server.created_at).into()),
        "launched_at" => |server| Some(column(Timestamp::from_micros(server.observed.launched_at?)).into()),
        "terminated_at" => |server| Some(column(server.deleted_at?).into()),
        "locked_by" => |server| Some(if server.lock.as_ref()?.by_admin { "admin" } else { "owner" }.into()),
        // what Nova's columns have of every server here
        "progress" => |_| Some("0".into()),
        "root_device_name" => |_| Some(ROOT_DEVICE.into()),
        "kernel_id" | "ramdisk_id" => |_| Some("".into()),
        "auto_disk_config" => |server| Some(if server.spec.auto_disk_config { "1" } else { "0" }.into()),
        _ => return None,
    })
}

/// A time as Nova's columns have it, in whole seconds.
fn column(time: Timestamp) -> String {
    time.seconds_z().replace('T', " ").replace('Z', "")
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
        select: Select::new(COLUMNS, "servers"),
        project: None,
        sieve: Sieve::default(),
        page: query::page(pairs, call.service.config().max_limit, SORT_KEYS)?,
        empty: false,
        deleted: Some(false),
        soft_deleted: false,
        breadth: 0,
    };
    let names: BTreeSet<&str> = pairs.iter().map(|(name, _)| name).collect();
    let mut exact = ListQuery::default();
    for name in names.into_iter().filter(|name| allowed(name, everything, version)) {
        if FOREIGN.contains(&name) || name.starts_with('_') {
            return Err(ApiError::bad_request(format!("Invalid filter field: {name}.")));
        }
        let mut values: Vec<&str> = pairs.all(name).collect();
        if !SEVERAL.contains(&name) {
            values.drain(..values.len() - 1);
        }
        if EXACT.iter().any(|filter| filter.name == name) {
            let wanted = values.iter().map(|value| canonical(name, value)).collect();
            exact.filters.insert(name.to_owned(), wanted);
            asked.breadth += values.len();
        } else if let Some(value) = values.pop() {
            asked.narrow(caller, name, value)?;
        }
        if asked.breadth > bounds::FILTERS {
            let why = format!("Too many filters: {} patterns, words and tags at most.", bounds::FILTERS);
            return Err(ApiError::bad_request(why));
        }
    }
    statuses(&mut asked, caller, version, &mut exact)?;
    between(&mut asked, pairs, version)?;
    scope(&mut asked, caller, pairs, (everything, detail), &mut exact)?;
    match apply(asked.select.clone(), &[EXACT], &exact) {
        Ok(select) => asked.select = select,
        // no server has what cannot be read
        Err(_) => asked.empty = true,
    }
    Ok(asked)
}

/// A value as its column has it: an image or flavor may be named by its address.
fn canonical(name: &str, value: &str) -> String {
    match name {
        "image" | "image_ref" | "flavor" => value.rsplit('/').next().unwrap_or(value).to_owned(),
        "vm_state" | "task_state" => value.to_ascii_lowercase(),
        "status" => value.to_ascii_uppercase(),
        // the column of a server without one is empty in Nova
        "config_drive" if value.is_empty() => false.to_string(),
        "config_drive" => flag(value).map_or_else(|| value.to_owned(), |flag| flag.to_string()),
        _ => value.to_owned(),
    }
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

/// Whose servers: of the caller's project, or with `all_tenants` of all, or of a project that is named then.
fn scope(
    asked: &mut Asked,
    caller: &Caller,
    pairs: &Pairs,
    (everything, detail): (bool, bool),
    exact: &mut ListQuery,
) -> Result<(), ApiError> {
    let all = match pairs.get("all_tenants") {
        None => false,
        Some("") => true,
        Some(word) => query::boolean("all_tenants", word)
            .map_err(|_| ApiError::bad_request(format!("Invalid value '{word}' for 'all_tenants'")))?,
    };
    if all {
        let rule = if detail { &policy::SERVERS_DETAIL_ALL } else { &policy::SERVERS_INDEX_ALL };
        caller.allow_on_own(rule)?;
        let named = pairs.all("project_id").chain(pairs.all("tenant_id")).last();
        asked.project = named.filter(|_| everything).map(str::to_owned);
    } else if let Some(project) = caller.project_id() {
        asked.project = Some(project.to_string());
    } else {
        exact.filters.insert("user_id".to_owned(), vec![caller.user.id.to_string()]);
    }
    asked.and(|select, asked| match asked.deleted {
        Some(deleted) => select.and_fixed(match (deleted, asked.soft_deleted) {
            (true, _) => "(deleted_at IS NOT NULL OR vm_state = 'soft-delete')",
            (false, true) => "deleted_at IS NULL",
            (false, false) => "deleted_at IS NULL AND vm_state <> 'soft-delete'",
        }),
        None => select,
    });
    asked.and(|select, asked| select.and_some("project_id = ?", asked.project.clone()));
    Ok(())
}

/// Servers that changed in this time.
fn between(asked: &mut Asked, pairs: &Pairs, version: Microversion) -> Result<(), ApiError> {
    let changes = changes(pairs, version, v::MINIMUM)?;
    if changes.is_asked() {
        asked.deleted = asked.deleted.filter(|deleted| *deleted);
    }
    asked.and(|select, _| changes.of_rows(select));
    Ok(())
}

fn statuses(
    asked: &mut Asked,
    caller: &Caller,
    version: Microversion,
    exact: &mut ListQuery,
) -> Result<(), ApiError> {
    let Some(wanted) = exact.filters.get_mut("status") else { return Ok(()) };
    wanted.retain(|word| STATUSES.contains(&word.as_str()));
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        if version.has(v::STRICT_STATUS) {
            return Err(ApiError::bad_request("Invalid status value"));
        }
        asked.empty = true;
    }
    if *wanted == ["DELETED"] {
        if !is_admin(caller) {
            return Err(ApiError::forbidden("Only administrators may list deleted instances"));
        }
        asked.deleted = Some(true);
    }
    Ok(())
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

fn flag(value: &str) -> Option<bool> {
    query::boolean("", value).ok()
}

impl Asked {
    fn and(&mut self, more: impl FnOnce(Select, &Self) -> Select) {
        self.select = more(self.select.clone(), self);
    }

    /// A filter that no single column answers.
    fn narrow(&mut self, caller: &Caller, name: &str, value: &str) -> Result<(), ApiError> {
        match name {
            "ip" | "ip6" => self.sieve.addresses = Some(pattern(name, value)?),
            "availability_zone" => self.sieve.zone = Some(pattern(name, value)?),
            "locked" => {
                let bad = || ApiError::bad_request(format!("Invalid value '{value}' for 'locked'"));
                let locked = flag(value).ok_or_else(bad)?;
                self.and(|select, _| {
                    select.and_fixed(if locked { "locked IS NOT NULL" } else { "locked IS NULL" })
                });
            }
            "tags" | "not-tags-any" => {
                let condition = if name == "tags" { HAS_TAG } else { LACKS_TAG };
                for tag in self.tags(value) {
                    self.and(|select, _| select.and(condition, tag));
                }
            }
            "tags-any" | "not-tags" => {
                let condition = if name == "tags-any" { HAS_TAG } else { LACKS_TAG };
                let tags = self.tags(value);
                if !tags.is_empty() {
                    self.and(|select, _| select.and_any(condition, tags));
                }
            }
            "soft_deleted" if is_admin(caller) => self.soft_deleted = flag(value).unwrap_or(false),
            "deleted" if is_admin(caller) => self.deleted = Some(flag(value).unwrap_or(false)),
            _ => {
                if let Some(shown) = shown(name) {
                    self.sieve.patterns.push((shown, pattern(name, value)?));
                }
            }
        }
        self.breadth += 1;
        Ok(())
    }

    /// The tags of a list, as they stand in their column.
    fn tags(&mut self, value: &str) -> Vec<String> {
        let tags = value.split(',').filter(|tag| !tag.is_empty()).map(|tag| format!(",{tag},"));
        let tags: Vec<String> = tags.collect();
        self.breadth += tags.len();
        tags
    }
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
}
