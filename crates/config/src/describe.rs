//! What each key means, and the example file made from it.

use toml::{Table, Value};

use crate::Config;

/// Key and meaning, in the order of the example file.
pub(crate) const KEYS: &[(&str, &str)] = &[
    ("server.listen", "Address and port of all OpenStack APIs. [::]:8770 listens on every address."),
    ("server.region", "Name of the region in the catalog."),
    ("server.connections", "Most connections of clients at once; the next ones wait."),
    (
        "server.connections_per_client",
        "Most of them from one IPv4 address or IPv6 /64; 0 for any number. This machine has no such limit: a proxy on it \
         stands for many. Where a proxy stands elsewhere, take 0.",
    ),
    ("database.url", "postgres://user:password@host/name; empty for a SQLite file in the data directory."),
    ("database.connections", "Most connections to PostgreSQL."),
    ("hypervisor.accel", "auto: KVM if a probe guest really boots on it, else tcg. kvm or tcg force one."),
    ("hypervisor.host", "Name of this host in the cloud; empty takes the machine's host name."),
    ("hypervisor.cpu_allocation_ratio", "Virtual CPUs that are given out for each CPU."),
    ("hypervisor.ram_allocation_ratio", "MiB of guest memory that are given out for each MiB."),
    ("hypervisor.reserved_memory_mib", "Memory in MiB that guests do not get."),
    ("hypervisor.disk_allocation_ratio", "GiB of guest disk that are given out for each GiB."),
    (
        "hypervisor.guest_uid_first",
        "First of the system users that guests run as, each as its own. They need no entry in /etc/passwd.",
    ),
    (
        "hypervisor.guest_uid_count",
        "How many such users there are; 0 lets all guests run as Kogge's own user.",
    ),
    (
        "hypervisor.guests_as_root",
        "true: guests run as root where Kogge does and they cannot have users of their own. Not safe; else they do not run.",
    ),
    (
        "hypervisor.quarantine_days",
        "Days for which guests and disks that the database does not know are kept in quarantine; 0 for ever.",
    ),
    (
        "compute.reclaim_instance_interval",
        "Seconds for which a deleted server can be brought back (openstack server restore); 0 deletes at once.",
    ),
    (
        "compute.resize_confirm_window",
        "Seconds after which a resize that nobody confirms is confirmed by itself; 0 for never.",
    ),
    (
        "compute.shelved_offload_time",
        "Seconds after which a shelved server leaves its host; 0 at once, -1 not by itself.",
    ),
    (
        "compute.console_token_seconds",
        "Seconds for which the address of a console (openstack console url show) is good for opening it.",
    ),
    (
        "compute.console_allowed_origins",
        "Hosts whose pages may open consoles besides the cloud's own, such as a dashboard's: [\"dashboard.example\"].",
    ),
    ("network.external_name", "Name of the external network that is made at the first start."),
    (
        "network.external_cidr",
        "Its range; the first address is this machine's, floating IPs come from the rest.",
    ),
    ("network.masquerade", "true: guests with a router reach beyond this machine, under its address."),
    ("network.mtu", "MTU of tenant networks in bytes."),
    ("image.max_size_gib", "Largest image in GiB."),
    (
        "image.enforce_format",
        "true: an image whose content is not of its declared format is refused at the upload. It never boots either way.",
    ),
    (
        "image.web_download_private_networks",
        "Private ranges that web-download may fetch from, e.g. 192.0.2.0/24.",
    ),
    ("image.quota_count", "Images that one project may have; 0 for any number."),
    ("image.quota_total_gib", "Image data that one project may store, in GiB; 0 for as much as fits."),
    (
        "image.quota_staging_gib",
        "Data that one project may have staged for imports, in GiB; 0 for as much as fits.",
    ),
    (
        "image.quota_uploads",
        "Images of one project whose data may be coming in, or waiting for an import, at once; 0 for any number.",
    ),
    (
        "image.quarantine_days",
        "Days for which data of images that the database does not know are kept in quarantine; 0 for ever.",
    ),
    ("identity.token_seconds", "Life of a token in seconds."),
    ("identity.key_rotation_days", "Days between rotations of the token keys."),
    ("identity.bcrypt_cost", "Cost of password hashing, 4 to 31; each step doubles it."),
    ("identity.lockout_failures", "Failed logins in a row that lock a user; 0 for never."),
    ("identity.lockout_seconds", "How long a user stays locked, in seconds."),
    (
        "identity.logins_per_minute",
        "Logins per minute that one user or one address may try; 0 for any number.",
    ),
    (
        "identity.password_history",
        "Passwords that cannot be taken again, the present one included; 0 for none.",
    ),
    (
        "identity.show_ec2_secrets",
        "true: the secret of an EC2 key pair is shown whenever it is looked at, as Keystone does, not only when it is made.",
    ),
    (
        "volume.format",
        "qcow2 or raw: how new volumes are kept. With qcow2 a volume of an image holds only what was written; raw ones are copies.",
    ),
    (
        "volume.ceph",
        "Pools of Ceph clusters for volumes, beside the files: [{ name = \"ceph\", pool = \"volumes\", user = \"kogge\", \
         keyring = \"/etc/ceph/ceph.client.kogge.keyring\", conf = \"/etc/ceph/ceph.conf\" }]. A type of volumes chooses \
         one by volume_backend_name.",
    ),
    (
        "volume.default_backend",
        "Name of the backend of volumes whose type names none; empty for the files in the data directory.",
    ),
    (
        "volume.quota_volumes",
        "Volumes of a project, unless an administrator says otherwise; -1 for any number.",
    ),
    (
        "volume.quota_snapshots",
        "Snapshots of a project, unless an administrator says otherwise; -1 for any number.",
    ),
    (
        "volume.quota_gigabytes",
        "Room in GiB of a project's volumes and snapshots, unless an administrator says otherwise; -1 for any.",
    ),
    ("policy.file", "A file of policy overrides in the syntax of oslo.policy; empty for none."),
    ("log.level", "Least important level shown, also per module: info,kogge_compute=debug."),
    ("log.format", "text or json."),
    ("log.max_mib", "Largest size in MiB of the log of a cloud in the background (kogge.log); 1 to 1024."),
    ("log.keep", "How many older logs are kept beside it (kogge.log.1 …); 0 for none, at most 100."),
    (
        "storage.reserve_mib",
        "Room in MiB of the data directory's file system that images and new guests leave for the database; 0 for none.",
    ),
    (
        "storage.shared",
        "Absolute path of a directory that all machines see, for keys, first accounts and images of a cloud of several processes on one PostgreSQL; empty: in the data directory of the only one.",
    ),
];

