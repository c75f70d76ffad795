//! `kogge quarantine`: guests and disks that the cloud does not know.

pub mod images;

use std::time::Duration;

use kogge_clock::Timestamp;
use kogge_ids::ServerId;
use kogge_node_api::Quarantined;

use crate::cli::{Quarantine, Removal, Where};
use crate::control::{self, Discarded, Request};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::{printable, show, table};

/// Longest wait for guests and disks to be gone.
const PATIENCE: Duration = Duration::from_secs(120);

/// Shows or removes what is in quarantine.
///
/// # Errors
/// Where there is no such thing, or it cannot be removed.
pub async fn run(command: Quarantine) -> Result<Exit, Failure> {
    match command {
        Quarantine::List(place) => {
            let kept = listed(&chosen(&place)?).await?;
            show(place.output, &kept, |kept| list(kept))?;
        }
        Quarantine::Show { id, place } => {
            let kept = listed(&chosen(&place)?).await?;
            let one = kept.into_iter().find(|one| one.id == id).ok_or_else(|| missing(id))?;
            show(place.output, &one, details)?;
        }
        Quarantine::Remove(removal) => remove(removal).await?,
        Quarantine::Images(place) => images::list(&place)?,
        Quarantine::RemoveImages(removal) => images::remove(&removal)?,
    }
    Ok(Exit::Pass)
}

fn chosen(place: &Where) -> Result<DataDir, Failure> {
    DataDir::chosen(place.data.as_deref())
}

fn missing(id: ServerId) -> Failure {
    Failure::Outside(format!("server {id} is not in quarantine here: `kogge quarantine list` shows what is"))
}

/// What is in quarantine: as the running cloud says, or as the data directory says where none runs.
///
/// # Errors
/// Where neither can be asked.
pub async fn listed(data: &DataDir) -> Result<Vec<Quarantined>, Failure> {
    let asked = control::ask(&data.control_socket(), Request::Quarantine).await;
    let failed = |error| Failure::outside("reading what is in quarantine", error);
    let asked: Option<Result<_, String>> = asked.map_err(failed)?;
    match asked {
        Some(kept) => {
            kept.map_err(|because| Failure::outside("the cloud cannot say what is in quarantine", because))
        }
        None => kogge_node::quarantined(&data.join("node")).map_err(failed),
    }
}

async fn remove(removal: Removal) -> Result<(), Failure> {
    let data = chosen(&removal.place)?;
    let ids = if removal.all { listed(&data).await?.iter().map(|one| one.id).collect() } else { removal.ids };
    let asked = control::ask(&data.control_socket(), Request::Discard { ids: ids.clone() }).await;
    let asked: Option<Vec<Discarded>> =
        asked.map_err(|error| Failure::outside("asking the running cloud", error))?;
    let answers = asked.ok_or_else(|| super::status::none_answers(&data))?;
    let refused: Vec<String> =
        answers.iter().filter_map(|one| Some(format!("{}: {}", one.id, one.because.as_ref()?))).collect();
    let going: Vec<ServerId> = answers.iter().filter(|one| one.because.is_none()).map(|one| one.id).collect();
    let gone = async {
        while listed(&data).await?.iter().any(|one| going.contains(&one.id)) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok::<(), Failure>(())
    };
    let in_time = tokio::time::timeout(PATIENCE, gone).await;
    in_time.map_err(|_| {
        Failure::Outside("guests are still being removed; see `kogge quarantine list`".to_owned())
    })??;
    show(removal.place.output, &answers, |_| format!("{} removed.", going.len()))?;
    if refused.is_empty() { Ok(()) } else { Err(Failure::Outside(refused.join("\n"))) }
}

fn list(kept: &[Quarantined]) -> String {
    if kept.is_empty() {
        return "Nothing is in quarantine.".to_owned();
    }
    let row = |one: &Quarantined| {
        let state = if one.running { "running" } else { "stopped" };
        vec![
            one.id.to_string(),
            printable(&one.name).replace('\n', " "),
            since(one),
            state.to_owned(),
            mib(one.bytes),
            one.note.because.clone(),
        ]
    };
    table(&["server", "name", "since", "guest", "room", "because"], kept.iter().map(row).collect())
}

fn details(one: &Quarantined) -> String {
    let guest = if one.running { "runs" } else { "does not run" };
    format!(
        "server   {}\nname     {}\nproject  {}\nsince    {}\nbecause  {}\nguest    {guest}\nroom     {}\nfiles    {}",
        one.id,
        printable(&one.name),
        printable(&one.project_id),
        since(one),
        one.note.because,
        mib(one.bytes),
        one.place,
    )
}

fn since(one: &Quarantined) -> String {
    Timestamp::from_micros(one.note.since).to_string()
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use kogge_node_api::SetAside;

    use super::*;

    #[test]
    fn a_list_says_what_since_when_and_why() {
        let one = Quarantined {
            id: ServerId::random(),
            note: SetAside {
                since: 1_800_000_000_000_000,
                because: "the database does not know this server".to_owned(),
            },
            name: "web\u{1b}[31m".to_owned(),
            project_id: "p".to_owned(),
            running: true,
            bytes: 3 << 20,
            place: "/d/node/instances/x".to_owned(),
        };
        for text in [list(std::slice::from_ref(&one)), details(&one)] {
            for part in
                [one.id.to_string().as_str(), "2027-01-15T08:00:00Z", "3 MiB", "does not know", "web\\u{1b}"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        assert_eq!(list(&[]), "Nothing is in quarantine.");
    }
}
