//! SCS-0127: names of ports, and the servers that subnets hand out.

use kogge_client::{Method, encode_segment};
use kogge_conform::{Context, ObjectRef, Problem};
use serde_json::{Value, json};

use super::Notice;
use super::bench::Bench;
use super::provider_network::list;
use crate::created::{NETWORK, PORT, SUBNET};
use crate::lookup::{shown, text};

const EXTENSION: &str = "dns-integration";

/// A public resolver that validates, as the draft asks of servers outside the cloud. Nobody asks it anything here.
const RESOLVER: &str = "9.9.9.9";

async fn offered(context: &Context, alias: &str) -> Result<bool, Problem> {
    let extensions = list(context, "extensions", "extensions").await?;
    Ok(extensions.iter().any(|e| text(e, "alias").is_some_and(|found| found == alias)))
}

/// The extension `dns-integration`.
pub(super) async fn integration(context: &Context) -> Result<Vec<Notice>, Problem> {
    let notice = || {
        let object = ObjectRef { name: "network service".into(), id: None };
        let fix = "add the extension driver dns to the network service";
        Notice::violation(object, "the extension dns-integration", "it is not listed", fix)
    };
    Ok(if offered(context, EXTENSION).await? { Vec::new() } else { vec![notice()] })
}

/// A port that is given a name has it, and gets a name of the domain; a subnet hands out the servers that it was given.
/// `None` without the extension.
pub(super) async fn names(context: &Context) -> Result<Option<Vec<Notice>>, Problem> {
    if !offered(context, EXTENSION).await? {
        return Ok(None);
    }
    let mut bench = Bench::new(context, "0127");
    let done = Box::pin(walk(&mut bench)).await;
    Box::pin(bench.clear()).await?;
    done.map(Some)
}

async fn walk(bench: &mut Bench<'_>) -> Result<Vec<Notice>, Problem> {
    let mut notices = Vec::new();
    let network = bench.make(&NETWORK, "net", json!({"admin_state_up": true})).await?;
    let network_id = text(&network, "id").unwrap_or_default();
    let subnet = json!({"network_id": network_id, "ip_version": 4, "cidr": "10.127.0.0/24",
        "dns_nameservers": [RESOLVER]});
    let subnet = bench.make(&SUBNET, "subnet", subnet).await?;
    if subnet.get("dns_nameservers") != Some(&json!([RESOLVER])) {
        let found = shown(subnet.get("dns_nameservers"));
        notices.push(wrong("the new subnet", format!("dns_nameservers [{RESOLVER:?}], as was given"), found));
    }
    let host = format!("check-{}", bench.context.run.short());
    let port = bench.make(&PORT, "port", json!({"network_id": network_id, "dns_name": host})).await?;
    notices.extend(judge(&port, &host));
    let path = format!("ports/{}", encode_segment(&text(&port, "id").unwrap_or_default()));
    let renamed = format!("{host}-b");
    let body = json!({"port": {"dns_name": renamed}});
    let answer = bench.context.client.request(Method::PUT, "network", &path, None, Some(&body)).await?;
    let answer: Value = answer.success()?.json()?;
    notices.extend(judge(answer.get("port").unwrap_or(&Value::Null), &renamed));
    Ok(notices)
}

fn wrong(what: &str, expected: String, found: String) -> Notice {
    let object = ObjectRef { name: what.to_owned(), id: None };
    Notice::violation(
        object,
        expected,
        found,
        "configure dns_domain and the extension driver dns of the network service",
    )
}

/// Whether a port has the name, and each of its addresses the name with a domain.
fn judge(port: &Value, host: &str) -> Vec<Notice> {
    let mut notices = Vec::new();
    if text(port, "dns_name").as_deref() != Some(host) {
        notices.push(wrong("the new port", format!("dns_name {host:?}"), shown(port.get("dns_name"))));
    }
    let addresses = port.get("fixed_ips").and_then(Value::as_array).cloned().unwrap_or_default();
    let assigned = port.get("dns_assignment").and_then(Value::as_array).cloned().unwrap_or_default();
    for address in addresses.iter().filter_map(|one| text(one, "ip_address")) {
        let entry = assigned.iter().find(|one| text(one, "ip_address").as_deref() == Some(&address));
        let right = entry.is_some_and(|entry| {
            let full = text(entry, "fqdn").unwrap_or_default();
            text(entry, "hostname").as_deref() == Some(host) && full.starts_with(&format!("{host}."))
        });
        if !right {
            let expected =
                format!("dns_assignment of {address} with hostname {host:?} and the same in its fqdn");
            notices.push(wrong("the new port", expected, shown(entry)));
        }
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host: &str, full: &str) -> Value {
        json!({"dns_name": host, "fixed_ips": [{"ip_address": "10.127.0.5"}],
            "dns_assignment": [{"ip_address": "10.127.0.5", "hostname": host, "fqdn": full}]})
    }

    #[test]
    fn a_port_needs_its_name_and_an_assignment_for_each_address() {
        assert!(judge(&port("a", "a.example.org."), "a").is_empty());
        assert_eq!(judge(&port("b", "b.example.org."), "a").len(), 2);
        assert_eq!(judge(&port("a", "host-10-127-0-5.example.org."), "a").len(), 1);
        assert_eq!(
            judge(&json!({"dns_name": "a", "fixed_ips": [{"ip_address": "10.127.0.5"}]}), "a").len(),
            1
        );
    }
}
