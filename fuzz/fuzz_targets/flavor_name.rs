//! Flavor names of SCS-0100: whatever parses is printed, explained and read again as the same.

#![no_main]

use kogge_standards::flavor_name::{FlavorName, Reading, Spelling, extra_specs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for reading in [Reading::Upstream, Reading::Document] {
        for spelling in [Spelling::Dashes, Spelling::Colons] {
            match FlavorName::parse_as(text, spelling, reading) {
                Ok(name) => comes_back(&name, reading),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        let _ = FlavorName::parse_tolerant_as(text, reading);
    }
});

fn comes_back(name: &FlavorName, reading: Reading) {
    for spelling in [Spelling::Dashes, Spelling::Colons] {
        let printed = name.spelled(spelling);
        if let Ok(again) = FlavorName::parse_as(&printed, spelling, reading) {
            assert_eq!(again, *name, "{printed}");
        } else {
            // what version 1 cannot say, and what upstream's parser refuses, may be printed but not read
            assert!(spelling == Spelling::Colons || reading == Reading::Upstream, "{printed}");
        }
    }
    assert!(name.short().starts_with("SCS-"));
    assert!(!name.explain().is_empty());
    // lazy: a name may promise any number of disks
    assert!(extra_specs(name).take(100).count() >= 3);
}
