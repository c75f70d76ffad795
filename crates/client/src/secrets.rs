//! The secrets that a client uses, taken out of whatever the cloud says.
//!
//! A careless or hostile cloud may repeat a password or a token in a fault, a name or an address. None of that may reach
//! a log or a report.

use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{CloudConfig, Credentials};
use crate::record::REDACTED;

/// Shorter texts are no secrets, and would tear words apart.
const SHORTEST: usize = 6;

/// How many tokens are remembered; older ones have long ended.
const TOKENS: usize = 8;

/// The user's own secret, and the newest tokens. Cheap to clone; `Debug` shows none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    own: Option<SecretString>,
    tokens: Arc<RwLock<Vec<SecretString>>>,
}

impl Secrets {
    pub(crate) fn of(config: &CloudConfig) -> Self {
        let own = match &config.credentials {
            Credentials::Password { password, .. } => password,
            Credentials::Token(token) => token,
            Credentials::ApplicationCredential { secret, .. } => secret,
        };
        Self { own: Some(own.clone()), tokens: Arc::default() }
    }

    /// Remembers a token.
    pub(crate) fn add(&self, token: &SecretString) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS {
            tokens.remove(0);
        }
        tokens.push(token.clone());
    }

    /// The text without any of them.
    pub(crate) fn take_out(&self, text: &str) -> String {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for secret in self.own.iter().chain(tokens.iter()).map(|s| s.expose_secret()) {
            if secret.len() < SHORTEST {
                continue;
            }
            // as it is, and as JSON writes it
            let escaped = serde_json::Value::from(secret).to_string();
            for spelling in [secret, escaped.trim_matches('"')] {
                if text.contains(spelling) {
                    text = text.replace(spelling, REDACTED);
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(own: &str, token: &str) -> Secrets {
        let secrets = Secrets { own: Some(own.into()), tokens: Arc::default() };
        secrets.add(&token.into());
        secrets
    }

    #[test]
    fn neither_password_nor_token_stays() {
        let secrets = secrets("gehe\"im!", "gAAAAtoken");
        let text = secrets.take_out(r#"user joe, gehe"im!, {"password": "gehe\"im!"}, xgAAAAtokenx"#);
        assert_eq!(text, r#"user joe, <redacted>, {"password": "<redacted>"}, x<redacted>x"#);
    }

    #[test]
    fn short_words_and_other_texts_stay() {
        assert_eq!(secrets("demo", "gAAAAtoken").take_out("project demo"), "project demo");
    }

    #[test]
    fn only_the_newest_tokens_are_kept_and_none_is_shown() {
        let secrets = secrets("geheim", "token-first");
        (0..TOKENS).for_each(|n| secrets.add(&format!("token-{n}").into()));
        assert_eq!(secrets.take_out("token-first token-7"), "token-first <redacted>");
        assert!(!format!("{secrets:?}").contains("token-"));
    }
}
