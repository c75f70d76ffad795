//! A report in the forms in which people and programs want it.

pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod terminal;
pub mod upstream_yaml;
mod xml;

use std::str::FromStr;

use crate::report::Report;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Lines for people.
    Text,
    /// The report format of the upstream suite, for the upstream monitor.
    Yaml,
    /// Everything, stable.
    Json,
    /// For CI systems.
    Junit,
    /// For code scanning dashboards.
    Sarif,
    /// For issues and wikis.
    Markdown,
    /// One page without anything outside itself.
    Html,
}

/// The names of all formats, as the command line takes them.
pub const NAMES: [(&str, Format); 7] = [
    ("text", Format::Text),
    ("yaml", Format::Yaml),
    ("json", Format::Json),
    ("junit", Format::Junit),
    ("sarif", Format::Sarif),
    ("markdown", Format::Markdown),
    ("html", Format::Html),
];

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format).ok_or_else(|| {
            let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("there is no report format {name:?}; there are {}", known.join(", "))
        })
    }
}

/// Renders a report.
#[must_use]
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => terminal::report(report),
        Format::Yaml => upstream_yaml::report(report),
        Format::Json => json::report(report),
        Format::Junit => junit::report(report),
        Format::Sarif => sarif::report(report),
        Format::Markdown => markdown::report(report),
        Format::Html => html::report(report),
    }
}
