//! The SCS standards as data and pure functions.
//!
//! The cloud seeds itself from this crate and the referee judges by it, so every fact of a standard is written
//! down once, here. Nothing in this crate reads a file, a socket or a clock: what a function needs comes in as an
//! argument, the current time included.
//!
//! | module | standard | what it holds |
//! |---|---|---|
//! | [`flavor_name`] | SCS-0100 | grammar, parser, printer, explanation and both testcases |
//! | [`flavors`] | SCS-0103 | the mandatory and recommended flavors and their testcases |
//! | [`image_metadata`] | SCS-0102 | property rules, recency, uniqueness |
//! | [`standard_images`] | SCS-0104 | image names and allowed sources |
//! | [`volume_types`] | SCS-0114 | aspects in descriptions |
//! | [`default_rules`] | SCS-0115 | templates to seed, judgement of templates |
//! | [`key_manager`], [`volume_backup`] | SCS-0116, SCS-0117 | verdicts over what a run observed |
//! | [`service_types`] | SCS-0123 | mandatory services and their catalog types |
//! | [`scope`] | SCS-0003, SCS-0501, SCS-0502 | certificate scopes: model, reader, validity, aggregation, lifetimes |
//! | [`document`] | all | the documents: status, dates, what each asks for |
//! | [`lint`] | SCS-0001 | rules for the files of documents |
//!
//! A judgement reproduces the verdict of the upstream test suite, also where upstream contradicts its own
//! document; [`verdict::Judgement::by_document`] then carries the verdict that the text asks for.

pub mod default_rules;
pub mod document;
pub mod flavor_name;
pub mod flavors;
pub mod image_metadata;
pub mod key_manager;
pub mod lint;
mod nearest;
pub mod scope;
pub mod service_types;
pub mod standard_images;
pub mod verdict;
pub mod volume_backup;
pub mod volume_types;
mod yaml;

pub use flavors::{StandardFlavor, standard_flavors};
pub use nearest::nearest;
pub use verdict::{Finding, Judgement, Severity, Verdict};
