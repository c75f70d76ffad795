//! A token: its secret text, whom it speaks for, until when, and the catalogue that came with it.

use kogge_clock::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;

use super::catalog::Catalog;
use crate::answer::Answer;
use crate::error::Result;

/// How long before its end a token is renewed, in seconds.
const RENEW_BEFORE_SECONDS: i64 = 60;

/// One token and what the identity service says about it. `Debug` does not show its text.
#[derive(Debug)]
pub struct Token {
    /// What goes into `X-Auth-Token`.
    pub secret: SecretString,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Names of the roles that it carries, as spelled by the cloud.
    pub roles: Vec<String>,
    /// Its user.
    pub user: Named,
    /// The domain of its user.
    pub user_domain: Named,
    /// Its project, if it is scoped to one.
    pub project: Option<Named>,
    /// The domain of its project.
    pub project_domain: Option<Named>,
    /// Its domain, if it is scoped to one.
    pub domain: Option<Named>,
    /// The services, as the cloud lists them.
    pub catalog: Catalog,
    /// By how many milliseconds the clock of the cloud was ahead of ours when it was made, to half a second and half of
    /// what the call took; nothing if the cloud did not tell its time.
    pub clock_offset_ms: Option<i64>,
}

/// An id with the name it had when the token was made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// Something in a domain.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Owned {
    id: String,
    name: String,
    domain: Named,
}

impl Owned {
    fn parts(self) -> (Named, Named) {
        (Named { id: self.id, name: self.name }, self.domain)
    }
}

#[derive(Deserialize)]
struct Body {
    token: Wire,
}

#[derive(Deserialize)]
struct Wire {
    expires_at: String,
    #[serde(default)]
    roles: Vec<Named>,
    user: Owned,
    project: Option<Owned>,
    domain: Option<Named>,
    #[serde(default)]
    catalog: Catalog,
}

impl Token {
    /// Reads the answer to the request for a token.
    pub(crate) fn read(answer: &Answer) -> Result<Self> {
        let secret = answer
            .header("x-subject-token")
            .filter(|text| !text.is_empty())
            .ok_or_else(|| answer.shape("the header X-Subject-Token is missing"))?;
        let Body { token } = answer.json()?;
        let expires_at = token
            .expires_at
            .parse::<Timestamp>()
            .map_err(|_| answer.shape("token.expires_at is no time such as 2026-11-24T08:00:00.000000Z"))?;
        let (user, user_domain) = token.user.parts();
        let (project, project_domain) = token.project.map(Owned::parts).unzip();
        Ok(Self {
            secret: SecretString::from(secret.to_owned()),
            expires_at,
            roles: token.roles.into_iter().map(|role| role.name).collect(),
            user,
            user_domain,
            project,
            project_domain,
            domain: token.domain,
            catalog: token.catalog,
            clock_offset_ms: None,
        })
    }

    /// Whether it should be renewed before the next use.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.expires_at.as_seconds().saturating_sub(now.as_seconds()) < RENEW_BEFORE_SECONDS
    }
}
