//! Making what the cloud wrote safe to show: names may hold escape sequences, and faults may repeat secrets.

use kogge_client::Client;

use crate::outcome::Outcome;

/// The text without characters that steer a terminal or turn the direction of writing.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if steers_a_terminal(c) { ' ' } else { c }).collect()
}

/// Whether a character steers a terminal or turns the direction of writing.
#[must_use]
pub fn steers_a_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The outcome with every text made safe, and without the client's secrets.
pub(crate) fn safe(mut outcome: Outcome, client: &Client) -> Outcome {
    let clean = |text: &mut String| *text = printable(&client.without_secrets(text));
    outcome.reason.iter_mut().for_each(clean);
    for finding in &mut outcome.findings {
        let object = &mut finding.object;
        let texts = [&mut object.name, &mut finding.expected, &mut finding.found, &mut finding.fix];
        texts.into_iter().chain(&mut object.id).for_each(clean);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc\u{9b}d"), "a [2Jb  c d");
        assert_eq!(printable("x\u{202e}gpj.exe\u{2069}"), "x gpj.exe ");
        assert_eq!(printable("Übung 24.04 🙂"), "Übung 24.04 🙂");
    }
}
