//! `kogge standards flavor-name parse`.

use std::collections::BTreeMap;

use kogge_standards::Verdict;
use kogge_standards::flavor_name::{
    Explained, FlavorName, Hypervisor, ParseError, ParseErrorKind, Parsed, Reading, Spelling, extra_specs,
};
use serde::Serialize;

use super::super::{print, table};
use super::ORDER;
use crate::cli::flavor_name::Parse;
use crate::exit::{Exit, Failure};
use crate::output::printable;

/// Extra specs beyond these are not shown: a name may promise any number of disks.
const MOST_EXTRA_SPECS: usize = 64;

/// Longer names than any cloud takes.
const LONGEST: usize = 64 * 1024;

/// A name and what the standard says of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: String,
    /// Whether SCS-0100 says anything about it.
    regulated: bool,
    /// The verdict of `scs-0100-syntax-check` on a cloud with this name only; none on unregulated names.
    syntax: Option<Verdict>,
    /// The verdict of `scs-0100-semantics-check` on a flavor that has exactly what the name says.
    semantics: Option<Verdict>,
    /// Whether the document allows it; the upstream parser refuses some names that it allows.
    valid_by_document: bool,
    details: Option<Details>,
    error: Option<ErrorView>,
}

/// What a valid name says.
#[derive(Debug, Serialize)]
pub(super) struct Details {
    pub(super) canonical: String,
    pub(super) short: String,
    /// How it is written by each version of the standard; version 1 has no word for some parts.
    spellings: Spellings,
    written_with: Option<Spelling>,
    parts: Vec<Explained>,
    promises: FlavorName,
    extra_specs: BTreeMap<String, String>,
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Spellings {
    v1: Option<String>,
    v2: String,
    v3: String,
}

#[derive(Debug, Serialize)]
struct ErrorView {
    #[serde(flatten)]
    error: ParseError,
    /// A valid name that was probably meant.
    suggestion: Option<String>,
}

impl Details {
    pub(super) fn new(name: &FlavorName, written_with: Option<Spelling>, remarks: Vec<String>) -> Self {
        let canonical = name.to_string();
        let v1 = (name.hypervisor != Some(Hypervisor::Chy)).then(|| name.spelled(Spelling::Colons));
        Self {
            short: name.short(),
            spellings: Spellings { v1, v2: canonical.clone(), v3: canonical.clone() },
            canonical,
            written_with,
            parts: name.explain(),
            promises: name.clone(),
            extra_specs: extra_specs(name).take(MOST_EXTRA_SPECS).collect(),
            remarks,
        }
    }

    /// The parts, one a line.
    pub(super) fn parts(&self) -> String {
        let rows = self.parts.iter().map(|part| {
            let text = if part.text.is_empty() { "(none)" } else { part.text.as_str() };
            vec![format!("  {text}"), part.meaning.clone()]
        });
        table(&[], rows.collect())
    }

    pub(super) fn names(&self) -> String {
        let v1 = self.spellings.v1.as_deref().unwrap_or("(has no word for Cloud Hypervisor)");
        let row = |name: &str, value: &str| vec![format!("  {name}"), value.to_owned()];
        let rows = vec![
            row("long name", &self.canonical),
            row("short name", &self.short),
            row("as version 1 wrote it", v1),
            row("as versions 2 and 3 write it", &self.canonical),
        ];
        table(&[], rows)
    }

    pub(super) fn specs(&self) -> String {
        let rows =
            self.extra_specs.iter().map(|(key, value)| vec![format!("  {key}"), value.clone()]).collect();
        table(&[], rows)
    }

