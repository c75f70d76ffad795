//! `kogge status`, and the dashboard that `kogge up` ends with.

use crate::cli::Where;
use crate::control::{self, Request, Status};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::{printable, show, table};

/// Shows what runs and where. Exit code 4 where nothing runs.
///
/// # Errors
/// Where the running cloud does not answer in a way that we understand.
pub async fn run(place: Where) -> Result<Exit, Failure> {
    let data = DataDir::chosen(place.data.as_deref())?;
    let status = ask(&data).await?.ok_or_else(|| none_runs(&data))?;
    show(place.output, &status, dashboard)?;
    Ok(Exit::Pass)
}

/// The status of the cloud of this data directory, if one runs.
///
/// # Errors
/// Where its answer cannot be understood.
pub async fn ask(data: &DataDir) -> Result<Option<Status>, Failure> {
    control::ask(&data.control_socket(), Request::Status)
        .await
        .map_err(|error| Failure::outside("asking the running cloud", error))
}

/// What to say where no cloud runs.
#[must_use]
pub fn none_runs(data: &DataDir) -> Failure {
    Failure::Outside(format!("no cloud runs on {}: start one with `kogge up`", data.path().display()))
}

/// What people need to know of a running cloud.
#[must_use]
pub fn dashboard(status: &Status) -> String {
    let rows = status.apis.iter().map(|api| vec![format!("  {}", api.service), api.url.clone()]).collect();
    let kept = match status.quarantined {
        0 => String::new(),
        some => format!("\n{some} of the guests are in quarantine: `kogge quarantine list` shows them.\n"),
    };
    let mut text = format!(
        "kogge {} runs at {} (guests: {}, {} of them), process {}.\n{kept}\n{}\n\n  \
         export OS_CLIENT_CONFIG_FILE={}/clouds.yaml OS_CLOUD=kogge\n  openstack flavor list\n  kogge check",
        status.version,
        status.address,
        status.accelerator,
        status.instances,
        status.pid,
        table(&["  API", "address"], rows),
        status.data,
    );
    text.push_str(&troubles(status));
    text
}

/// Most damaged rows that are named.
const NAMED: usize = 10;

/// What is not as it should be; nothing where all is.
fn troubles(status: &Status) -> String {
    let mut text = String::new();
    for problem in &status.problems {
        text.push_str(&format!("\n  NOT WELL  {problem}"));
    }
    if !status.damaged.is_empty() {
        text.push_str(&format!(
            "\n  DAMAGED   {} rows of the database cannot be read:",
            status.damaged.len()
        ));
    }
    for row in status.damaged.iter().take(NAMED) {
        text.push_str(&format!("\n            {} {}: {}", row.table, row.key, row.because));
    }
    if text.is_empty() {
        text
    } else {
        printable(&format!("\n{text}\n  kogge doctor --data {}", status.data))
    }
}
