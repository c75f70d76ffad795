//! Mending a cloud so that it passes: what would have to change, and doing it, with the rights of an administrator.
//!
//! ```text
//!  look ─▶ Inventory ─▶ plan (pure) ─▶ Plan { changes, advice } ─▶ apply ─▶ Done …
//!            what the     judges, simulates each     │ what no API can mend,
//!            cloud has    change, judges again       │ or nobody but the operator knows
//! ```
//!
//! A plan can be kept in a file ([`StoredPlan`]): what was looked at is then what is made, and nothing else. Each change
//! tells what it overwrites, and is not made where that is different by now.
//!
//! The planner simulates each change on the inventory and judges the result with the same functions as the checks.
//! Whatever is still wrong then becomes advice, so that nothing that fails is ever passed over in silence; and a plan
//! for a cloud to which a plan was applied has no changes.
//!
//! What belongs to a tenant is never touched: private flavors, and images that are not public, are left out of the
//! inventory. Templates of security group rules concern only groups that are made afterwards.

mod action;
mod apply;
mod command;
mod desk;
mod flavors;
mod images;
mod inventory;
mod look;
mod overwritten;
mod plan;
mod rules;
#[cfg(test)]
mod scene;
mod settings;
mod standing;
mod stored;
mod volume_types;
mod wishes;

pub use action::{Action, NewFlavor, NewImage, NewTemplate};
pub use apply::{Applied, Outcome, Unwatched, Watch, apply};
pub use command::word as shell_word;
pub use desk::Change;
pub use inventory::{HeldFlavor, HeldImages, HeldType, Inventory, Template};
pub use look::look;
pub use plan::{Advice, Plan, plan};
pub use settings::{SettingError, Settings};
pub use standing::{Standing, standings};
pub use stored::{StoredPlan, StoredPlanError};
pub use wishes::Wishes;
