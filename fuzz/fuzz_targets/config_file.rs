//! `kogge.toml` and the variables that lie over it; the last line of the input is a variable `NAME=value`.

#![no_main]

use kogge_config::{from_text, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (file, variable) = text.rsplit_once('\n').unwrap_or((text, ""));
    let variable = variable.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    match from_text(file, "kogge.toml", variable) {
        Ok(config) => {
            let again = from_text(&shown(&config), "shown", []).expect("what is shown can be read");
            // a password in the database's address is not shown
            if config.database.url.is_empty() {
                assert_eq!(format!("{again:?}"), format!("{config:?}"));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
