//! Changing flavors.

use kogge_client::Method;
use kogge_conform_iaas::proof::{Change, NewFlavor, sound_flavors};
use serde_json::{Map, Value, json};

use super::{Administrator, id, only, pick};

const PUBLIC: &str = "os-flavor-access:is_public";

pub(super) async fn all(admin: &Administrator) -> Vec<Value> {
    admin.list("compute", "flavors/detail", "flavors", &[("is_public", "None")]).await
}

/// Every standard flavor, exactly.
pub(super) async fn make_sound(admin: &Administrator) {
    let all = all(admin).await;
    for mut wanted in sound_flavors() {
        wanted[PUBLIC] = json!(true);
        let named: Vec<&Value> = all.iter().filter(|flavor| flavor["name"] == wanted["name"]).collect();
        if named.iter().any(|flavor| content(flavor) == content(&wanted)) {
            continue;
        }
        for flavor in named {
            delete(admin, flavor).await;
        }
        create(admin, &wanted).await;
    }
}

async fn flavor(admin: &Administrator, name: &str) -> Value {
    only(all(admin).await, name, |flavor| flavor["name"] == name)
}

pub(super) async fn change(admin: &Administrator, change: &Change) {
    match change {
        Change::NoFlavor(name) => delete(admin, &flavor(admin, name).await).await,
        Change::FlavorSpec { flavor: name, key, value } => {
            let specs = format!("flavors/{}/os-extra_specs", id(&flavor(admin, name).await));
            match value {
                Some(value) => {
                    let body = json!({"extra_specs": {*key: value}});
                    admin.must(Method::POST, "compute", &specs, &body).await;
                }
                None => admin.delete("compute", &format!("{specs}/{key}")).await,
            }
        }
        // figures cannot be changed: the flavor is made anew
        Change::FlavorFigure { flavor: name, key, value } => {
            let mut old = flavor(admin, name).await;
            delete(admin, &old).await;
            old[*key] = json!(value);
            create(admin, &content(&old)).await;
        }
        Change::NewFlavor(new) => create(admin, &shown(new)).await,
        other => panic!("{other:?} is no change of a flavor"),
    }
}

fn shown(new: &NewFlavor) -> Value {
    let specs: Map<String, Value> =
        new.specs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({"name": new.name, "vcpus": new.vcpus, "ram": new.ram, "disk": new.disk, "extra_specs": specs,
        PUBLIC: new.public})
}

pub(super) async fn delete(admin: &Administrator, flavor: &Value) {
    admin.delete("compute", &format!("flavors/{}", id(flavor))).await;
}

pub(super) async fn create(admin: &Administrator, flavor: &Value) {
    let body = json!({"flavor": pick(flavor, &["name", "vcpus", "ram", "disk", PUBLIC])});
    let made = admin.must(Method::POST, "compute", "flavors", &body).await;
    if flavor["extra_specs"].as_object().is_some_and(|specs| !specs.is_empty()) {
        let path = format!("flavors/{}/os-extra_specs", id(&made["flavor"]));
        admin.must(Method::POST, "compute", &path, &json!({"extra_specs": flavor["extra_specs"]})).await;
    }
}

/// What makes one flavor differ from another.
pub(super) fn content(flavor: &Value) -> Value {
    pick(flavor, &["name", "vcpus", "ram", "disk", "extra_specs", PUBLIC])
}
