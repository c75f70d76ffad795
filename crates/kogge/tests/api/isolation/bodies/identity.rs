//! Bodies of the identity service.

use serde_json::{Value, json};

use crate::isolation::fixture::Fixture;

pub(super) fn all(method: &str, path: &str, fixture: &Fixture) -> Vec<Value> {
    let (user, domain) = (fixture.id("users"), fixture.id("domains"));
    match (method, path) {
        ("POST", "/v3/auth/tokens") => logins(fixture),
        ("POST", "/v3/ec2tokens" | "/v3/s3tokens") => vec![json!({"credentials": {"access": "a",
            "signature": "s", "token": "dA==", "host": "h", "verb": "GET", "path": "/", "params": {}}})],
        ("POST", "/v3/users") => vec![json!({"user": {"name": "x", "domain_id": domain,
            "password": "a-good-password", "default_project_id": fixture.id("projects"), "enabled": true,
            "email": "a@example.org", "description": "d", "options": {"ignore_password_expiry": true}}})],
        ("PATCH", "/v3/users/{user_id}") => {
            vec![json!({"user": {"description": "y", "default_project_id": fixture.id("projects")}})]
        }
        ("POST", "/v3/users/{user_id}/password") => {
            vec![json!({"user": {"original_password": "not-this", "password": "a-better-password"}})]
        }
        ("POST", "/v3/groups") => {
            vec![json!({"group": {"name": "x", "domain_id": domain, "description": "d"}})]
        }
        ("PATCH", "/v3/groups/{group_id}") => vec![json!({"group": {"description": "y"}})],
        ("POST", "/v3/domains") => {
            vec![json!({"domain": {"name": "x", "description": "d", "enabled": true}})]
        }
        ("PATCH", "/v3/domains/{domain_id}") => vec![json!({"domain": {"description": "y"}})],
        ("POST", "/v3/projects") => vec![
            json!({"project": {"name": "x", "domain_id": domain, "description": "d", "enabled": true,
                "is_domain": false, "tags": ["a"], "options": {"immutable": false}}}),
            json!({"project": {"name": "x", "domain_id": "default", "parent_id": fixture.id("projects")}}),
        ],
        ("PATCH", "/v3/projects/{project_id}") => vec![json!({"project": {"description": "y"}})],
        ("PUT", "/v3/projects/{project_id}/tags") => vec![json!({"tags": ["a", "b"]})],
        ("POST", "/v3/roles") => vec![json!({"role": {"name": "x", "description": "d"}})],
        ("PATCH", "/v3/roles/{role_id}") => vec![json!({"role": {"description": "y"}})],
        _ => services(method, path).or_else(|| credentials(method, path, &user, fixture)).unwrap_or_default(),
    }
}

fn logins(fixture: &Fixture) -> Vec<Value> {
    let user = json!({"id": fixture.id("users"), "password": fixture.password});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    vec![
        json!({"auth": {"identity": identity, "scope": {"project": {"id": fixture.project}}}}),
        json!({"auth": {"identity": identity, "scope": {"domain": {"id": fixture.id("domains")}}}}),
    ]
}

fn services(method: &str, path: &str) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("POST", "/v3/regions") => vec![json!({"region": {"description": "d"}})],
        ("PUT" | "PATCH", "/v3/regions/{region_id}") => vec![json!({"region": {"description": "d"}})],
        ("POST", "/v3/services") => {
            vec![json!({"service": {"type": "x", "name": "n", "enabled": true, "description": "d"}})]
        }
        ("PATCH", "/v3/services/{service_id}") => vec![json!({"service": {"description": "y"}})],
        ("POST", "/v3/endpoints") => vec![json!({"endpoint": {"interface": "public", "enabled": true,
            "url": "http://127.0.0.1/x", "service_id": "00000000-0000-4000-8000-000000000000"}})],
        ("PATCH", "/v3/endpoints/{endpoint_id}") => vec![json!({"endpoint": {"enabled": true}})],
        _ => return None,
    })
}

fn credentials(method: &str, path: &str, user: &str, fixture: &Fixture) -> Option<Vec<Value>> {
    Some(match (method, path) {
        ("POST", "/v3/users/{user_id}/application_credentials") => vec![
            json!({"application_credential": {"name": "x", "roles": [{"id": fixture.id("roles")}],
                "unrestricted": false, "description": "d",
                "access_rules": [{"path": "/v2.1/servers", "method": "GET", "service": "compute"}]}}),
            json!({"application_credential": {"name": "x", "access_rules": [{"id": fixture.id("access_rules")}]}}),
        ],
        ("POST", "/v3/users/{user_id}/credentials/OS-EC2") => vec![json!({"tenant_id": fixture.project})],
        ("POST", "/v3/credentials") => vec![json!({"credential": {"user_id": user, "type": "cert",
            "project_id": fixture.project, "blob": "text"}})],
        ("PATCH", "/v3/credentials/{credential_id}") => vec![
            json!({"credential": {"blob": "other"}}),
            json!({"credential": {"user_id": user}}),
            json!({"credential": {"project_id": fixture.project}}),
        ],
        _ => return None,
    })
}
