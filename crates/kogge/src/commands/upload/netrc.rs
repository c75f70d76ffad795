//! The file `.netrc`: `machine HOST login NAME password PASSWORD`, and `default`.

/// Name and password for a host; of several entries the first, of `default` only where there is none.
pub(super) fn entry(text: &str, host: &str) -> Option<(String, String)> {
    let mut words = Words(text);
    let (mut found, mut applies) = (Entry::default(), false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" => {
                if let Some(whole) = found.whole().filter(|_| applies) {
                    return Some(whole);
                }
                found = Entry::default();
                applies = word == "default" || words.next()?.eq_ignore_ascii_case(host);
            }
            "login" => found.login = words.next(),
            "password" => found.password = words.next(),
            "account" => drop(words.next()),
            "macdef" => words.skip_macro(),
            _ => {}
        }
    }
    found.whole().filter(|_| applies)
}

#[derive(Default)]
struct Entry {
    login: Option<String>,
    password: Option<String>,
}

impl Entry {
    fn whole(&self) -> Option<(String, String)> {
        Some((self.login.clone()?, self.password.clone()?))
    }
}

/// Words between blanks; in double quotes with blanks, `\` before a quote or itself. `#` begins a comment.
struct Words<'a>(&'a str);

impl Words<'_> {
    /// A macro ends at an empty line.
    fn skip_macro(&mut self) {
        self.0 = self.0.split_once("\n\n").map_or("", |(_, rest)| rest);
    }

    fn quoted(&mut self) -> String {
        let mut word = String::new();
        let mut chars = self.0.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return word;
                }
                '\\' => word.extend(chars.next().map(|(_, c)| c)),
                c => word.push(c),
            }
        }
        self.0 = "";
        word
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0 = self.0.trim_start();
        while self.0.starts_with('#') {
            self.0 = self.0.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
        }
        if let Some(rest) = self.0.strip_prefix('"') {
            self.0 = rest;
            return Some(self.quoted());
        }
        if self.0.is_empty() {
            return None;
        }
        let (word, rest) = self.0.split_at(self.0.find(char::is_whitespace).unwrap_or(self.0.len()));
        self.0 = rest;
        Some(word.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "# mine\nmachine other.example login x password y\nmacdef init\ncd /\nmachine m.example\n\n\
        machine m.example\n  login bob account z\n  password \"a b\\\"c\"\ndefault login d password e\n";

    #[test]
    fn the_hosts_entry_is_found() {
        let found = |host: &str| entry(FILE, host);
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(found("m.example"), pair("bob", "a b\"c"));
        assert_eq!(found("M.example"), pair("bob", "a b\"c"));
        assert_eq!(found("other.example"), pair("x", "y"));
        assert_eq!(found("else.example"), pair("d", "e"));
    }

    #[test]
    fn half_an_entry_is_none() {
        assert_eq!(entry("machine m login x", "m"), None);
        assert_eq!(entry("machine", "m"), None);
        assert_eq!(entry("", "m"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), host in any::<String>()) {
            let _ = entry(&text, &host);
        }
    }
}
