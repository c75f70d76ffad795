//! Writing a file for oslo.config, in which no value from a cloud can become another key, section or variable.
//!
//! Facts about oslo.config: a value ends at its line, a line that begins with a space continues the one before, one pair
//! of equal quotes around a value is taken off, surrounding space is cut, `$name` is replaced, and `$$` and `\$` mean `$`.

use std::fmt::Write;

use kogge_conform::Problem;

/// A file being written.
#[derive(Debug, Default)]
pub(crate) struct Ini(String);

impl Ini {
    pub(crate) fn section(&mut self, name: &str) {
        let blank = if self.0.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.0, "{blank}[{name}]");
    }

    /// A key with a text that may come from anywhere.
    ///
    /// # Errors
    /// If the text cannot be written. It is not quoted: it may be a secret.
    pub(crate) fn set(&mut self, key: &str, text: &str) -> Result<(), Problem> {
        let value = value(text)
            .map_err(|because| Problem::ours(format!("tempest.conf: the value of {key} {because}")))?;
        let _ = writeln!(self.0, "{key} = {value}");
        Ok(())
    }

    /// A key with a word of ours.
    pub(crate) fn word(&mut self, key: &str, word: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{key} = {word}");
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}

fn value(text: &str) -> Result<String, &'static str> {
    if text.chars().any(char::is_control) {
        return Err("holds a control character");
    }
    if text.contains("\\$") {
        return Err("holds a backslash before a dollar sign, which Tempest cannot read");
    }
    let value = text.replace('$', "$$");
    let bare = value.trim() == value && !value.starts_with(['"', '\'']) && !value.ends_with(['"', '\'']);
    Ok(if bare { value } else { format!("\"{value}\"") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What oslo.config makes of a line, for texts that name no option.
    fn read(line: &str) -> String {
        let value = line.split_once('=').unwrap().1.trim();
        let mut chars = value.chars();
        let quoted = matches!((chars.next(), chars.next_back()), (Some(a), Some(b)) if a == b && (a == '"' || a == '\''));
        let value = if quoted { &value[1..value.len() - 1] } else { value };
        value.replace("\\$", "$$").replace("$$", "$")
    }

    #[test]
    fn values_come_back_as_they_were() {
        for text in ["plain", " space ", "\"quoted\"", "'", "$HOME and $$", "a = b # c", "", "ü\u{a0}", "\\"]
        {
            let mut ini = Ini::default();
            ini.set("key", text).unwrap();
            assert_eq!(read(ini.text().trim_end_matches('\n')), text);
        }
    }

    #[test]
    fn a_value_cannot_begin_another_line() {
        for text in ["a\nadmin_role = x", "a\r[auth]", "a\u{85}b", "a\0", "p\\$w"] {
            let problem = Ini::default().set("key", text).unwrap_err();
            assert!(problem.text().contains("key") && !problem.text().contains("admin_role"), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back_or_is_refused(text in "\\PC{0,20}") {
            let mut ini = Ini::default();
            if ini.set("key", &text).is_ok() {
                let written = ini.text();
                prop_assert_eq!(written.lines().count(), 1);
                prop_assert_eq!(read(written.trim_end_matches('\n')), text);
            }
        }
    }
}
