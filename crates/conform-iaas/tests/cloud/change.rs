//! Carrying mutations out on the double.

use kogge_conform_iaas::proof::{Change, Mutation, NewFlavor, NewTemplate};
use serde_json::{Value, json};

use super::{Cloud, Override};

impl Cloud {
    /// The cloud after a mutation.
    pub fn mutated(mutation: &Mutation) -> Self {
        let mut cloud = Self::default();
        for change in &mutation.changes {
            cloud.apply(change);
        }
        cloud
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::FlavorFigure { flavor, key, value } => self.flavor_mut(flavor)[*key] = json!(value),
            Change::FlavorSpec { flavor, key, value } => {
                set(&mut self.flavor_mut(flavor)["extra_specs"], key, json!(value));
            }
            Change::NullSpecs(flavor) => self.flavor_mut(flavor)["extra_specs"] = Value::Null,
            Change::NewFlavor(new) => self.flavors.extend(shown(new)),
            Change::NoFlavor(name) => remove(&mut self.flavors, name),
            Change::Image { image, key, value } => set(self.image_mut(image), key, value.clone()),
            Change::NewImage { name, like, set: own } => {
                let mut new = self.image_mut(like).clone();
                new["id"] = json!(format!("id-{}", name.as_str().unwrap_or("nameless")));
                new["name"] = name.clone();
                own.iter().for_each(|(key, value)| set(&mut new, key, value.clone()));
                self.images.push(new);
            }
            Change::NoImage(name) => remove(&mut self.images, name),
            Change::NoImages => self.images.clear(),
            other => self.apply_elsewhere(other),
        }
    }

    fn apply_elsewhere(&mut self, change: &Change) {
        match change {
            Change::TypeDescription(text) => self.types[0]["description"] = text.clone(),
            Change::NewType { name, description } => {
                self.types
                    .push(json!({"id": format!("id-{name}"), "name": name, "description": description}));
            }
            Change::NewTemplate(new) => self.templates.push(template(new)),
            Change::NoTemplate(direction, ethertype) => {
                let before = self.templates.len();
                self.templates.retain(|t| t["direction"] != *direction || t["ethertype"] != *ethertype);
                assert!(self.templates.len() < before, "no template {direction} {ethertype}");
            }
            Change::FreshRules(rules) => {
                self.fresh_rules = rules.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            }
            Change::NoService(kind) => self.without_service(kind),
            Change::NewService(kind, like) => {
                self.catalog.push((*kind).to_owned());
                self.places.insert((*kind).to_owned(), (*like).to_owned());
            }
            Change::NoEndpoints(kind) => self.endpointless.push((*kind).to_owned()),
            Change::PathlessEndpoint(kind) => self.pathless.push((*kind).to_owned()),
            other => self.apply_answers(other),
        }
    }

    fn apply_answers(&mut self, change: &Change) {
        match change {
            Change::Answer { method, path, status, body } => self.overrides.push(Override {
                method: method.clone(),
                path: path.trim_end_matches('*').to_owned(),
                exact: !path.ends_with('*'),
                status: *status,
                body: (*body).to_owned(),
            }),
            Change::Status("servers", status) => self.server_status = (*status).to_owned(),
            Change::Status(_, status) => self.volume_status = (*status).to_owned(),
            Change::Stored(collection, object) => {
                self.stored.entry((*collection).to_owned()).or_default().push(object.clone());
            }
            Change::Nothing(collection) => {
                self.stored.remove(*collection).unwrap();
            }
            Change::Console(from, to) => {
                assert!(self.console.contains(from), "the console has no {from}");
                self.console = self.console.replace(from, to);
            }
            Change::S3(status, body) => self.s3 = (*status, (*body).to_owned()),
            Change::Roles(roles) => self.roles = roles.iter().map(|role| (*role).to_owned()).collect(),
            other => panic!("the double knows no {other:?}"),
        }
    }
}

/// Sets a key; null takes it away, as an API that does not show it.
fn set(object: &mut Value, key: &str, value: Value) {
    let map = object.as_object_mut().unwrap();
    if value.is_null() {
        map.remove(key)
    } else {
        map.insert(key.to_owned(), value)
    };
}

fn remove(all: &mut Vec<Value>, name: &str) {
    let before = all.len();
    all.retain(|object| object["name"] != name);
    assert!(all.len() < before, "there is no {name}");
}

/// A flavor as the user sees it; none if it belongs to another project.
fn shown(new: &NewFlavor) -> Option<Value> {
    let specs: serde_json::Map<String, Value> =
        new.specs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    new.public.then(|| {
        json!({"id": format!("id-{}", new.name), "name": new.name, "vcpus": new.vcpus, "ram": new.ram,
            "disk": new.disk, "extra_specs": specs})
    })
}

fn template(new: &NewTemplate) -> Value {
    json!({"id": "new", "direction": new.direction, "ethertype": new.ethertype, "protocol": new.protocol,
        "remote_group_id": new.remote_group_id, "remote_ip_prefix": new.remote_ip_prefix,
        "used_in_default_sg": new.used_in_default_sg, "used_in_non_default_sg": new.used_in_non_default_sg})
}
