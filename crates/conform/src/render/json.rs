//! The whole report as JSON: the [`Report`] itself, indented, a newline at the end.

use crate::report::Report;

/// Renders it.
#[must_use]
pub fn report(report: &Report) -> String {
    // a report holds nothing that cannot be written
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads it back, to go on with an interrupted run.
///
/// # Errors
/// If it is no report of this program, in words for its reader.
pub fn read(text: &str) -> Result<Report, String> {
    let report: Report =
        serde_json::from_str(text).map_err(|e| format!("this is no report of kogge: {e}"))?;
    if report.format != crate::report::FORMAT {
        return Err(format!(
            "the report has format {}; this program reads {}",
            report.format,
            crate::report::FORMAT
        ));
    }
    Ok(report)
}
