//! `kogge image`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `kogge image`.
#[derive(Debug, Subcommand)]
pub enum Image {
    /// Make a public image of a qcow2 file, once: what was made of this file already, or deleted since, is left as it is
    Publish(Publish),
}

/// `kogge image publish`.
#[derive(Debug, Args)]
pub struct Publish {
    /// The file, in qcow2, of 512 MiB at most
    pub file: PathBuf,
    /// Name of the image
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub name: String,
    /// A disk must have this many GiB
    #[arg(long, value_name = "GIB", default_value_t = 1)]
    pub min_disk: u32,
    /// A server must have this many MiB of memory
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub min_ram: u32,
    /// A property; may come often
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = pair)]
    pub properties: Vec<(String, String)>,
    /// Name in clouds.yaml of an account that may publish [default: the administrator of the cloud on this machine]
    #[arg(short, long, value_name = "NAME")]
    pub cloud: Option<String>,
    /// Data directory of the cloud on this machine
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("it must look like KEY=VALUE".to_owned()),
    }
}
