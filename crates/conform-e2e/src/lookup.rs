//! What the cloud has, and which of it the tests shall use.
//!
//! Everything here comes from the cloud under test and is not believed: lists are bounded by the client, objects with
//! fields of another type are left aside, and ids and names that could not stand in a file are never chosen.

mod flavors;
mod images;
mod networks;

use kogge_client::{Catalog, Client, Interface, Method};
use kogge_conform::Problem;
use serde_json::Value;

use crate::accounts::{Account, Accounts};

pub use flavors::Flavor;
pub use images::Image;
pub use networks::Network;

/// What the user asked for by name.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// The image, by name or id.
    pub image: Option<String>,
    /// The flavor, by name or id.
    pub flavor: Option<String>,
    /// The flavor to resize to, by name or id.
    pub flavor_alt: Option<String>,
    /// The external network, by name or id.
    pub external_network: Option<String>,
    /// The network of the ordinary accounts' projects, by name.
    pub network: Option<String>,
    /// The user of the image's guests; the tests that sign in there run only with it.
    pub ssh_user: Option<String>,
    /// How many old passwords the cloud remembers; the tests that change a password run only with it.
    pub password_history: Option<u32>,
    /// The cloud refuses images whose content is not what they say.
    pub checks_image_formats: bool,
    /// How long a server, image or volume may take to be made, in seconds.
    pub build_timeout: u32,
    /// How many workers run.
    pub concurrency: u32,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The identity service, `…/v3`.
    pub identity: String,
    /// The region, if one was asked for or there is only one.
    pub region: String,
    /// `public`, `internal` or `admin`.
    pub interface: &'static str,
    /// Whether certificates are checked.
    pub verify: bool,
    /// A file of CA certificates.
    pub ca_file: Option<String>,
    /// The id of the user's domain.
    pub domain: String,
    /// The service types in the catalogue.
    pub services: Vec<String>,
    /// The newest microversion of compute, such as `2.96`.
    pub compute_microversion: Option<String>,
    /// The image to start servers from, and another one.
    pub images: Vec<Image>,
    /// The flavor to start servers with, and one to resize to.
    pub flavors: Vec<Flavor>,
    /// Whether a flavor without disk was asked for by name.
    pub diskless_by_wish: bool,
    /// The network to the outside.
    pub external: Option<Network>,
    /// The network's name of each project, by the project's id.
    pub project_networks: Vec<(String, String)>,
    /// The projects that have none, by name.
    pub without_network: Vec<String>,
    /// The aliases of the network extensions.
    pub extensions: Vec<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

impl Facts {
    /// The service type under which block storage stands in the catalogue.
    #[must_use]
    pub fn volume_type(&self) -> Option<&str> {
        let known = ["block-storage", "volumev3", "volume"];
        known.into_iter().find(|kind| self.has(kind))
    }

    /// Whether the catalogue has a service type.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.services.iter().any(|service| service == kind)
    }

    /// Whether servers can be started from an image.
    #[must_use]
    pub fn bootable(&self) -> bool {
        self.diskless_by_wish || self.flavors.first().is_some_and(|flavor| flavor.disk_gib > 0)
    }
}

/// Looks the cloud through.
///
/// # Errors
/// If a list cannot be had, or something that was asked for by name is not there.
pub async fn look(accounts: &Accounts, signed: &[Account], wishes: &Wishes) -> Result<Facts, Problem> {
    let client = accounts.main();
    let token = client.token().await?;
    let config = client.config();
    let mut facts = Facts {
        identity: identity(client),
        region: config.region.clone().unwrap_or_else(|| only_region(&token.catalog, config.interface)),
        interface: config.interface.word(),
        verify: config.tls.verify,
        ca_file: config.tls.cacert.as_ref().map(|path| path.display().to_string()),
        domain: token.user_domain.id.clone(),
        services: token.catalog.kinds(),
        ..Facts::default()
    };
    if facts.has("compute") {
        facts.compute_microversion = microversion(client).await;
    }
    if facts.has("image") {
        images::choose(client, wishes, &mut facts).await?;
    }
    if facts.has("compute") {
        flavors::choose(client, wishes, &mut facts).await?;
    }
    if facts.has("network") {
        networks::choose(client, wishes, &mut facts).await?;
        if !accounts.dynamic() {
            networks::of_projects(signed, wishes, &mut facts).await?;
        }
    }
    Ok(facts)
}

/// The identity service's address with its version.
fn identity(client: &Client) -> String {
    let mut url = client.config().auth_url.clone();
    let path = url.path().trim_end_matches('/').to_owned();
    let root = path.strip_suffix("/v3").unwrap_or(&path);
    url.set_path(&format!("{root}/v3"));
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// The region of the catalogue's compute endpoint, or of its first: Tempest asks for one by name.
fn only_region(catalog: &Catalog, interface: Interface) -> String {
    let first = catalog.services.iter().flat_map(|service| &service.endpoints).next();
    let found = catalog.endpoint("compute", interface, None).or(first);
    found
        .and_then(|endpoint| endpoint.region.clone().or_else(|| endpoint.region_id.clone()))
        .unwrap_or_default()
}

/// The newest microversion that compute tells of itself.
async fn microversion(client: &Client) -> Option<String> {
    let answer = client.call(Method::GET, "compute", "").send().await.ok()?.success().ok()?;
    let body: Value = answer.json().ok()?;
    let newest = body.get("version")?.get("version")?.as_str()?.to_owned();
    let (major, minor) = newest.split_once('.')?;
    let numbers = major.parse::<u16>().is_ok() && minor.parse::<u16>().is_ok();
    numbers.then_some(newest)
}

/// A text that may stand in a file: not empty, not long, without control characters.
fn tame(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control)
}

fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().filter(|text| tame(text)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tame_texts_are_used() {
        for wild in ["", "a\nb", "a\u{1b}[2J", &"x".repeat(256)] {
            assert!(!tame(wild));
        }
        assert!(tame("SCS-1V-4") && tame("Öffentlich [x] = $y"));
    }
}
