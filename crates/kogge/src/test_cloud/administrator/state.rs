//! What of a cloud mutations can change, and putting it back.
//!
//! Objects are compared by their content, never by their ids: what was deleted comes back as another object that says
//! the same.

use serde_json::Value;

use super::{Administrator, catalog, flavors, images, templates, volume_types};

/// What mutations, and mending, can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    catalog: Vec<Value>,
    flavors: Vec<Value>,
    images: Vec<Value>,
    templates: Vec<Value>,
    types: Vec<Value>,
    roles: Vec<String>,
}

/// What is there and should not be, by its place in the list; and what should be there and is not.
fn difference(there: &[Value], wanted: &[Value]) -> (Vec<usize>, Vec<Value>) {
    let mut missing = wanted.to_vec();
    let mut extra = Vec::new();
    for (place, content) in there.iter().enumerate() {
        match missing.iter().position(|wanted| wanted == content) {
            Some(found) => {
                missing.remove(found);
            }
            None => extra.push(place),
        }
    }
    (extra, missing)
}

/// Deletes what should not be there and makes what is missing: `$kind` is the module that knows how.
macro_rules! restore {
    ($admin:expr, $kind:ident, $wanted:expr) => {{
        let all = $kind::all($admin).await;
        let contents: Vec<Value> = all.iter().map($kind::content).collect();
        let (extra, missing) = difference(&contents, $wanted);
        for place in extra {
            $kind::delete($admin, &all[place]).await;
        }
        for content in &missing {
            $kind::create($admin, content).await;
        }
    }};
}

impl Administrator {
    /// How the cloud is.
    ///
    /// # Panics
    /// Where it cannot be read.
    pub async fn state(&self) -> State {
        // lists come in an order of their own
        let contents = |all: Vec<Value>, content: fn(&Value) -> Value| {
            let mut contents: Vec<Value> = all.iter().map(content).collect();
            contents.sort_by_key(Value::to_string);
            contents
        };
        State {
            catalog: contents(catalog::all(self).await, catalog::content),
            flavors: contents(flavors::all(self).await, flavors::content),
            images: contents(images::all(self).await, images::content),
            templates: contents(templates::all(self).await, templates::content),
            types: contents(volume_types::all(self).await, volume_types::content),
            roles: self.roles().await,
        }
    }

    /// Makes the cloud what it was.
    ///
    /// # Panics
    /// Where the cloud refuses.
    pub async fn restore(&self, before: &State) {
        self.set_roles(&before.roles).await;
        restore!(self, catalog, &before.catalog);
        restore!(self, flavors, &before.flavors);
        restore!(self, images, &before.images);
        restore!(self, templates, &before.templates);
        volume_types::restore(self, &before.types).await;
    }
}
