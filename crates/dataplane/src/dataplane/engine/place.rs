//! Bringing one plan into one namespace.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use kogge_node_api::NodeError;

use crate::plan::NsPlan;
use crate::plan::diff::{Ownership, Steps, diff};
use crate::system::{Netns, ObservedNs, run, without_checksum_offload};

/// An unchanged plan is compared with what is this often; somebody may have changed it by hand.
const RECHECK: Duration = Duration::from_secs(300);

/// What was done in a namespace.
#[derive(Default)]
pub(super) struct Placed {
    plan: Option<NsPlan>,
    /// When links were compared.
    checked: Option<Instant>,
    /// The rules that were set, and when.
    rules: Option<(String, Instant)>,
}

/// What came of applying a plan whose rules are in place.
pub(super) struct Outcome {
    /// Whether links and addresses are as planned.
    pub(super) links: Result<(), NodeError>,
    /// Lines of `ip -batch` for what has to go.
    pub(super) remove: Vec<String>,
}

impl Placed {
    /// Lets the next application compare links, whatever is remembered.
    pub(super) fn verify_links(&mut self) {
        self.checked = None;
    }

    fn is_fresh(&self, plan: &NsPlan) -> bool {
        self.plan.as_ref() == Some(plan) && self.checked.is_some_and(|at| at.elapsed() < RECHECK)
    }

    fn has_rules(&self, plan: &NsPlan) -> bool {
        self.rules.as_ref().is_some_and(|(rules, at)| *rules == plan.firewall && at.elapsed() < RECHECK)
    }
}

/// Applies `plan` in `namespace`: sysctls, then rules, then links. Does nothing where it was just applied.
///
/// # Errors
/// Where sysctls or rules could not be set: then no link was touched.
pub(super) fn apply(
    namespace: &Netns,
    plan: &NsPlan,
    ownership: Ownership,
    placed: &mut Placed,
) -> Result<Outcome, NodeError> {
    if placed.is_fresh(plan) {
        return Ok(Outcome { links: Ok(()), remove: Vec::new() });
    }
    placed.plan = None;
    namespace.run(|| {
        for (path, value) in &plan.sysctls {
            sysctl(path, value)?;
        }
        if !placed.has_rules(plan) {
            placed.rules = None;
            run("nft", &["-f", "-"], &plan.firewall)?;
            placed.rules = Some((plan.firewall.clone(), Instant::now()));
        }
        Ok(())
    })?;
    let outcome = namespace.run(|| {
        let seen = ObservedNs::read(ownership == Ownership::Ours)?;
        if ownership == Ownership::Shared {
            check_conflict(plan, &seen)?;
        }
        let steps = diff(plan, &seen, ownership);
        let links = links(plan, &steps);
        Ok(Outcome { links, remove: steps.remove })
    })?;
    if outcome.links.is_ok() {
        placed.plan = Some(plan.clone());
        placed.checked = Some(Instant::now());
    }
    Ok(outcome)
}

fn links(plan: &NsPlan, steps: &Steps) -> Result<(), NodeError> {
    let made = batch(&steps.add);
    for link in &plan.no_offload {
        without_checksum_offload(link)?;
    }
    if let Err(error) = batch(&steps.routes) {
        tracing::warn!(%error, "networking: a route was refused");
    }
    let announcements: Vec<String> = steps
        .announce
        .iter()
        .filter_map(|dev| {
            // setting the MAC that it has makes the kernel announce all its addresses (arp_notify)
            Some(format!("link set dev {dev} address {}", plan.links.get(dev)?.mac.as_ref()?))
        })
        .collect();
    made.and(batch(&announcements))
}

/// Runs lines of `ip -batch`; a line that fails does not stop the ones after it.
pub(super) fn batch(lines: &[String]) -> Result<(), NodeError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    run("ip", &["-force", "-batch", "-"], &text).map(|_| ())
}

/// Runs lines that remove something. What is gone already is fine: one end of a pair takes the other along.
pub(super) fn remove(lines: &[String]) -> Result<(), NodeError> {
    let absent = ["Cannot find device", "No such process", "No such file or directory", "Command failed"];
    match batch(lines) {
        Err(NodeError::Failed { because, .. })
            if because.split("; ").all(|line| absent.iter().any(|words| line.contains(words))) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Forgets flows; having none to forget is fine.
pub(super) fn forget_flows(args: &[String]) -> Result<(), NodeError> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run("conntrack", &args, "") {
        Err(NodeError::Failed { because, .. }) if because.contains("0 flow entries have been deleted") => {
            Ok(())
        }
        other => other.map(|_| ()),
    }
}

fn sysctl(path: &str, value: &str) -> Result<(), NodeError> {
    let step = format!("setting {path}");
    let file = Path::new("/proc/sys").join(path);
    match std::fs::read_to_string(&file) {
        Ok(now) if now.trim() == value => return Ok(()),
        // a host without IPv6, or a link that is made later
        Err(error) if error.kind() == ErrorKind::NotFound && path.contains("/conf/") => return Ok(()),
        _ => {}
    }
    std::fs::write(file, value).map_err(|error| NodeError::failed(&step, error))
}

/// Loads the kernel's bridge filter where it is a module.
///
/// # Errors
/// [`NodeError::Refused`] where the kernel has none: security groups would filter nothing.
pub(super) fn bridge_filter() -> Result<(), NodeError> {
    let there = || Path::new("/proc/sys/net/bridge/bridge-nf-call-iptables").exists();
    if there() || (run("modprobe", &["br_netfilter"], "").is_ok() && there()) {
        return Ok(());
    }
    let because =
        "the kernel has no br_netfilter, without which security groups filter nothing; load the module";
    Err(NodeError::Refused { because: because.to_owned() })
}

/// Removes every link of the calling thread's namespace, taps included.
pub(super) fn remove_links() -> Result<(), NodeError> {
    let seen = ObservedNs::read(false)?;
    let mut lines: Vec<String> =
        seen.links.keys().filter(|name| *name != "lo").map(|name| format!("link del dev {name}")).collect();
    lines.sort();
    remove(&lines)
}

/// The gateway's range must not be on another link of the host: answers would go there.
fn check_conflict(plan: &NsPlan, seen: &ObservedNs) -> Result<(), NodeError> {
    for (dev, wanted) in &plan.addresses {
        let overlaps =
            |net: &ipnet::IpNet| net.contains(&wanted.network()) || wanted.contains(&net.network());
        let other = seen.addresses.iter().find(|(link, net)| !plan.links.contains_key(link) && overlaps(net));
        if let Some((link, net)) = other {
            let because = format!(
                "the host has {net} on {link}, which overlaps with the external subnet {}; choose another range for \
                 the external network",
                wanted.trunc()
            );
            return Err(NodeError::failed(&format!("giving {wanted} to {dev}"), because));
        }
    }
    Ok(())
}
