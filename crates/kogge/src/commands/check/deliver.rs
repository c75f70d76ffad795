//! After the run: the report is signed, then sent. It is on disk before either.

use std::path::PathBuf;

use kogge_conform::render::Format;

use crate::cli::Reports;
use crate::commands::outputs::Outputs;
use crate::commands::sign::{Signer, beside};
use crate::commands::upload::Monitor;
use crate::exit::{Exit, Failure};
use crate::output::tell;

/// What is to be done with the report.
pub(super) struct Delivery(Option<Signed>);

struct Signed {
    signer: Signer,
    report: PathBuf,
    monitor: Option<Monitor>,
}

impl Delivery {
    /// Reads keys and accounts before the run, so that no mistake in them is found only after it.
    pub(super) async fn prepare(wanted: &Reports, outputs: &Outputs) -> Result<Self, Failure> {
        let Some(key) = &wanted.sign else { return Ok(Self(None)) };
        let Some(report) = outputs.file(Format::Yaml) else {
            let text = "--sign signs the report in upstream's format; say where it goes, as in --report yaml=report.yaml";
            return Err(Failure::Usage(text.to_owned()));
        };
        let monitor =
            wanted.upload.as_ref().map(|url| Monitor::open(url, wanted.account.token_file.as_deref()));
        let signed = Signed {
            signer: Signer::open(key).await?,
            report: report.to_owned(),
            monitor: monitor.transpose()?,
        };
        // a signature of an earlier report must not lie beside this one
        match std::fs::remove_file(beside(report)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::outside("removing the old signature", error))
            }
            _ => Ok(Self(Some(signed))),
        }
    }

    /// Signs and sends. A report that could not be sent makes a pass "could not run", and hides no failed check.
    pub(super) async fn run(self, exit: Exit) -> Result<Exit, Failure> {
        let Some(Signed { signer, report, monitor }) = self.0 else { return Ok(exit) };
        let delivered = async {
            let signature = signer.sign(&report).await?;
            tell!("signed: {}", signature.display());
            match &monitor {
                Some(monitor) => monitor.deliver(&report).await,
                None => Ok(()),
            }
        };
        match delivered.await {
            Ok(()) => Ok(exit),
            Err(failure) if matches!(exit, Exit::Pass | Exit::CouldNotRun) => Err(failure),
            Err(failure) => {
                tell!("kogge: {failure}");
                Ok(exit)
            }
        }
    }
}
