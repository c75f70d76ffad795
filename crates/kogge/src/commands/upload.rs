//! Sending a signed report to a compliance monitor: one POST, as upstream's own runner sends it.
//!
//! `POST <monitor>/reports` with `Content-Type: application/x-signed-yaml`, HTTP Basic, and a body of the armored
//! signature, `&`, and the report. The monitor takes a run's id once, so that sending a report twice does no harm.

mod account;
mod send;

use std::path::Path;

use url::{Host, Url};

use super::sign::{Verification, beside, verify};
use crate::cli::report::Upload;
use crate::commands::text_file::read_bounded;
use crate::exit::{Exit, Failure};
use crate::output::tell;
use account::Account;
use send::{Answered, send};

/// The longest report, in bytes.
const LONGEST: u64 = 64 << 20;

/// A monitor, and who we are there.
#[derive(Debug)]
pub(in crate::commands) struct Monitor {
    /// As given, to be shown.
    given: String,
    reports: Url,
    account: Account,
}

/// `kogge report upload`.
pub(in crate::commands) async fn run(what: &Upload) -> Result<Exit, Failure> {
    let monitor = Monitor::open(&what.url, what.account.token_file.as_deref())?;
    monitor.deliver(&what.file).await?;
    Ok(Exit::Pass)
}

impl Monitor {
    /// Reads the address and the account.
    pub(in crate::commands) fn open(given: &str, token_file: Option<&Path>) -> Result<Self, Failure> {
        let reports = address(given)?;
        let account = Account::find(token_file).map_err(Failure::Usage)?;
        Ok(Self { given: given.to_owned(), reports, account })
    }

    /// Sends a report with the signature beside it; says so on standard error.
    ///
    /// # Errors
    /// What kept it from arriving, and the command that tries again. Both files stay as they are.
    pub(in crate::commands) async fn deliver(&self, file: &Path) -> Result<(), Failure> {
        let wrong = |file: &Path, because: String| Failure::Usage(format!("{}: {because}", file.display()));
        let report = read_bounded(file, LONGEST).map_err(|because| wrong(file, because))?;
        let place = beside(file);
        let signature = read_bounded(&place, LONGEST).map_err(|because| wrong(&place, because))?;
        match verify(&signature, report.as_bytes()) {
            Verification::Good => {}
            Verification::Bad(because) => return Err(wrong(&place, because)),
            Verification::CannotSay(because) => {
                tell!("{}: not verified before sending: {because}; the monitor judges it", place.display());
            }
        }
        match send(&self.reports, &self.account, &signature, &report).await {
            Ok(Answered::Taken) => tell!("uploaded to {}", self.given),
            Ok(Answered::KnownAlready) => tell!("{} has this report already", self.given),
            Err(because) => {
                let (file, given) = (file.display(), &self.given);
                return Err(Failure::Outside(format!(
                    "{file} was not uploaded: {because}\nIt is kept with its signature; try again with: kogge report upload {file} --url {given}"
                )));
            }
        }
        Ok(())
    }
}

/// Where reports are posted, of the address of a monitor.
fn address(given: &str) -> Result<Url, Failure> {
    let wrong = |because: &str| Failure::Usage(format!("--upload: the monitor's address {because}"));
    let mut url = Url::parse(given).map_err(|error| wrong(&format!("`{given}` is none: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must hold no password; see --token-file for where it belongs"));
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(wrong("must begin with https, for a password goes there")),
        _ => return Err(wrong("must begin with https")),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&if path.ends_with("/reports") { path } else { format!("{path}/reports") });
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_have_their_place_below_the_monitor() {
        for (given, expected) in [
            ("https://m.example", "https://m.example/reports"),
            ("https://m.example/scs/", "https://m.example/scs/reports"),
            ("https://m.example/reports?x#y", "https://m.example/reports"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1/reports"),
            ("http://[::1]:1/", "http://[::1]:1/reports"),
        ] {
            assert_eq!(address(given).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_password_goes_over_tls_only_and_is_not_in_the_address() {
        for given in [
            "http://m.example",
            "ftp://m.example",
            "https://a:geheim@m.example",
            "m.example",
            "http://10.0.0.1",
        ] {
            let error = address(given).unwrap_err().to_string();
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}
