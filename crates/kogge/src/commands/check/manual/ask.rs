//! One question, asked on the terminal.

use std::io::{BufRead, Read, Write};

use kogge_clock::Clock;
use kogge_conform_iaas::manual::{Answer, Question, Reply};

use crate::exit::Failure;
use crate::output::line;

/// The longest line that is read, in bytes.
const LONGEST: u64 = 8192;

/// Asks until there is an answer; `None` if the question is passed over. An answer that the end of the input cuts off is
/// none.
pub(super) fn ask(
    question: &Question,
    by: Option<&str>,
    clock: &Clock,
    input: &mut impl BufRead,
) -> Result<Option<Answer>, Failure> {
    line(&format!("\n{}\n{}", question.id, question.title));
    for point in question.points {
        line(&format!("  - {point}"));
    }
    line(&format!("Evidence: {}.", question.evidence));
    if !question.unless.is_empty() {
        line(&format!("It does not apply if {}.", question.unless));
    }
    line(&format!("See {}", question.url()));
    let Some(reply) = reply(input)? else { return Ok(None) };
    let evidence = prompt("Address of the evidence (empty for none): ", input)?;
    let note = prompt("Note (a no, or that it does not apply, needs one): ", input)?;
    let by = match by {
        Some(by) => Some(by.to_owned()),
        None => prompt("Your name: ", input)?,
    };
    Ok(Some(Answer { reply, evidence, note, by: by.unwrap_or_default(), at: clock.now().seconds_z() }))
}

fn reply(input: &mut impl BufRead) -> Result<Option<Reply>, Failure> {
    loop {
        let Some(text) = prompt("Does all of it hold? [yes/no/na, empty to pass over] ", input)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(reply) => return Ok(Some(reply)),
            Err(why) => line(&why),
        }
    }
}

/// A line of text; `None` if it is empty.
fn prompt(text: &str, input: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut out = std::io::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
    let mut answer = String::new();
    let read = input.by_ref().take(LONGEST).read_line(&mut answer);
    if read.map_err(|error| Failure::outside("reading the answer", error))? == 0 {
        line("");
        return Err(Failure::Usage(
            "nobody answers any more; the answers before this one are kept".to_owned(),
        ));
    }
    let answer = answer.trim();
    Ok((!answer.is_empty()).then(|| answer.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_conform_iaas::manual::questions;

    fn asked(text: &str) -> Result<Option<Answer>, Failure> {
        ask(&questions()[0], Some("Ada"), &Clock::system(), &mut text.as_bytes())
    }

    #[test]
    fn an_answer_is_taken_line_by_line() {
        let answer = asked("maybe\nno\n\n  not yet \n").unwrap().unwrap();
        assert_eq!(
            (answer.reply, answer.evidence, answer.note.as_deref()),
            (Reply::No, None, Some("not yet"))
        );
        assert_eq!(answer.by, "Ada");
    }

    #[test]
    fn an_empty_line_passes_over_and_the_end_of_the_input_ends_it() {
        assert_eq!(asked("\n").unwrap(), None);
        for text in ["", "maybe\n", "yes\n", "yes\n\n"] {
            let failure = asked(text).unwrap_err();
            assert!(matches!(&failure, Failure::Usage(text) if text.contains("are kept")), "{failure}");
        }
    }
}
