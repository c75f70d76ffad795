//! The old and the loose spellings of keys, brought into one form: everything about sign-in inside `auth`.
//!
//! The rules are those of openstacksdk's `magic_fixes`: a value outside `auth` wins over one inside, since it may come
//! from the command line or the environment.

use serde_json::Value;

use super::tree::{Tree, text};

/// Which key means what: the target inside `auth`, and its spellings, the last one winning.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("domain_id", &["domain_id"]),
    ("domain_name", &["domain_name"]),
    ("default_domain_id", &["default_domain_id"]),
    ("default_domain_name", &["default_domain_name", "default_domain"]),
    ("user_domain_id", &["user_domain_id"]),
    ("user_domain_name", &["user_domain_name"]),
    ("project_domain_id", &["project_domain_id"]),
    ("project_domain_name", &["project_domain_name"]),
    ("token", &["auth_token", "token"]),
    ("project_id", &["tenant_id", "project_id"]),
    ("project_name", &["tenant_name", "project", "project_name"]),
    ("auth_url", &["auth_url"]),
    ("username", &["user_name", "username"]),
    ("user_id", &["user_id"]),
    ("password", &["password"]),
    ("system_scope", &["system_scope"]),
    ("application_credential_id", &["application_credential_id"]),
    ("application_credential_name", &["application_credential_name"]),
    ("application_credential_secret", &["application_credential_secret"]),
];

/// Takes the cloud's keys for sign-in out of the tree, in their one spelling.
pub(super) fn take_auth(tree: &mut Tree) -> Tree {
    let mut inside = match tree.remove("auth") {
        Some(Value::Object(auth)) => auth,
        _ => Tree::new(),
    };
    let mut auth = Tree::new();
    for (target, spellings) in SPELLINGS {
        let mut winner = None;
        for key in *spellings {
            winner = inside.remove(*key).as_ref().and_then(text).or(winner);
            winner = tree.remove(*key).as_ref().and_then(text).or(winner);
        }
        if let Some(value) = winner.filter(|v| !v.is_empty()) {
            auth.insert((*target).to_owned(), Value::String(value));
        }
    }
    spread_domain(&mut auth);
    auth
}

/// With a project, `domain_*` is only a short way of writing the user's and the project's domain.
fn spread_domain(auth: &mut Tree) {
    if !auth.contains_key("project_id") && !auth.contains_key("project_name") {
        return;
    }
    for kind in ["id", "name"] {
        let Some(value) = auth.remove(&format!("domain_{kind}")) else { continue };
        for owner in ["user", "project"] {
            auth.entry(format!("{owner}_domain_{kind}")).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn auth(value: Value) -> Value {
        let mut tree = value.as_object().unwrap().clone();
        Value::Object(take_auth(&mut tree))
    }

    #[test]
    fn a_value_outside_auth_wins() {
        let got = auth(json!({"username": "outer", "auth": {"username": "inner", "auth_url": "u"}}));
        assert_eq!(got, json!({"username": "outer", "auth_url": "u"}));
    }

    #[test]
    fn tenants_are_projects() {
        assert_eq!(auth(json!({"auth": {"tenant_name": "t"}})), json!({"project_name": "t"}));
    }

    #[test]
    fn a_domain_beside_a_project_is_the_domain_of_both() {
        let got = auth(json!({"auth": {"project_name": "p", "domain_name": "d", "user_domain_name": "u"}}));
        assert_eq!(got, json!({"project_name": "p", "user_domain_name": "u", "project_domain_name": "d"}));
    }

    #[test]
    fn a_domain_alone_is_a_scope() {
        assert_eq!(auth(json!({"auth": {"domain_id": "d"}})), json!({"domain_id": "d"}));
    }
}
