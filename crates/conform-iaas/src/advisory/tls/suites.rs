//! Cipher suites by number: those of Mozilla's profiles, and those that should be gone.
//!
//! Source: the IANA registry of TLS cipher suites; Mozilla's server side TLS guidelines 5.7.

/// Why a suite should be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weakness {
    Null,
    Anonymous,
    Export,
    Rc4,
    Des,
    TripleDes,
    /// Static RSA key exchange: a key that leaks opens all that was ever recorded.
    NoForwardSecrecy,
    /// CBC, where timing told plaintexts time and again.
    Cbc,
    /// Sound, but in no profile.
    NotListed,
}

impl Weakness {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Null => "no encryption at all",
            Self::Anonymous => "no authentication of the server",
            Self::Export => "a key of export grade",
            Self::Rc4 => "RC4",
            Self::Des => "DES",
            Self::TripleDes => "3DES, with blocks of 64 bits",
            Self::NoForwardSecrecy => "RSA key exchange, without forward secrecy",
            Self::Cbc => "CBC mode",
            Self::NotListed => "in no profile",
        }
    }
}

/// A suite that is in no profile.
pub(super) struct Weak {
    pub(super) number: u16,
    pub(super) name: &'static str,
    pub(super) weakness: Weakness,
}

/// Suites of TLS 1.2 in the profile *intermediate*.
pub(super) const INTERMEDIATE: [(u16, &str); 9] = [
    (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"),
    (0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (0xc030, "ECDHE-RSA-AES256-GCM-SHA384"),
    (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"),
    (0x009e, "DHE-RSA-AES128-GCM-SHA256"),
    (0x009f, "DHE-RSA-AES256-GCM-SHA384"),
    (0xccaa, "DHE-RSA-CHACHA20-POLY1305"),
];

/// Suites of TLS 1.3 in both profiles, *modern* and *intermediate*.
pub(super) const TLS13: [(u16, &str); 3] = [
    (0x1301, "TLS_AES_128_GCM_SHA256"),
    (0x1302, "TLS_AES_256_GCM_SHA384"),
    (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
];

/// Suites of TLS 1.3 in no profile.
pub(super) const TLS13_OTHERS: [(u16, &str); 2] =
    [(0x1304, "TLS_AES_128_CCM_SHA256"), (0x1305, "TLS_AES_128_CCM_8_SHA256")];

const fn weak(number: u16, name: &'static str, weakness: Weakness) -> Weak {
    Weak { number, name, weakness }
}

use Weakness::{Anonymous, Cbc, Des, Export, NoForwardSecrecy, NotListed, Null, Rc4, TripleDes};

/// Suites up to TLS 1.2 in no profile, the worst first.
pub(super) const WEAK: [Weak; 62] = [
    weak(0x0001, "NULL-MD5", Null),
    weak(0x0002, "NULL-SHA", Null),
    weak(0x003b, "NULL-SHA256", Null),
    weak(0xc006, "ECDHE-ECDSA-NULL-SHA", Null),
    weak(0xc010, "ECDHE-RSA-NULL-SHA", Null),
    weak(0x0018, "ADH-RC4-MD5", Anonymous),
    weak(0x001b, "ADH-DES-CBC3-SHA", Anonymous),
    weak(0x0034, "ADH-AES128-SHA", Anonymous),
    weak(0x003a, "ADH-AES256-SHA", Anonymous),
    weak(0x006c, "ADH-AES128-SHA256", Anonymous),
    weak(0x00a6, "ADH-AES128-GCM-SHA256", Anonymous),
    weak(0x00a7, "ADH-AES256-GCM-SHA384", Anonymous),
    weak(0xc018, "AECDH-AES128-SHA", Anonymous),
    weak(0xc019, "AECDH-AES256-SHA", Anonymous),
    weak(0x0003, "EXP-RC4-MD5", Export),
    weak(0x0006, "EXP-RC2-CBC-MD5", Export),
    weak(0x0008, "EXP-DES-CBC-SHA", Export),
    weak(0x0014, "EXP-EDH-RSA-DES-CBC-SHA", Export),
    weak(0x0004, "RC4-MD5", Rc4),
    weak(0x0005, "RC4-SHA", Rc4),
    weak(0xc007, "ECDHE-ECDSA-RC4-SHA", Rc4),
    weak(0xc011, "ECDHE-RSA-RC4-SHA", Rc4),
    weak(0x0009, "DES-CBC-SHA", Des),
    weak(0x0015, "DHE-RSA-DES-CBC-SHA", Des),
    weak(0x000a, "DES-CBC3-SHA", TripleDes),
    weak(0x0016, "DHE-RSA-DES-CBC3-SHA", TripleDes),
    weak(0xc008, "ECDHE-ECDSA-DES-CBC3-SHA", TripleDes),
    weak(0xc012, "ECDHE-RSA-DES-CBC3-SHA", TripleDes),
    weak(0x002f, "AES128-SHA", NoForwardSecrecy),
    weak(0x0035, "AES256-SHA", NoForwardSecrecy),
    weak(0x003c, "AES128-SHA256", NoForwardSecrecy),
    weak(0x003d, "AES256-SHA256", NoForwardSecrecy),
    weak(0x009c, "AES128-GCM-SHA256", NoForwardSecrecy),
    weak(0x009d, "AES256-GCM-SHA384", NoForwardSecrecy),
    weak(0x0041, "CAMELLIA128-SHA", NoForwardSecrecy),
    weak(0x0084, "CAMELLIA256-SHA", NoForwardSecrecy),
    weak(0x0007, "IDEA-CBC-SHA", NoForwardSecrecy),
    weak(0x0096, "SEED-SHA", NoForwardSecrecy),
    weak(0xc09c, "AES128-CCM", NoForwardSecrecy),
    weak(0xc09d, "AES256-CCM", NoForwardSecrecy),
    weak(0x0033, "DHE-RSA-AES128-SHA", Cbc),
    weak(0x0039, "DHE-RSA-AES256-SHA", Cbc),
    weak(0x0067, "DHE-RSA-AES128-SHA256", Cbc),
    weak(0x006b, "DHE-RSA-AES256-SHA256", Cbc),
    weak(0x0045, "DHE-RSA-CAMELLIA128-SHA", Cbc),
    weak(0x0088, "DHE-RSA-CAMELLIA256-SHA", Cbc),
    weak(0xc009, "ECDHE-ECDSA-AES128-SHA", Cbc),
    weak(0xc00a, "ECDHE-ECDSA-AES256-SHA", Cbc),
    weak(0xc013, "ECDHE-RSA-AES128-SHA", Cbc),
    weak(0xc014, "ECDHE-RSA-AES256-SHA", Cbc),
    weak(0xc023, "ECDHE-ECDSA-AES128-SHA256", Cbc),
    weak(0xc024, "ECDHE-ECDSA-AES256-SHA384", Cbc),
    weak(0xc027, "ECDHE-RSA-AES128-SHA256", Cbc),
    weak(0xc028, "ECDHE-RSA-AES256-SHA384", Cbc),
    weak(0xc0ac, "ECDHE-ECDSA-AES128-CCM", NotListed),
    weak(0xc0ad, "ECDHE-ECDSA-AES256-CCM", NotListed),
    weak(0xc0ae, "ECDHE-ECDSA-AES128-CCM8", NotListed),
    weak(0xc0af, "ECDHE-ECDSA-AES256-CCM8", NotListed),
    weak(0xc09e, "DHE-RSA-AES128-CCM", NotListed),
    weak(0xc09f, "DHE-RSA-AES256-CCM", NotListed),
    weak(0xc060, "ECDHE-ARIA128-GCM-SHA256", NotListed),
    weak(0xc061, "ECDHE-ARIA256-GCM-SHA384", NotListed),
];

/// Everything that a server up to TLS 1.2 might take: for asking whether it speaks a version at all.
pub(super) fn everything() -> Vec<u16> {
    let good = INTERMEDIATE.iter().map(|(number, _)| *number);
    good.chain(WEAK.iter().rev().map(|weak| weak.number)).collect()
}

/// A suite's name; its number where it has none here.
pub(super) fn name(number: u16) -> String {
    let listed = INTERMEDIATE.iter().chain(&TLS13).chain(&TLS13_OTHERS).find(|(known, _)| *known == number);
    let known = listed.map(|(_, name)| *name);
    let weak = || WEAK.iter().find(|weak| weak.number == number).map(|weak| weak.name);
    known.or_else(weak).map_or_else(|| format!("suite {number:#06x}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_suite_is_listed_twice() {
        let all = everything();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert_eq!(name(0x000a), "DES-CBC3-SHA");
        assert_eq!(name(0xeeee), "suite 0xeeee");
    }

    #[test]
    fn openssl_gives_the_numbers_the_same_names() {
        let ran = std::process::Command::new("openssl")
            .args(["ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
            .output();
        let Ok(ran) = ran else {
            eprintln!("skipped: openssl is not here");
            return;
        };
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mut compared = 0;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (Some(number), Some(theirs)) = (words.first(), words.get(2)) else { continue };
            let number = u16::from_str_radix(&number.replace("0x", "").replace(',', ""), 16).unwrap();
            let ours = name(number);
            if !ours.starts_with("suite ") {
                assert_eq!(&ours, theirs);
                compared += 1;
            }
        }
        assert!(compared > 30, "{compared}");
    }
}
