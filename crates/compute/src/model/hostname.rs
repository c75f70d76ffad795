//! A host name made from a server's display name.

/// Most characters of a label, by RFC 1123.
const LONGEST: usize = 63;

/// The display name as DNS allows it: letters, digits and dashes, lower case; anything that leaves nothing becomes
/// `Server-<id>`, as in Nova.
#[must_use]
pub fn from_name(name: &str, server: &str) -> String {
    let mut label = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            ' ' | '_' | '.' => label.push('-'),
            c if c.is_ascii_alphanumeric() || c == '-' => label.push(c.to_ascii_lowercase()),
            _ => {}
        }
    }
    let label = label.trim_matches('-');
    let label = if label.is_empty() { format!("server-{server}") } else { label.to_owned() };
    label.chars().take(LONGEST).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::from_name;

    #[test]
    fn names_become_labels() {
        let id = "11111111-2222-4333-8444-555555555555";
        for (name, label) in [
            ("web 1", "web-1"),
            ("My_Server.example", "my-server-example"),
            ("-edge-", "edge"),
            ("späti", "spti"),
            ("...", "server-11111111-2222-4333-8444-555555555555"),
            ("服务器", "server-11111111-2222-4333-8444-555555555555"),
        ] {
            assert_eq!(from_name(name, id), label, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_gives_a_valid_label(name in ".{0,300}") {
            let label = from_name(&name, "11111111-2222-4333-8444-555555555555");
            assert!(!label.is_empty() && label.len() <= 63);
            assert!(label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            assert!(!label.starts_with('-') && !label.ends_with('-'));
        }
    }
}
