//! QED: recognized to be refused. Nobody makes it any more and it can name a backing file.

use super::{Format, Found, Source};

/// Looks at the first four bytes.
pub(super) fn probe(source: &(impl Source + ?Sized)) -> Option<Found> {
    let magic = source.read(0, 4)?;
    let found = Found { format: Format::Qed, virtual_size: None, dangers: Vec::new() };
    (magic == b"QED\0").then(|| found.danger("the format QED is not allowed; convert it to qcow2"))
}
