//! The advisory checks of the referee on our own cloud, as it is and broken in one place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod domain_manager;
mod manual;
mod networks;

use kogge::test_cloud::TestCloud;
use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};

/// A client of one of the accounts in the cloud's `clouds.yaml`.
fn client(cloud: &TestCloud, name: &str) -> Client {
    let file = cloud.clouds_yaml();
    let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", file.as_str())], "/");
    let selection = Selection { cloud: Some(name.to_owned()), region: None };
    Client::new(CloudConfig::load(&environment, &selection).unwrap()).unwrap()
}
