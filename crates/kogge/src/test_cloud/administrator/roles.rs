//! The roles of the member as whom a cloud is checked.

use kogge_client::Method;
use serde_json::{Value, json};

use super::{Administrator, id};

impl Administrator {
    fn member_path(&self) -> String {
        let (user, project) = &self.member;
        format!("projects/{project}/users/{user}/roles")
    }

    /// The member's roles, by name.
    pub(super) async fn roles(&self) -> Vec<String> {
        let roles = self.member_roles().await;
        roles.iter().filter_map(|role| role["name"].as_str().map(str::to_owned)).collect()
    }

    async fn member_roles(&self) -> Vec<Value> {
        let path = self.member_path();
        let answer = self.must(Method::GET, "identity", &path, &Value::Null).await;
        answer["roles"].as_array().cloned().unwrap_or_default()
    }

    /// Gives the member these roles and no others.
    pub(super) async fn set_roles<T: AsRef<str>>(&self, wanted: &[T]) {
        let wanted: Vec<&str> = wanted.iter().map(T::as_ref).collect();
        let (path, has) = (self.member_path(), self.member_roles().await);
        for role in has.iter().filter(|role| !wanted.iter().any(|name| role["name"] == *name)) {
            self.delete("identity", &format!("{path}/{}", id(role))).await;
        }
        for name in wanted.into_iter().filter(|name| !has.iter().any(|role| role["name"] == *name)) {
            let role = self.role(name).await;
            self.must(Method::PUT, "identity", &format!("{path}/{role}"), &Value::Null).await;
        }
    }

    /// The id of a role, which is made if there is none.
    async fn role(&self, name: &str) -> String {
        let known = self.list("identity", "roles", "roles", &[("name", name)]).await;
        if let Some(role) = known.first() {
            return id(role).to_owned();
        }
        let made = self.must(Method::POST, "identity", "roles", &json!({"role": {"name": name}})).await;
        id(&made["role"]).to_owned()
    }
}
