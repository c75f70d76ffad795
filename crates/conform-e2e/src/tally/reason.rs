//! The one line of a traceback that a reader wants.

/// How long a reason may be, in characters.
const LONGEST: usize = 400;

/// The exception and its message: what stands behind the last stack frame, in one line.
pub(super) fn of_traceback(text: &str, secrets: &[String]) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let frame = |line: &str| line.starts_with([' ', '\t']);
    let begin = (1..lines.len()).rev().find(|at| frame(lines[at - 1]) && !frame(lines[*at]));
    one_line(&lines[begin.unwrap_or_default()..].join(" "), secrets)
}

/// A text in one line, bounded, without control characters and without secrets.
pub(super) fn one_line(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "***");
    }
    let words: Vec<&str> =
        text.split(|c: char| c.is_control() || c.is_whitespace()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEBACK: &str = "Traceback (most recent call last):\n  File \"a.py\", line 7, in test\n    self.x()\n    ^^^^^^\n\
        ValueError: first\n\nDuring handling of the above exception, another exception occurred:\n\n\
        Traceback (most recent call last):\n  File \"b.py\", line 9, in y\n    raise z\n\
        tempest.lib.exceptions.BadRequest: Bad request\nDetails: {'code': 400, 'message': 'no'}\n";

    #[test]
    fn the_last_exception_with_its_details_is_the_reason() {
        assert_eq!(
            of_traceback(TRACEBACK, &[]),
            "tempest.lib.exceptions.BadRequest: Bad request Details: {'code': 400, 'message': 'no'}"
        );
    }

    #[test]
    fn what_is_no_traceback_is_shown_as_it_is() {
        assert_eq!(of_traceback("returncode -9", &[]), "returncode -9");
        assert_eq!(of_traceback("", &[]), "");
    }

    #[test]
    fn a_reason_is_short_one_line_and_paints_nothing() {
        let line = one_line(&format!("\u{1b}[31mred\r\n{}", "long ".repeat(1000)), &[]);
        assert!(line.chars().count() == LONGEST + 1 && !line.contains(char::is_control), "{line}");
    }

    #[test]
    fn a_password_in_a_message_is_taken_out() {
        assert_eq!(one_line("bad password s3cret!", &["s3cret!".to_owned()]), "bad password ***");
    }
}
