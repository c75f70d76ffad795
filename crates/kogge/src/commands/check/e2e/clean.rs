//! `kogge check e2e clean`: shows what stopped runs left, asks, and removes exactly that.

use kogge_clock::Clock;
use kogge_conform::printable::printable;
use kogge_conform_e2e::sweep::{Found, Marks, Of, find, sweep};
use tokio::time::Instant;

use super::{CLEANUP, accounts, outside};
use crate::ask::{Answer, ask};
use crate::cli::CleanEndToEnd;
use crate::exit::{Exit, Failure};
use crate::output::{line, tell};

pub(super) async fn run(what: &CleanEndToEnd) -> Result<Exit, Failure> {
    let of = Of::read(&what.run).ok_or_else(|| {
        let text = "clean takes the eight digits after ke2e- in the names of what is left, or `all`";
        Failure::Usage(text.to_owned())
    })?;
    let marks = match &what.out {
        None => Marks { of: of.clone(), ..Marks::default() },
        Some(folder) => Marks::of_run(of.clone(), folder),
    };
    let named = accounts::named(&what.accounts)?;
    let signed = kogge_conform_e2e::accounts::sign_in(&named).await.map_err(outside)?;
    let found = find(&signed, &marks, Clock::system().now()).await;
    found.told.iter().for_each(|text| tell!("{text}"));
    if found.things.is_empty() {
        line("Nothing is left.");
        return Ok(Exit::Pass);
    }
    found.things.iter().for_each(|thing| line(&shown(thing)));
    if what.dry_run {
        return Ok(Exit::Pass);
    }
    if !what.yes {
        let question = format!("Remove these {}?", found.things.len());
        match ask(&question).await? {
            Answer::Yes => {}
            Answer::No => {
                line("Nothing was removed.");
                return Ok(Exit::CouldNotRun);
            }
            Answer::Nobody => {
                let text = "nothing was removed: there is nobody to ask; agree with --yes";
                return Err(Failure::Usage(text.to_owned()));
            }
        }
    }
    // what was shown, and nothing else
    let exactly = Marks::exactly(&found.things);
    let swept = sweep(&signed, &exactly, Instant::now() + CLEANUP, &mut |text| tell!("{text}")).await;
    if !swept.left.is_empty() {
        return Err(Failure::Outside(format!("could not be removed:\n  {}", swept.left.join("\n  "))));
    }
    line(&format!("{} removed.", swept.removed));
    Ok(Exit::Pass)
}

fn shown(thing: &Found) -> String {
    let made = thing.created.map(|at| format!(", made {}", at.seconds_z())).unwrap_or_default();
    printable(&format!("{} {} ({}{made})", thing.kind, thing.name, thing.id))
}
