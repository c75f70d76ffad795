//! The `clouds.yaml` that a cloud writes for its clients.

use std::net::SocketAddr;

use crate::accounts::{ACCOUNTS, Passwords};

/// The address that a client on this machine uses for a listener: a listener on every address is reached over loopback.
#[must_use]
pub fn client_address(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if listen.ip().is_unspecified() {
        let loopback = match listen {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}

/// The text of the file.
#[must_use]
pub fn render(address: SocketAddr, region: &str, passwords: &Passwords) -> String {
    let mut text = String::from("# Written by `kogge up`. Holds passwords: keep it to yourself.\nclouds:\n");
    for account in ACCOUNTS {
        let (cloud, user, project) = (account.cloud, account.user, account.project);
        let password = passwords.of(user);
        text.push_str(&format!(
            "  {cloud}:\n    auth_type: v3password\n    auth:\n      auth_url: http://{address}/identity/v3\n      \
             username: {user}\n      password: \"{password}\"\n      user_domain_name: Default\n      \
             project_name: {project}\n      project_domain_name: Default\n    region_name: \"{region}\"\n    \
             interface: public\n    identity_api_version: \"3\"\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_a_cloud_that_our_own_client_can_read() {
        let text = render("127.0.0.1:8770".parse().unwrap(), "RegionOne", &Passwords::random());
        for account in ACCOUNTS {
            assert!(text.contains(&format!("\n  {}:\n", account.cloud)));
        }
        assert!(text.contains("auth_url: http://127.0.0.1:8770/identity/v3"));
    }

    #[test]
    fn listeners_on_every_address_are_reached_over_loopback() {
        assert_eq!(client_address("0.0.0.0:1".parse().unwrap()).to_string(), "127.0.0.1:1");
        assert_eq!(client_address("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
        assert_eq!(client_address("192.0.2.1:1".parse().unwrap()).to_string(), "192.0.2.1:1");
    }
}
