//! Where reports go: `--format text --report yaml=report.yaml`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kogge_conform::redact::{Names, Redactor};
use kogge_conform::render::{Format, render};
use kogge_conform::{CheckResult, Report, report_file};

use crate::cli::Forms;
use crate::exit::Failure;
use crate::output::line;

/// The reports to write.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Outputs {
    targets: Vec<(Format, Option<PathBuf>)>,
    /// One for all reports of a run, so that their stand-ins agree.
    redactor: Option<Arc<Mutex<Redactor>>>,
}

impl Outputs {
    /// What goes to the terminal, and into which files.
    pub(in crate::commands) fn parse(forms: &Forms) -> Result<Self, Failure> {
        let printed = forms.format.parse().map_err(Failure::Usage)?;
        let mut targets: Vec<(Format, Option<PathBuf>)> = vec![(printed, None)];
        for text in &forms.report {
            let wrong = |because: &str| Failure::Usage(format!("--report {text}: {because}"));
            let (kind, file) =
                text.split_once('=').ok_or_else(|| wrong("write KIND=FILE, as in yaml=report.yaml"))?;
            let format = kind.parse().map_err(Failure::Usage)?;
            let file = Some(PathBuf::from(file)).filter(|file| !file.as_os_str().is_empty());
            let file = file.ok_or_else(|| wrong("there is no name of a file"))?;
            if targets.iter().any(|(_, other)| other.as_ref() == Some(&file)) {
                return Err(wrong("two reports cannot be one file"));
            }
            targets.push((format, Some(file)));
        }
        Ok(Self { targets, redactor: None })
    }

    /// The same, with everything private taken out.
    pub(in crate::commands) fn redacting(self, names: Names) -> Self {
        Self { redactor: Some(Arc::new(Mutex::new(Redactor::new(names)))), ..self }
    }

    /// Whether what is private is taken out.
    pub(in crate::commands) fn redacts(&self) -> bool {
        self.redactor.is_some()
    }

    /// Writes one more report into a file, if no other of this format has one.
    pub(in crate::commands) fn also(&mut self, format: Format, file: &Path) {
        if self.file(format).is_none() {
            self.targets.push((format, Some(file.to_owned())));
        }
    }

    /// The file of the first report of this format that has one.
    pub(in crate::commands) fn file(&self, format: Format) -> Option<&Path> {
        self.targets.iter().find_map(|(known, file)| file.as_deref().filter(|_| *known == format))
    }

    /// Whether lines for people go to the terminal.
    pub(in crate::commands) fn live(&self) -> bool {
        self.targets.iter().any(|(format, file)| *format == Format::Text && file.is_none())
    }

    /// The report as it may be shown.
    pub(in crate::commands) fn shown<'a>(&self, report: &'a Report) -> Cow<'a, Report> {
        self.redacted(|redactor| redactor.report(report)).map_or(Cow::Borrowed(report), Cow::Owned)
    }

    /// A result as it may be shown.
    pub(in crate::commands) fn shown_result<'a>(&self, result: &'a CheckResult) -> Cow<'a, CheckResult> {
        self.redacted(|redactor| redactor.result(result)).map_or(Cow::Borrowed(result), Cow::Owned)
    }

    /// Any text as it may be shown.
    pub(in crate::commands) fn shown_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.redacted(|redactor| redactor.text(text)).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    fn redacted<T>(&self, make: impl FnOnce(&mut Redactor) -> T) -> Option<T> {
        let redactor = self.redactor.as_ref()?;
        Some(make(&mut redactor.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Fails where a report could not be written at the end of a long run.
    pub(in crate::commands) fn prepare(&self) -> Result<(), Failure> {
        for file in self.targets.iter().filter_map(|(_, file)| file.as_deref()) {
            report_file::can_be_replaced(file).map_err(|error| cannot_write(file, error))?;
        }
        Ok(())
    }

    /// Writes the files as they stand: called after every check, so that a report exists from the first second.
    pub(in crate::commands) fn write_files(&self, report: &Report) -> Result<(), Failure> {
        let report = self.shown(report);
        for (format, file) in &self.targets {
            let Some(file) = file else { continue };
            report_file::replace(file, render(&report, *format).as_bytes())
                .map_err(|error| cannot_write(file, error))?;
        }
        Ok(())
    }

    /// Writes everything of a report that nobody has seen yet.
    pub(in crate::commands) fn write_all(&self, report: &Report) -> Result<(), Failure> {
        self.write_files(report)?;
        let printed = self.targets.iter().filter(|(_, file)| file.is_none());
        printed.for_each(|(format, _)| line(render(&self.shown(report), *format).trim_end()));
        Ok(())
    }

    /// Writes everything at the end. Text was shown live already.
    pub(in crate::commands) fn write(&self, report: &Report) -> Result<(), Failure> {
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

    fn parse(format: &str, reports: &[&str]) -> Result<Outputs, Failure> {
        let report = reports.iter().map(|text| (*text).to_owned()).collect();
        Outputs::parse(&Forms { format: format.to_owned(), report })
    }

    #[test]
    fn files_leave_the_terminal_to_people() {
        assert!(parse("text", &[]).unwrap().live());
        assert!(parse("text", &["yaml=r.yaml", "html=r.html"]).unwrap().live());
        assert!(!parse("json", &[]).unwrap().live());
        let both = parse("json", &["json=r.json"]).unwrap();
        assert_eq!(both.file(Format::Json), Some(Path::new("r.json")));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(parse("pdf", &[]).unwrap_err().to_string().contains("junit"));
        assert!(parse("text", &["pdf=x"]).unwrap_err().to_string().contains("junit"));
        assert!(parse("text", &["json=r", "yaml=r"]).is_err());
        assert!(parse("text", &["json"]).unwrap_err().to_string().contains("KIND=FILE"));
        assert!(parse("text", &["json="]).is_err());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none/r.json");
        let outputs = parse("text", &[&format!("json={}", missing.display())]).unwrap();
        assert!(outputs.prepare().unwrap_err().to_string().contains("none/r.json"));
    }
}
