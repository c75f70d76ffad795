//! What a name, a description and an id look like.

/// 1 or more printable characters, none of the first and last a space. (The length is checked apart.)
pub fn is_name(text: &str) -> bool {
    let ends = [text.chars().next(), text.chars().next_back()];
    is_description(text) && ends.into_iter().flatten().all(|c| !c.is_whitespace())
}

/// Printable characters: no control characters, no line or paragraph separators.
pub fn is_description(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{ad}' | '\u{feff}'))
        && !text
            .chars()
            .any(|c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{e000}'..='\u{f8ff}'))
}

/// A UUID in the spellings that oslo takes (braces, `urn:uuid:`, without dashes), written the usual way.
pub fn uuid_like(text: &str) -> Option<String> {
    uuid::Uuid::try_parse(text).ok().map(|id| id.hyphenated().to_string())
}
