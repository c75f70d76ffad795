//! What happens to images behind the requests.

mod reset_uploads;
mod run_imports;

pub(crate) use reset_uploads::ResetUploads;
pub(crate) use run_imports::RunImports;
