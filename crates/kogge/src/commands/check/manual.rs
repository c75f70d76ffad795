//! `kogge check manual`: asks people what no program can look at, and keeps their answers.

mod ask;

use std::io::IsTerminal;
use std::path::PathBuf;

use kogge_client::CloudConfig;
use kogge_clock::Clock;
use kogge_conform_iaas::manual::{Answer, Answers, Question, Reply, Standing, question, questions};
use serde::Serialize;

use super::target;
use crate::cli::Manual;
use crate::exit::{Exit, Failure};
use crate::output::{Output, line, show, table};

/// Takes one answer, asks for all that are missing, or shows how the questions stand.
///
/// # Errors
/// Where there is no such cloud or question, or an answer is not complete.
pub(super) fn run(arguments: &Manual) -> Result<Exit, Failure> {
    let config = target::config(&arguments.target)?;
    let mut answers = answers_of(&config)?;
    let clock = Clock::system();
    if let Some(text) = &arguments.answer {
        let (id, answer) = given(arguments, text, &clock)?;
        record(&mut answers, id, answer)?;
        return Ok(Exit::Pass);
    }
    let chosen = chosen(arguments.id.as_deref())?;
    let people = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if arguments.list || !people || arguments.output == Output::Json {
        return list(arguments.output, &chosen, &answers, &clock);
    }
    let mut input = std::io::stdin().lock();
    for question in chosen {
        let good = matches!(answers.standing(question, clock.now()), Standing::Good(_));
        if good && arguments.id.is_none() {
            continue;
        }
        let by = arguments.by.as_deref();
        if let Some(answer) = ask::ask(question, by, &clock, &mut input)? {
            record(&mut answers, question.id, answer)?;
        }
    }
    Ok(Exit::Pass)
}

/// The stored answers for a cloud.
pub(super) fn answers_of(config: &CloudConfig) -> Result<Answers, Failure> {
    let folder = target::state().map_or_else(|| PathBuf::from("manual"), |folder| folder.join("manual"));
    Answers::open(&folder, &config.name, &config.auth_url).map_err(|error| Failure::Usage(error.to_string()))
}

fn chosen(id: Option<&str>) -> Result<Vec<&'static Question>, Failure> {
    match id {
        None => Ok(questions().iter().collect()),
        Some(id) => question(id).map(|one| vec![one]).ok_or_else(|| {
            let ids = questions().iter().map(|one| one.id).collect::<Vec<_>>().join(", ");
            Failure::Usage(format!("there is no question {id:?}; there are {ids}"))
        }),
    }
}

fn given<'a>(arguments: &Manual, text: &'a str, clock: &Clock) -> Result<(&'a str, Answer), Failure> {
    let wrong = |why: String| Failure::Usage(format!("--answer {text:?}: {why}"));
    let (id, reply) = text.split_once('=').ok_or_else(|| wrong("write ID=yes, ID=no or ID=na".to_owned()))?;
    let reply: Reply = reply.parse().map_err(wrong)?;
    let answer = Answer {
        reply,
        evidence: arguments.evidence.clone(),
        note: arguments.note.clone(),
        by: arguments.by.clone().unwrap_or_default(),
        at: clock.now().seconds_z(),
    };
    Ok((id, answer))
}

fn record(answers: &mut Answers, id: &str, answer: Answer) -> Result<(), Failure> {
    answers.record(id, answer).map_err(|error| Failure::Usage(error.to_string()))?;
    line(&format!("{id}: kept in {}", answers.path().display()));
    Ok(())
}

/// How one question stands.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    url: String,
    official: bool,
    state: &'static str,
    until: Option<String>,
    answer: Option<&'a Answer>,
}

fn list(output: Output, chosen: &[&Question], answers: &Answers, clock: &Clock) -> Result<Exit, Failure> {
    let rows: Vec<Row<'_>> = chosen.iter().map(|one| standing(one, answers, clock)).collect();
    show(output, &rows, |rows| {
        let cells = |row: &Row<'_>| {
            let until = row.until.as_deref().map(|until| format!(" until {until}")).unwrap_or_default();
            vec![row.id.to_owned(), format!("{}{until}", row.state), row.title.to_owned()]
        };
        table(&["Question", "Answer", "What is asked"], rows.iter().map(cells).collect())
    })?;
    Ok(Exit::Pass)
}

fn standing<'a>(question: &'a Question, answers: &'a Answers, clock: &Clock) -> Row<'a> {
    let answer = answers.of(question.id);
    let (state, until) = match (answers.standing(question, clock.now()), answer) {
        (Standing::Good(until), Some(answer)) => (word(answer.reply), Some(until)),
        (Standing::Expired(until), _) => ("expired", Some(until)),
        _ => ("not answered", None),
    };
    Row {
        id: question.id,
        title: question.title,
        url: question.url(),
        official: question.is_official(),
        state,
        until,
        answer,
    }
}

fn word(reply: Reply) -> &'static str {
    match reply {
        Reply::Yes => "yes",
        Reply::No => "no",
        Reply::NotApplicable => "not applicable",
    }
}
