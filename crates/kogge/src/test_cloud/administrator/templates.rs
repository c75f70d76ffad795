//! Changing the templates of default security group rules.

use kogge_client::Method;
use kogge_conform_iaas::proof::{Change, NewTemplate};
use serde_json::{Value, json};

use super::{Administrator, id, pick};

const PATH: &str = "default-security-group-rules";

pub(super) async fn all(admin: &Administrator) -> Vec<Value> {
    admin.list("network", PATH, "default_security_group_rules", &[]).await
}

pub(super) async fn change(admin: &Administrator, change: &Change) {
    match change {
        Change::NewTemplate(new) => create(admin, &template(new)).await,
        Change::NoTemplate(direction, ethertype) => {
            let fits = |rule: &&Value| rule["direction"] == *direction && rule["ethertype"] == *ethertype;
            for rule in all(admin).await.iter().filter(fits) {
                delete(admin, rule).await;
            }
        }
        other => panic!("{other:?} is no change of a template"),
    }
}

pub(super) async fn create(admin: &Administrator, rule: &Value) {
    admin.must(Method::POST, "network", PATH, &json!({"default_security_group_rule": rule})).await;
}

pub(super) async fn delete(admin: &Administrator, rule: &Value) {
    admin.delete("network", &format!("{PATH}/{}", id(rule))).await;
}

fn template(new: &NewTemplate) -> Value {
    json!({"direction": new.direction, "ethertype": new.ethertype, "protocol": new.protocol,
        "remote_group_id": new.remote_group_id, "remote_ip_prefix": new.remote_ip_prefix,
        "used_in_default_sg": new.used_in_default_sg, "used_in_non_default_sg": new.used_in_non_default_sg})
}

/// What makes one template differ from another.
pub(super) fn content(rule: &Value) -> Value {
    let keys = [
        "direction",
        "ethertype",
        "protocol",
        "port_range_min",
        "port_range_max",
        "remote_group_id",
        "remote_ip_prefix",
        "used_in_default_sg",
        "used_in_non_default_sg",
    ];
    pick(rule, &keys)
}
