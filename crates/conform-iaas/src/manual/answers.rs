//! Answers in a file per cloud.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use kogge_clock::Timestamp;
use kogge_conform::report_file;
use kogge_standards::scope::{lifetime, scs_compatible_iaas};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::questions::{Question, question};

/// The longest text of an answer, in characters.
const LONGEST: usize = 2000;

/// The largest file that is read.
const LARGEST: u64 = 1024 * 1024;

/// How long an answer is good if the scope does not say: SCS-0004 wants manual checks once per quarter.
const LIFETIME: &str = "quarter";

/// What somebody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// All points hold.
    Yes,
    /// Some do not.
    No,
    /// The question does not apply to this cloud.
    NotApplicable,
}

impl std::str::FromStr for Reply {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "y" => Ok(Self::Yes),
            "no" | "n" => Ok(Self::No),
            "na" | "n/a" | "not-applicable" => Ok(Self::NotApplicable),
            _ => Err(format!("{:?} is none of yes, no and na", text.chars().take(40).collect::<String>())),
        }
    }
}

/// An answer, and what stands behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer.
    pub reply: Reply,
    /// Where the evidence can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who answered.
    pub by: String,
    /// When, as in `2026-11-24T08:00:00Z`.
    pub at: String,
}

/// Why answers cannot be read, taken or kept.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// The file cannot be read or written.
    #[error("the answers in {}: {because}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        because: String,
    },
    /// There is no such question.
    #[error("there is no question {0:?}; `kogge check manual` lists them")]
    UnknownQuestion(String),
    /// The answer is not complete, or too long.
    #[error("{0}")]
    Unfit(String),
}

/// How a question stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody answered.
    NotAnswered,
    /// The answer was good until this moment, `2027-04-01T00:00:00`.
    Expired(String),
    /// The answer is good until this moment.
    Good(String),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    auth_url: String,
    answers: BTreeMap<String, Answer>,
}

/// The answers for one cloud; by default none at all, which are kept nowhere.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    path: PathBuf,
    auth_url: String,
    answers: BTreeMap<String, Answer>,
}

impl Answers {
    /// The answers in a folder for a cloud of this name and address; none if there is no file yet.
    ///
    /// # Errors
    /// [`AnswersError`] if the file cannot be read.
    pub fn open(folder: &Path, cloud: &str, auth_url: &Url) -> Result<Self, AnswersError> {
        let path = folder.join(file_name(cloud, auth_url));
        let mut answers = Self { path, auth_url: auth_url.to_string(), answers: BTreeMap::new() };
        let file = match std::fs::File::open(&answers.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(answers),
            Err(error) => return Err(answers.broken(error)),
        };
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text).map_err(|error| answers.broken(error))?;
        let stored: Stored = serde_json::from_str(&text).map_err(|error| answers.broken(error))?;
        if stored.format != 1 {
            return Err(answers.broken(format!("format {} is not known here", stored.format)));
        }
        for (id, answer) in &stored.answers {
            fit(answer).map_err(|why| answers.broken(format!("{id}: {why}")))?;
        }
        answers.answers = stored.answers;
        Ok(answers)
    }

    fn broken(&self, because: impl ToString) -> AnswersError {
        AnswersError::File { path: self.path.clone(), because: because.to_string() }
    }

    /// Where they are kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was ever answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answer to a question.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&Answer> {
        self.answers.get(id)
    }

    /// Takes an answer, instead of an earlier one, and writes the file.
    ///
    /// # Errors
    /// [`AnswersError`]; then the earlier answer stays.
    pub fn record(&mut self, id: &str, answer: Answer) -> Result<(), AnswersError> {
        if question(id).is_none() {
            return Err(AnswersError::UnknownQuestion(id.to_owned()));
        }
        fit(&answer).map_err(AnswersError::Unfit)?;
        let mut all = self.answers.clone();
        all.insert(id.to_owned(), answer);
        let stored = Stored { format: 1, auth_url: self.auth_url.clone(), answers: all };
        let text = serde_json::to_string_pretty(&stored).map_err(|error| self.broken(error))?;
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| self.broken(error))?;
        }
        report_file::replace(&self.path, text.as_bytes()).map_err(|error| self.broken(error))?;
        self.answers = stored.answers;
        Ok(())
    }

    /// How a question stands at a moment.
    #[must_use]
    pub fn standing(&self, question: &Question, now: Timestamp) -> Standing {
        let Some(answer) = self.of(question.id) else { return Standing::NotAnswered };
        let end = answer.at.parse::<Timestamp>().ok().and_then(|at| ends(question.id, at));
        match (end, civil(now)) {
            (Some(end), Some(now)) if now < end => Standing::Good(end.to_string()),
            (Some(end), _) => Standing::Expired(end.to_string()),
            // `fit` keeps such times out
            _ => Standing::Expired(answer.at.clone()),
        }
    }
}

/// Until when an answer of that moment is good, `2027-04-01T00:00:00`.
pub(super) fn expiry(id: &str, at: Timestamp) -> Option<String> {
    ends(id, at).map(|end| end.to_string())
}

fn ends(id: &str, at: Timestamp) -> Option<DateTime> {
    lifetime::expiry(civil(at)?, Some(lifetime_of(id))).ok()
}

