//! The credentials of advisory checks, from the command line and the profile.

use std::io::Read;
use std::path::Path;

use kogge_client::CloudConfig;
use kogge_conform_iaas::manual::Answers;
use kogge_conform_iaas::{AdvisoryOptions, Beyond, DomainManagers, ObjectStore, S3Key};
use url::Url;

use super::manual::answers_of;
use super::profile::Profile;
use super::target;
use crate::cli::{Advice, Target};
use crate::exit::Failure;
use crate::output::tell;

/// The largest file of keys that is read, in bytes.
const LARGEST: u64 = 64 * 1024;

/// What a run looks at beyond the scope: what was given on the command line, or else is in the profile, and the answers
/// that are kept for the cloud. Answers that cannot be read keep nobody from checking; without a cloud there are none.
pub(super) fn beyond(
    given: &Advice,
    profile: &Profile,
    target: &Target,
    config: Option<&CloudConfig>,
) -> Result<Beyond, Failure> {
    let options = options(&profile.advice(given), target)?;
    let answers = config.map_or_else(|| Ok(Answers::default()), answers_of);
    let answers = answers.map_err(|failure| tell!("kogge: {failure}; going on without them"));
    let given_now = *given != Advice::default();
    Ok(Beyond { options, given_now, answers: answers.unwrap_or_default() })
}

/// Credentials are looked for where the cloud under test was found.
fn options(advice: &Advice, target: &Target) -> Result<AdvisoryOptions, Failure> {
    let (environment, _) = target::environment(target.cloud.as_deref(), target.data.as_deref())?;
    let client = |name: &Option<String>| {
        name.clone().map(|name| target::load(&environment, Some(name), None)).transpose()
    };
    let domain_managers = DomainManagers {
        manager: client(&advice.domain_manager_cloud)?,
        other: client(&advice.other_domain_manager_cloud)?,
    };
    Ok(AdvisoryOptions { domain_managers, object_store: object_store(advice)? })
}

fn object_store(advice: &Advice) -> Result<Option<ObjectStore>, Failure> {
    if !advice.s3 && advice.s3_endpoint.is_none() && advice.s3_access_key_file.is_none() {
        return Ok(None);
    }
    let endpoint = advice.s3_endpoint.as_deref().map(address).transpose()?;
    let key = advice.s3_access_key_file.as_deref().map(key).transpose()?;
    Ok(Some(ObjectStore { endpoint, key, region: advice.s3_region.clone() }))
}

fn address(text: &str) -> Result<Url, Failure> {
    let wrong = |because: String| Failure::Usage(format!("--s3-endpoint {text:?}: {because}"));
    let url: Url = text.parse().map_err(|error: url::ParseError| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with https:// or http://".to_owned()));
    }
    Ok(url)
}

fn key(file: &Path) -> Result<S3Key, Failure> {
    let wrong =
        |because: String| Failure::Usage(format!("--s3-access-key-file {}: {because}", file.display()));
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(LARGEST).read_to_string(&mut text))
        .map_err(|error| wrong(error.to_string()))?;
    S3Key::read(&text).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_with_their_option_and_without_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, "geheim").unwrap();
        let with = |url: Option<&str>| Advice {
            s3_endpoint: url.map(str::to_owned),
            s3_access_key_file: Some(file.clone()),
            ..Advice::default()
        };
        let failure = object_store(&with(Some("https://s3.example"))).unwrap_err().to_string();
        assert!(failure.contains("--s3-access-key-file") && !failure.contains("geheim"), "{failure}");
        assert!(object_store(&with(Some("ftp://x"))).unwrap_err().to_string().contains("https://"));
        std::fs::write(&file, "A:B").unwrap();
        let store = object_store(&with(None)).unwrap().unwrap();
        assert!(store.endpoint.is_none() && store.key.unwrap().access_key == "A");
    }
}
