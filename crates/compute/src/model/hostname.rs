//! A host name made from a server's display name.

/// Most characters of a label, by RFC 1123.
const LONGEST: usize = 63;

/// The display name as a host name: letters and digits of Latin-1 and dashes, lower case; what leaves nothing becomes
/// `Server-<id>`. Source: `nova/utils.py`, `sanitize_hostname`.
#[must_use]
pub fn from_name(name: &str, server: &str) -> String {
    let mut label = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            ' ' | '_' | '.' => label.push('-'),
            c if (c.is_alphanumeric() && c <= '\u{ff}') || c == '-' => label.extend(c.to_lowercase()),
            _ => {}
        }
    }
    let label = label.trim_matches('-');
    let label = if label.is_empty() { format!("Server-{server}") } else { label.to_owned() };
    label.chars().take(LONGEST).collect::<String>().trim_end_matches('-').to_owned()
}

/// The first label of a host name as DNS has it; empty where it has no letter of ASCII.
#[must_use]
pub fn dns_label(hostname: &str) -> String {
    let label = hostname.split('.').next().unwrap_or_default();
    let plain: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    plain.trim_matches('-').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{dns_label, from_name};

    #[test]
    fn dns_has_labels_of_ascii() {
        for (name, label) in
            [("web-1.example", "web-1"), ("büro-1", "bro-1"), ("ü-", ""), ("Server-1", "server-1")]
        {
            assert_eq!(dns_label(name), label, "{name}");
        }
    }

    #[test]
    fn names_become_labels() {
        let id = "11111111-2222-4333-8444-555555555555";
        for (name, label) in [
            ("web 1", "web-1"),
            ("My_Server.example", "my-server-example"),
            ("-edge-", "edge"),
            ("Späti", "späti"),
            ("BÜRO_1.example", "büro-1-example"),
            ("...", "Server-11111111-2222-4333-8444-555555555555"),
            ("服务器", "Server-11111111-2222-4333-8444-555555555555"),
        ] {
            assert_eq!(from_name(name, id), label, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_gives_a_valid_label(name in ".{0,300}") {
            let label = from_name(&name, "11111111-2222-4333-8444-555555555555");
            assert!(!label.is_empty() && label.chars().count() <= 63);
            assert!(label.chars().all(|c| (c.is_alphanumeric() && c <= '\u{ff}') || c == '-'));
            assert!(!label.starts_with('-') && !label.ends_with('-'));
        }
    }
}