/// The file of a cloud: by its name, and by its address, since names are only what somebody wrote into `clouds.yaml`.
fn file_name(cloud: &str, auth_url: &Url) -> String {
    let address = auth_url.as_str().trim_end_matches('/');
    let address = address.strip_suffix("/v3").unwrap_or(address);
    let digest = hex::encode(Sha256::digest(address.as_bytes()));
    let name: String = kogge_client::encode_segment(cloud).chars().take(100).collect();
    format!("{name}-{}.json", &digest[..8])
}

/// How long answers to a question are good.
fn lifetime_of(id: &str) -> &'static str {
    let listed = scs_compatible_iaas().testcases().find(|(testcase, _)| testcase.id == id);
    listed.and_then(|(testcase, _)| testcase.lifetime.as_deref()).unwrap_or(LIFETIME)
}

fn civil(time: Timestamp) -> Option<DateTime> {
    time.seconds_z().trim_end_matches('Z').parse().ok()
}

/// Whether an answer can be kept: short texts without control characters, an address as evidence, and a time.
fn fit(answer: &Answer) -> Result<(), String> {
    let texts = [
        ("evidence", answer.evidence.as_deref()),
        ("note", answer.note.as_deref()),
        ("by", Some(&*answer.by)),
    ];
    for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
        if text.chars().count() > LONGEST || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(format!("{name} must be at most {LONGEST} characters without control characters"));
        }
    }
    if answer.by.trim().is_empty() {
        return Err("who answers must be said (--by NAME)".to_owned());
    }
    if let Some(evidence) = &answer.evidence {
        let web = Url::parse(evidence).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !web {
            return Err("evidence must be an address that begins with https:// or http://".to_owned());
        }
    }
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    match answer.reply {
        Reply::Yes if blank(&answer.evidence) && blank(&answer.note) => {
            return Err("a yes needs evidence or a note".to_owned());
        }
        Reply::No | Reply::NotApplicable if blank(&answer.note) => {
            return Err("a no, and that a question does not apply, need a note that says why".to_owned());
        }
        _ => {}
    }
    answer.at.parse::<Timestamp>().map(|_| ()).map_err(|error| format!("at: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "availability-zones-check";

    fn answer(reply: Reply) -> Answer {
        let note = Some("see the plan".to_owned());
        Answer { reply, evidence: None, note, by: "Ada".into(), at: "2026-11-24T08:00:00Z".into() }
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn an_answer_is_there_again_and_good_until_the_quarter_after_next() {
        let dir = tempfile::tempdir().unwrap();
        let mut answers = Answers::open(dir.path(), "a/b", &url("http://k")).unwrap();
        answers.record(ID, answer(Reply::Yes)).unwrap();
        let again = Answers::open(dir.path(), "a/b", &url("http://k")).unwrap();
        assert_eq!(again.of(ID), Some(&answer(Reply::Yes)));
        let at = |time: &str| again.standing(question(ID).unwrap(), time.parse().unwrap());
        assert_eq!(at("2027-03-31T23:59:59Z"), Standing::Good("2027-04-01T00:00:00".into()));
        assert_eq!(at("2027-04-01T00:00:00Z"), Standing::Expired("2027-04-01T00:00:00".into()));
        let other = question("domain-manager-check").unwrap();
        assert_eq!(again.standing(other, "2026-11-24T08:00:00Z".parse().unwrap()), Standing::NotAnswered);
    }

    #[test]
    fn a_cloud_of_the_same_name_elsewhere_has_answers_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let mut answers = Answers::open(dir.path(), "c", &url("http://one")).unwrap();
        answers.record(ID, answer(Reply::No)).unwrap();
        assert!(Answers::open(dir.path(), "c", &url("http://two")).unwrap().is_empty());
        assert!(!Answers::open(dir.path(), "c", &url("http://one/v3/")).unwrap().is_empty());
    }

    #[test]
    fn unfit_answers_change_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut answers = Answers::open(dir.path(), "c", &url("http://one")).unwrap();
        for unfit in [
            Answer { by: " ".into(), ..answer(Reply::Yes) },
            Answer { note: None, ..answer(Reply::Yes) },
            Answer { note: None, evidence: Some("https://x".into()), ..answer(Reply::No) },
            Answer { evidence: Some("javascript:alert(1)".into()), ..answer(Reply::Yes) },
            Answer { note: Some("\u{1b}[2J".into()), ..answer(Reply::Yes) },
            Answer { note: Some("x".repeat(2001)), ..answer(Reply::Yes) },
            Answer { at: "yesterday".into(), ..answer(Reply::Yes) },
        ] {
            assert!(matches!(answers.record(ID, unfit.clone()), Err(AnswersError::Unfit(_))), "{unfit:?}");
        }
        assert!(matches!(answers.record("x", answer(Reply::Yes)), Err(AnswersError::UnknownQuestion(_))));
        assert!(answers.of(ID).is_none() && !answers.path().exists());
    }

    #[test]
    fn a_broken_file_is_told_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let name = file_name("../c", &url("http://one"));
        assert!(name.starts_with("..%2Fc-"), "{name}");
        std::fs::write(dir.path().join(&name), "{").unwrap();
        let error = Answers::open(dir.path(), "../c", &url("http://one")).unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
    }

    proptest! {
        #[test]
        fn any_file_is_read_without_harm(text in "[ -~]{0,120}") {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(file_name("c", &url("http://one"))), text).unwrap();
            let _ = Answers::open(dir.path(), "c", &url("http://one"));
        }
    }
}
