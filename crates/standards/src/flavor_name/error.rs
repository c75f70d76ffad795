//! Why a flavor name was refused: where, what was expected, what stood there.

use serde::Serialize;

/// A refused name. Positions count bytes from the beginning of the whole name, so that `SCS-` ends at 4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("at position {position}: expected {expected}, found {}", Shown(.found))]
pub struct ParseError {
    /// Byte offset into the name.
    pub position: usize,
    /// Which rule was broken.
    pub kind: ParseErrorKind,
    /// What would have been right there.
    pub expected: String,
    /// The offending text (shortened when it is long); empty at the end of the name.
    pub found: String,
}

/// The rule that a refused name breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParseErrorKind {
    /// The name does not begin with `SCS-`: it is unregulated, not wrong.
    NotScs,
    /// vCPU count, CPU type or the delimiter before the RAM is not there.
    MainPart,
    /// The vCPU count is empty, zero or absurdly long.
    CpuCount,
    /// The RAM is empty, zero, not a number or not a multiple of one half.
    Ram,
    /// The RAM is too large for a floating-point number: upstream's parser breaks off instead of refusing it.
    RamOverflow,
    /// The number of disks is zero.
    DiskCount,
    /// The disk size is zero.
    DiskSize,
    /// The vendor has no CPU generation of this number.
    CpuGeneration,
    /// More than three `h` after a CPU.
    CpuClock,
    /// The vendor has no GPU generation of this name.
    GpuGeneration,
    /// The number of processing units is zero.
    GpuUnits,
    /// More than two `h` after the GPU units.
    GpuClock,
    /// The amount of video memory is zero.
    GpuMemory,
    /// More than two `h` after the video memory.
    GpuBandwidth,
    /// Text is left over: an unknown, repeated or misplaced part.
    Extra,
}

/// How much of an offending text is repeated in an error.
const SHOWN_CHARS: usize = 40;

impl ParseError {
    pub(super) fn new(
        position: usize,
        kind: ParseErrorKind,
        expected: impl Into<String>,
        found: &str,
    ) -> Self {
        let mut shown: String = found.chars().take(SHOWN_CHARS).collect();
        if shown.len() < found.len() {
            shown.push('…');
        }
        Self { position, kind, expected: expected.into(), found: shown }
    }
}

/// Quotes a text, or names the end of the name.
struct Shown<'a>(&'a str);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str("the end") } else { write!(f, "{:?}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_what_and_what_instead() {
        let error = ParseError::new(6, ParseErrorKind::Ram, "the RAM in GiB", "x");
        assert_eq!(error.to_string(), "at position 6: expected the RAM in GiB, found \"x\"");
    }

    #[test]
    fn names_the_end_of_the_text() {
        let error = ParseError::new(6, ParseErrorKind::Ram, "the RAM in GiB", "");
        assert!(error.to_string().ends_with("found the end"));
    }

    #[test]
    fn shortens_long_offenders_at_a_character_boundary() {
        let error = ParseError::new(0, ParseErrorKind::Extra, "nothing", &"ü".repeat(1000));
        assert_eq!(error.found.chars().count(), SHOWN_CHARS + 1);
    }
}
