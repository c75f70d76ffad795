//! The frame for conformance checks: what a check is, how checks run, what they report.
//!
//! It knows no command line and no particular standard. A catalogue crate (`kogge-conform-iaas`) brings the checks; a
//! program brings a [`kogge_client::Client`], an [`Events`] to watch, and renders the [`Report`].
//!
//! ```text
//!  Plan ─▶ Runner ─▶ Check::run(&Context) ─▶ Outcome ─▶ CheckResult ─▶ Report ─▶ render::*
//!             │          │        └ Journal: written *before* each create
//!             │          └ Shared: each look-up once, also when it fails
//!             └ deadline per check, cancellation, cleaning up, live events
//! ```
//!
//! Five verdicts exist and are never collapsed: see [`Verdict`].

pub mod check;
pub mod context;
pub mod exit;
pub mod finding;
pub mod journal;
pub mod lookups;
pub mod outcome;
pub mod plan;
pub mod printable;
pub mod problem;
pub mod redact;
pub mod render;
pub mod report;
pub mod report_file;
pub mod runner;
pub mod verdict;

pub use check::{Check, Description, Section};
pub use context::{Context, RunId};
pub use exit::{ExitCode, FailOn};
pub use finding::{Finding, ObjectRef, Severity};
pub use journal::{Entry, Journal, Journals, NewEntry, Removal};
pub use lookups::Shared;
pub use outcome::{Answered, Outcome};
pub use plan::{Plan, PlannedVersion, ScopeRef};
pub use problem::Problem;
pub use report::{CheckResult, Report, RunHead};
pub use runner::{Cleaner, Earlier, Events, Options, OtherRun, Runner, Silent};
pub use verdict::Verdict;
