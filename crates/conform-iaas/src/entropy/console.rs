//! What the guest runs, and what of it is found on the console.

use std::collections::BTreeMap;

/// Begins every line of ours.
const MARK: &str = "_scs-test-";

/// The last thing that the guest prints.
pub(super) const END: &str = "_scs-test-end";

/// What cloud-init prints when the script could not run.
pub(super) const BROKEN: &str = "Failed to run module scripts-user";

/// How a line begins by which a console says that the cloud only simulates its machines, so that nothing runs in them:
/// the first is of Nova's fake driver, the second of Kogge's simulation.
const SIMULATED: [&str; 2] = ["FAKE CONSOLE OUTPUT", "This guest is simulated"];

/// The line in which a console says that nothing runs in its machine.
pub(super) fn simulated(text: &str) -> Option<String> {
    let says = |line: &&str| SIMULATED.iter().any(|begin| line.trim_start().starts_with(begin));
    text.lines().find(says).map(|line| shown(line.trim()))
}

/// The script: a shell script as user data, so that nothing but cloud-init and Python is needed.
pub(super) fn user_data() -> String {
    format!("{HEAD}cat >/run/scs-fips.py <<'PYTHON'\n{}PYTHON\n{TAIL}", include_str!("fips.py"))
}

/// Quiets the login prompt and the kernel; prints to the console and to the serial port, whichever of them the cloud
/// shows, and everything twice: whatever else writes there can break into one line, but hardly into both.
const HEAD: &str = r#"#!/bin/sh
systemctl mask --now serial-getty@ttyS0.service >/dev/null 2>&1
dmesg -n 1 >/dev/null 2>&1
say() {
  printf '%s\n' "$1" >/dev/console 2>/dev/null
  [ "$(cat /sys/class/tty/console/active 2>/dev/null)" = ttyS0 ] || printf '%s\n' "$1" >/dev/ttyS0 2>/dev/null
}
avail=$(cat /proc/sys/kernel/random/entropy_avail)
say "_scs-test-entropy-avail: $avail"
say "_scs-test-entropy-avail: $avail"
"#;

const TAIL: &str = r#"fips=$(python3 /run/scs-fips.py 1000 /dev/random 2>&1 | tail -n 1)
say "_scs-test-fips-test: $fips"
say "_scs-test-fips-test: $fips"
say "_scs-test-end"
"#;

/// The longest payload that is kept, in characters; and the most lines of a section. The guest prints two short ones.
const LONGEST: usize = 500;
const MOST_LINES: usize = 20;
const MOST_SECTIONS: usize = 20;

/// The marked lines of a console, by section.
#[derive(Debug, Default)]
pub(super) struct Output(BTreeMap<String, Vec<String>>);

impl Output {
    /// Reads a console's text. Whatever stands before the mark in a line is not ours; a line without a colon behind its
    /// section is dropped. What a terminal would not show (colours, cursor moves, control characters) is taken out.
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, rest) in text.lines().filter_map(|line| line.split_once(MARK)) {
            let rest = shown(rest);
            let Some((section, payload)) = rest.split_once(':') else { continue };
            if sections.len() >= MOST_SECTIONS && !sections.contains_key(section) {
                continue;
            }
            let lines = sections.entry(section.to_owned()).or_default();
            if lines.len() < MOST_LINES {
                lines.push(payload.trim().to_owned());
            }
        }
        Self(sections)
    }

    /// The lines of a section.
    pub(super) fn section(&self, name: &str) -> Option<Vec<&str>> {
        self.0.get(name).map(|lines| lines.iter().map(String::as_str).collect())
    }
}

/// What a terminal shows of a text: without escape sequences (ECMA-48) and control characters, and not more than fits.
fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().take(8 * LONGEST);
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut characters),
            c if c.is_control() => {}
            c => out.push(c),
        }
        if out.len() >= LONGEST {
            break;
        }
    }
    out
}

