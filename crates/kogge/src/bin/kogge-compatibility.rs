//! Prints `docs/COMPATIBILITY.md` (`make docs`).

use std::collections::BTreeMap;
use std::io::Write;

fn main() -> std::io::Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/parts");
    let mut parts = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        parts
            .insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path())?);
    }
    write!(std::io::stdout(), "{}", kogge::compatibility::page(&parts))
}
