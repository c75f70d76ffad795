//! What no program can look at: questions to people, and their answers, kept for as long as they are good.
//!
//! Upstream's suite lists three such test cases, in modules that no version of the scope includes, and never attempts
//! them; SCS-0004 asks the operator for them once per quarter. Here each is a guided question. Its stored answer is shown
//! by every later run, in a section of its own. Only if a version of the scope lists such a test case does its answer
//! count, and a missing one is missing, as upstream has it.
//!
//! ```text
//!  question ─▶ answer (yes, no, not applicable; evidence, note, who, when) ─▶ file per cloud ─▶ check ─▶ report
//! ```

mod answers;
mod check;
mod questions;

pub use answers::{Answer, Answers, AnswersError, Reply, Standing};
pub use check::manual_checks;
pub use questions::{Question, question, questions};
