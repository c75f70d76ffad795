//! Which mutations an administrator can carry out.

use kogge_conform_iaas::proof::{Change, Mutation, sound_images};
use kogge_standards::standard_flavors;

use super::NOWHERE;
use super::images::ITS_OWN;

/// Block storage under names that are not the standard's.
pub(super) const OLD_STORAGE: [&str; 4] = ["volumev3", "volume", "volumev2", "block-store"];

/// Attributes of an image that can be changed and never be without a value.
const LASTING: [&str; 2] = ["min_disk", "min_ram"];

/// What a cloud has that can be broken.
pub struct Reach {
    services: Vec<String>,
    volume_types: bool,
    /// Whether two flavors may differ in nothing but the case of their names.
    case_matters: bool,
}

impl Reach {
    /// That of Kogge.
    #[must_use]
    pub fn kogge() -> Self {
        let own = crate::cloud::catalog().into_iter().map(|service| service.kind.to_owned());
        Self {
            services: own.chain(NOWHERE.map(str::to_owned)).collect(),
            volume_types: false,
            case_matters: true,
        }
    }

    /// That of an OpenStack, on MySQL, with all services that the standards know.
    #[must_use]
    pub fn openstack() -> Self {
        let more = ["object-store", "key-manager"].map(str::to_owned);
        let Self { services, .. } = Self::kogge();
        Self { services: services.into_iter().chain(more).collect(), volume_types: true, case_matters: false }
    }

    /// Whether an administrator can carry a mutation out: nothing in it needs a service that is not there, or a cloud
    /// that lies.
    #[must_use]
    pub fn covers(&self, mutation: &Mutation) -> bool {
        // no machine is booted to judge the random numbers of
        let judged = mutation.expected.iter().any(|(id, _)| !id.starts_with("scs-0101-"));
        judged && mutation.changes.iter().all(|change| self.can(mutation, change))
    }

    fn can(&self, mutation: &Mutation, change: &Change) -> bool {
        match change {
            Change::Image { key, value, .. } => settable(key) && !(value.is_null() && LASTING.contains(key)),
            Change::NewImage { name, set, .. } => {
                // of two images of one name, the list shows the newer one first, the double the older one
                let is_new = !sound_images().iter().any(|image| image["name"] == *name);
                // community images of other projects are in nobody's list
                let unlisted = set.iter().any(|(_, value)| *value == "community");
                name.is_string() && is_new && !unlisted && set.iter().all(|(key, _)| settable(key))
            }
            // a flavor's name has an end; and of two that claim a name the last listed counts, in the order of their ids
            Change::NewFlavor(new) => {
                let free = self.case_matters || takes_over(mutation) || !is_taken(&new.name);
                free && new.name.len() <= 255 && (new.specs.is_empty() || takes_over(mutation))
            }
            Change::NoService(kind) | Change::NoEndpoints(kind) => *kind != "identity" && self.serves(kind),
            Change::NewService(_, like) => self.serves(like),
            // OpenStack has a type of this name in capitals, and compares without case
            Change::NewType { name, .. } => self.volume_types && *name != "__default__",
            Change::TypeDescription(_) => self.volume_types,
            // names of roles are compared without case, so there is no second "member"
            Change::Roles(roles) => roles.iter().all(|role| *role == role.to_lowercase()),
            Change::FlavorFigure { .. }
            | Change::FlavorSpec { .. }
            | Change::NoFlavor(_)
            | Change::NoImage(_)
            | Change::NoImages
            | Change::NewTemplate(_)
            | Change::NoTemplate(..) => true,
            _ => false,
        }
    }

    fn serves(&self, kind: &str) -> bool {
        self.services.iter().any(|known| known == kind)
    }
}

/// Whether the image service leaves a property to the image's owner.
fn settable(key: &str) -> bool {
    !ITS_OWN.contains(&key)
}

/// Whether a standard flavor has the name but for the case.
fn is_taken(name: &str) -> bool {
    standard_flavors().iter().any(|standard| standard.name.eq_ignore_ascii_case(name))
}

/// Whether a new flavor takes the place of one that goes.
fn takes_over(mutation: &Mutation) -> bool {
    mutation.changes.iter().any(|change| matches!(change, Change::NoFlavor(_)))
}
