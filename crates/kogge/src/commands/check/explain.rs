//! `kogge check explain`: what a test case demands, how it is judged, what helps.

use kogge_conform::render::terminal;
use kogge_conform_iaas::{Explanation, Means, explain_all};

use crate::cli::Explain;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Says what there is to know about a test case, or about all whose ids begin alike.
pub(super) fn run(what: &Explain) -> Result<Exit, Failure> {
    let found = explain_all(&what.id).map_err(|error| Failure::Usage(error.to_string()))?;
    let width = textwrap::termwidth().clamp(40, WIDEST);
    show(what.output, &found, |found| {
        found.iter().map(|one| rendered(one, width)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Exit::Pass)
}

fn rendered(known: &Explanation, width: usize) -> String {
    let about = &known.description;
    let mut text = format!("{}\n", about.id);
    let mut part = |name: &str, words: &str| {
        text.push_str(&terminal::hanging(width, &format!("  {name:<11}"), words));
        text.push('\n');
    };
    part("looks at", &about.title);
    part("decided", means(known.means));
    if !known.versions.is_empty() {
        part("listed in", &known.versions.join(", "));
    }
    part("rule", &known.rule);
    part("judged", known.reading);
    known.differences.iter().for_each(|difference| part("differs", difference));
    if known.means != Means::Manual {
        part("needs", &about.wants());
        part("creates", &about.makes());
    }
    known.fixes.iter().for_each(|fix| part("fix", fix));
    part("see", &about.url);
    text
}

fn means(means: Means) -> &'static str {
    match means {
        Means::Automated => "by this program; it counts where a version lists it",
        Means::Advisory => "by this program with --advisory; it informs and never counts",
        Means::Manual => "by people; no program can see it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_terminal_and_addresses_stay_whole() {
        for known in kogge_conform_iaas::explanations() {
            for line in rendered(&known, 60).lines().filter(|line| !line.contains("https://")) {
                assert!(line.chars().count() <= 60, "{line}");
            }
            assert!(rendered(&known, 40).contains(&known.description.url));
        }
    }

    #[test]
    fn every_part_has_its_name() {
        let known = kogge_conform_iaas::explain("scs-0117-test-backup").unwrap();
        let text = rendered(&known, 100);
        for part in ["looks at", "listed in", "rule", "judged", "differs", "needs", "creates", "fix", "see"] {
            assert!(text.contains(&format!("\n  {part}")), "{part}: {text}");
        }
        assert!(text.contains("2 volumes"), "{text}");
    }
}
