//! Who calls, with which scope, and what the policy allows.
//!
//! The front door turns a token into a [`Caller`] (through whatever implements [`Authenticate`]; the identity
//! service does). A service asks the caller right after loading the object:
//!
//! ```
//! use kogge_auth::{Caller, Denied, Rule, Target};
//! pub const SERVERS_DELETE: Rule = Rule::new("compute", "os_compute_api:servers:delete", "rule:project_member_or_admin");
//! fn delete(caller: &Caller, project_of_the_server: &str) -> Result<(), Denied> {
//!     caller.allow(&SERVERS_DELETE, &Target::project(project_of_the_server))
//! }
//! ```
//!
//! Rules are a table per service with upstream's names and default check strings in the syntax of oslo.policy;
//! an operator's `policy.yaml` overrides them by name. No HTTP in here.

mod authenticate;
mod caller;
pub mod policy;
mod target;
pub mod testing;

pub use authenticate::{AuthError, Authenticate, RequestFacts};
pub use caller::{Caller, Domain, Project, Scope, TokenFacts, User};
pub use policy::{Denied, Policies, PolicyError, Rule, RuleSet, Scopes};
pub use target::Target;
