//! Scope files: a scope that is read has no problems, and can be selected from and scored.

#![no_main]

use std::collections::BTreeMap;

use jiff::civil::date;
use kogge_standards::scope::{Filter, read_scope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match read_scope(text) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(scope) => {
            assert!(scope.problems().is_empty());
            let _ = scope.advice();
            for version in scope.versions.iter().take(8) {
                let _ = version.overall(&BTreeMap::new());
            }
            if let Ok(covered) = scope.covered(date(2025, 6, 1), None) {
                let _ = scope.selection(&covered, &Filter::default());
            }
        }
    }
});
