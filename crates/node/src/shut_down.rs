//! Ending the agent in an orderly way.

/// What becomes of guests when the agent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guests {
    /// They go on; the next agent takes them over.
    Keep,
    /// They are powered down; the next agent starts those again that shall run.
    Stop,
}
