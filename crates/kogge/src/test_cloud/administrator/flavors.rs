//! Changing flavors.

use http::Method;
use kogge_conform_iaas::proof::{Change, NewFlavor};
use serde_json::{Value, json};

use super::{Session, found, id, must};

async fn flavor(admin: &Session, name: &str) -> Value {
    let admin = admin.speaking("compute 2.61");
    let path = "/compute/v2.1/flavors/detail?is_public=None&limit=1000";
    found(&admin, path, "flavors", |flavor| flavor["name"] == name).await.remove(0)
}

pub(super) async fn change_flavors(admin: &Session, change: &Change) {
    match change {
        Change::NoFlavor(name) => {
            let path = format!("/compute/v2.1/flavors/{}", id(&flavor(admin, name).await));
            must(admin, Method::DELETE, &path, Value::Null).await;
        }
        Change::FlavorSpec { flavor: name, key, value } => {
            let specs = format!("/compute/v2.1/flavors/{}/os-extra_specs", id(&flavor(admin, name).await));
            match value {
                Some(value) => must(admin, Method::POST, &specs, json!({"extra_specs": {*key: value}})).await,
                None => must(admin, Method::DELETE, &format!("{specs}/{key}"), Value::Null).await,
            };
        }
        // figures cannot be changed: the flavor is made anew
        Change::FlavorFigure { flavor: name, key, value } => {
            let mut old = flavor(admin, name).await;
            let path = format!("/compute/v2.1/flavors/{}", id(&old));
            must(admin, Method::DELETE, &path, Value::Null).await;
            old[*key] = json!(value);
            make_flavor(admin, &old, true).await;
        }
        Change::NewFlavor(new) => make_flavor(admin, &shown(new), new.public).await,
        other => panic!("{other:?} is no change of a flavor"),
    }
}

fn shown(new: &NewFlavor) -> Value {
    let specs: serde_json::Map<String, Value> =
        new.specs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({"name": new.name, "vcpus": new.vcpus, "ram": new.ram, "disk": new.disk, "extra_specs": specs})
}

async fn make_flavor(admin: &Session, flavor: &Value, public: bool) {
    let body = json!({"flavor": {"name": flavor["name"], "vcpus": flavor["vcpus"], "ram": flavor["ram"],
        "disk": flavor["disk"], "os-flavor-access:is_public": public}});
    let made = must(admin, Method::POST, "/compute/v2.1/flavors", body).await;
    if flavor["extra_specs"].as_object().is_some_and(|specs| !specs.is_empty()) {
        let path = format!("/compute/v2.1/flavors/{}/os-extra_specs", id(&made["flavor"]));
        must(admin, Method::POST, &path, json!({"extra_specs": flavor["extra_specs"]})).await;
    }
}
