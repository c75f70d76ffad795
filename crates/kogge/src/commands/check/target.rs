//! Which cloud is checked, and where the run keeps its journal.

use std::path::{Path, PathBuf};

use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform::{Journal, Journals, RunId};

use crate::cli::Target;
use crate::data_dir::DataDir;
use crate::exit::Failure;

/// The name that `kogge up` gives to an ordinary member.
const LOCAL: &str = "kogge";

/// A client of the cloud that was asked for: `--cloud`, `OS_CLOUD`, `OS_*`; else the local one of the data directory.
pub(in crate::commands) fn client(target: &Target) -> Result<Client, Failure> {
    let (environment, cloud) = environment(target.cloud.as_deref(), target.data.as_deref())?;
    load(&environment, cloud, target.region.clone())
}

/// A client of an account in the clouds.yaml of a data directory, whatever the environment says.
pub(in crate::commands) fn client_of_machine(data: Option<&Path>, account: &str) -> Result<Client, Failure> {
    let data = DataDir::chosen(data)?;
    let file = data.clouds_yaml();
    if !file.exists() {
        return Err(crate::commands::status::none_answers(&data));
    }
    let environment = Environment::new([("OS_CLIENT_CONFIG_FILE", &*file.to_string_lossy())], "/");
    load(&environment, Some(account.to_owned()), None)
}

/// A client of a cloud by its name.
pub(super) fn load(
    environment: &Environment,
    cloud: Option<String>,
    region: Option<String>,
) -> Result<Client, Failure> {
    Client::new(read(environment, cloud, region)?)
        .map_err(|error| Failure::Usage(kogge_client::chain(&error)))
}

/// The configuration of a cloud by its name, with the local one of a data directory.
pub(super) fn config(target: &Target) -> Result<CloudConfig, Failure> {
    let (environment, cloud) = environment(target.cloud.as_deref(), target.data.as_deref())?;
    read(&environment, cloud, target.region.clone())
}

fn read(
    environment: &Environment,
    cloud: Option<String>,
    region: Option<String>,
) -> Result<CloudConfig, Failure> {
    CloudConfig::load(environment, &Selection { cloud, region }).map_err(|error| {
        Failure::Usage(format!("{}; name a cloud with --cloud", kogge_client::chain(&error)))
    })
}

/// Where clouds are described, and which one is meant.
pub(super) fn environment(
    cloud: Option<&str>,
    data: Option<&Path>,
) -> Result<(Environment, Option<String>), Failure> {
    let environment = Environment::of_process();
    let named = cloud.is_some() || environment.var("OS_CLOUD").is_some();
    let described = environment.var("OS_AUTH_URL").is_some();
    let local = DataDir::chosen(data)?.clouds_yaml();
    let configured = environment.var("OS_CLIENT_CONFIG_FILE").is_some();
    let use_local = data.is_some() || (!named && !described && !configured);
    let cloud = cloud.map(str::to_owned);
    if use_local && local.exists() {
        let environment = environment.with_var("OS_CLIENT_CONFIG_FILE", &local.to_string_lossy());
        return Ok((environment, cloud.or_else(|| Some(LOCAL.to_owned()))));
    }
    Ok((environment, cloud))
}

/// The names of all clouds that commands would know without any option.
pub(in crate::commands) fn cloud_names() -> Result<Vec<String>, Failure> {
    let (environment, _) = environment(None, None)?;
    CloudConfig::names(&environment).map_err(|error| Failure::Usage(kogge_client::chain(&error)))
}

/// Where this user's state is kept; `None` without a home.
pub(super) fn state() -> Option<PathBuf> {
    user_folder("XDG_STATE_HOME", ".local/state")
}

/// The journals of this user: what a run creates is written down there before it is created.
///
/// # Errors
/// Without a home there is no place for them, and nothing is created that nobody would find again.
pub(super) fn journals() -> Result<Journals, Failure> {
    let folder = state().ok_or_else(|| {
        let words = "there is no HOME, so that what a run creates could not be written down: name a folder with XDG_STATE_HOME";
        Failure::Usage(words.to_owned())
    })?;
    Ok(Journals::at(folder.join("journal")))
}

/// The journal of a run, new or gone on with.
pub(in crate::commands) fn journal(run: RunId) -> Result<Journal, Failure> {
    let journals = journals()?;
    let what = format!("opening the journal in {}", journals.folder().display());
    journals.begin(run).map_err(|error| Failure::outside(&what, error))
}

/// This user's folder of ours for one purpose: `$XDG_STATE_HOME/kogge`, `~/.cache/kogge`; none without a home.
pub(super) fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).filter(|name| !name.is_empty()).map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(below_home));
    named.or_else(home).map(|folder| folder.join("kogge"))
}
