//! The checks of the scope *SCS-compatible IaaS*.
//!
//! Each testcase of the upstream suite is one [`kogge_conform::Check`] with upstream's id and upstream's verdict. The
//! rules are pure functions in `kogge-standards`; this crate only fetches what they judge, through public APIs, as an
//! ordinary member of a project.
//!
//! ```text
//!  select ─▶ Check ─▶ preflight ─▶ lookup (shared) ─────▶ kogge_standards::judge_* ─▶ Outcome
//!                                  steps (creates, cleans) ┘
//! ```
//!
//! What upstream does and we do not: we delete nothing that this run did not create. Upstream's tests for volume
//! backup and key manager first delete whatever bears their fixed names; ours use names of their own.

mod advisory;
mod beyond;
mod catalogue;
mod check;
mod created;
mod entropy;
mod explain;
pub mod fix;
mod lookup;
pub mod manual;
mod preflight;
pub mod proof;
mod remove;
mod select;
mod signature;
mod steps;
mod verdicts;
mod wait;

pub use advisory::{
    AdvisoryOptions, AdvisorySweeper, DomainManagers, KeyError, ObjectStore, S3Key, advisory, advisory_with,
    sweep_all,
};
pub use beyond::{Beyond, beyond};
pub use catalogue::catalogue;
pub use explain::{Explanation, Means, NoSuchTestcase, explain, explain_all, explanations};
pub use remove::{Sweeper, Swept, sweep};
pub use select::{Selected, SelectionError, Wanted, advice, again, select, select_from};
