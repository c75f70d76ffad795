//! What a check is.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, Serializer};

use crate::context::Context;
use crate::outcome::Outcome;

/// Whether a check counts for the certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// It decides the verdict.
    #[default]
    Official,
    /// It informs, and never changes the verdict or the exit code.
    Advisory,
    /// People answered it; it informs, as advice does.
    Manual,
}

/// What there is to know about a check before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The testcase's id, such as `scs-0103-flavor-1v-4`.
    pub id: String,
    /// What it looks at, in one line.
    pub title: String,
    /// Where the standard can be read.
    pub url: String,
    /// Whether it counts.
    pub section: Section,
    /// Rises when it looks at something else or judges it otherwise, so that older results can be told from newer ones.
    pub revision: u32,
    /// Service types without which it has nothing to look at.
    pub needs: Vec<&'static str>,
    /// The role that its user must have in the project.
    pub role: &'static str,
    /// What it creates and removes again; empty for a check that only reads.
    pub creates: Vec<&'static str>,
    /// What of the project's quota must be free while it runs; empty for a check that only reads.
    pub quota: Vec<&'static str>,
    /// The longest that it may take.
    #[serde(rename = "deadline_seconds", serialize_with = "seconds")]
    pub deadline: Duration,
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.as_secs())
}

impl Description {
    /// A check that only reads and has two minutes.
    #[must_use]
    pub fn reading(id: impl Into<String>, title: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            url: url.into(),
            section: Section::Official,
            revision: 1,
            needs: Vec::new(),
            role: "member",
            creates: Vec::new(),
            quota: Vec::new(),
            deadline: Duration::from_secs(120),
        }
    }

    /// Names the services that it needs.
    #[must_use]
    pub fn needs(mut self, services: &[&'static str]) -> Self {
        self.needs = services.to_vec();
        self
    }

    /// Names what of the quota must be free.
    #[must_use]
    pub fn quota(mut self, what: &[&'static str]) -> Self {
        self.quota = what.to_vec();
        self
    }

    /// Names what it creates, and gives it that long.
    #[must_use]
    pub fn creates(mut self, what: &[&'static str], deadline: Duration) -> Self {
        self.creates = what.to_vec();
        self.deadline = deadline;
        self
    }

    /// What must be there for it, in words: `role member; compute, image`.
    #[must_use]
    pub fn wants(&self) -> String {
        let services = if self.needs.is_empty() { "the catalogue".to_owned() } else { self.needs.join(", ") };
        format!("role {}; {services}", self.role)
    }

    /// What it creates for a while, in words: `2 volumes, 1 backup`.
    #[must_use]
    pub fn makes(&self) -> String {
        match (self.creates.is_empty(), self.quota.is_empty()) {
            (true, _) => "nothing".to_owned(),
            (false, true) => self.creates.join(", "),
            (false, false) => self.quota.join(", "),
        }
    }

    /// Makes it advisory.
    #[must_use]
    pub fn advisory(mut self) -> Self {
        self.section = Section::Advisory;
        self
    }
}

/// One testcase. It may be dropped at any `await`: whatever it creates goes into the journal first.
#[async_trait]
pub trait Check: Send + Sync {
    /// What it is.
    fn description(&self) -> &Description;

    /// Looks, and judges.
    async fn run(&self, context: &Context) -> Outcome;
}