    pub(super) fn remarks(&self) -> String {
        self.remarks.iter().map(|remark| format!("\n  note: {remark}")).collect()
    }
}

impl Report {
    fn new(name: &str) -> Self {
        let parsed = FlavorName::parse_tolerant(name);
        let valid_by_document = FlavorName::parse_tolerant_as(name, Reading::Document).is_ok();
        let name = name.to_owned();
        match parsed {
            Ok(parsed) => Self {
                syntax: Some(Verdict::Pass),
                semantics: Some(if parsed.name.is_comparable() { Verdict::Pass } else { Verdict::Abort }),
                details: Some(details(&parsed, &name)),
                error: None,
                regulated: true,
                valid_by_document,
                name,
            },
            Err(error) => {
                let regulated = error.kind != ParseErrorKind::NotScs;
                let broken_off = error.kind == ParseErrorKind::RamOverflow;
                let verdict = |otherwise| if broken_off { Verdict::Abort } else { otherwise };
                let suggestion = FlavorName::suggest(&name).map(|meant| meant.to_string());
                Self {
                    syntax: regulated.then(|| verdict(Verdict::Fail)),
                    // names that do not parse are the syntax check's business
                    semantics: regulated.then(|| verdict(Verdict::Pass)),
                    details: None,
                    error: Some(ErrorView { error, suggestion }),
                    regulated,
                    valid_by_document,
                    name,
                }
            }
        }
    }

    fn text(&self) -> String {
        let mut text = printable(&self.name);
        if let Some(details) = &self.details {
            text.push_str(&format!("\n{}\n\n{}{}", details.parts(), details.names(), details.remarks()));
        }
        if let Some(error) = &self.error {
            text.push_str(&self.wrong(error));
        }
        let word = |verdict: Option<Verdict>| verdict.map_or("-", Verdict::word);
        if self.regulated {
            let kept =
                if self.details.is_some() { "of a flavor that keeps it" } else { "which passes over it" };
            text.push_str(&format!(
                "\n\n  scs-0100-syntax-check: {}; scs-0100-semantics-check, {kept}: {}",
                word(self.syntax),
                word(self.semantics)
            ));
        }
        text
    }

    /// The caret below the offending place, and what would be right.
    fn wrong(&self, error: &ErrorView) -> String {
        let ErrorView { error: ParseError { position, expected, found, .. }, suggestion } = error;
        let meant =
            suggestion.as_ref().map_or_else(String::new, |meant| format!("\n  did you mean {meant}?"));
        if !self.regulated {
            let why = "The name does not begin with SCS-: SCS-0100 says nothing about it, and no check looks at it.";
            return format!("\n  {why}{meant}");
        }
        let before = self.name.get(..*position).unwrap_or_default();
        let indent = " ".repeat(printable(before).chars().count());
        let found = if found.is_empty() { "the end".to_owned() } else { format!("{found:?}") };
        let mut text = format!("\n{indent}^ expected {expected}\n{indent}  found {found}{meant}");
        if self.valid_by_document {
            text.push_str(
                "\n  note: The document allows this name; the upstream parser, and so the check, refuses it. Naming the \
                 units of the GPU helps (such as _GNa-14_ib).",
            );
        }
        text.push_str(&format!("\n  {ORDER}"));
        text
    }
}

fn details(parsed: &Parsed, written: &str) -> Details {
    Details::new(&parsed.name, Some(parsed.spelling), parsed.remarks(written))
}

/// Exit code 3 where a name breaks the standard.
pub(super) fn run(arguments: &Parse) -> Result<Exit, Failure> {
    if let Some(long) = arguments.name.iter().find(|name| name.len() > LONGEST) {
        return Err(Failure::Usage(format!("a name of {} bytes is longer than any cloud takes", long.len())));
    }
    let reports: Vec<_> = arguments.name.iter().map(|name| Report::new(name)).collect();
    print(arguments.print.output, &reports, |reports| {
        reports.iter().map(Report::text).collect::<Vec<_>>().join("\n\n")
    })?;
    let broken = reports.iter().any(|report| report.regulated && report.details.is_none());
    Ok(if broken { Exit::ChecksFailed } else { Exit::Pass })
}
