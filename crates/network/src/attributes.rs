//! What may stand in request bodies besides plain values: checks of attributes that have a form of their own, and the
//! attributes that nearly every resource has.

pub(crate) mod l3;
pub(crate) mod ports;
pub(crate) mod security;
pub(crate) mod subnets;

use kogge_resource::body::Check;
use kogge_resource::neutron::check;
use kogge_resource::{Absent, Field, Type};

/// An attribute for create and update.
pub(crate) const fn both(name: &'static str, absent: Absent, check: Check) -> Field {
    Field::both(name, absent, Type::Check(check))
}

/// An attribute for create only.
pub(crate) const fn post(name: &'static str, absent: Absent, check: Check) -> Field {
    Field::post(name, absent, Type::Check(check))
}

/// An attribute for update only.
pub(crate) const fn put(name: &'static str, check: Check) -> Field {
    Field::put(name, Type::Check(check))
}

/// An attribute that is only shown.
pub(crate) const fn shown(name: &'static str) -> Field {
    Field::shown(name)
}

/// What nearly every resource has.
pub(crate) const STANDARD: &[Field] = &[
    shown("id"),
    post("project_id", Absent::Unset, check::project),
    both("description", Absent::Text(""), check::description),
    shown("created_at"),
    shown("updated_at"),
    shown("revision_number"),
    shown("status"),
    shown("tags"),
];
