//! What may stand in a body: a const table per resource, read in the words of the service's [`Dialect`].
//!
//! A field may come and go with the microversion, be for one verb only, and have a default. What a table cannot say is
//! a function of the resource ([`Type::Check`], or its `create`).

use kogge_http::{ApiError, Microversion, Patch, VersionRange};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Dialect;

/// Why a value is refused.
#[derive(Debug)]
pub enum Refused {
    /// Goes into the dialect's sentence about the field.
    Because(String),
    /// Answered as it is.
    Fault(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// A check of one value, which makes it canonical.
pub type Check = fn(Value) -> Result<Value, Refused>;

/// What a value is. How strictly that is meant, and how a refusal reads, is the dialect's.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// Anything.
    Any,
    /// A text of this many characters.
    Text(usize, usize),
    /// A name, as the service knows names.
    Name,
    /// True or false.
    Bool,
    /// A whole number in this range.
    Int(i64, i64),
    /// A UUID.
    Uuid,
    /// One of these.
    Word(&'static [&'static str]),
    /// That, or null.
    Nullable(&'static Type),
    /// A list of this many of that.
    Items(&'static Type, usize, usize),
    /// An object.
    Object(&'static [&'static [Field]]),
    /// Keys with short texts.
    Pairs,
    /// What the function says.
    Check(Check),
}

/// What a field is when a create does not name it.
#[derive(Debug, Clone, Copy)]
pub enum Absent {
    /// The request is refused.
    Required,
    /// Left to the resource.
    Unset,
    /// This text.
    Text(&'static str),
    /// This truth value.
    Bool(bool),
    /// Null.
    Null,
    /// An empty list.
    List,
    /// This number.
    Int(i64),
}

impl Absent {
    fn value(self) -> Option<Value> {
        Some(match self {
            Self::Required | Self::Unset => return None,
            Self::Text(text) => text.into(),
            Self::Bool(truth) => truth.into(),
            Self::Null => Value::Null,
            Self::List => Value::Array(Vec::new()),
            Self::Int(number) => number.into(),
        })
    }
}

/// A field of a body.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Type,
    /// What it is when a create does not name it.
    pub absent: Absent,
    /// May stand in a create.
    pub create: bool,
    /// May stand in an update.
    pub update: bool,
    /// Microversions that have it.
    pub versions: VersionRange,
}

impl Field {
    /// A field for create and update.
    #[must_use]
    pub const fn both(name: &'static str, absent: Absent, kind: Type) -> Self {
        let versions = VersionRange { since: None, until: None };
        Self { name, kind, absent, create: true, update: true, versions }
    }

    /// One that must be there.
    #[must_use]
    pub const fn required(name: &'static str, kind: Type) -> Self {
        Self::both(name, Absent::Required, kind)
    }

    /// One that may be there.
    #[must_use]
    pub const fn optional(name: &'static str, kind: Type) -> Self {
        Self::both(name, Absent::Unset, kind)
    }

    /// One for create only.
    #[must_use]
    pub const fn post(name: &'static str, absent: Absent, kind: Type) -> Self {
        Self { update: false, ..Self::both(name, absent, kind) }
    }

    /// One for update only.
    #[must_use]
    pub const fn put(name: &'static str, kind: Type) -> Self {
        Self { create: false, ..Self::both(name, Absent::Unset, kind) }
    }

    /// One that is only shown.
    #[must_use]
    pub const fn shown(name: &'static str) -> Self {
        Self { create: false, update: false, ..Self::both(name, Absent::Unset, Type::Any) }
    }

    /// The same from this version on.
    #[must_use]
    pub const fn since(self, version: Microversion) -> Self {
        Self { versions: VersionRange { since: Some(version), until: self.versions.until }, ..self }
    }

    /// The same before this version.
    #[must_use]
    pub const fn until(self, version: Microversion) -> Self {
        Self { versions: VersionRange { since: self.versions.since, until: Some(version) }, ..self }
    }
}

/// What becomes of fields that are in no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are refused.
    Refused,
    /// They are kept ([`Body::others`]).
    Kept,
}

/// What may stand in a body.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The name of the object in refusals.
    pub name: &'static str,
    /// The fields, in the order in which they are looked at.
    pub fields: &'static [&'static [Field]],
    /// All others.
    pub others: Others,
}

/// Create or update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Something is made.
    Create,
    /// Something is changed.
    Update,
}

