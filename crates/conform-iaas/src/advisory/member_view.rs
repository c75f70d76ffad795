//! SCS-0126: what an ordinary member can see of the provider's networks, and do with networks of its own.

use kogge_client::encode_segment;
use kogge_conform::{Context, ObjectRef, Problem, Severity};
use serde_json::{Value, json};

use super::bench::Bench;
use super::provider_network::{is, list, object};
use super::{Looked, Notice};
use crate::created::{NETWORK, RBAC_POLICY, try_create};
use crate::lookup::{shown, text};
use crate::remove::remove;

/// The least MTU of IPv6 (RFC 8200).
const LEAST_MTU: u64 = 1280;

/// What only administrators are to see: how the provider's network is wired.
const WIRING: [&str; 3] = ["provider:network_type", "provider:physical_network", "provider:segmentation_id"];

/// External and shared networks, as the member sees them.
pub(super) async fn networks(context: &Context) -> Result<Vec<Notice>, Problem> {
    let networks = list(context, "networks", "networks").await?;
    let token = context.client.token().await?;
    let own = token.project.as_ref().map(|project| project.id.as_str());
    let owner = |network: &Value| text(network, "project_id").or_else(|| text(network, "tenant_id"));
    let foreign = networks.iter().filter(|n| owner(n).is_some_and(|owner| Some(owner.as_str()) != own));
    Ok(foreign.flat_map(judge).collect())
}

fn judge(network: &Value) -> Vec<Notice> {
    let mut notices = Vec::new();
    let object = object("network", network);
    let (external, shared) = (is(network, "router:external"), is(network, "shared"));
    if !external && !shared {
        let fix = "remove the policy or the RBAC rule that shows it";
        let expected = "networks of others are seen only where they are external or shared";
        notices.push(Notice::violation(object.clone(), expected, "it is neither", fix));
    }
    if shared && is(network, "is_default") && !is(network, "port_security_enabled") {
        let found = format!("port_security_enabled {}", shown(network.get("port_security_enabled")));
        let fix = "openstack network set --enable-port-security NETWORK, as admin";
        notices.push(Notice::violation(
            object.clone(),
            "port security on the shared standard network",
            found,
            fix,
        ));
    }
    let wiring: Vec<&str> =
        WIRING.into_iter().filter(|key| network.get(*key).is_some_and(|v| !v.is_null())).collect();
    if !wiring.is_empty() {
        let fix = "leave the rules get_network:provider:* as they come: administrators only";
        let seen = Notice::violation(
            object.clone(),
            "how it is wired is for administrators",
            wiring.join(", "),
            fix,
        );
        notices.push(Notice { severity: Severity::Warning, ..seen });
    }
    match network.get("mtu").and_then(Value::as_u64) {
        Some(mtu) if mtu >= LEAST_MTU => {
            let noted = Notice::violation(object, "its MTU is shown", format!("{mtu} bytes"), "");
            notices.push(Notice { severity: Severity::Info, ..noted });
        }
        Some(mtu) if external => {
            let fix = "raise the MTU of the physical network";
            notices.push(Notice::violation(
                object,
                "an MTU that IPv6 can use, 1280 bytes",
                format!("{mtu} bytes"),
                fix,
            ));
        }
        _ => {}
    }
    notices
}

/// A member should not be able to share its networks by RBAC rules. Tried with a network of its own and the own project,
/// where such a rule changes nothing.
pub(super) async fn rbac(context: &Context) -> Result<Vec<Notice>, Problem> {
    let mut bench = Bench::new(context, "0126");
    let done = Box::pin(try_rbac(&mut bench)).await;
    Box::pin(bench.clear()).await?;
    done
}

async fn try_rbac(bench: &mut Bench<'_>) -> Result<Vec<Notice>, Problem> {
    let context = bench.context;
    let network = bench.make(&NETWORK, "net", json!({})).await?;
    let token = context.client.token().await?;
    let project = token.project.as_ref().map(|project| project.id.clone()).unwrap_or_default();
    let body = json!({"object_type": "network", "object_id": text(&network, "id"), "target_tenant": project,
        "action": "access_as_shared"});
    let name = bench.name("rbac");
    match try_create(context, &context.client, &RBAC_POLICY, &name, body).await? {
        // 404: the cloud has no such rules at all
        Err(error) if matches!(error.status(), Some(403 | 404)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
        Ok(made) => {
            remove(context, &RBAC_POLICY, &made).await?;
            let object = ObjectRef { name: "network service".into(), id: None };
            let fix = "set the rule create_rbac_policy to rule:admin_only";
            let notice =
                Notice::violation(object, "members cannot make RBAC rules for networks", "one was made", fix);
            // the draft has SHOULD
            Ok(vec![Notice { severity: Severity::Warning, ..notice }])
        }
    }
}

/// Every project may have a floating IP, where the cloud has IPv4 for its users. Neutron shows quotas to managers of the
/// project and to administrators only, unless the operator's policy says otherwise.
pub(super) async fn floating_ip(context: &Context) -> Result<Looked, Problem> {
    let token = context.client.token().await?;
    let project = token.project.as_ref().map(|project| project.id.clone()).unwrap_or_default();
    let path = format!("quotas/{}", encode_segment(&project));
    let answer = context.client.get("network", &path).await?;
    if answer.status.as_u16() == 403 {
        return Ok(Looked::NothingThere("the cloud shows quotas to managers and administrators only"));
    }
    let answer: Value = answer.success()?.json()?;
    let quota = answer.get("quota").and_then(|quota| quota.get("floatingip"));
    let Some(number) = quota.and_then(Value::as_i64) else {
        return Err(Problem::cloud(format!(
            "the quota of project {project} has floatingip {}",
            shown(quota)
        )));
    };
    let object = ObjectRef { name: "quota of the project".into(), id: Some(project) };
    let fix = "openstack quota set --floating-ips 1 PROJECT, as admin";
    let notice = Notice::violation(object, "at least one floating IP", format!("{number}"), fix);
    Ok(Looked::Saw(if number == 0 { vec![notice] } else { Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severities(network: Value) -> Vec<Severity> {
        judge(&network).iter().map(|notice| notice.severity).collect()
    }

    #[test]
    fn each_thing_that_is_wrong_is_told_once() {
        let good = json!({"id": "n", "name": "n", "router:external": true, "shared": true, "is_default": true,
            "port_security_enabled": true, "mtu": 1500});
        assert_eq!(severities(good.clone()), [Severity::Info]);
        let with = |key: &str, value: Value| {
            let mut changed = good.clone();
            changed[key] = value;
            severities(changed)
        };
        assert_eq!(with("port_security_enabled", json!(false)), [Severity::Violation, Severity::Info]);
        assert_eq!(with("provider:segmentation_id", json!(7)), [Severity::Warning, Severity::Info]);
        assert_eq!(with("provider:segmentation_id", Value::Null), [Severity::Info]);
        assert_eq!(with("mtu", json!(1000)), [Severity::Violation]);
        assert_eq!(severities(json!({"id": "n", "name": "n"})), [Severity::Violation]);
    }
}
