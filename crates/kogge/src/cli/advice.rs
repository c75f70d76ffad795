//! What the advisory checks may use: `kogge check --advisory …`.

use std::path::PathBuf;

use clap::Args;

use super::known::{CLOUDS, Known};

/// Credentials for advisory checks. Without them these checks could not run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Advice {
    /// Name in clouds.yaml of a domain manager, scoped to its domain: for SCS-0302
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true)]
    pub domain_manager_cloud: Option<String>,
    /// Name in clouds.yaml of the manager of another domain, whose things the first must not reach
    #[arg(long, value_name = "NAME", value_parser = Known(&CLOUDS), hide_possible_values = true, requires = "domain_manager_cloud")]
    pub other_domain_manager_cloud: Option<String>,
    /// Try S3 with objects of our own, at the address in the catalogue
    #[arg(long)]
    pub s3: bool,
    /// Try S3 at this address
    #[arg(long, value_name = "URL")]
    pub s3_endpoint: Option<String>,
    /// File with a key of S3: the lines aws_access_key_id and aws_secret_access_key, or ACCESS:SECRET [default: an EC2
    /// credential that the user makes for itself]
    #[arg(long, value_name = "FILE")]
    pub s3_access_key_file: Option<PathBuf>,
    /// The region that S3 requests are signed for [default: us-east-1, or what S3 asks for]
    #[arg(long, value_name = "NAME")]
    pub s3_region: Option<String>,
}
