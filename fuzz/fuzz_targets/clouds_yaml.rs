//! `clouds.yaml`, `secure.yaml` and `clouds-public.yaml`: the three parts of the input, divided by lines of `%%`.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use kogge_client::config::Selection;
use kogge_client::{CloudConfig, Environment};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static PLACE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));
const FILES: [&str; 3] = ["clouds.yaml", "secure.yaml", "clouds-public.yaml"];

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, "\n%%\n");
    for name in FILES {
        let path = PLACE.path().join(name);
        match parts.next() {
            Some(part) => fs::write(&path, part).expect("a file"),
            None => drop(fs::remove_file(&path)),
        }
    }
    let env = Environment::new([], PLACE.path());
    let Ok(names) = CloudConfig::names(&env) else { return };
    let mut selections: Vec<Option<String>> = names.into_iter().take(8).map(Some).collect();
    selections.extend([None, Some("there is no such cloud".to_owned())]);
    for cloud in selections {
        for region in [None, Some("north".to_owned())] {
            match CloudConfig::load(&env, &Selection { cloud: cloud.clone(), region }) {
                Ok(config) => {
                    assert!(matches!(config.auth_url.scheme(), "http" | "https"));
                    let _ = format!("{config:?}");
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
});
