//! `kogge demo`: what a user of a cloud does in the first minutes, done and shown.
//!
//! Each step is told as the `openstack` command that a user would type, with what the cloud answered. Everything that is
//! made bears a name that nobody else has, and is written down before it is asked for ([`things`]): so it is found and
//! removed again whatever happens, and nothing else is ever touched.

mod choose;
mod shell;
mod ssh;
mod things;
mod walk;

use kogge_client::Client;

use crate::cli::Demo;
use crate::commands::check::target;
use crate::commands::{signal, status};
use crate::control::Status;
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::line;
use things::Things;
use walk::Walk;

/// Why the walk does not go on.
#[derive(Debug)]
enum Stop {
    /// Somebody asked for the end.
    Interrupted,
    /// Something went wrong.
    Failed(String),
}

impl From<kogge_client::Error> for Stop {
    fn from(error: kogge_client::Error) -> Self {
        Self::Failed(kogge_client::chain(&error))
    }
}

/// Walks, and removes what was made.
///
/// # Errors
/// Where no cloud answers, a step failed, or something could not be removed.
pub async fn run(arguments: Demo) -> Result<Exit, Failure> {
    let data = DataDir::chosen(arguments.target.data.as_deref())?;
    let client = client(&arguments, &data)?;
    let here = status::ask(&data).await.ok().flatten().filter(|status| is(&client, status));
    reached(&client, &data).await?;
    let place = tempfile::Builder::new()
        .prefix("kogge-demo-")
        .tempdir()
        .map_err(|error| Failure::outside("making a directory for the key", error))?;
    let signals = signal::Stop::listen("what was made is being removed")?;
    let cancel = signals.token();
    let name = format!("kogge-demo-{}", short());
    let mut walk = Walk {
        client: &client,
        cancel: &cancel,
        things: Things::default(),
        name,
        simulated: here.is_some_and(|status| status.simulated),
        place: place.path(),
    };
    line(&format!(
        "A walk through the cloud {}: all that it makes is called {}.",
        client.config().name,
        walk.name
    ));
    let ended = walk.run(arguments.image.as_deref(), arguments.flavor.as_deref()).await;
    if let Err(stop) = &ended {
        line(&match stop {
            Stop::Interrupted => "\nInterrupted.".to_owned(),
            Stop::Failed(because) => shell::shown(&format!("\nFAILED: {because}")),
        });
    }
    let Walk { things, name, .. } = walk;
    let left = if arguments.keep {
        let place = place.keep();
        line(&things.kept(&name, &place));
        Vec::new()
    } else {
        things.remove(&client).await
    };
    concluded(ended, &left, signals.exit())
}

fn concluded(ended: Result<(), Stop>, left: &[String], stopped: Option<Exit>) -> Result<Exit, Failure> {
    if !left.is_empty() {
        return Err(Failure::Outside(format!("not everything could be removed:\n{}", left.join("\n"))));
    }
    match (ended, stopped) {
        (Ok(()), None) => {
            line("\nThat was the whole walk.");
            Ok(Exit::Pass)
        }
        // told already
        (Ok(()) | Err(Stop::Interrupted), stopped) => Ok(stopped.unwrap_or(Exit::CouldNotRun)),
        (Err(Stop::Failed(_)), _) => Err(Failure::Outside("a step of the walk failed: see above".to_owned())),
    }
}

/// A client of the cloud that is meant; where that is this machine's and none is there, how to start one.
fn client(arguments: &Demo, data: &DataDir) -> Result<Client, Failure> {
    let named = ["OS_CLOUD", "OS_AUTH_URL", "OS_CLIENT_CONFIG_FILE"];
    let named = arguments.target.cloud.is_some() || named.iter().any(|name| std::env::var_os(name).is_some());
    let local = arguments.target.data.is_some() || !named;
    if local && !data.clouds_yaml().exists() {
        return Err(none(data));
    }
    target::client(&arguments.target)
}

fn none(data: &DataDir) -> Failure {
    Failure::Outside(format!(
        "{}, or `kogge up --sim` without root and without guests",
        status::none_answers(data)
    ))
}

/// Whether a cloud of this machine is the one that the client speaks to.
fn is(client: &Client, status: &Status) -> bool {
    let url = &client.config().auth_url;
    let address = url.host_str().zip(url.port_or_known_default());
    address.is_some_and(|(host, port)| format!("{host}:{port}") == status.address)
}

/// Signs in: whether the cloud answers at all.
async fn reached(client: &Client, data: &DataDir) -> Result<(), Failure> {
    let Err(error) = client.token().await else { return Ok(()) };
    let place = &client.config().auth_url;
    let own = std::fs::read_to_string(data.clouds_yaml()).is_ok_and(|text| text.contains(place.as_str()));
    if own && matches!(error, kogge_client::Error::Transport { .. }) {
        return Err(none(data));
    }
    Err(Failure::outside("signing in", kogge_client::chain(&error)))
}

/// What tells this walk from all others.
fn short() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    random.chars().take(10).collect()
}
