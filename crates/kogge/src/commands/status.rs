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
    let status = ask(&data).await?.ok_or_else(|| none_answers(&data))?;
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

/// What to say where no cloud answers: one starts or ends, or none runs, though guests of an earlier one may.
#[must_use]
pub fn none_answers(data: &DataDir) -> Failure {
    let place = data.path().display();
    if let Some(process) = data.holder() {
        let log = data.log();
        return Failure::Outside(format!(
            "the cloud on {place} is starting or ending (process {process}): ask again in a moment; its log: {}",
            log.display()
        ));
    }
    let left = match kogge_node::running(&data.join("node")) {
        0 => String::new(),
        guests => format!(", but {guests} of its guests run on"),
    };
    Failure::Outside(format!("no cloud runs on {place}{left}: start one with `kogge up`"))
}

/// What people need to know of a running cloud.
#[must_use]
pub fn dashboard(status: &Status) -> String {
    let rows = status.apis.iter().map(|api| vec![format!("  {}", api.service), api.url.clone()]).collect();
    let kept = match status.quarantined {
        None | Some(0) => String::new(),
        Some(some) => {
            format!("\n{some} of the guests are in quarantine: `kogge quarantine list` shows them.\n")
        }
    };
    let mut text = format!(
        "kogge {} runs at {} ({}), process {}.\n{kept}\n{}\n\n  \
         export OS_CLIENT_CONFIG_FILE={}/clouds.yaml OS_CLOUD=kogge\n  openstack flavor list\n  kogge check",
        status.version,
        status.address,
        guests(status),
        status.pid,
        table(&["  API", "address"], rows),
        status.data,
    );
    text.push_str(&troubles(status));
    text
}

/// How guests run, how many there are, and how many of them run.
fn guests(status: &Status) -> String {
    let number = match (status.instances, status.running) {
        (Some(0), _) => "none".to_owned(),
        (Some(here), Some(running)) => format!("{here}, of which {running} run"),
        (Some(here), None) => here.to_string(),
        (None, _) => "their number is not known".to_owned(),
    };
    format!("accelerator: {}; guests: {number}", status.accelerator)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn status(given: serde_json::Value) -> Status {
        let mut all = serde_json::json!({"version": "1", "ready": true, "simulated": false, "accelerator": "being tried",
            "address": "127.0.0.1:8770", "pid": 1, "data": "/d", "apis": [], "instances": null});
        all.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_is_not_known_is_not_shown_as_none() {
        let unknown = dashboard(&status(serde_json::json!({"problems": ["guests: no disk"]})));
        assert!(unknown.contains("guests: their number is not known"), "{unknown}");
        assert!(unknown.contains("NOT WELL  guests: no disk"), "{unknown}");
        let some = dashboard(&status(serde_json::json!({"instances": 3, "running": 2})));
        assert!(some.contains("accelerator: being tried; guests: 3, of which 2 run"), "{some}");
        assert!(dashboard(&status(serde_json::json!({"instances": 0}))).contains("guests: none"));
    }

    #[test]
    fn a_cloud_that_starts_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::chosen(Some(dir.path())).unwrap();
        assert!(none_answers(&data).to_string().contains("no cloud runs on"));
        let claim = data.claim().unwrap();
        let told = none_answers(&data).to_string();
        assert!(told.contains("starting or ending") && !told.contains("no cloud runs"), "{told}");
        drop(claim);
        assert!(none_answers(&data).to_string().contains("no cloud runs on"));
    }
}