/// Skips what follows an escape: `[ … letter`, `] … bell`, or one character.
fn skip_sequence(characters: &mut impl Iterator<Item = char>) {
    let end: fn(char) -> bool = match characters.next() {
        Some('[') => |c| ('\u{40}'..='\u{7e}').contains(&c),
        Some(']' | 'P' | '^' | '_') => |c| c == '\u{7}' || c == '\\',
        _ => return,
    };
    let _ = characters.find(|c| end(*c));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};
    use std::process::Command;

    #[test]
    fn colours_and_cursor_moves_around_a_payload_are_not_part_of_it() {
        for line in [
            "\u{1b}[0;32m_scs-test-a: 256\u{1b}[0m",
            "\u{1b}[2J\u{1b}[1;1H_scs-test-a:\u{1b}[K 256\r",
            "\u{1b}]0;title\u{7}_scs-test-a: \u{1b}]0;more\u{1b}\\256\u{0}\u{8}",
            "_scs-test-a: 2\u{1b}[1m56\u{1b}(",
        ] {
            assert_eq!(Output::parse(line).section("a").unwrap(), ["256"], "{line:?}");
        }
    }

    #[test]
    fn a_console_that_floods_us_is_cut() {
        let flood: String = (0..10_000).map(|n| format!("_scs-test-{n}: {}\n", "x".repeat(1000))).collect();
        let output = Output::parse(&flood);
        assert_eq!(output.0.len(), MOST_SECTIONS);
        assert!(output.0.values().flatten().all(|line| line.len() <= LONGEST));
        let lines = "_scs-test-a: 1\n".repeat(10_000);
        assert_eq!(Output::parse(&lines).section("a").unwrap().len(), MOST_LINES);
    }

    #[test]
    fn a_console_cut_off_in_the_front_shows_what_is_left() {
        let whole = "boot\n_scs-test-a: 1\n_scs-test-b: 2\n_scs-test-end\n";
        for at in 0..whole.len() {
            let output = Output::parse(&whole[at..]);
            assert!(output.section("a").is_none_or(|lines| lines == ["1"]));
            assert!(output.section("b").is_none_or(|lines| lines == ["2"]));
        }
    }

    proptest! {
        #[test]
        fn any_console_is_read_without_harm(text in "(_scs-test-|[ -~:\u{1b}\u{7}\u{0}\r\n\\]\\[äß]){0,200}") {
            let output = Output::parse(&text);
            prop_assert!(output.0.values().flatten().all(|line| !line.contains(char::is_control)));
        }

        #[test]
        fn a_payload_is_found_in_any_noise(before in "[^\n_]{0,80}", after in "[^\n_]{0,80}") {
            let text = format!("{before}_scs-test-a: 256\n{after}\n");
            let output = Output::parse(&text);
            prop_assert_eq!(output.section("a").unwrap(), ["256"]);
        }
    }

    #[test]
    fn a_console_that_owns_up_to_its_simulation_is_taken_at_its_word() {
        assert_eq!(simulated("FAKE CONSOLE OUTPUT\nANOTHER\n").unwrap(), "FAKE CONSOLE OUTPUT");
        assert!(simulated("SeaBIOS\nThis guest is simulated: nothing runs in it\n[ 0.0] Linux\n").is_some());
        for text in
            ["", "[ 1.0] simulated", "cmdline: x=This guest is simulated", "_scs-test-a: FAKE CONSOLE OUTPUT"]
        {
            assert_eq!(simulated(text), None, "{text:?}");
        }
    }

    #[test]
    fn kernel_messages_before_the_mark_do_no_harm() {
        let output = Output::parse("[1.2] x_scs-test-a: 1\r\n_scs-test-b 2\nno: 3\n_scs-test-a:4: 5\n");
        assert_eq!(output.section("a").unwrap(), ["1", "4: 5"]);
        assert_eq!(output.section("b"), None);
    }

    #[test]
    fn the_script_is_small_enough_for_user_data_and_ends_with_the_mark() {
        let script = user_data();
        assert!(script.starts_with("#!/bin/sh\n") && script.len() < 8192, "{}", script.len());
        assert!(script.contains(END));
    }

    fn fips(blocks: &str, path: &str) -> String {
        let script = include_str!("fips.py");
        let ran = Command::new("python3").args(["-c", script, blocks, path]).output();
        ran.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default()
    }

    #[test]
    fn the_guests_tests_pass_random_numbers_and_fail_all_else() {
        if Command::new("python3").arg("--version").output().is_err() {
            eprintln!("skipped: python3 is not here");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        // hashes of a counter look random and are the same each day: of truly random blocks one in 1,200 fails by chance
        let hashes: Vec<u8> = (0..4_000u32).flat_map(|n| Sha256::digest(n.to_be_bytes())).collect();
        let path = dir.path().join("hashes");
        std::fs::write(&path, hashes).unwrap();
        let told = fips("40", path.to_str().unwrap());
        assert!(told.contains("failures: 0"), "{told}");
        assert!(fips("40", "/dev/zero").contains("failures: 40"));
        let counting: Vec<u8> = (0..60_000u32).flat_map(u32::to_be_bytes).collect();
        let path = dir.path().join("counting");
        std::fs::write(&path, counting).unwrap();
        assert!(fips("40", path.to_str().unwrap()).contains("failures: 40"));
    }
}
