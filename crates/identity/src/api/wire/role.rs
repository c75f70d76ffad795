//! Roles, and what implies what.

use serde::Serialize;

use super::Links;
use crate::api::place::{Place, Placed as _};
use crate::model;

/// A role in an implication.
#[derive(Serialize)]
pub(in crate::api) struct Named<'a> {
    id: &'a str,
    name: &'a str,
    links: Links,
}

impl<'a> Named<'a> {
    pub(in crate::api) fn of(row: &'a model::Role, place: &Place) -> Self {
        Self {
            id: &row.id,
            name: &row.name,
            links: Links { itself: place.link(&format!("roles/{}", row.id)) },
        }
    }
}

/// An implication: `implies` is one role or a list.
#[derive(Serialize)]
pub(in crate::api) struct Inference<'a, T> {
    pub(in crate::api) prior_role: Named<'a>,
    pub(in crate::api) implies: T,
}

/// An implication with the link to itself.
#[derive(Serialize)]
pub(in crate::api) struct InferenceBody<'a, T> {
    pub(in crate::api) role_inference: Inference<'a, T>,
    pub(in crate::api) links: Links,
}

/// All implications.
#[derive(Serialize)]
pub(in crate::api) struct Inferences<'a> {
    pub(in crate::api) role_inferences: Vec<Inference<'a, Vec<Named<'a>>>>,
}
