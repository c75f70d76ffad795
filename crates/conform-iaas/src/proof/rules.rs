//! SCS-0115: templates of default security group rules.

use http::Method;

use super::{Change, Mutation, NewTemplate};

const ID: &str = "scs-0115-default-rules";
const TEMPLATES: &str = "/network/v2.0/default-security-group-rules";
const UNCOVERED: &str = "default security group rules";
const TOO_OPEN: &str = "default security group rule ";

const EGRESS: NewTemplate = NewTemplate {
    direction: "egress",
    ethertype: "IPv4",
    protocol: None,
    remote_group_id: None,
    remote_ip_prefix: None,
    used_in_default_sg: true,
    used_in_non_default_sg: true,
};
const INGRESS: NewTemplate = NewTemplate { direction: "ingress", ..EGRESS };

fn added(name: &str, what: &str, new: NewTemplate) -> Mutation {
    Mutation::new(name, what).change(Change::NewTemplate(new))
}

/// The template for outgoing IPv4 traffic is replaced.
fn instead(name: &str, what: &str, new: NewTemplate) -> Mutation {
    let without = Mutation::new(name, what).change(Change::NoTemplate("egress", "IPv4"));
    without.change(Change::NewTemplate(new))
}

/// All of them.
pub(super) fn all() -> Vec<Mutation> {
    [ingress(), egress(), without_templates()].concat()
}

fn ingress() -> Vec<Mutation> {
    let icmp = NewTemplate { protocol: Some("icmp"), ..INGRESS };
    let default_only = NewTemplate { used_in_non_default_sg: false, ..INGRESS };
    let parent = NewTemplate { remote_group_id: Some("PARENT"), ..INGRESS };
    let drop = |mutation: Mutation, ethertype| mutation.change(Change::NoTemplate("ingress", ethertype));
    vec![
        added("ingress-icmp", "pings may come in", icmp).fails(ID, TOO_OPEN),
        added("ingress-default-only", "everything may come into default groups", default_only)
            .fails(ID, TOO_OPEN),
        added(
            "ingress-prefix",
            "10.0.0.0/8 may come in",
            NewTemplate { remote_ip_prefix: Some("10.0.0.0/8"), ..INGRESS },
        )
        .fails(ID, TOO_OPEN),
        drop(Mutation::new("ingress-parent-everywhere", "members may come in, in other groups too"), "IPv4")
            .change(Change::NewTemplate(parent))
            .fails(ID, TOO_OPEN),
        drop(
            drop(Mutation::new("ingress-none", "not even members may come in: only a SHOULD"), "IPv4"),
            "IPv6",
        )
        .tolerated(ID),
    ]
}

fn egress() -> Vec<Mutation> {
    let only_default = NewTemplate { used_in_non_default_sg: false, ..EGRESS };
    let only_others = NewTemplate { used_in_default_sg: false, ..EGRESS };
    let prefix = NewTemplate { remote_ip_prefix: Some("0.0.0.0/0"), ..EGRESS };
    let private = NewTemplate { remote_ip_prefix: Some("10.0.0.0/8"), ..EGRESS };
    let icmp = NewTemplate { protocol: Some("icmp"), ..EGRESS };
    let none = ["egress", "ingress"].into_iter().fold(
        Mutation::new("templates-gone", "no templates at all"),
        |m, direction| {
            m.change(Change::NoTemplate(direction, "IPv4")).change(Change::NoTemplate(direction, "IPv6"))
        },
    );
    vec![
        Mutation::new("egress-no-ipv6", "no template lets IPv6 out")
            .change(Change::NoTemplate("egress", "IPv6"))
            .fails(ID, UNCOVERED),
        instead("egress-default-only", "IPv4 may leave default groups only", only_default)
            .fails(ID, UNCOVERED),
        instead("egress-others-only", "IPv4 may leave other groups only", only_others).fails(ID, UNCOVERED),
        instead("egress-spelled-out", "0.0.0.0/0 allows everything, and does not count", prefix)
            .fails(ID, UNCOVERED),
        instead("egress-icmp", "only pings may leave: counts as everything", icmp).tolerated(ID),
        added("egress-more", "one more template, for 10.0.0.0/8", private).tolerated(ID),
        none.fails(ID, UNCOVERED),
    ]
}

/// Clouds that do not have the template API: a fresh group is judged.
fn without_templates() -> Vec<Mutation> {
    let answered = |name, what, status, body| {
        Mutation::new(name, what).change(Change::Answer {
            method: Method::GET,
            path: TEMPLATES,
            status,
            body,
        })
    };
    let fresh = |name, what| answered(name, what, 404, r#"{"message": "The resource could not be found."}"#);
    vec![
        fresh("no-template-api", "no template API, and a fresh group as it must be").tolerated(ID),
        fresh("fresh-ingress", "a fresh group lets something in")
            .change(Change::FreshRules(&[("egress", "IPv4"), ("egress", "IPv6"), ("ingress", "IPv4")]))
            .fails(ID, "security group rule"),
        fresh("fresh-no-ipv6", "a fresh group does not let IPv6 out")
            .change(Change::FreshRules(&[("egress", "IPv4")]))
            .fails(ID, "a new security group"),
        answered(
            "templates-forbidden",
            "the templates may not be listed",
            403,
            r#"{"message": "not yours"}"#,
        )
        .opens(ID, "not yours"),
        answered("templates-fault", "the template API breaks", 500, "{}").opens(ID, "500"),
    ]
}
