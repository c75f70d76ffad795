//! Requests and answers as they were, for another judge: `KOGGE_EXCHANGES` names a folder that gets a file per service,
//! one JSON object per line (`scripts/openapi` reads them).

use std::fs::File;
use std::io::Write;
use std::path::Path;

use http::Method;
use kogge::test_cloud::Answer;
use serde_json::{Value, json};

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Method.
    pub(super) method: Method,
    /// Path and query, from the mount of the service on.
    pub(super) path: String,
    /// JSON body; `Null` for none.
    pub(super) body: Value,
}

impl Asked {
    /// A request without body.
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), body: Value::Null }
    }
}

/// Where they are written, if anywhere.
pub(super) struct Exchanges(Option<File>);

impl Exchanges {
    /// The file of a service, if a folder is named.
    pub(super) fn of(service: &str) -> Self {
        let folder = std::env::var_os("KOGGE_EXCHANGES");
        Self(folder.map(|folder| File::create(Path::new(&folder).join(format!("{service}.jsonl"))).unwrap()))
    }

    /// Adds one.
    pub(super) fn add(&mut self, asked: &Asked, version: &str, answer: &Answer) {
        let Some(file) = &mut self.0 else { return };
        let line = json!({"method": asked.method.as_str(), "path": asked.path, "request": asked.body,
            "version": version, "status": answer.status, "answer": answer.body});
        writeln!(file, "{line}").unwrap();
    }
}
