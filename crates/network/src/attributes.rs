//! What may stand in a request body: one table per resource, as upstream's attribute maps.
//!
//! [`prepare`] turns a body into canonical values or says, in upstream's words, what is wrong with it. Everything
//! that needs only the body is checked here; what needs the database is the service's matter.

pub(crate) mod check;
pub(crate) mod l3;
pub(crate) mod ports;
pub(crate) mod security;
pub(crate) mod subnets;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A JSON object.
pub(crate) type Body = Map<String, Value>;

/// What an attribute is when a create does not name it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Absent {
    /// The request is refused.
    Required,
    /// Left to the service.
    Unset,
    /// Text.
    Text(&'static str),
    /// A truth value.
    Bool(bool),
    /// Null.
    Null,
    /// An empty list.
    List,
    /// A number.
    Int(i64),
}

/// Why a value is refused.
pub(crate) enum Refused {
    /// Goes into "Invalid input for X. Reason: …".
    Because(String),
    /// Answered as it is.
    Fault(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// Checks a value and makes it canonical.
pub(crate) type Check = fn(Value) -> std::result::Result<Value, Refused>;

/// An attribute of a resource.
pub(crate) struct Attribute {
    /// Its name.
    pub(crate) name: &'static str,
    /// May stand in a create.
    pub(crate) post: bool,
    /// May stand in an update.
    pub(crate) put: bool,
    /// What it is when a create does not name it.
    pub(crate) absent: Absent,
    /// How its value is checked.
    pub(crate) check: Check,
}

/// An attribute for create and update.
pub(crate) const fn both(name: &'static str, absent: Absent, check: Check) -> Attribute {
    Attribute { name, post: true, put: true, absent, check }
}

/// An attribute for create only.
pub(crate) const fn post(name: &'static str, absent: Absent, check: Check) -> Attribute {
    Attribute { name, post: true, put: false, absent, check }
}

/// An attribute for update only.
pub(crate) const fn put(name: &'static str, check: Check) -> Attribute {
    Attribute { name, post: false, put: true, absent: Absent::Unset, check }
}

/// An attribute that is only shown.
pub(crate) const fn shown(name: &'static str) -> Attribute {
    Attribute { name, post: false, put: false, absent: Absent::Unset, check: check::any }
}

/// Create or update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// `POST`.
    Create,
    /// `PUT`.
    Update,
}

/// A checked body, and which of its attributes the user named with another value than the default: these ask field
/// rules of the policy.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    /// Canonical values.
    pub(crate) values: Body,
    /// Named by the user.
    pub(crate) explicit: Vec<&'static str>,
}

/// Checks `body` against `table`.
pub(crate) fn prepare(table: &[&[Attribute]], op: Op, body: Body) -> Result<Prepared> {
    let body = one_project(body)?;
    let find =
        |name: &str| table.iter().flat_map(|part| part.iter()).find(|attribute| attribute.name == name);
    let unknown: Vec<&str> = body.keys().map(String::as_str).filter(|name| find(name).is_none()).collect();
    if !unknown.is_empty() {
        return Err(Error::Attribute(format!("Unrecognized attribute(s) '{}'", unknown.join(", "))));
    }
    let mut prepared = Prepared { values: Body::new(), explicit: Vec::new() };
    let mut body = body;
    for attribute in table.iter().flat_map(|part| part.iter()) {
        match body.remove(attribute.name) {
            Some(value) => {
                allowed(attribute, op)?;
                let value = checked(attribute, value)?;
                if op == Op::Update || !is_default(attribute.absent, &value) {
                    prepared.explicit.push(attribute.name);
                }
                prepared.values.insert(attribute.name.to_owned(), value);
            }
            None if op == Op::Create && attribute.post => {
                if let Some(value) = default(attribute)? {
                    prepared.values.insert(attribute.name.to_owned(), value);
                }
            }
            None => {}
        }
    }
    Ok(prepared)
}

fn allowed(attribute: &Attribute, op: Op) -> Result<()> {
    match op {
        Op::Create if !attribute.post => {
            Err(Error::Attribute(format!("Attribute '{}' not allowed in POST", attribute.name)))
        }
        Op::Update if !attribute.put => {
            Err(Error::Attribute(format!("Cannot update read-only attribute {}", attribute.name)))
        }
        _ => Ok(()),
    }
}

