//! `kogge tasks`.

use serde_json::Value;

use crate::cli::Where;
use crate::control::{self, Request};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::{show, table};

/// Shows the background tasks of the running cloud.
///
/// # Errors
/// Where none runs.
pub async fn run(place: Where) -> Result<Exit, Failure> {
    let data = DataDir::chosen(place.data.as_deref())?;
    let tasks: Option<Vec<Value>> = control::ask(&data.control_socket(), Request::Tasks)
        .await
        .map_err(|error| Failure::outside("asking the running cloud", error))?;
    let tasks = tasks.ok_or_else(|| super::status::none_answers(&data))?;
    show(place.output, &tasks, |tasks| {
        let head =
            ["task", "every", "last", "last success", "took", "runs", "failed", "restarts", "lease", "until"];
        let troubles: Vec<Vec<String>> = tasks.iter().flat_map(troubles).collect();
        let mut text = table(&head, tasks.iter().map(row).collect());
        if !troubles.is_empty() {
            text.push('\n');
            text.push_str(&table(&["task", "of", "trouble"], troubles));
        }
        text
    })?;
    Ok(Exit::Pass)
}

/// What is wrong with single hosts and servers.
fn troubles(task: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |of: &Value, what: String| vec![text(&task["name"]), text(of), what];
    let key = |key: &Value| {
        let mut what = Vec::new();
        if let Some(seconds) = key["running_seconds"].as_u64() {
            what.push(format!("runs for {seconds} s"));
        }
        if key["failures"].as_u64().is_some_and(|failures| failures > 0) {
            what.push(format!("failed {} times: {}", key["failures"], text(&key["because"])));
        }
        if let Some(seconds) = key["retry_seconds"].as_u64() {
            what.push(format!("tried again in {seconds} s"));
        }
        line(&key["key"], what.join(", "))
    };
    let item =
        |item: &Value| line(&item["item"], format!("{} times: {}", item["times"], text(&item["because"])));
    let keys = task["keys"]["shown"].as_array().into_iter().flatten().map(key);
    keys.chain(task["troubles"].as_array().into_iter().flatten().map(item)).collect()
}

fn row(task: &Value) -> Vec<String> {
    let text = |key: &str| match &task[key] {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let last = match task["outcome"].as_str() {
        Some("failed") => format!("failed: {}", text("because")),
        Some("done") => format!("done {} of {}", text("done"), text("seen")),
        _ => text("outcome"),
    };
    let last = if task["overdue"] == true { format!("OVERDUE {last}") } else { last };
    let every = format!("{} s", text("period_seconds"));
    vec![
        text("name"),
        every,
        last,
        text("last_success"),
        format!("{} ms", text("millis")),
        text("runs"),
        text("failures"),
        text("restarts"),
        if task["lease_known"] == false { "not known".to_owned() } else { text("lease_owner") },
        text("lease_expires"),
    ]
}
