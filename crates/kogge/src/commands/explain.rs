//! `kogge explain`: what became of something, in plain words.

use kogge_resource::story::Line;

use crate::cli::Story;
use crate::control::{self, Request};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::{printable, show};

/// Tells it.
///
/// # Errors
/// Where no cloud runs, or it has no such thing.
pub async fn run(command: Story) -> Result<Exit, Failure> {
    let (what, request, place) = match command {
        Story::Server { id, place } => (format!("server {id}"), Request::ExplainServer { id }, place),
        Story::Volume { id, place } => (format!("volume {id}"), Request::ExplainVolume { id }, place),
        Story::Port { id, place } => (format!("port {id}"), Request::ExplainPort { id }, place),
    };
    let data = DataDir::chosen(place.data.as_deref())?;
    let asked = control::ask(&data.control_socket(), request).await;
    let asked: Option<Result<Option<Vec<Line>>, String>> =
        asked.map_err(|error| Failure::outside("asking the running cloud", error))?;
    let told = asked.ok_or_else(|| super::status::none_answers(&data))?;
    let told = told.map_err(|because| Failure::outside("the cloud cannot tell", because))?;
    let lines = told.ok_or_else(|| Failure::Outside(format!("this cloud has no {what}")))?;
    show(place.output, &lines, |lines| {
        let line = |line: &Line| format!("{}  {}", line.at, printable(&line.what));
        lines.iter().map(line).collect::<Vec<String>>().join("\n")
    })?;
    Ok(Exit::Pass)
}
