//! Path patterns of access rules: `*` and `{name}` are one segment, `**` is anything. Upstream: keystonemiddleware.

/// True where the whole of `path` fits `pattern`.
#[must_use]
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let Some(pieces) = pieces(pattern) else { return false };
    fits(&pieces, path.as_bytes())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Byte(u8),
    /// One or more bytes without `/`.
    Segment,
    /// Any bytes.
    Rest,
}

/// `None` for a pattern with a `{` that does not end.
fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::with_capacity(pattern.len());
    let mut rest = pattern.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'*' if after.first() == Some(&b'*') => {
                pieces.push(Piece::Rest);
                &after[1..]
            }
            b'*' => {
                pieces.push(Piece::Segment);
                after
            }
            b'{' => {
                pieces.push(Piece::Segment);
                &after[after.iter().position(|byte| *byte == b'}')? + 1..]
            }
            byte => {
                pieces.push(Piece::Byte(*byte));
                after
            }
        };
    }
    Some(pieces)
}

/// Which beginnings of the pattern fit the path so far: time is pattern times path, whatever the pattern.
fn fits(pieces: &[Piece], path: &[u8]) -> bool {
    let mut states = vec![false; pieces.len() + 1];
    states[0] = true;
    skip(pieces, &mut states);
    for byte in path {
        let mut next = vec![false; pieces.len() + 1];
        for (at, piece) in pieces.iter().enumerate().filter(|(at, _)| states[*at]) {
            match piece {
                Piece::Byte(wanted) => next[at + 1] |= wanted == byte,
                Piece::Segment if *byte != b'/' => {
                    next[at] = true;
                    next[at + 1] = true;
                }
                Piece::Segment => {}
                Piece::Rest => next[at] = true,
            }
        }
        skip(pieces, &mut next);
        states = next;
    }
    states[pieces.len()]
}

/// `**` may be empty.
fn skip(pieces: &[Piece], states: &mut [bool]) {
    for (at, piece) in pieces.iter().enumerate() {
        states[at + 1] |= states[at] && *piece == Piece::Rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_keystonemiddleware_says() {
        let table = [
            ("/v2.1/servers", "/v2.1/servers", true),
            ("/v2.1/servers", "/v2.1/servers/1", false),
            ("/v2.1/servers/*", "/v2.1/servers/1", true),
            ("/v2.1/servers/*", "/v2.1/servers/1/ips", false),
            ("/v2.1/servers/*", "/v2.1/servers/", false),
            ("/v2.1/servers/{server_id}/ips", "/v2.1/servers/1/ips", true),
            ("/v2.1/servers/*/ips", "/v2.1/servers/1/2/ips", false),
            ("/v2.1/**", "/v2.1/servers/1/ips", true),
            ("/v2.1/**", "/v2.1/", true),
            ("/v2.1/**/ips", "/v2.1/servers/1/ips", true),
            ("**", "/anything", true),
            ("/v2.1/{open", "/v2.1/x", false),
            ("/v2.1", "/v2x1", false),
            ("", "", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = "/**a".repeat(60);
        assert!(!matches(&pattern, &"/a".repeat(2000).replace("a/", "b/")));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_patterns_never_panic(pattern in "[/*{}a]{0,40}", path in "[/a]{0,40}") {
            let _ = matches(&pattern, &path);
        }
    }
}
