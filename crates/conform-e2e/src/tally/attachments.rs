//! The attachments that say why: tracebacks and reasons, bounded. Logs are left in Tempest's own file.

use std::collections::HashMap;

/// How many bytes of an attachment's end are kept; the reason stands at a traceback's end.
const KEPT: usize = 64 * 1024;
/// How many tests may have attachments open at a time.
const OPEN: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Attachments(HashMap<String, Texts>);

#[derive(Debug, Default)]
struct Texts {
    traceback: Vec<u8>,
    reason: Vec<u8>,
}

impl Attachments {
    pub(super) fn add(&mut self, id: &str, name: &str, bytes: &[u8]) {
        let known = self.0.len() < OPEN || self.0.contains_key(id);
        if !known || !(name.starts_with("traceback") || name == "reason") {
            return;
        }
        let texts = self.0.entry(id.to_owned()).or_default();
        let text = if name == "reason" { &mut texts.reason } else { &mut texts.traceback };
        text.extend_from_slice(bytes);
        if text.len() > KEPT {
            text.drain(..text.len() - KEPT);
        }
    }

    pub(super) fn traceback(&self, id: &str) -> String {
        self.0.get(id).map(|texts| String::from_utf8_lossy(&texts.traceback).into_owned()).unwrap_or_default()
    }

    pub(super) fn reason(&self, id: &str) -> String {
        self.0.get(id).map(|texts| String::from_utf8_lossy(&texts.reason).into_owned()).unwrap_or_default()
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_traceback_is_kept() {
        let mut attachments = Attachments::default();
        for _ in 0..100 {
            attachments.add("t", "traceback", &[b'x'; 10_000]);
        }
        attachments.add("t", "traceback", b"Boom: last");
        assert_eq!(attachments.traceback("t").len(), KEPT);
        assert!(attachments.traceback("t").ends_with("Boom: last"));
    }

    #[test]
    fn logs_and_endless_names_are_not_kept() {
        let mut attachments = Attachments::default();
        attachments.add("t", "pythonlogging:''", b"a password?");
        assert!(attachments.0.is_empty());
        for number in 0..OPEN * 2 {
            attachments.add(&number.to_string(), "reason", b"r");
        }
        assert_eq!(attachments.0.len(), OPEN);
    }
}
