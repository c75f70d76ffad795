//! Bringing one plan into one namespace.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use kogge_node_api::NodeError;

use crate::names;
use crate::plan::NsPlan;
use crate::plan::diff::{Ownership, Steps, diff};
use crate::system::{Netns, ObservedNs, generation, run, without_checksum_offload};

/// An unchanged plan is compared with what is this often; somebody may have changed it by hand.
const RECHECK: Duration = Duration::from_secs(300);

/// What was done in a namespace.
#[derive(Default)]
pub(super) struct Placed {
    plan: Option<NsPlan>,
    /// When links were compared.
    checked: Option<Instant>,
    rules: Option<Rules>,
}

/// The rules that were set.
struct Rules {
    text: String,
    /// The kernel's number for them: another number means that somebody changed them since.
    generation: u32,
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

    /// Whether the rules that were set here last are those in the calling thread's namespace.
    pub(super) fn holds(&self) -> Result<bool, NodeError> {
        let Some(rules) = &self.rules else { return Ok(false) };
        Ok(generation()? == rules.generation)
    }

    fn is_fresh(&self, plan: &NsPlan) -> bool {
        self.plan.as_ref() == Some(plan) && self.checked.is_some_and(|at| at.elapsed() < RECHECK)
    }

    /// Makes the rules of `plan` the namespace's, unless they are.
    ///
    /// # Errors
    /// Where they cannot be set. The rules from before are then still there, or the links are down: never is a link
    /// open without rules.
    fn set_rules(&mut self, plan: &NsPlan, ownership: Ownership) -> Result<(), NodeError> {
        let whole = self.holds().unwrap_or(false);
        if whole && self.rules.as_ref().is_some_and(|rules| rules.text == plan.firewall) {
            return Ok(());
        }
        let set = run("nft", &["-f", "-"], &plan.firewall).and_then(|_| generation());
        match set {
            Ok(generation) => {
                self.rules = Some(Rules { text: plan.firewall.clone(), generation });
                Ok(())
            }
            Err(error) => {
                if !whole && !are_there(&plan.firewall) {
                    self.rules = None;
                    tracing::error!(%error, "networking: the rules are gone and cannot be set; links are switched off");
                    close(plan, ownership)?;
                }
                Err(error)
            }
        }
    }
}

/// True where every table that `ruleset` makes is in the namespace: nobody else makes tables of our names, so these
/// are the whole rules of an earlier process.
fn are_there(ruleset: &str) -> bool {
    let opened = ruleset.lines().filter_map(|line| line.strip_prefix("table ")?.strip_suffix(" {"));
    let list = |table: &str| {
        let (family, name) = table.split_once(' ')?;
        run("nft", &["-t", "list", "table", family, name], "").ok()
    };
    opened.into_iter().all(|table| list(table).is_some())
}

/// Switches off every link that the missing rules would have filtered.
fn close(plan: &NsPlan, ownership: Ownership) -> Result<(), NodeError> {
    let seen = ObservedNs::read(false)?;
    let ours =
        |name: &&String| *name != "lo" && (ownership == Ownership::Ours || plan.links.contains_key(*name));
    let lines: Vec<String> =
        seen.links.keys().filter(ours).map(|name| format!("link set dev {name} down")).collect();
    batch(&lines)
}

/// Applies `plan` in `namespace`: sysctls, then rules, then links. Does nothing where it was just applied and nobody
/// changed the rules since.
///
/// # Errors
/// Where sysctls or rules could not be set: then no link was touched, or all are down.
pub(super) fn apply(
    namespace: &Netns,
    plan: &NsPlan,
    ownership: Ownership,
    placed: &mut Placed,
) -> Result<Outcome, NodeError> {
    namespace.run(|| {
        if placed.is_fresh(plan) && placed.holds()? {
            return Ok(Outcome { links: Ok(()), remove: Vec::new() });
        }
        placed.plan = None;
        // a sysctl of a link that is made below has no file yet
        let later = sysctls(plan.sysctls.iter())?;
        placed.set_rules(plan, ownership)?;
        let seen = ObservedNs::read(ownership == Ownership::Ours)?;
        if ownership == Ownership::Shared {
            check_conflict(plan, &seen)?;
        }
        let steps = diff(plan, &seen, ownership);
        let links = links(plan, &steps).and_then(|()| sysctls(later.into_iter()).map(|_| ()));
        if links.is_ok() {
            placed.plan = Some(plan.clone());
            placed.checked = Some(Instant::now());
        }
        Ok(Outcome { links, remove: steps.remove })
    })
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

/// Sets sysctls and answers those of links that do not exist.
fn sysctls<'a>(
    all: impl Iterator<Item = &'a (String, String)>,
) -> Result<Vec<&'a (String, String)>, NodeError> {
    let mut absent = Vec::new();
    for one in all {
        if !sysctl(&one.0, &one.1)? {
            absent.push(one);
        }
    }
    Ok(absent)
}

/// Sets a sysctl. False where it belongs to a link that does not exist, or to IPv6 on a host without.
fn sysctl(path: &str, value: &str) -> Result<bool, NodeError> {
    let step = format!("setting {path}");
    let file = Path::new("/proc/sys").join(path);
    match std::fs::read_to_string(&file) {
        Ok(now) if now.trim() == value => return Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound && path.contains("/conf/") => return Ok(false),
        _ => {}
    }
    std::fs::write(file, value).map(|()| true).map_err(|error| NodeError::failed(&step, error))
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
            let way_out = if names::is_host_link(link) {
                "that link is another Kogge cloud's on this host: stop it (`kogge down --data ITS-DIRECTORY`), or \
                 choose another range for the external network of one of the two"
            } else {
                "choose another range for the external network"
            };
            let because = format!(
                "the host has {net} on {link}, which overlaps with the external subnet {}; {way_out}",
                wanted.trunc()
            );
            return Err(NodeError::failed(&format!("giving {wanted} to {dev}"), because));
        }
    }
    Ok(())
}
