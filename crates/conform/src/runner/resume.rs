//! Going on with an interrupted run: what it decided stays, what is missing runs, and it is still the same run.

use kogge_client::CloudConfig;
use kogge_client::config::Scope;

use crate::check::Description;
use crate::context::RunId;
use crate::report::{CheckResult, Report};

/// An interrupted run.
///
/// The results of the resumed run carry its id, so that what it created is found and removed, and its beginning: the
/// whole report is as old as its oldest result.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its id.
    pub run: RunId,
    /// When it began, `2026-11-24T08:00:00Z`.
    pub started_at: String,
    /// Its results; those that are decided are not checked again.
    pub results: Vec<CheckResult>,
}

/// Why a report is not one of a run that can go on here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OtherRun {
    /// Nothing in it says which cloud it was.
    #[error("the report is redacted, so that nothing shows of which cloud it is; resume the one that is not")]
    Redacted,
    /// Its run has no id.
    #[error("the report's run has no id, but {0:?}")]
    NoId(String),
    /// It is of another cloud, or of another project there.
    #[error(
        "the report is of {what} {there:?}, this is {here:?}; name the same cloud with --cloud {cloud:?}"
    )]
    OtherCloud {
        /// What differs.
        what: &'static str,
        /// As the report has it.
        there: String,
        /// As the configuration has it.
        here: String,
        /// The report's name of the cloud.
        cloud: String,
    },
}

impl Earlier {
    /// The run of a report, if it is one against this cloud and project.
    ///
    /// # Errors
    /// [`OtherRun`] if it is not.
    pub fn of(report: &Report, config: &CloudConfig) -> Result<Self, OtherRun> {
        if report.redacted {
            return Err(OtherRun::Redacted);
        }
        let head = &report.run;
        for (what, there, here) in [
            ("a cloud at", &head.auth_url, config.auth_url.to_string()),
            ("another project or domain there:", &head.project, scope_in_words(&config.scope)),
        ] {
            if *there != here {
                let (there, cloud) = (there.clone(), head.cloud.clone());
                return Err(OtherRun::OtherCloud { what, there, here, cloud });
            }
        }
        let run = RunId::read(&head.uuid).ok_or_else(|| OtherRun::NoId(head.uuid.clone()))?;
        Ok(Self { run, started_at: head.started_at.clone(), results: report.results.clone() })
    }

    /// Its result of a check, if that need not run again.
    #[must_use]
    pub fn decided(&self, check: &Description) -> Option<CheckResult> {
        let result = self.results.iter().find(|r| r.id == check.id && r.section == check.section)?;
        result.verdict.is_decided().then(|| CheckResult { resumed: true, ..result.clone() })
    }
}

/// What a token is good for, in words: `project demo of domain Default`.
#[must_use]
pub fn scope_in_words(scope: &Scope) -> String {
    match scope {
        Scope::Unscoped => "nothing".to_owned(),
        Scope::Project { project, domain } => {
            let domain = domain.as_ref().map(|d| format!(" of domain {}", d.as_str())).unwrap_or_default();
            format!("project {}{domain}", project.as_str())
        }
        Scope::Domain(domain) => format!("domain {}", domain.as_str()),
        Scope::System => "the whole system".to_owned(),
        Scope::OfCredential => "what the application credential is for".to_owned(),
    }
}
