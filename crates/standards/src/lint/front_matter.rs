//! The front matter of a document: the first YAML document of its file.

use super::{Complaint, File};
use crate::yaml::Node;

/// The front matter of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontMatter {
    entries: Vec<(String, Node)>,
    /// The lines of the front matter and the number of the first.
    lines: Vec<String>,
    first_line: usize,
    /// What follows it.
    body: String,
}

/// More front matter than any document needs.
const LONGEST: usize = 64 * 1024;

const FORM: &str =
    "begin the file with a line `---`, the keys type, status and track, and another line `---`";

impl FrontMatter {
    /// Reads the front matter of a file.
    ///
    /// # Errors
    /// A complaint about a file that has none, or none that can be read.
    pub fn read(file: &File<'_>) -> Result<Self, Box<Complaint>> {
        let wrong = |message: String| Box::new(Complaint::error("front-matter", file.name, message, FORM));
        let text = std::str::from_utf8(file.content)
            .map_err(|error| wrong(format!("byte {} of the file is not UTF-8", error.valid_up_to())))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (front, first_line, body) = split(text);
        if front.len() > LONGEST {
            return Err(wrong(format!("the front matter does not end within {LONGEST} bytes")));
        }
        match serde_saphyr::from_str(&front) {
            Ok(Node::Map(entries)) => {
                let lines = front.lines().map(str::to_owned).collect();
                Ok(Self { entries, lines, first_line, body: body.to_owned() })
            }
            Ok(Node::Null) => Err(wrong("there is no front matter".to_owned())),
            Ok(_) => Err(wrong("there is no front matter; the file begins with text".to_owned())),
            Err(error) => {
                let first = error.to_string().lines().next().unwrap_or_default().to_owned();
                Err(wrong(format!("the front matter is no YAML: {first}")))
            }
        }
    }

    /// The value of a key; of repeated keys the last one. `None` where the key is not there, [`Node::Null`] where it
    /// has no value.
    pub(super) fn value(&self, key: &str) -> Option<&Node> {
        self.entries.iter().rfind(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of a list; a single text counts as a list of one.
    pub(super) fn texts(&self, key: &str) -> Vec<&str> {
        match self.value(key) {
            Some(Node::Text(text)) => vec![text],
            Some(Node::List(items)) => items
                .iter()
                .filter_map(|item| if let Node::Text(text) = item { Some(text.as_str()) } else { None })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The line of the file on which a key stands.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        let is_key =
            |line: &String| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
        self.lines.iter().position(is_key).map(|index| index + self.first_line)
    }

    /// What follows the front matter.
    pub(super) fn body(&self) -> &str {
        &self.body
    }
}

/// The text up to the line that ends the front matter, the number of its first line, and the rest.
fn split(text: &str) -> (String, usize, &str) {
    let is_mark = |line: &str| matches!(line.trim_end(), "---" | "...");
    let mut front = String::new();
    let mut read = 0;
    let (mut opened, mut first_line) = (false, 1);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        read += line.len();
        let blank = front.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if is_mark(line) {
            if !opened && blank && line.starts_with('-') {
                (opened, first_line) = (true, index + 2);
                front.clear();
                continue;
            }
            return (front, first_line, text.get(read..).unwrap_or_default());
        }
        front.push_str(line);
    }
    (front, first_line, "")
}
