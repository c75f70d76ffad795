//! Settings of the image service.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use kogge_room::Room;
use serde::{Deserialize, Serialize};

/// Settings of the image service. Every key has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageConfig {
    /// Directory of the images' data; made if it is not there. All processes of a cloud share it.
    pub data_dir: PathBuf,
    /// Largest image in bytes.
    pub max_size: u64,
    /// Images that one project may have; none for any number.
    pub project_images: Option<u64>,
    /// Bytes that one project may store; none for as many as fit.
    pub project_bytes: Option<u64>,
    /// Bytes that one project may have staged for imports; none for as many as fit.
    pub project_staged: Option<u64>,
    /// Images of one project whose data may be coming in at once, those that wait for it included; none for any
    /// number.
    pub project_uploads: Option<u64>,
    /// Further properties of one image.
    pub max_properties: usize,
    /// Bytes of names and values of all further properties of one image.
    pub max_property_bytes: usize,
    /// Tags of one image.
    pub max_tags: usize,
    /// Members of one image.
    pub max_members: usize,
    /// Refuse uploads whose content is not the declared disk format. Without it they are kept, but no server can
    /// boot from them. Dangerous content is refused always.
    pub require_format_match: bool,
    /// How long data that the database does not know are kept in quarantine; none for ever.
    pub quarantine_keep: Option<Duration>,
    /// Seconds without a byte after which an upload is given up.
    pub upload_idle_seconds: u64,
    /// Bytes per second that an upload brings at least, over a minute; slower ones are given up.
    pub upload_slowest: u64,
    /// The name of the store that clients see.
    pub store_name: String,
    /// Fetching images from the web.
    pub web_download: WebDownload,
    /// The room of the data directory's disk, that images leave some of.
    #[serde(skip)]
    pub room: Room,
}

/// How images may be fetched from the web.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebDownload {
    /// Whether at all.
    pub enabled: bool,
    /// Schemes of addresses.
    pub schemes: Vec<String>,
    /// Ports of addresses.
    pub ports: Vec<u16>,
    /// Networks that may be asked although they are not public, e.g. a mirror inside: `10.0.0.0/24`.
    pub allow_networks: Vec<IpNet>,
    /// Redirects that are followed; each is checked like the first address.
    pub max_redirects: usize,
    /// Seconds until a connection must stand.
    pub connect_seconds: u64,
    /// Seconds without a byte after which a download is given up.
    pub idle_seconds: u64,
    /// Seconds that a download may take in all.
    pub total_seconds: u64,
    /// Bytes per second that a download brings at least, over a minute; slower ones are given up.
    pub slowest: u64,
    /// Downloads that are under way at once.
    pub at_once: usize,
    /// Those of them that may be one project's.
    pub project_at_once: usize,
}

impl Default for ImageConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("images"),
            max_size: 1 << 40,
            project_images: None,
            project_bytes: None,
            project_staged: None,
            project_uploads: None,
            max_properties: 128,
            max_property_bytes: 64 << 10,
            max_tags: 128,
            max_members: 128,
            require_format_match: false,
            quarantine_keep: None,
            upload_idle_seconds: 120,
            upload_slowest: 1 << 10,
            store_name: "file".to_owned(),
            web_download: WebDownload::default(),
            room: Room::default(),
        }
    }
}

impl Default for WebDownload {
    fn default() -> Self {
        Self {
            enabled: true,
            schemes: vec!["http".to_owned(), "https".to_owned()],
            ports: vec![80, 443],
            allow_networks: Vec::new(),
            max_redirects: 5,
            connect_seconds: 10,
            idle_seconds: 60,
            total_seconds: 6 * 3600,
            slowest: 16 << 10,
            at_once: 8,
            project_at_once: 2,
        }
    }
}

impl ImageConfig {
    /// The import methods that are on, as clients see them.
    pub(crate) fn import_methods(&self) -> Vec<&'static str> {
        if self.web_download.enabled { vec!["glance-direct", "web-download"] } else { vec!["glance-direct"] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_file_keeps_the_other_defaults() {
        let read: ImageConfig = serde_json::from_str(r#"{"web_download": {"ports": [8080]}}"#).unwrap();
        assert_eq!(read.web_download.ports, [8080]);
        assert_eq!(read.max_size, 1 << 40);
        assert!(serde_json::from_str::<ImageConfig>(r#"{"max_sise": 1}"#).is_err());
    }

    #[test]
    fn without_downloads_only_staged_data_are_imported() {
        let mut config = ImageConfig::default();
        config.web_download.enabled = false;
        assert_eq!(config.import_methods(), ["glance-direct"]);
    }
}
