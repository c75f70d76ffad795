//! What every resource of an OpenStack service does, written once.
//!
//! A resource says what is its own and nothing else: [`Resource`] (names, rules, how a row is shown) and one trait for
//! each of its verbs: [`List`], [`Create`], [`Update`], [`Delete`]. What a trait provides is an ordinary function that
//! a resource overrides where upstream's differs. A verb without its trait has no route: [`Crud`] adds those.
//!
//! ```text
//!   Call ─▶ body by its Schema ─▶ Loaded (404 or 403) ─▶ the resource's own function, in one transaction ─▶ view
//! ```
//!
//! What differs between *services* is theirs to say, once: [`Service`] (handle, transaction, error, who may know of
//! what) and [`Dialect`] (words of refusals, query strings, links, statuses), of which there is one per family of
//! OpenStack: [`nova`], [`cinder`], [`neutron`], [`keystone`], [`glance`], [`placement`]. The kit knows no resource: what only one of
//! them needs is no flag in here but that resource's own function.

pub mod body;
mod call;
pub mod cinder;
mod dialect;
pub mod glance;
pub mod handlers;
pub mod keystone;
mod loaded;
pub mod neutron;
pub mod nova;
pub mod placement;
mod quota;
mod resource;
mod routes;
mod service;
pub mod sight;
pub mod spec;
mod stored;
pub mod story;
mod words;

pub use body::{Absent, Body, Field, Op, Refused, Schema, Type};
pub use call::Call;
pub use dialect::{Dialect, Listing, Pages, Question, Shape, Wanted};
pub use handlers::make;
pub use loaded::Loaded;
pub use quota::{Holder, Quota, Quotas};
pub use resource::{Create, Delete, Error, List, Names, Resource, Update, Verb};
pub use routes::Crud;
pub use service::{At, Judgement, Service, Sql};
pub use sight::{Members, Sight, Written};
pub use stored::{Known, Stored, part};
pub use words::UnknownWord;
