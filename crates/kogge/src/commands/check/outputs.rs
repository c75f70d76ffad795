//! Where reports go: `--output text,yaml=report.yaml`.

use std::path::PathBuf;

use kogge_conform::Report;
use kogge_conform::render::{Format, render};

use crate::exit::Failure;
use crate::output::line;

/// The reports to write.
#[derive(Debug, Clone)]
pub(super) struct Outputs(Vec<(Format, Option<PathBuf>)>);

impl Outputs {
    /// Reads `KIND` and `KIND=FILE`; nothing at all is text on the terminal.
    pub(super) fn parse(texts: &[String]) -> Result<Self, Failure> {
        let mut outputs = Vec::new();
        for text in texts {
            let (kind, file) =
                text.split_once('=').map_or((text.as_str(), None), |(kind, file)| (kind, Some(file)));
            let format = kind.parse().map_err(Failure::Usage)?;
            outputs.push((format, file.filter(|file| *file != "-").map(PathBuf::from)));
        }
        if outputs.iter().filter(|(_, file)| file.is_none()).count() > 1 {
            let message = "--output: only one report can go to the terminal; give the others a file, as in yaml=report.yaml";
            return Err(Failure::Usage(message.to_owned()));
        }
        if outputs.iter().all(|(_, file)| file.is_some()) {
            outputs.push((Format::Text, None));
        }
        Ok(Self(outputs))
    }

    /// Whether lines for people go to the terminal.
    pub(super) fn live(&self) -> bool {
        self.0.iter().any(|(format, file)| *format == Format::Text && file.is_none())
    }

    /// Writes the files as they stand: called after every check, so that a report exists from the first second.
    pub(super) fn write_files(&self, report: &Report) -> Result<(), Failure> {
        for (format, file) in &self.0 {
            let Some(file) = file else { continue };
            kogge_conform::report_file::replace(file, render(report, *format).as_bytes())
                .map_err(|error| Failure::outside(&format!("writing {}", file.display()), error))?;
        }
        Ok(())
    }

    /// Writes everything at the end. Text was shown live already.
    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        self.write_files(report)?;
        for (format, file) in &self.0 {
            if file.is_none() && *format != Format::Text {
                line(render(report, *format).trim_end());
            }
        }
        Ok(())
    }
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
    }

    #[test]
    fn mistakes_are_told() {
        assert!(parse("pdf").unwrap_err().to_string().contains("junit"));
        assert!(parse("json,yaml").is_err());
    }
}
