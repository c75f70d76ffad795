//! One step that an API can do, and what it does to an inventory.

use std::collections::BTreeMap;

use kogge_standards::default_rules::{RuleTemplate, SeenTemplate};
use kogge_standards::flavors::{SeenFlavor, StandardFlavor};
use kogge_standards::image_metadata::SeenImage;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::inventory::{HeldFlavor, Inventory, Template};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Action {
    /// Creates a public flavor with its extra specs.
    CreateFlavor(NewFlavor),
    /// Deletes a flavor that no server has, and creates it anew.
    ReplaceFlavor {
        /// Id of the old one.
        id: String,
        /// The new one.
        with: NewFlavor,
    },
    /// Sets extra specs of a flavor.
    SetSpecs {
        /// Id of the flavor.
        id: String,
        /// What is set.
        specs: BTreeMap<String, String>,
    },
    /// Takes an extra spec away from a flavor.
    UnsetSpec {
        /// Id of the flavor.
        id: String,
        /// Which.
        key: String,
    },
    /// Sets a property of an image, `min_disk` and `min_ram` among them.
    SetProperty {
        /// Id of the image.
        id: String,
        /// Which property.
        key: String,
        /// Its new value.
        value: String,
        /// Whether it had a value before.
        present: bool,
    },
    /// Has the cloud download an image, and makes it public.
    ImportImage(NewImage),
    /// Creates a template of a default security group rule.
    CreateRule(NewTemplate),
    /// Deletes one.
    DeleteRule {
        /// Its id.
        id: String,
    },
    /// Deletes one and creates another in its place: the API cannot change them.
    ReplaceRule {
        /// Id of the old one.
        id: String,
        /// The new one.
        with: NewTemplate,
    },
    /// Sets the description of a volume type.
    DescribeType {
        /// Id of the type.
        id: String,
        /// The whole new text.
        description: String,
    },
}

/// A flavor to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewFlavor {
    /// Name.
    pub name: String,
    /// Number of vCPUs.
    pub vcpus: u64,
    /// RAM in MiB.
    pub ram_mib: u64,
    /// Root disk in GB.
    pub disk_gb: u64,
    /// Extra specs.
    pub extra_specs: BTreeMap<String, String>,
}

/// An image to be downloaded by the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewImage {
    /// Name.
    pub name: String,
    /// Where the cloud fetches it, a qcow2 file.
    pub uri: String,
    /// Least disk in GiB.
    pub min_disk: u64,
    /// Least RAM in MiB.
    pub min_ram: u64,
    /// All other properties.
    pub properties: BTreeMap<String, String>,
}

/// A template to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewTemplate {
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// `PARENT` or nothing.
    pub remote_group_id: Option<String>,
    /// Whether default groups get it.
    pub used_in_default_sg: bool,
    /// Whether other groups get it.
    pub used_in_non_default_sg: bool,
    /// Protocol, ports and description, as far as they are set.
    pub rest: Map<String, Value>,
}

impl From<&StandardFlavor> for NewFlavor {
    fn from(standard: &StandardFlavor) -> Self {
        let SeenFlavor { name, vcpus, ram_mib, disk_gb, extra_specs, .. } = SeenFlavor::from(standard);
        Self { name, vcpus, ram_mib, disk_gb, extra_specs: extra_specs.unwrap_or_default() }
    }
}

impl From<&RuleTemplate> for NewTemplate {
    fn from(template: &RuleTemplate) -> Self {
        Self {
            direction: template.direction.to_owned(),
            ethertype: template.ethertype.to_owned(),
            remote_group_id: template.remote_group_id.map(str::to_owned),
            used_in_default_sg: template.used_in_default_sg,
            used_in_non_default_sg: template.used_in_non_default_sg,
            rest: Map::new(),
        }
    }
}

impl NewFlavor {
    fn held(&self) -> HeldFlavor {
        let Self { name, vcpus, ram_mib, disk_gb, extra_specs } = self.clone();
        // it has no id yet; its name is unique
        let seen =
            SeenFlavor { id: name.clone(), name, vcpus, ram_mib, disk_gb, extra_specs: Some(extra_specs) };
        HeldFlavor { seen, public: true, used: Some(false) }
    }
}

