//! What a cloud has, as far as it can be mended: plain data, the planner's only input.

use jiff::Timestamp;
use kogge_conform::Problem;
use kogge_standards::default_rules::SeenTemplate;
use kogge_standards::flavors::SeenFlavor;
use kogge_standards::image_metadata::SeenImage;
use kogge_standards::volume_types::SeenVolumeType;

/// What a cloud has. A part that could not be read holds the reason.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// The "now" of every rule about dates.
    pub now: Timestamp,
    /// All flavors.
    pub flavors: Result<Vec<HeldFlavor>, Problem>,
    /// The public images.
    pub images: Result<HeldImages, Problem>,
    /// The templates of default security group rules; `None` where the network service has no such API.
    pub rules: Result<Option<Vec<Template>>, Problem>,
    /// The public volume types.
    pub volume_types: Result<Vec<HeldType>, Problem>,
    /// The service types of the catalogue.
    pub service_kinds: Vec<String>,
}

/// A flavor, as an administrator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldFlavor {
    /// What everybody sees.
    pub seen: SeenFlavor,
    /// Whether every project sees it. Others are never changed: they belong to somebody.
    pub public: bool,
    /// Whether a server has it; `None` if nobody looked.
    pub used: Option<bool>,
}

/// The images that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldImages {
    /// The public ones that are not hidden, in the order of the list.
    pub public: Vec<SeenImage>,
    /// How many community images there are. They are their projects' own business.
    pub community: usize,
}

/// A template of a security group rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// What is judged.
    pub seen: SeenTemplate,
    /// Protocol, ports and description, as far as they are set: what a copy has to keep.
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// A volume type, as an administrator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldType {
    /// Id in the cloud.
    pub id: String,
    /// What everybody sees.
    pub seen: SeenVolumeType,
    /// Whether it has an encryption specification.
    pub encrypted: bool,
    /// Whether its extra specs ask for replication.
    pub replicated: bool,
}

impl Inventory {
    /// An inventory with nothing in it.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        Self {
            now,
            flavors: Ok(Vec::new()),
            images: Ok(HeldImages::default()),
            rules: Ok(Some(Vec::new())),
            volume_types: Ok(Vec::new()),
            service_kinds: Vec::new(),
        }
    }

    /// The flavors that every project sees.
    pub(super) fn public_flavors(&self) -> impl Iterator<Item = &SeenFlavor> + Clone {
        let held = self.flavors.as_deref().unwrap_or_default();
        held.iter().filter(|flavor| flavor.public).map(|flavor| &flavor.seen)
    }

    /// The public images.
    pub(super) fn public_images(&self) -> &[SeenImage] {
        self.images.as_ref().map(|held| held.public.as_slice()).unwrap_or_default()
    }
}