impl Schema {
    /// These fields and no others.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [&'static [Field]]) -> Self {
        Self { name, fields, others: Others::Refused }
    }

    /// These fields; others are kept.
    #[must_use]
    pub const fn open(name: &'static str, fields: &'static [&'static [Field]]) -> Self {
        Self { name, fields, others: Others::Kept }
    }

    fn in_version(&self, version: Microversion) -> impl Iterator<Item = &'static Field> {
        let fields = self.fields.iter().flat_map(|part| part.iter());
        fields.filter(move |field| field.versions.contains(version))
    }

    /// Reads an object in the words of `D`.
    ///
    /// # Errors
    /// 400, which says what is wrong.
    pub fn read<D: Dialect>(&self, op: Op, version: Microversion, whole: &Value) -> Result<Body, ApiError> {
        self.read_as::<D>(self.name, op, version, whole)
    }

    /// As [`Schema::read`], for an object that is called `name` in refusals.
    ///
    /// # Errors
    /// 400, which says what is wrong.
    pub fn read_as<D: Dialect>(
        &self,
        name: &str,
        op: Op,
        version: Microversion,
        whole: &Value,
    ) -> Result<Body, ApiError> {
        let object = D::object(name, whole)?;
        let known = |key: &str| self.in_version(version).any(|field| field.name == key);
        let others: Map<String, Value> =
            object.iter().filter(|(key, _)| !known(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        let refusal = (self.others == Others::Refused && !others.is_empty()).then(|| {
            let names: Vec<&str> = others.keys().map(String::as_str).collect();
            let known: Vec<&str> = self.in_version(version).map(|field| field.name).collect();
            D::unknown(name, whole, &names, &known)
        });
        if let Some(refusal) = refusal.as_ref().filter(|_| D::UNKNOWN_FIRST) {
            return Err(refusal.clone());
        }
        let mut body = Body { values: Map::new(), explicit: Vec::new(), others };
        for field in self.in_version(version) {
            match object.get(field.name) {
                Some(value) => body.take::<D>(field, op, name, version, value)?,
                None => body.fill::<D>(field, op, name, whole)?,
            }
        }
        refusal.map_or(Ok(body), Err)
    }
}

/// A body that was read: canonical values of the fields of its schema. Never printed but for its names: values may be
/// secrets.
#[derive(Clone, Default)]
pub struct Body {
    values: Map<String, Value>,
    /// The fields that the client named with another value than the default: these ask field rules of the policy.
    pub explicit: Vec<&'static str>,
    /// Fields that are in no schema, where they are kept.
    pub others: Map<String, Value>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).entries(self.others.keys()).finish()
    }
}

impl Body {
    fn take<D: Dialect>(
        &mut self,
        field: &Field,
        op: Op,
        object: &str,
        version: Microversion,
        value: &Value,
    ) -> Result<(), ApiError> {
        if !(if op == Op::Create { field.create } else { field.update }) {
            return Err(D::misplaced(field.name, op));
        }
        let value = match D::passes(field, op, value) {
            true => value.clone(),
            false => D::check(&D::place(object, field.name), &field.kind, version, value)?,
        };
        let is_default =
            matches!(field.absent, Absent::Required) || field.absent.value().as_ref() == Some(&value);
        if op == Op::Update || !is_default {
            self.explicit.push(field.name);
        }
        self.values.insert(field.name.to_owned(), value);
        Ok(())
    }

    fn fill<D: Dialect>(&mut self, field: &Field, op: Op, name: &str, whole: &Value) -> Result<(), ApiError> {
        let demanded = if op == Op::Create { field.create } else { field.update && D::DEMANDS_IN_UPDATES };
        if !demanded {
            return Ok(());
        }
        if matches!(field.absent, Absent::Required) {
            return Err(D::missing(name, whole, field.name));
        }
        if op == Op::Create
            && let Some(value) = field.absent.value()
        {
            self.values.insert(field.name.to_owned(), value);
        }
        Ok(())
    }

    /// The canonical values.
    #[must_use]
    pub fn into_values(self) -> Map<String, Value> {
        self.values
    }

    /// True where no field was named, and none has a default.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a field; `None` where it was not named and has no default.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The text of a field; `None` also for null.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    /// As [`Body::text`], borrowed.
    #[must_use]
    pub fn str(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    /// The text of a field that its schema requires, or has a text as default.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// The number of a field.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        self.values.get(name)?.as_i64()
    }

    /// The truth of a field.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<bool> {
        self.values.get(name)?.as_bool()
    }

    /// A field as another type; `None` where it was not named, is null, or is none of those.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.values.get(name)?.clone()).ok()
    }

    /// A field of an update: absent, null or set.
    #[must_use]
    pub fn patch<T: DeserializeOwned>(&self, name: &str) -> Patch<T> {
        match self.values.get(name) {
            None => Patch::Absent,
            Some(Value::Null) => Patch::Null,
            Some(value) => serde_json::from_value(value.clone()).map_or(Patch::Absent, Patch::Set),
        }
    }

    /// Puts a value in, as if the client had named it.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// All values as a command of the service.
    ///
    /// # Errors
    /// 400 where they do not fit: the checks of the schema let through what the command does not take.
    pub fn command<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        serde_json::from_value(Value::Object(self.values))
            .map_err(|error| ApiError::bad_request(format!("Invalid input: {error}.")))
    }

    /// The field rules that a body asks: of each field that the client named, and of the parts of those with parts.
    #[must_use]
    pub fn field_rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for name in &self.explicit {
            rules.push((*name).to_owned());
            let parts: Vec<&Value> = match self.values.get(*name) {
                Some(Value::Array(items)) => items.iter().collect(),
                other => other.into_iter().collect(),
            };
            for part in parts.into_iter().filter_map(Value::as_object) {
                let named = part.iter().filter(|(_, value)| !value.is_null());
                rules.extend(named.map(|(key, _)| format!("{name}:{key}")));
            }
        }
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}
