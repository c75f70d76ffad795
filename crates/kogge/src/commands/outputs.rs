//! Where reports go: `--output text,yaml=report.yaml`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kogge_conform::redact::{Names, Redactor};
use kogge_conform::render::{Format, render};
use kogge_conform::{CheckResult, Report, report_file};

use crate::exit::Failure;
use crate::output::line;

/// The reports to write.
#[derive(Debug, Clone)]
pub(super) struct Outputs {
    targets: Vec<(Format, Option<PathBuf>)>,
    /// One for all reports of a run, so that their stand-ins agree.
    redactor: Option<Arc<Mutex<Redactor>>>,
}

impl Outputs {
    /// Reads `KIND` and `KIND=FILE`; nothing at all is text on the terminal.
    pub(super) fn parse(texts: &[String]) -> Result<Self, Failure> {
        let mut targets: Vec<(Format, Option<PathBuf>)> = Vec::new();
        for text in texts {
            let (kind, file) =
                text.split_once('=').map_or((text.as_str(), None), |(kind, file)| (kind, Some(file)));
            let format = kind.parse().map_err(Failure::Usage)?;
            let file = file.filter(|file| *file != "-").map(PathBuf::from);
            if file.is_some() && targets.iter().any(|(_, other)| *other == file) {
                return Err(Failure::Usage(format!(
                    "--output: two reports cannot be one file, as in {text}"
                )));
            }
            targets.push((format, file));
        }
        if targets.iter().filter(|(_, file)| file.is_none()).count() > 1 {
            let message = "--output: only one report can go to the terminal; give the others a file, as in yaml=report.yaml";
            return Err(Failure::Usage(message.to_owned()));
        }
        if targets.iter().all(|(_, file)| file.is_some()) {
            targets.push((Format::Text, None));
        }
        Ok(Self { targets, redactor: None })
    }

    /// The same, with everything private taken out.
    pub(super) fn redacting(self, names: Names) -> Self {
        Self { redactor: Some(Arc::new(Mutex::new(Redactor::new(names)))), ..self }
    }

    /// Whether what is private is taken out.
    pub(super) fn redacts(&self) -> bool {
        self.redactor.is_some()
    }

    /// Writes one more report into a file, if no other of this format has one.
    pub(super) fn also(&mut self, format: Format, file: &Path) {
        if self.file(format).is_none() {
            self.targets.push((format, Some(file.to_owned())));
        }
    }

    /// The file of the first report of this format that has one.
    pub(super) fn file(&self, format: Format) -> Option<&Path> {
        self.targets.iter().find_map(|(known, file)| file.as_deref().filter(|_| *known == format))
    }

    /// The format on the terminal, if there is no file.
    pub(super) fn only(&self) -> Option<Format> {
        let [(format, None)] = self.targets.as_slice() else { return None };
        Some(*format)
    }

    /// Whether lines for people go to the terminal.
    pub(super) fn live(&self) -> bool {
        self.targets.iter().any(|(format, file)| *format == Format::Text && file.is_none())
    }

    /// The report as it may be shown.
    pub(super) fn shown<'a>(&self, report: &'a Report) -> Cow<'a, Report> {
        self.redacted(|redactor| redactor.report(report)).map_or(Cow::Borrowed(report), Cow::Owned)
    }

    /// A result as it may be shown.
    pub(super) fn shown_result<'a>(&self, result: &'a CheckResult) -> Cow<'a, CheckResult> {
        self.redacted(|redactor| redactor.result(result)).map_or(Cow::Borrowed(result), Cow::Owned)
    }

    /// Any text as it may be shown.
    pub(super) fn shown_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.redacted(|redactor| redactor.text(text)).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    fn redacted<T>(&self, make: impl FnOnce(&mut Redactor) -> T) -> Option<T> {
        let redactor = self.redactor.as_ref()?;
        Some(make(&mut redactor.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Fails where a report could not be written at the end of a long run.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        for file in self.targets.iter().filter_map(|(_, file)| file.as_deref()) {
            report_file::can_be_replaced(file).map_err(|error| cannot_write(file, error))?;
        }
        Ok(())
    }

    /// Writes the files as they stand: called after every check, so that a report exists from the first second.
    pub(super) fn write_files(&self, report: &Report) -> Result<(), Failure> {
        let report = self.shown(report);
        for (format, file) in &self.targets {
            let Some(file) = file else { continue };
            report_file::replace(file, render(&report, *format).as_bytes())
                .map_err(|error| cannot_write(file, error))?;
        }
        Ok(())
    }

    /// Writes everything at the end. Text was shown live already.
    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        self.write_files(report)?;
        for (format, file) in &self.targets {
            if file.is_none() && *format != Format::Text {
                line(render(&self.shown(report), *format).trim_end());
            }
        }
        Ok(())
    }
}

fn cannot_write(file: &Path, error: std::io::Error) -> Failure {
    Failure::outside(&format!("writing {}", file.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Outputs, Failure> {
        Outputs::parse(&text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn files_leave_the_terminal_to_people() {
        assert!(parse("").unwrap().live());
        assert!(parse("yaml=r.yaml,html=r.html").unwrap().live());
        assert!(!parse("json").unwrap().live());
        assert_eq!(parse("json").unwrap().only(), Some(Format::Json));
        assert_eq!(parse("json=r.json").unwrap().only(), None);
        assert_eq!(parse("json=r.json").unwrap().file(Format::Json), Some(Path::new("r.json")));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(parse("pdf").unwrap_err().to_string().contains("junit"));
        assert!(parse("json,yaml").is_err());
        assert!(parse("json=r,yaml=r").is_err());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none/r.json");
        let outputs = parse(&format!("json={}", missing.display())).unwrap();
        assert!(outputs.prepare().unwrap_err().to_string().contains("none/r.json"));
    }
}
