//! Writing text into XML and HTML.

/// Text with everything escaped that has a meaning, and without characters that XML forbids.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_cloud_can_become_markup() {
        assert_eq!(escape("<a b='c'>\"&\u{0}\u{1b}"), "&lt;a b=&#39;c&#39;&gt;&quot;&amp;\u{fffd}\u{fffd}");
    }
}
