//! What a guest may learn about itself, over the metadata address or on a config drive.

use std::collections::BTreeMap;

use kogge_ids::ServerId;
use serde::{Deserialize, Serialize};

/// The content of the metadata service for one server; the node renders the OpenStack and the EC2 form from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestMetadata {
    /// The server's id.
    pub server: ServerId,
    /// The server's display name.
    pub name: String,
    /// The host name: the name as DNS allows it.
    pub hostname: String,
    /// The project, for information.
    pub project_id: String,
    /// The availability zone.
    pub availability_zone: String,
    /// The user's key-value pairs.
    pub meta: BTreeMap<String, String>,
    /// SSH keys.
    pub keys: Vec<PublicKey>,
    /// User data, decoded.
    pub user_data: Option<Vec<u8>>,
    /// The administrator's password; a secret.
    pub admin_password: Option<String>,
    /// Number of this server among those made by the same request, from 0.
    pub launch_index: u32,
    /// Name of the flavor (EC2's instance type).
    pub flavor: String,
    /// Id of the image; empty where booted from a volume.
    pub image: String,
    /// `network_data.json` as text: links, networks, services.
    pub network_data: String,
    /// A stable random seed for the guest, base64.
    pub random_seed: Option<String>,
    /// Files for the guest, on its config drive only.
    #[serde(default)]
    pub files: Vec<GuestFile>,
}

/// A file for a guest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestFile {
    /// Where the guest is to put it.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for GuestMetadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // user data and the password are secrets: never in a log
        f.debug_struct("GuestMetadata")
            .field("server", &self.server)
            .field("hostname", &self.hostname)
            .finish_non_exhaustive()
    }
}

/// An SSH public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The keypair's name.
    pub name: String,
    /// The line for `authorized_keys`.
    pub key: String,
}
