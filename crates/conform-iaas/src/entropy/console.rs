//! What the guest runs, and what of it is found on the console.

use std::collections::BTreeMap;

/// Begins every line of ours.
const MARK: &str = "_scs-test-";

/// The last thing that the guest prints.
pub(super) const END: &str = "_scs-test-end";

/// What cloud-init prints when the script could not run.
pub(super) const BROKEN: &str = "Failed to run module scripts-user";

/// The script: a shell script as user data, so that nothing but cloud-init and Python is needed.
pub(super) fn user_data() -> String {
    format!("{HEAD}cat >/run/scs-fips.py <<'PYTHON'\n{}PYTHON\n{TAIL}", include_str!("fips.py"))
}

/// Quiets the login prompt; prints to the console and to the serial port, whichever of them the cloud shows.
const HEAD: &str = r#"#!/bin/sh
systemctl mask --now serial-getty@ttyS0.service >/dev/null 2>&1
say() {
  printf '%s\n' "$1" >/dev/console 2>/dev/null
  [ "$(cat /sys/class/tty/console/active 2>/dev/null)" = ttyS0 ] || printf '%s\n' "$1" >/dev/ttyS0 2>/dev/null
}
say "_scs-test-entropy-avail: $(cat /proc/sys/kernel/random/entropy_avail)"
"#;

const TAIL: &str = r#"say "_scs-test-fips-test: $(python3 /run/scs-fips.py 1000 /dev/random 2>&1 | tail -n 1)"
say "_scs-test-end"
"#;

/// The marked lines of a console, by section.
#[derive(Debug, Default)]
pub(super) struct Output(BTreeMap<String, Vec<String>>);

impl Output {
    /// Reads a console's text. Whatever stands before the mark in a line is not ours; a line without a colon behind its
    /// section is dropped.
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let marked = line.split_once(MARK).and_then(|(_, rest)| rest.split_once(':'));
            if let Some((section, payload)) = marked {
                sections.entry(section.to_owned()).or_default().push(payload.trim().to_owned());
            }
        }
        Self(sections)
    }

    /// The lines of a section.
    pub(super) fn section(&self, name: &str) -> Option<Vec<&str>> {
        self.0.get(name).map(|lines| lines.iter().map(String::as_str).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

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
        assert!(fips("40", "/dev/urandom").contains("failures: 0"), "{}", fips("40", "/dev/urandom"));
        assert!(fips("40", "/dev/zero").contains("failures: 40"));
        let dir = tempfile::tempdir().unwrap();
        let counting: Vec<u8> = (0..60_000u32).flat_map(u32::to_be_bytes).collect();
        let path = dir.path().join("counting");
        std::fs::write(&path, counting).unwrap();
        assert!(fips("40", path.to_str().unwrap()).contains("failures: 40"));
    }
}
