//! SCS-0128 end to end: the list of Tempest tests that must not fail, run with the operator's Tempest.
//!
//! Nothing of a `tempest.conf` has to be written by hand: image, flavors, networks, extensions, services and versions are
//! looked up in the cloud itself. It knows no command line.
//!
//! ```text
//!  Accounts ─▶ prepare ─▶ Prepared ─▶ write(Place) ─▶ run(Tempest) ─▶ Report of kogge-conform
//!               │ sign in, look up      tempest.conf    │ child in its own process group
//!               └ plan: what runs,      accounts.yaml   │ subunit ─▶ Tally ─▶ events, results
//!                 what cannot, why      tests.txt       └ sweep: what carries the run's marks
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`list`] | the 258 tests as data, and what each needs |
//! | [`accounts`] | ordinary users, or an administrator; `accounts.yaml` |
//! | [`lookup`] | what the cloud has, and the choice among it |
//! | [`plan`](mod@plan) | what runs, what cannot, and why |
//! | [`conf`], [`place`] | `tempest.conf`; the folder of a run |
//! | [`tempest`] | the operator's Tempest, or one made on demand |
//! | [`subunit`], [`tally`] | the stream, and what it means for each test |
//! | [`run`](mod@run), [`sweep`](mod@sweep) | the run; removing what it left |
//! | [`resume`](mod@resume) | going on with a run that was stopped |
//!
//! Verdicts: success is a pass, a failure a fail, a skip not applicable with Tempest's reason; a class that could not be
//! set up, a test that this Tempest does not have or that lacks something could not run; what has no end is not finished.

pub mod accounts;
pub mod conf;
mod group;
mod ini;
pub mod list;
pub mod lookup;
pub mod place;
pub mod plan;
pub mod resume;
pub mod run;
pub mod subunit;
pub mod sweep;
pub mod tally;
pub mod tempest;

pub use accounts::{Accounts, Ordinary};
pub use lookup::{Facts, Wishes};
pub use place::Place;
pub use plan::{Planned, Tests};
pub use resume::{Interrupted, NotThisRun};
pub use run::{Options, Prepared, prepare, run};
pub use tempest::Tempest;
