//! What happens to images behind the requests.

mod reset_uploads;
mod run_imports;
mod sweep_files;

pub(crate) use reset_uploads::ResetUploads;
pub(crate) use run_imports::RunImports;
pub(crate) use sweep_files::SweepFiles;
