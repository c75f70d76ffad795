//! A server group as its JSON has it, by microversion.

use kogge_http::{ApiError, Microversion};
use kogge_ids::ServerId;
use serde::Serialize;
use serde_json::Value;

use crate::api::body::{Fields, Read, repr, wrong};
use crate::microversion as v;
use crate::model::server_group::{GroupPolicy, NewServerGroup, ServerGroup};

/// A server group. Fields of `Option` are left out where they are `None`.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    id: String,
    name: String,
    members: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(flatten)]
    policy: PolicyView,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PolicyView {
    /// Until 2.63: a list of one, and metadata that never was used.
    List { policies: [&'static str; 1], metadata: Empty },
    /// Since 2.64.
    One { policy: &'static str, rules: Rules },
}

#[derive(Debug, Serialize)]
struct Empty {}

#[derive(Debug, Serialize)]
struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_server_per_host: Option<i64>,
}

/// A group as `version` shows it.
pub(crate) fn view(group: &ServerGroup, members: &[ServerId], version: Microversion) -> View {
    let owner = version.has(v::SERVER_GROUP_OWNER);
    let policy = group.policy.as_str();
    View {
        id: group.id.to_string(),
        name: group.name.clone(),
        members: members.iter().map(ToString::to_string).collect(),
        project_id: owner.then(|| group.project.to_string()),
        user_id: owner.then(|| group.user.to_string()),
        policy: if version.has(v::SERVER_GROUP_RULES) {
            PolicyView::One { policy, rules: Rules { max_server_per_host: group.max_per_host } }
        } else {
            PolicyView::List { policies: [policy], metadata: Empty {} }
        },
    }
}

/// The command in the body of `POST /os-server-groups`.
pub(crate) fn read(body: &Value, version: Microversion) -> Read<NewServerGroup> {
    let body = Fields::of(body)?;
    let group = body.object("server_group")?;
    let name = group.required("name", group.name("name")?)?;
    let (policy, max_per_host) = if version.has(v::SERVER_GROUP_RULES) {
        (group.required("policy", policy(&group)?)?, rules(&group)?)
    } else {
        (group.required("policies", policies(&group, version)?)?, None)
    };
    group.finish()?;
    body.finish()?;
    if max_per_host.is_some() && policy != GroupPolicy::AntiAffinity {
        return Err(ApiError::bad_request("Only anti-affinity policy supports rules."));
    }
    Ok(NewServerGroup { name, policy, max_per_host })
}

fn policy(group: &Fields<'_>) -> Read<Option<GroupPolicy>> {
    let words = GroupPolicy::ALL.map(GroupPolicy::as_str);
    Ok(group.word("policy", &words)?.and_then(|word| word.parse().ok()))
}

fn rules(group: &Fields<'_>) -> Read<Option<i64>> {
    let Some(value) = group.take("rules") else { return Ok(None) };
    let rules = Fields::named("rules", value)?;
    let most = rules.number("max_server_per_host", 1, i64::MAX)?;
    rules.finish()?;
    Ok(most)
}

/// A list of exactly one word.
fn policies(group: &Fields<'_>, version: Microversion) -> Read<Option<GroupPolicy>> {
    let Some(list) = group.list("policies")? else { return Ok(None) };
    let value = Value::Array(list.clone());
    let refuse = |why: &str| wrong("policies", &value, &format!("{} {why}", repr(&value)));
    let [one] = list.as_slice() else {
        return Err(refuse(if list.is_empty() { "should be non-empty" } else { "is too long" }));
    };
    let known: &[GroupPolicy] =
        if version.has(v::SOFT_POLICIES) { &GroupPolicy::ALL } else { &GroupPolicy::HARD };
    let found = known.iter().find(|policy| one.as_str() == Some(policy.as_str()));
    let words = || known.iter().map(|policy| format!("'{}'", policy.as_str())).collect::<Vec<_>>().join(", ");
    let why = || wrong("0", one, &format!("{} is not one of [{}]", repr(one), words()));
    found.copied().map(Some).ok_or_else(why)
}

#[cfg(test)]
mod tests {
    use kogge_http::mv;
    use serde_json::json;

    use super::*;

    fn message(group: Value, minor: u16) -> String {
        let read = read(&json!({ "server_group": group }), mv(2, minor));
        read.err().map_or_else(String::new, |error| error.message().to_owned())
    }

    #[test]
    fn fields_and_policies_come_and_go_with_the_microversion() {
        let policies = |word: &str| json!({"name": "g", "policies": [word]});
        let policy = |word: &str| json!({"name": "g", "policy": word});
        for (group, since, until) in [
            (policies("affinity"), 1, 63),
            (policies("anti-affinity"), 1, 63),
            (policies("soft-affinity"), 15, 63),
            (policies("soft-anti-affinity"), 15, 63),
            (policy("affinity"), 64, 103),
            (policy("soft-anti-affinity"), 64, 103),
            (json!({"name": "g", "policy": "affinity", "rules": {}}), 64, 103),
            (json!({"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}), 64, 103),
        ] {
            for minor in [1, 12, 13, 14, 15, 63, 64, 103] {
                let text = message(group.clone(), minor);
                let good = (since..=until).contains(&minor);
                assert_eq!(text.is_empty(), good, "{group} at 2.{minor}: {text}");
            }
        }
    }

    #[test]
    fn wrong_groups_are_refused_with_the_reason() {
        for (group, minor, part) in [
            (json!({"policies": ["affinity"]}), 1, "'name' is a required property"),
            (json!({"name": "g"}), 1, "'policies' is a required property"),
            (json!({"name": "g"}), 64, "'policy' is a required property"),
            (json!({"name": "", "policies": ["affinity"]}), 1, "should be non-empty"),
            (json!({"name": "g", "policies": []}), 1, "[] should be non-empty"),
            (json!({"name": "g", "policies": ["affinity", "anti-affinity"]}), 1, "is too long"),
            (
                json!({"name": "g", "policies": ["legacy"]}),
                1,
                "'legacy' is not one of ['anti-affinity', 'affinity']",
            ),
            (json!({"name": "g", "policies": [1]}), 15, "1 is not one of ["),
            (json!({"name": "g", "policies": "affinity"}), 1, "is not of type 'array'"),
            (json!({"name": "g", "policies": ["affinity"], "metadata": {}}), 1, "'metadata' was unexpected"),
            (json!({"name": "g", "policy": "legacy"}), 64, "'legacy' is not one of"),
            (json!({"name": "g", "policy": "affinity", "rules": []}), 64, "is not of type 'object'"),
            (json!({"name": "g", "policy": "anti-affinity", "rules": {"x": 1}}), 64, "'x' was unexpected"),
            (
                json!({"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}),
                64,
                "less than the minimum of 1",
            ),
            (
                json!({"name": "g", "policy": "soft-anti-affinity", "rules": {"max_server_per_host": 1}}),
                64,
                "Only anti-affinity policy supports rules.",
            ),
        ] {
            let text = message(group.clone(), minor);
            assert!(text.contains(part), "{group}: {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,100}", minor in 1_u16..104) {
            for group in [
                json!({"name": text, "policies": [text], "policy": text}),
                json!({"name": "g", "policies": text, "policy": "anti-affinity", "rules": {text.clone(): text}}),
            ] {
                let _ = message(group, minor);
            }
        }
    }
}
