//! Going on with a run that was stopped: what it decided stays, the rest of its tests run again, and it is still the
//! same run, with the same beginning of all names.

use kogge_client::CloudConfig;
use kogge_client::config::Credentials;
use kogge_conform::{CheckResult, Earlier, OtherRun, Plan, Report};

use crate::accounts::Accounts;
use crate::list::{self, Test};

/// A run that was stopped, or had no time left.
#[derive(Debug, Clone)]
pub struct Interrupted {
    /// What it was to run.
    pub plan: Plan,
    /// The cloud's name in its reports.
    pub subject: String,
    /// Its id, beginning and results.
    pub earlier: Earlier,
}

/// Why a report is not one of a run that can go on here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotThisRun {
    /// It is of another cloud or project, or cannot be told.
    #[error(transparent)]
    Cloud(#[from] OtherRun),
    /// It is of another standard, or another version of the list.
    #[error("the report is of {there:?}, not of {here:?}")]
    OtherList {
        /// As the report has it.
        there: String,
        /// What this program runs.
        here: String,
    },
    /// It has a result of something that is no test of the list.
    #[error("the report has a result of {0:?}, which is no test of the list")]
    NoTest(String),
    /// Others ran it.
    #[error("the report is of a run by {there}; here that is {here}")]
    OtherUsers {
        /// Who is missing here.
        there: String,
        /// Who is here.
        here: String,
    },
}

impl Interrupted {
    /// The run of a report, if it is one of this list against this cloud by these users. More users than it had may be
    /// here: with them tests can run that could not.
    ///
    /// # Errors
    /// [`NotThisRun`] if it is not.
    pub fn of(report: &Report, accounts: &Accounts) -> Result<Self, NotThisRun> {
        let named = report.plan.scope.as_ref().map(|scope| scope.name.as_str()).unwrap_or_default();
        let versions = report.plan.versions.iter().map(|version| version.version.as_str());
        let there = std::iter::once(named).chain(versions).collect::<Vec<_>>().join(" ");
        let here = format!("{} {}", list::NAME, list::VERSION);
        if there != here {
            return Err(NotThisRun::OtherList { there, here });
        }
        if let Some(other) = report.results.iter().find(|result| !of_list(&result.id)) {
            return Err(NotThisRun::NoTest(other.id.clone()));
        }
        let earlier = Earlier::of(report, accounts.first().config())?;
        let here = users(accounts);
        if let Some(there) = report.run.users.iter().find(|user| !here.contains(user)) {
            return Err(NotThisRun::OtherUsers { there: there.clone(), here: here.join(", ") });
        }
        Ok(Self { plan: report.plan.clone(), subject: report.run.subject.clone(), earlier })
    }

    /// Whether the run had this test.
    pub(crate) fn has(&self, test: &Test) -> bool {
        self.earlier.results.iter().any(|result| result.id == test.name)
    }

    /// What it decided about a test, if it did.
    pub(crate) fn decided(&self, test: &Test) -> Option<CheckResult> {
        self.earlier.decided(&test.description())
    }
}

fn of_list(id: &str) -> bool {
    list::find(id).is_some_and(|test| test.name == id)
}

/// Who runs the tests, as configured: `member ann of domain Default`.
pub(crate) fn users(accounts: &Accounts) -> Vec<String> {
    accounts.parts().into_iter().map(|(role, client)| format!("{role} {}", user(client.config()))).collect()
}

fn user(config: &CloudConfig) -> String {
    match &config.credentials {
        Credentials::Password { user, .. } => {
            let domain = user.domain.as_ref().map(|domain| format!(" of domain {}", domain.as_str()));
            user.user.as_str().to_owned() + &domain.unwrap_or_default()
        }
        // Tempest takes no others, and signing in says so
        _ => format!("of cloud {}", config.name),
    }
}
