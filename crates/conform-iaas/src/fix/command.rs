//! Each step as a line for a shell: what an operator would type.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::action::{Action, NewFlavor, NewImage, NewTemplate};

/// A word for a shell, quoted where it has to be. Names come from the cloud: nothing in them may run or reach the terminal's own commands.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

fn line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(word).collect();
    format!("openstack {}", words.join(" "))
}

fn properties(map: &BTreeMap<String, String>) -> String {
    map.iter().map(|(key, value)| format!(" --property {}", word(&format!("{key}={value}")))).collect()
}

impl Action {
    /// The step as commands of the `openstack` client.
    #[must_use]
    pub fn command(&self) -> String {
        match self {
            Self::CreateFlavor(new) => create_flavor(new),
            Self::ReplaceFlavor { id, with } => {
                format!("{} && {} --id {}", line(["flavor", "delete", id]), create_flavor(with), word(id))
            }
            Self::SetSpecs { id, specs } => format!("{}{}", line(["flavor", "set", id]), properties(specs)),
            Self::UnsetSpec { id, key } => line(["flavor", "unset", "--property", key, id]),
            Self::SetProperty { id, key, value, .. } => match key.as_str() {
                "min_disk" => line(["image", "set", "--min-disk", value, id]),
                "min_ram" => line(["image", "set", "--min-ram", value, id]),
                _ => line(["image", "set", "--property", &format!("{key}={value}"), id]),
            },
            Self::ImportImage(new) => import(new),
            Self::CreateRule(new) => create_rule(new),
            Self::DeleteRule { id } => line(["default", "security", "group", "rule", "delete", id]),
            Self::ReplaceRule { id, with } => {
                let delete = line(["default", "security", "group", "rule", "delete", id]);
                // the service may take both for the same: at a shell, only this order is sure to work
                format!("{delete} && {}", create_rule(with))
            }
            Self::DescribeType { id, description } => {
                line(["volume", "type", "set", "--description", description, id])
            }
        }
    }
}

fn create_flavor(new: &NewFlavor) -> String {
    let (vcpus, ram, disk) = (new.vcpus.to_string(), new.ram_mib.to_string(), new.disk_gb.to_string());
    let create = line(["flavor", "create", &new.name, "--vcpus", &vcpus, "--ram", &ram, "--disk", &disk]);
    format!("{create}{}", properties(&new.extra_specs))
}

fn import(new: &NewImage) -> String {
    let (disk, ram) = (new.min_disk.to_string(), new.min_ram.to_string());
    let formats = ["--disk-format", "qcow2", "--container-format", "bare"];
    let head = ["image", "create", "--min-disk", &disk, "--min-ram", &ram];
    let create = line(head.into_iter().chain(formats));
    let fetch = line(["image", "import", "--method", "web-download", "--uri", &new.uri, &new.name]);
    let publish = line(["image", "set", "--public", &new.name]);
    format!("{create}{} {} && {fetch} && {publish}", properties(&new.properties), word(&new.name))
}

fn create_rule(new: &NewTemplate) -> String {
    let direction = format!("--{}", new.direction);
    let mut words =
        vec!["default", "security", "group", "rule", "create", &direction, "--ethertype", &new.ethertype];
    if let Some(group) = &new.remote_group_id {
        words.extend(["--remote-group", group]);
    }
    let texts: Vec<(&str, String)> =
        new.rest.iter().filter_map(|(key, value)| Some((option(key)?, text(value)))).collect();
    for (option, value) in &texts {
        words.extend([*option, value]);
    }
    let ports = ["port_range_min", "port_range_max"].map(|key| new.rest.get(key).map(text));
    let ports = if let [Some(first), Some(last)] = ports { format!("{first}:{last}") } else { String::new() };
    if !ports.is_empty() {
        words.extend(["--dst-port", &ports]);
    }
    words.extend(new.used_in_default_sg.then_some("--for-default-sg"));
    words.extend(new.used_in_non_default_sg.then_some("--for-custom-sg"));
    line(words)
}

fn option(key: &str) -> Option<&'static str> {
    Some(match key {
        "protocol" => "--protocol",
        "description" => "--description",
        "remote_ip_prefix" => "--remote-ip",
        "remote_address_group_id" => "--remote-address-group",
        _ => return None,
    })
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_cannot_leave_its_quotes() {
        assert_eq!(word("SCS-4V-16"), "SCS-4V-16");
        assert_eq!(word(""), "''");
        assert_eq!(word("Ubuntu 24.04"), "'Ubuntu 24.04'");
        assert_eq!(word("a'; rm -rf $HOME"), r"'a'\''; rm -rf $HOME'");
        assert_eq!(word("a\x1b[31m'\\"), r"$'a\x1b[31m\'\\'");
        assert_eq!(word("\u{9b}"), r"$'\xc2\x9b'");
    }

    #[test]
    fn a_flavor_is_one_line_with_its_extra_specs() {
        let standard = kogge_standards::standard_flavors().iter().find(|f| f.name == "SCS-2V-4-20s").unwrap();
        let line = Action::CreateFlavor(NewFlavor::from(standard)).command();
        assert!(
            line.starts_with("openstack flavor create SCS-2V-4-20s --vcpus 2 --ram 4096 --disk 20"),
            "{line}"
        );
        assert!(line.contains(" --property scs:name-v1=SCS-2V:4:20s"), "{line}");
    }

    #[test]
    fn base_attributes_of_images_have_options_of_their_own() {
        let set = |key: &str| {
            let (id, key, value) = ("i1".to_owned(), key.to_owned(), "8".to_owned());
            Action::SetProperty { id, key, value, present: false }.command()
        };
        assert_eq!(set("min_disk"), "openstack image set --min-disk 8 i1");
        assert_eq!(set("os_version"), "openstack image set --property os_version=8 i1");
    }
}