fn checked(attribute: &Attribute, value: Value) -> Result<Value> {
    (attribute.check)(value).map_err(|refused| match refused {
        Refused::Because(reason) => {
            Error::Attribute(format!("Invalid input for {}. Reason: {reason}.", attribute.name))
        }
        Refused::Fault(error) => error,
    })
}

fn default(attribute: &Attribute) -> Result<Option<Value>> {
    Ok(match attribute.absent {
        Absent::Required => {
            return Err(Error::Attribute(format!(
                "Failed to parse request. Required attribute '{}' not specified",
                attribute.name
            )));
        }
        Absent::Unset => None,
        Absent::Text(text) => Some(text.into()),
        Absent::Bool(value) => Some(value.into()),
        Absent::Null => Some(Value::Null),
        Absent::List => Some(Value::Array(Vec::new())),
        Absent::Int(number) => Some(number.into()),
    })
}

fn is_default(absent: Absent, value: &Value) -> bool {
    match absent {
        Absent::Required => true,
        Absent::Unset => false,
        Absent::Text(text) => value == text,
        Absent::Bool(default) => *value == default,
        Absent::Null => value.is_null(),
        Absent::List => value.as_array().is_some_and(Vec::is_empty),
        Absent::Int(number) => *value == number,
    }
}

/// `tenant_id` is an old name of `project_id`.
fn one_project(mut body: Body) -> Result<Body> {
    if let Some(tenant) = body.remove("tenant_id") {
        match body.get("project_id") {
            Some(project) if *project != tenant => {
                return Err(Error::Attribute("'project_id' and 'tenant_id' do not match".to_owned()));
            }
            _ => {
                body.insert("project_id".to_owned(), tenant);
            }
        }
    }
    Ok(body)
}

/// What nearly every resource has.
pub(crate) const STANDARD: &[Attribute] = &[
    shown("id"),
    post("project_id", Absent::Unset, check::project),
    both("description", Absent::Text(""), check::description),
    shown("created_at"),
    shown("updated_at"),
    shown("revision_number"),
    shown("status"),
    shown("tags"),
];

/// A network.
pub(crate) const NETWORK: &[Attribute] = &[
    both("name", Absent::Text(""), check::text255),
    both("admin_state_up", Absent::Bool(true), check::boolean),
    both("shared", Absent::Bool(false), check::boolean),
    both("router:external", Absent::Bool(false), check::boolean),
    both("is_default", Absent::Bool(false), check::boolean),
    both("mtu", Absent::Int(0), check::non_negative),
    both("dns_domain", Absent::Text(""), check::dns_domain),
    both("port_security_enabled", Absent::Bool(true), check::boolean),
    both("provider:network_type", Absent::Unset, check::text32),
    both("provider:physical_network", Absent::Unset, check::text_or_null),
    both("provider:segmentation_id", Absent::Unset, check::integer_or_null),
    post("availability_zone_hints", Absent::List, check::texts),
    shown("availability_zones"),
    shown("subnets"),
    shown("ipv4_address_scope"),
    shown("ipv6_address_scope"),
    shown("l2_adjacency"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn network(op: Op, body: Value) -> Result<Prepared> {
        let Value::Object(body) = body else { panic!("object") };
        prepare(&[STANDARD, NETWORK], op, body)
    }

    #[test]
    fn defaults_are_filled_in_and_explicit_ones_noted() {
        let prepared = network(Op::Create, json!({"name": "n", "shared": "true", "mtu": 0})).unwrap();
        assert_eq!(prepared.values["shared"], json!(true));
        assert_eq!(prepared.values["admin_state_up"], json!(true));
        assert_eq!(prepared.explicit, ["name", "shared"]);
        let prepared = network(Op::Update, json!({"shared": false})).unwrap();
        assert_eq!((prepared.values.len(), prepared.explicit), (1, vec!["shared"]));
    }

    #[test]
    fn upstreams_words_for_wrong_attributes() {
        let say = |op, body| network(op, body).unwrap_err().to_string();
        assert_eq!(say(Op::Create, json!({"x": 1})), "Unrecognized attribute(s) 'x'");
        assert_eq!(say(Op::Create, json!({"id": "1"})), "Attribute 'id' not allowed in POST");
        assert_eq!(say(Op::Update, json!({"id": "1"})), "Cannot update read-only attribute id");
        assert!(say(Op::Create, json!({"name": 5})).starts_with("Invalid input for name. Reason: '5'"));
        assert_eq!(
            say(Op::Create, json!({"project_id": "a", "tenant_id": "b"})),
            "'project_id' and 'tenant_id' do not match"
        );
    }
}
