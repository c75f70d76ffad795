//! The upstream suite, run on the same cloud, and its verdicts beside ours.

use std::path::PathBuf;

use kogge_conform::{Report, Section};
use kogge_conform_iaas::proof::NOW;
use tokio::process::Command;

/// A checkout of the suite with its requirements installed as its README says.
pub(crate) struct Suite(PathBuf);

impl Suite {
    /// The one that `KOGGE_SUITE` names: the directory `Tests` of a checkout.
    pub(crate) fn given() -> Option<Self> {
        std::env::var_os("KOGGE_SUITE").filter(|path| !path.is_empty()).map(|path| Self(path.into()))
    }

    /// Runs the same testcases; returns where a verdict is not ours, one line each.
    pub(crate) async fn differences(&self, file: &str, cloud: &str, ours: &Report) -> Vec<String> {
        let official = ours.results.iter().filter(|result| result.section == Section::Official);
        let ours: Vec<(&str, &str)> =
            official.filter_map(|r| Some((r.id.as_str(), r.verdict.upstream_word()?))).collect();
        // rules about dates are judged at the same moment, which stands still: some ages are just not too old
        let moment = NOW.replace(['T', 'Z'], " ");
        let ran = Command::new("faketime")
            .args(["-f", moment.trim()])
            .arg(self.0.join(".venv/bin/python"))
            .arg(self.0.join("iaas/openstack_test.py"))
            .args(["-c", cloud])
            .args(ours.iter().map(|(id, _)| id))
            .env("OS_CLIENT_CONFIG_FILE", file)
            .env("TZ", "UTC")
            .output()
            .await;
        let ran = ran.unwrap_or_else(|error| panic!("the suite in {}: {error}", self.0.display()));
        let (told, noise) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let mut wrong = Vec::new();
        for (id, word) in ours {
            let theirs = told.lines().find_map(|line| line.strip_prefix(id)?.strip_prefix(": "));
            if theirs != Some(word) {
                let theirs = theirs.unwrap_or_else(|| noise.lines().last().unwrap_or("nothing"));
                wrong.push(format!("{id}: we say {word}, the suite says {theirs}"));
            }
        }
        wrong
    }
}
