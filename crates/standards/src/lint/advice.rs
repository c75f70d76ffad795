//! What SCS-0001 asks for beyond the community's linter.

use super::{Complaint, File, FrontMatter, Level, rules};
use crate::document::Track;

pub(super) fn check(file: &File<'_>, front: &FrontMatter, names: &[&str]) -> Vec<Complaint> {
    let name = file.name;
    let advice = |rule, message: String, fix: &str| Complaint::new(Level::Advice, rule, name, message, fix);
    let mut complaints = Vec::new();
    if file.content.starts_with("\u{feff}".as_bytes()) {
        let message = "the file begins with a byte order mark, which many programs do not expect".to_owned();
        complaints.push(advice("byte-order-mark", message, "save it without one"));
    }
    if let Some(message) = slug(name) {
        complaints.push(advice(
            "slug",
            message,
            "for a new document, use small letters, digits and single dashes",
        ));
    }
    let number: String = name.chars().skip(4).take(4).collect();
    if let (Some(track), Some(written)) = (Track::of_number(&number), front.text("track"))
        && written != track.word()
    {
        let message =
            format!("its number belongs to the track {}, the front matter says {written:?}", track.word());
        complaints
            .push(advice("track-digit", message, "change the one or the other").at(front.line("track")));
    }
    for key in ["replaces", "replaced_by"] {
        let line = front.line(key);
        for other in front.texts(key) {
            if other == name {
                let message = format!("it names itself under {key}");
                complaints.push(advice("names-itself", message, "name the other version").at(line));
            } else if key == "replaced_by" && !names.contains(&other) {
                let message = format!("it is replaced by {other:?}, which is not in the folder");
                complaints.push(advice("replaced-by-exists", message, "name a file of this folder").at(line));
            }
        }
    }
    if rules::is_main(name) {
        complaints.extend(succession(name, front, names));
        complaints.extend(sections(name, front));
    }
    complaints
}

/// What is wrong with the words of a file name.
fn slug(name: &str) -> Option<String> {
    let words = name.strip_suffix(".md")?.splitn(4, '-').nth(3)?;
    let odd = words.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'));
    match odd {
        Some(odd) => Some(format!("the words of the name hold {odd:?}")),
        None if words.starts_with('-') || words.contains("--") => {
            Some("the words of the name hold an empty word".to_owned())
        }
        None => None,
    }
}

/// A deprecated document with a later version should say so.
fn succession(name: &str, front: &FrontMatter, names: &[&str]) -> Option<Complaint> {
    let over = matches!(front.text("status"), Some("Deprecated" | "Rejected"));
    if !over || front.value("replaced_by").is_some() {
        return None;
    }
    let version = name.get(10..11)?.parse::<u32>().ok()?;
    let next = format!("{}v{}-", name.get(..9)?, version + 1);
    let successor = names.iter().find(|other| other.starts_with(&next))?;
    let message = "it is over and does not say what replaces it".to_owned();
    let fix = format!("write `replaced_by:` and `- {successor}`");
    Some(Complaint::new(Level::Advice, "replaced-by", name, message, fix).at(front.line("status")))
}

/// Chapters that a document of this type has to have, in lower case.
fn wanted(kind: &str) -> &'static [&'static str] {
    match kind {
        "Standard" => &["introduction", "motivation", "conformance tests"],
        "Decision Record" => &["abstract", "context"],
        _ => &[],
    }
}

fn sections(name: &str, front: &FrontMatter) -> Option<Complaint> {
    let mut headings = Vec::new();
    let mut in_code = false;
    for line in front.body().lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with('#') {
            headings.push(line.trim_matches('#').trim().to_lowercase());
        }
    }
    let kind = front.text("type").unwrap_or_default();
    let lost: Vec<_> =
        wanted(kind).iter().filter(|title| !headings.iter().any(|found| found == *title)).copied().collect();
    let message =
        format!("a {kind} has the chapters {}; missing: {}", wanted(kind).join(", "), lost.join(", "));
    let fix = "add them, or say in the document where the content is";
    (!lost.is_empty()).then(|| Complaint::new(Level::Advice, "chapters", name, message, fix))
}
