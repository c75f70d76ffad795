//! What guests may learn about themselves, in the OpenStack and the EC2 form, at the metadata address and on config
//! drives. Paths and contents are those of Nova (`nova/api/metadata/base.py`).

mod documents;
mod ec2;
mod lookup;
mod openstack;
mod seats;
mod server;

pub use documents::documents;
pub(crate) use lookup::{Answer, lookup};
pub(crate) use server::{Directory, serve};

/// The addresses of a guest, which the metadata itself does not carry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// The guest's address, as it asks from.
    pub(crate) local: Option<std::net::IpAddr>,
    /// Its floating IP.
    pub(crate) public: Option<std::net::IpAddr>,
}

#[cfg(test)]
pub(crate) mod testing {
    use kogge_ids::ServerId;
    use kogge_node_api::{GuestMetadata, PublicKey};

    /// A guest with everything.
    pub(crate) fn guest() -> GuestMetadata {
        GuestMetadata {
            server: "11111111-2222-4333-8444-555555555555".parse::<ServerId>().unwrap(),
            name: "My Guest".to_owned(),
            hostname: "my-guest".to_owned(),
            project_id: "p".repeat(32),
            availability_zone: "nova".to_owned(),
            meta: [("role".to_owned(), "web".to_owned())].into(),
            keys: vec![PublicKey { name: "mine".to_owned(), key: "ssh-ed25519 AAAA me".to_owned() }],
            user_data: Some(b"#cloud-config\n".to_vec()),
            admin_password: Some("secret".to_owned()),
            launch_index: 0,
            flavor: "SCS-1V-1".to_owned(),
            image: "99999999-2222-4333-8444-555555555555".to_owned(),
            network_data: r#"{"links":[],"networks":[],"services":[]}"#.to_owned(),
            random_seed: Some("c2VlZA==".to_owned()),
            files: Vec::new(),
        }
    }
}
