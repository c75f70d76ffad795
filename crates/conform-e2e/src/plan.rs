//! Which tests of the list run, which cannot on this cloud with these accounts, and why.

use kogge_conform::CheckResult;
use regex::Regex;

use crate::accounts::Accounts;
use crate::list::{self, Need, Test};
use crate::lookup::{Facts, Wishes};
use crate::resume::Interrupted;

/// Which tests of the list are meant.
#[derive(Debug, Clone)]
pub enum Tests {
    /// All of them.
    All,
    /// Those whose name the expression matches somewhere.
    Matching(Regex),
    /// Those of a run that was stopped.
    Of(Box<Interrupted>),
}

/// The plan of a run.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// What Tempest shall run.
    pub run: Vec<&'static Test>,
    /// What cannot run, and why.
    pub cannot: Vec<(&'static Test, String)>,
    /// What an earlier part of the run decided, and does not run again.
    pub decided: Vec<(&'static Test, CheckResult)>,
}

impl Planned {
    /// All tests that were selected, in the order of the list.
    #[must_use]
    pub fn all(&self) -> Vec<&'static Test> {
        let chosen = |test: &&Test| {
            self.run.contains(test)
                || self.cannot.iter().any(|(other, _)| other == test)
                || self.decided(test).is_some()
        };
        list::tests().iter().filter(chosen).collect()
    }

    /// What an earlier part of the run decided about a test.
    #[must_use]
    pub fn decided(&self, test: &Test) -> Option<&CheckResult> {
        self.decided.iter().find(|(other, _)| *other == test).map(|(_, result)| result)
    }

    /// Why a test cannot run.
    #[must_use]
    pub fn obstacle(&self, test: &Test) -> Option<&str> {
        self.cannot.iter().find(|(other, _)| *other == test).map(|(_, because)| because.as_str())
    }
}

impl Tests {
    /// Whether a test is meant.
    fn mean(&self, test: &Test) -> bool {
        match self {
            Self::All => true,
            Self::Matching(expression) => expression.is_match(test.name),
            Self::Of(interrupted) => interrupted.has(test),
        }
    }

    /// The run that goes on.
    pub(crate) fn interrupted(&self) -> Option<&Interrupted> {
        match self {
            Self::Of(interrupted) => Some(interrupted),
            Self::All | Self::Matching(_) => None,
        }
    }
}

/// Makes the plan for the tests that are meant.
#[must_use]
pub fn plan(accounts: &Accounts, facts: &Facts, tests: &Tests) -> Planned {
    let mut planned = Planned::default();
    for test in list::tests().iter().filter(|test| tests.mean(test)) {
        if let Some(result) = tests.interrupted().and_then(|run| run.decided(test)) {
            planned.decided.push((test, result));
            continue;
        }
        match obstacle(test, accounts, facts) {
            Some(because) => planned.cannot.push((test, because.to_owned())),
            None => planned.run.push(test),
        }
    }
    planned
}

/// What Tempest would only fail at: it has no skip for it.
fn obstacle(test: &Test, accounts: &Accounts, facts: &Facts) -> Option<&'static str> {
    let (reader, alt) = match accounts {
        Accounts::Ordinary(all) => (all.reader.is_some(), all.alt_member.is_some()),
        Accounts::Dynamic { .. } => (true, true),
    };
    // a test of a service that is not there is skipped by Tempest, whatever else is missing
    let served = |need| match need {
        Need::Volumes => facts.volume_type().is_some(),
        _ => true,
    };
    if test.needs().into_iter().any(|need| !served(need)) {
        return None;
    }
    let image_service = facts.has("image");
    test.needs().into_iter().find_map(|need| match need {
        Need::Image if image_service && facts.images.is_empty() => {
            Some("the cloud has no public image that a server can start from; name one with --image")
        }
        Need::BootableFlavor if facts.has("compute") && !facts.bootable() => Some(
            "no flavor that the image fits on has a disk, so no server can start from the image; name a flavor with --flavor",
        ),
        Need::SecondFlavor if facts.has("compute") && facts.flavors.len() < 2 => {
            Some("it needs a second flavor with at least as much disk; name one with --flavor-alt")
        }
        Need::Reader if !reader => {
            Some("it needs a user with the role reader in the same project; name it with --reader-cloud")
        }
        Need::SecondProject if !alt => {
            Some("it needs a user of a second project; name it with --alt-cloud")
        }
        _ => None,
    })
}

/// What makes a skipped test run.
#[must_use]
pub fn hint(test: &Test, facts: &Facts, wishes: &Wishes) -> Option<&'static str> {
    test.needs().into_iter().find_map(|need| match need {
        Need::Volumes if facts.volume_type().is_none() => Some("the catalogue has no block storage"),
        Need::Ssh if wishes.ssh_user.is_none() => {
            Some("to run it, name the user of the image's guests with --ssh-user")
        }
        Need::PasswordHistory if wishes.password_history.is_none() => Some(
            "it changes the password of a test account and back; to run it, say how many old passwords the cloud \
             remembers with --password-history",
        ),
        _ => None,
    })
}
