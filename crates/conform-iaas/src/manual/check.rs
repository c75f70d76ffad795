//! A question as a check: its verdict is the stored answer.

use async_trait::async_trait;
use kogge_clock::Timestamp;
use kogge_conform::{
    Answered, Check, Context, Description, Finding, ObjectRef, Outcome, Plan, Section, Severity, Verdict,
};

use super::answers::{Answer, Answers, Reply, Standing, expiry};
use super::questions::{Question, questions};

struct Asked {
    description: Description,
    question: &'static Question,
    answers: Answers,
}

/// The questions as checks. A question counts only if a version of the plan lists it.
#[must_use]
pub fn manual_checks(answers: &Answers, plan: &Plan) -> Vec<Box<dyn Check>> {
    let listed =
        |id: &str| plan.versions.iter().flat_map(|v| v.targets.values()).flatten().any(|known| known == id);
    let check = |question: &'static Question| {
        let mut description = Description::reading(question.id, question.title, question.url());
        description.section = if listed(question.id) { Section::Official } else { Section::Manual };
        Box::new(Asked { description, question, answers: answers.clone() }) as Box<dyn Check>
    };
    questions().iter().map(check).collect()
}

#[async_trait]
impl Check for Asked {
    fn description(&self) -> &Description {
        &self.description
    }

    async fn run(&self, context: &Context) -> Outcome {
        let id = self.question.id;
        let how = format!("answer it with `kogge check manual --id {id}`");
        match self.answers.standing(self.question, context.started) {
            Standing::NotAnswered => Outcome::not_finished(format!("not answered; {how}")),
            Standing::Expired(at) => {
                Outcome::not_finished(format!("the answer was good until {at}; {how} again"))
            }
            Standing::Good(until) => match self.answers.of(id) {
                Some(answer) => self.outcome(answer, until, context.started),
                None => Outcome::not_finished(how),
            },
        }
    }
}

impl Asked {
    fn outcome(&self, answer: &Answer, until: String, now: Timestamp) -> Outcome {
        let said = said(answer, &until);
        let mut outcome = match answer.reply {
            Reply::Yes => Outcome::pass(),
            Reply::NotApplicable => Outcome::not_applicable(said.clone()),
            Reply::No => Outcome { verdict: Verdict::Fail, ..Outcome::pass() },
        };
        let weight = if answer.reply == Reply::No { Severity::Violation } else { Severity::Info };
        outcome.findings.push(Finding {
            severity: weight,
            rule: self.question.id.to_owned(),
            url: self.description.url.clone(),
            object: ObjectRef { name: "the operator's answer".to_owned(), id: None },
            expected: self.question.points.join("; "),
            found: said,
            fix: if answer.reply == Reply::No {
                "mend it, then answer anew".to_owned()
            } else {
                String::new()
            },
        });
        outcome.answered = Some(Answered {
            at: answer.at.clone(),
            outlasts: expiry(self.question.id, now).is_none_or(|anew| anew != until),
            good_until: until,
        });
        outcome
    }
}

/// An answer in one line.
fn said(answer: &Answer, until: &str) -> String {
    let word = match answer.reply {
        Reply::Yes => "yes",
        Reply::No => "no",
        Reply::NotApplicable => "not applicable",
    };
    let mut text = format!("{word}, by {} at {}, good until {until}", answer.by, answer.at);
    for more in [&answer.evidence, &answer.note].into_iter().flatten() {
        text.push_str("; ");
        text.push_str(&more.replace('\n', " "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::questions::question;
    use super::*;

    #[test]
    fn an_answer_is_dated_by_when_it_was_given_and_said_to_outlast_itself_in_the_next_quarter() {
        let question = question("availability-zones-check").unwrap();
        let description = Description::reading(question.id, question.title, question.url());
        let asked = Asked { description, question, answers: Answers::default() };
        let answer = Answer {
            reply: Reply::Yes,
            evidence: None,
            note: Some("three rooms".to_owned()),
            by: "Ada".to_owned(),
            at: "2026-11-24T08:00:00Z".to_owned(),
        };
        let until = "2027-04-01T00:00:00";
        let on = |now: &str| asked.outcome(&answer, until.to_owned(), now.parse().unwrap()).answered.unwrap();
        let same = on("2026-12-31T23:00:00Z");
        assert_eq!((same.at.as_str(), same.good_until.as_str()), ("2026-11-24T08:00:00Z", until));
        assert!(!same.outlasts, "a report of this quarter makes it good for just as long");
        assert!(on("2027-01-01T00:00:00Z").outlasts);
    }
}