impl NewTemplate {
    fn held(&self) -> Template {
        let seen = SeenTemplate {
            id: String::new(),
            direction: self.direction.clone(),
            ethertype: self.ethertype.clone(),
            remote_group_id: self.remote_group_id.clone(),
            remote_ip_prefix: None,
            used_in_default_sg: self.used_in_default_sg,
            used_in_non_default_sg: self.used_in_non_default_sg,
        };
        Template { seen, rest: self.rest.clone() }
    }
}

impl NewImage {
    /// The image as everybody will see it, registered at this time.
    pub(super) fn seen(&self, created_at: String) -> SeenImage {
        let mut properties = self.properties.clone();
        // every image service of today hashes with it unless told otherwise
        properties.insert("os_hash_algo".to_owned(), "sha512".to_owned());
        SeenImage {
            id: String::new(),
            name: Some(self.name.clone()),
            visibility: "public".to_owned(),
            hidden: false,
            size: Some(0),
            min_disk: Some(self.min_disk),
            min_ram: Some(self.min_ram),
            created_at: Some(created_at),
            properties,
        }
    }
}

impl Action {
    /// Does to the inventory what the step will do to the cloud.
    pub(super) fn simulate(&self, inventory: &mut Inventory) {
        match self {
            Self::CreateFlavor(..)
            | Self::ReplaceFlavor { .. }
            | Self::SetSpecs { .. }
            | Self::UnsetSpec { .. } => {
                if let Ok(flavors) = &mut inventory.flavors {
                    self.on_flavors(flavors);
                }
            }
            Self::SetProperty { id, key, value, .. } => {
                let images = inventory.images.iter_mut().flat_map(|held| &mut held.public);
                images.filter(|image| image.id == *id).for_each(|image| set_property(image, key, value));
            }
            Self::ImportImage(new) => {
                let created_at = inventory.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                inventory.images.iter_mut().for_each(|held| held.public.push(new.seen(created_at.clone())));
            }
            Self::CreateRule(_) | Self::DeleteRule { .. } | Self::ReplaceRule { .. } => {
                if let Ok(Some(rules)) = &mut inventory.rules {
                    self.on_rules(rules);
                }
            }
            Self::DescribeType { id, description } => {
                let types = inventory.volume_types.iter_mut().flatten().filter(|kind| kind.id == *id);
                types.for_each(|kind| kind.seen.description = Some(description.clone()));
            }
        }
    }

    fn on_flavors(&self, flavors: &mut Vec<HeldFlavor>) {
        let specs =
            |flavors: &mut Vec<HeldFlavor>, id: &str, change: &dyn Fn(&mut BTreeMap<String, String>)| {
                let found = flavors.iter_mut().filter(|flavor| flavor.seen.id == id);
                found.for_each(|flavor| change(flavor.seen.extra_specs.get_or_insert_default()));
            };
        match self {
            Self::CreateFlavor(new) => flavors.push(new.held()),
            Self::ReplaceFlavor { id, with } => {
                flavors.retain(|flavor| flavor.seen.id != *id);
                flavors.push(with.held());
            }
            Self::SetSpecs { id, specs: set } => specs(flavors, id, &|known| known.extend(set.clone())),
            Self::UnsetSpec { id, key } => specs(flavors, id, &|known| {
                known.remove(key);
            }),
            _ => {}
        }
    }

    fn on_rules(&self, rules: &mut Vec<Template>) {
        if let Self::DeleteRule { id } | Self::ReplaceRule { id, .. } = self {
            rules.retain(|rule| rule.seen.id != *id);
        }
        if let Self::CreateRule(new) | Self::ReplaceRule { with: new, .. } = self {
            rules.push(new.held());
        }
    }
}

/// Sets a property as the image service will show it.
pub(super) fn set_property(image: &mut SeenImage, key: &str, value: &str) {
    match key {
        "min_disk" => image.min_disk = value.parse().ok(),
        "min_ram" => image.min_ram = value.parse().ok(),
        _ => {
            image.properties.insert(key.to_owned(), value.to_owned());
        }
    }
}
