//! The `clouds.yaml` that a cloud writes for its clients.

use std::net::SocketAddr;

use crate::accounts::{ACCOUNTS, DOMAIN_MANAGER, Passwords};

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
    let mut add = |cloud: &str, user: &str, domain: &str, scope: &str| {
        let password = passwords.of(user);
        text.push_str(&format!(
            "  {cloud}:\n    auth_type: v3password\n    auth:\n      auth_url: http://{address}/identity/v3\n      \
             username: {user}\n      password: \"{password}\"\n      user_domain_name: {domain}\n      \
             {scope}\n    region_name: \"{region}\"\n    interface: public\n    identity_api_version: \"3\"\n"
        ));
    };
    for account in ACCOUNTS {
        let scope = format!("project_name: {}\n      project_domain_name: Default", account.project);
        add(account.cloud, account.user, "Default", &scope);
    }
    let manager = DOMAIN_MANAGER;
    add(manager.cloud, manager.user, manager.domain, &format!("domain_name: {}", manager.domain));
    text
}

/// The text of the `check.toml` beside it: what checks of this cloud may use.
#[must_use]
pub fn profile() -> String {
    let manager = DOMAIN_MANAGER.cloud;
    format!(
        "# Written by `kogge up` at each start: what `kogge check` of this cloud may use. What is yours belongs into\n\
         # ~/.config/kogge/check.toml, which goes before it.\n[cloud.{}]\n\
         domain_manager_cloud = \"{manager}\"\n",
        ACCOUNTS[0].cloud
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_is_a_cloud_that_our_own_client_can_read() {
        let text = render("127.0.0.1:8770".parse().unwrap(), "RegionOne", &Passwords::random());
        for cloud in ACCOUNTS.iter().map(|account| account.cloud).chain([DOMAIN_MANAGER.cloud]) {
            assert!(text.contains(&format!("\n  {cloud}:\n")));
        }
        assert_eq!(
            text.matches("domain_name: managed").count(),
            2,
            "where it lives, and for which it asks: {text}"
        );
        assert!(text.contains("auth_url: http://127.0.0.1:8770/identity/v3"));
    }

    #[test]
    fn listeners_on_every_address_are_reached_over_loopback() {
        assert_eq!(client_address("0.0.0.0:1".parse().unwrap()).to_string(), "127.0.0.1:1");
        assert_eq!(client_address("[::]:1".parse().unwrap()).to_string(), "[::1]:1");
        assert_eq!(client_address("192.0.2.1:1".parse().unwrap()).to_string(), "192.0.2.1:1");
    }
}
