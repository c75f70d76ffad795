//! Maps of texts as clients write them into query strings: JSON, or what Python prints of a `dict`.

/// The pairs of a map of texts; `None` for anything else.
#[must_use]
pub fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut rest = inner.trim();
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (key, behind) = quoted(rest)?;
        let (value, behind) = quoted(behind.trim_start().strip_prefix(':')?.trim_start())?;
        pairs.push((key, value));
        rest = behind.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(pairs)
}

/// The text in quotes at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('u').unwrap_or(text);
    let quote = text.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let mut found = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, next)) = chars.next() {
        match next {
            '\\' => found.push(chars.next()?.1),
            next if next == quote => return Some((found, &text[at + 1..])),
            next => found.push(next),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_read_as_python_and_json_write_them() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(pairs("{}"), Some(Vec::new()));
        assert_eq!(pairs(r#"{"a":"1","b" : "2"}"#), Some(vec![pair("a", "1"), pair("b", "2")]));
        assert_eq!(pairs("{u'a': u'x y', 'q': 'it\\'s'}"), Some(vec![pair("a", "x y"), pair("q", "it's")]));
        for bad in ["", "a", "{a: 1}", "{'a': 1}", "{'a'}", "{'a': 'b' 'c': 'd'}", "{'a': 'b", "['a']"] {
            assert_eq!(pairs(bad), None, "{bad}");
        }
    }
}
