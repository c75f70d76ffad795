//! Who we are at the monitor: HTTP Basic, from a file or the environment, never from the command line.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::commands::text_file::read_bounded;

/// The longest file, in bytes.
const LONGEST: u64 = 1 << 20;

/// Name and password.
#[derive(Debug)]
pub(super) struct Account {
    /// The name, to be shown.
    pub(super) name: String,
    password: SecretString,
}

impl Account {
    /// The account at the monitor: the file's, else the environment's.
    ///
    /// # Errors
    /// In words: there is none, or it cannot be read.
    pub(super) fn find(token_file: Option<&Path>) -> Result<Self, String> {
        if let Some(file) = token_file {
            let text = SecretString::from(
                read_bounded(file, LONGEST)
                    .map_err(|why| format!("--token-file {}: {why}", file.display()))?,
            );
            return Self::of_token(text.expose_secret())
                .ok_or_else(|| format!("--token-file {} is not base64 of NAME:PASSWORD", file.display()));
        }
        if let Ok(token) = std::env::var("KOGGE_MONITOR_TOKEN").map(SecretString::from) {
            return Self::of_token(token.expose_secret())
                .ok_or_else(|| "KOGGE_MONITOR_TOKEN is not base64 of NAME:PASSWORD".to_owned());
        }
        let user = std::env::var("KOGGE_MONITOR_USER").ok();
        let password = std::env::var("KOGGE_MONITOR_PASSWORD").map(SecretString::from).ok();
        match (user, password) {
            (Some(name), Some(password)) => Ok(Self { name, password }),
            (None, None) => Err(
                "--upload needs an account at the monitor: --token-file FILE (base64 of NAME:PASSWORD), or \
                 KOGGE_MONITOR_TOKEN, or KOGGE_MONITOR_USER and KOGGE_MONITOR_PASSWORD"
                    .to_owned(),
            ),
            _ => Err("of KOGGE_MONITOR_USER and KOGGE_MONITOR_PASSWORD one is missing".to_owned()),
        }
    }

    /// From base64 of `NAME:PASSWORD`, which is what upstream's runner keeps in its file.
    fn of_token(text: &str) -> Option<Self> {
        let bytes = zeroize::Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
        let (name, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
        let plain = !name.is_empty() && !bytes.iter().any(u8::is_ascii_control);
        plain.then(|| Self { name: name.to_owned(), password: SecretString::from(password) })
    }

    /// The header `Authorization`.
    ///
    /// # Errors
    /// In words: the account cannot be written as a header.
    pub(super) fn header(&self) -> Result<HeaderValue, String> {
        let pair = zeroize::Zeroizing::new(format!("{}:{}", self.name, self.password.expose_secret()));
        let text = zeroize::Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&text).map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_upstreams_runner_is_read_and_written_the_same() {
        let account = Account::of_token("bXktY2xvdWQ6YTpi\n").unwrap();
        assert_eq!(account.name, "my-cloud");
        assert_eq!(account.header().unwrap(), "Basic bXktY2xvdWQ6YTpi");
        assert!(!format!("{account:?}").contains("a:b"));
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for text in ["", "bXktY2xvdWQ=", "my-cloud:pw", "OnB3", "YTpiCg=="] {
            assert!(Account::of_token(text).is_none(), "{text}");
        }
    }
}
