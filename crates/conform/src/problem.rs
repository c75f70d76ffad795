//! Why something could not be found out, and whose trouble that is.

use std::fmt;

/// Why something could not be found out. Cheap to clone, since a shared look-up gives it to many checks.
///
/// Whose trouble it is decides what may become of it: only the cloud's own can ever be a failure of the cloud. What is
/// ours, or a matter of how we were set up, leaves every question open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The cloud did not answer a call as it should, or did not do what it was asked for.
    Cloud {
        /// The call, `GET https://cloud.example/v2/images (image)`, if it was one.
        call: Option<String>,
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// Whether nobody knows what became of the call, so that the next one may well be answered.
        lost: bool,
        /// The problem in words for its reader: which call, which object, why, what to try.
        text: String,
    },
    /// We could not: a disk that is full, a time or size that we set, a bug.
    Ours(String),
    /// What we were given does not do: credentials, roles, options, a thing that the test would need.
    Setup(String),
}

impl Problem {
    /// The cloud's, without a call of its own.
    #[must_use]
    pub fn cloud(text: impl Into<String>) -> Self {
        Self::Cloud { call: None, status: None, lost: false, text: text.into() }
    }

    /// Ours.
    #[must_use]
    pub fn ours(text: impl Into<String>) -> Self {
        Self::Ours(text.into())
    }

    /// One of what we were given.
    #[must_use]
    pub fn setup(text: impl Into<String>) -> Self {
        Self::Setup(text.into())
    }

    /// The problem in words.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Cloud { text, .. } | Self::Ours(text) | Self::Setup(text)) = self;
        text
    }

    /// The same with other words.
    #[must_use]
    pub fn reworded(self, words: impl FnOnce(&str) -> String) -> Self {
        let new = words(self.text());
        match self {
            Self::Cloud { call, status, lost, .. } => Self::Cloud { call, status, lost, text: new },
            Self::Ours(_) => Self::Ours(new),
            Self::Setup(_) => Self::Setup(new),
        }
    }

    /// The status that the cloud answered with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let Self::Cloud { status, .. } = self else { return None };
        *status
    }

    /// Whether it is the cloud's, and so may be held against it.
    #[must_use]
    pub fn is_the_clouds(&self) -> bool {
        matches!(self, Self::Cloud { .. })
    }

    /// Whether a call was lost on its way, so that the next one may well be answered.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Cloud { lost: true, .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Problem {}

impl From<kogge_client::Error> for Problem {
    fn from(error: kogge_client::Error) -> Self {
        use kogge_client::Error;
        let text = kogge_client::chain(&error);
        match &error {
            Error::Config(_) | Error::Setup { .. } | Error::TokenExpired => Self::Setup(text),
            // limits that we set, and addresses that only we refuse
            Error::Deadline { .. } | Error::TooLarge { .. } | Error::RefusedEndpoint { .. } => {
                Self::Ours(text)
            }
            _ => {
                let call = error.call().map(ToString::to_string);
                Self::Cloud { call, status: error.status(), lost: error.is_lost(), text }
            }
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::Ours(format!(
            "the journal of created objects cannot be written, so nothing is created: {error}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_client::CallName;
    use std::time::Duration;

    fn call() -> CallName {
        CallName::new(&kogge_client::Method::GET, "image", &"https://c.example/v2/images".parse().unwrap())
    }

    fn answered(status: u16) -> Problem {
        kogge_client::Error::Status { call: call(), status, message: "no".into() }.into()
    }

    #[test]
    fn what_the_cloud_answered_is_the_clouds_and_keeps_call_and_status() {
        let problem = answered(500);
        assert!(problem.is_the_clouds() && problem.status() == Some(500), "{problem:?}");
        assert!(problem.text().contains("GET https://c.example/v2/images (image): answered 500"));
        let Problem::Cloud { call: Some(named), .. } = problem else { panic!("no call") };
        assert_eq!(named, call().to_string());
    }

    #[test]
    fn our_limits_and_our_credentials_are_never_the_clouds() {
        use kogge_client::Error;
        for error in [
            Error::Deadline { call: call(), after: Duration::from_secs(60) },
            Error::TooLarge { call: call(), limit: 1 },
            Error::TokenExpired,
            Error::Setup { because: "no CA".into() },
        ] {
            let problem = Problem::from(error);
            assert!(!problem.is_the_clouds() && !problem.is_passing(), "{problem:?}");
        }
    }

    #[test]
    fn only_a_lost_call_passes() {
        for status in [502, 503, 504] {
            assert!(answered(status).is_passing(), "{status}");
        }
        for status in [400, 403, 404, 409, 413, 500] {
            assert!(!answered(status).is_passing(), "{status}");
        }
        let lost = kogge_client::Error::Transport { call: call(), because: "reset".into() };
        assert!(Problem::from(lost).is_passing());
        assert!(!Problem::cloud("the volume is in error").is_passing());
    }
}
