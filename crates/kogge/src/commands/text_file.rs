//! Text files that somebody named: never more of them than there is use for.

use std::io::Read;
use std::path::Path;

/// A text file of bounded length, in bytes.
///
/// # Errors
/// In words: it cannot be read, is too long, or no UTF-8.
pub(super) fn read_bounded(file: &Path, longest: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| error.to_string())?;
    opened.take(longest + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > longest {
        return Err(format!("it has more than {longest} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_never_ends_is_not_read_to_its_end() {
        assert!(read_bounded(Path::new("/dev/zero"), 1000).unwrap_err().contains("1000"));
    }
}
