//! `kogge down`.

use std::time::Duration;

use crate::cli::Down;
use crate::commands::status;
use crate::control::{self, Request};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::line;

/// Longest wait for the end: guests are asked to power down first.
const PATIENCE: Duration = Duration::from_secs(120);

/// Stops the cloud and waits until it is gone.
///
/// # Errors
/// Where it does not end in time, or guests run on that should not.
pub async fn run(arguments: Down) -> Result<Exit, Failure> {
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    let Some(running) = status::ask(&data).await? else {
        if data.holder().is_some() || left(&data) > 0 {
            return Err(status::none_answers(&data));
        }
        line("No cloud runs.");
        return Ok(Exit::Pass);
    };
    let stop = Request::Stop { keep_guests: arguments.keep_guests };
    let _: Option<bool> = control::ask(&data.control_socket(), stop)
        .await
        .map_err(|error| Failure::outside("asking the running cloud to stop", error))?;
    // the socket goes first, guests and networks after it: only the end of the process is the end
    let process = std::path::PathBuf::from(format!("/proc/{}", running.pid));
    let gone = async {
        while process.exists() && !is_zombie(&process) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.map_err(|_| {
        let log = data.log();
        Failure::Outside(format!("the cloud has not stopped within 120 s; its log: {}", log.display()))
    })?;
    match left(&data) {
        guests if guests > 0 && !arguments.keep_guests => Err(Failure::Outside(format!(
            "the cloud has stopped, but {guests} of its guests run on; its log says why: {}",
            data.log().display()
        ))),
        _ => {
            line(if arguments.keep_guests { "Stopped; the guests run on." } else { "Stopped." });
            Ok(Exit::Pass)
        }
    }
}

/// Guests that run though no control plane does.
fn left(data: &DataDir) -> usize {
    kogge_node::running(&data.join("node"))
}

/// Ended, and only waiting for its parent to notice.
fn is_zombie(process: &std::path::Path) -> bool {
    let text = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    text.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}
