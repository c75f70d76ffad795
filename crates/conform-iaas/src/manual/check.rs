//! A question as a check: its verdict is the stored answer.

use async_trait::async_trait;
use kogge_conform::{
    Check, Context, Description, Finding, ObjectRef, Outcome, Plan, Section, Severity, Verdict,
};

use super::answers::{Answer, Answers, Reply, Standing};
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
                Some(answer) => self.outcome(answer, &until),
                None => Outcome::not_finished(how),
            },
        }
    }
}

impl Asked {
    fn outcome(&self, answer: &Answer, until: &str) -> Outcome {
        let said = said(answer, until);
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