/// The defaults as TOML.
pub(crate) fn defaults() -> Table {
    match Value::try_from(Config::default()) {
        Ok(Value::Table(table)) => table,
        _ => Table::new(),
    }
}

/// The example file: every key with its meaning and its default, commented out.
#[must_use]
pub fn example() -> String {
    rendered(&defaults(), "# ")
}

/// The settings in force as a file.
#[must_use]
pub fn shown(config: &Config) -> String {
    match Value::try_from(config) {
        Ok(Value::Table(mut table)) => {
            conceal(&mut table);
            rendered(&table, "")
        }
        _ => String::new(),
    }
}

/// The password in the database's URL is nobody's business.
fn conceal(table: &mut Table) {
    let url = table.get_mut("database").and_then(|section| section.get_mut("url"));
    if let Some(Value::String(url)) = url
        && let (Some(scheme), Some(at)) = (url.find("://"), url.rfind('@'))
        && let Some(colon) = url[scheme + 3..at].find(':')
    {
        url.replace_range(scheme + 3 + colon + 1..at, "***");
    }
}

fn rendered(table: &Table, mark: &str) -> String {
    let mut text = String::from("# Configuration of Kogge. Every key has a default.\n");
    let mut section = "";
    for (key, meaning) in KEYS {
        let Some((part, name)) = key.split_once('.') else { continue };
        if part != section {
            text.push_str(&format!("\n[{part}]\n"));
            section = part;
        }
        let value = table.get(part).and_then(|section| section.get(name));
        let value = value.map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("\n# {meaning}\n{mark}{name} = {value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described_and_every_description_has_a_key() {
        let mut real: Vec<String> = Vec::new();
        for (section, value) in defaults() {
            for name in value.as_table().unwrap().keys() {
                real.push(format!("{section}.{name}"));
            }
        }
        let mut described: Vec<String> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
        real.sort();
        described.sort();
        assert_eq!(real, described);
    }

    #[test]
    fn the_example_is_a_valid_file_of_defaults() {
        let uncommented: String = example()
            .lines()
            .map(|line| {
                let line = line
                    .strip_prefix("# ")
                    .filter(|rest| rest.split_once(" = ").is_some_and(|(k, _)| !k.contains(' ')))
                    .unwrap_or(line);
                format!("{line}\n")
            })
            .collect();
        let read: Config = toml::from_str(&uncommented).unwrap();
        assert_eq!(read, Config::default());
    }

    #[test]
    fn the_database_password_is_not_shown() {
        let mut config = Config::default();
        config.database.url = "postgres://kogge:geheim@db/kogge".to_owned();
        let text = shown(&config);
        assert!(!text.contains("geheim") && text.contains("kogge:***@db"));
    }
}
