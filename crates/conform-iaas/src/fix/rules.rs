//! Templates of default security group rules (SCS-0115): too open ones go, missing ways out come.

use kogge_conform::ObjectRef;
use kogge_standards::default_rules::{DEFAULT_RULES, PARENT, SeenTemplate};

use super::action::{Action, NewTemplate};
use super::desk::{Desk, Draft};
use super::inventory::Template;

const CLOSING: &str =
    "security groups made from now on no longer let this traffic in; existing groups keep their rules";

pub(super) fn plan(desk: &mut Desk<'_>) {
    if !desk.wants(DEFAULT_RULES) {
        return;
    }
    let Ok(Some(templates)) = desk.inventory.rules.clone() else { return };
    for template in templates.iter().filter(|template| is_too_open(&template.seen)) {
        close(desk, template);
    }
    for ethertype in ["IPv4", "IPv6"] {
        open(desk, ethertype, &templates);
    }
}

fn is_too_open(seen: &SeenTemplate) -> bool {
    seen.direction == "ingress" && (!is_from_members(seen) || seen.used_in_non_default_sg)
}

fn is_from_members(seen: &SeenTemplate) -> bool {
    seen.remote_group_id.as_deref() == Some(PARENT)
}

fn object(id: &str) -> ObjectRef {
    ObjectRef { name: format!("default security group rule {id}"), id: Some(id.to_owned()) }
}

fn shown(seen: &SeenTemplate) -> String {
    let way = if seen.direction == "egress" { "to" } else { "from" };
    let whom = match (&seen.remote_group_id, &seen.remote_ip_prefix) {
        (Some(group), _) => format!("group {group}"),
        (None, Some(prefix)) => prefix.clone(),
        (None, None) => "anywhere".to_owned(),
    };
    let groups = groups(seen.used_in_default_sg, seen.used_in_non_default_sg);
    format!("{} {} {way} {whom}, for {groups}", seen.direction, seen.ethertype)
}

fn groups(default: bool, other: bool) -> &'static str {
    match (default, other) {
        (true, true) => "all groups",
        (true, false) => "default groups",
        (false, true) => "other groups",
        (false, false) => "no groups",
    }
}

/// Members of the group itself may reach each other in default groups: that part of a rule stays.
fn close(desk: &mut Desk<'_>, template: &Template) {
    let seen = &template.seen;
    let stays = is_from_members(seen) && seen.used_in_default_sg && !is_covered(desk, template);
    let id = seen.id.clone();
    let action = if stays {
        let with = NewTemplate {
            direction: seen.direction.clone(),
            ethertype: seen.ethertype.clone(),
            remote_group_id: seen.remote_group_id.clone(),
            used_in_default_sg: true,
            used_in_non_default_sg: false,
            rest: template.rest.clone(),
        };
        Action::ReplaceRule { id, with }
    } else {
        Action::DeleteRule { id }
    };
    desk.change(Draft {
        testcases: vec![DEFAULT_RULES.to_owned()],
        object: object(&seen.id),
        what: "the template".to_owned(),
        before: shown(seen),
        after: if stays { "the same, for default groups only".to_owned() } else { "gone".to_owned() },
        why: "SCS-0115 lets nothing in but members of the group itself, and that in default groups only"
            .to_owned(),
        caution: CLOSING,
        action,
    });
}

/// Whether another template already lets members in.
fn is_covered(desk: &Desk<'_>, template: &Template) -> bool {
    let others =
        desk.inventory.rules.iter().flatten().flatten().filter(|other| other.seen.id != template.seen.id);
    others.into_iter().any(|other| {
        is_from_members(&other.seen)
            && other.seen.used_in_default_sg
            && !other.seen.used_in_non_default_sg
            && other.seen.ethertype == template.seen.ethertype
            && other.rest == template.rest
    })
}

/// Makes a way out for the groups that have none.
fn open(desk: &mut Desk<'_>, ethertype: &str, templates: &[Template]) {
    let out = || {
        templates
            .iter()
            .filter(|template| template.seen.direction == "egress" && template.seen.ethertype == ethertype)
    };
    let ways = || out().map(|template| &template.seen).filter(|seen| prefix(seen).is_empty());
    let default = !ways().any(|seen| seen.used_in_default_sg);
    let other = !ways().any(|seen| seen.used_in_non_default_sg);
    if !default && !other {
        return;
    }
    // the network service takes these for the same as the new one, and would refuse it beside them
    let same: Vec<&Template> = out().filter(|template| lets_all_out(template)).collect();
    let new = NewTemplate {
        direction: "egress".to_owned(),
        ethertype: ethertype.to_owned(),
        used_in_default_sg: default || same.iter().any(|template| template.seen.used_in_default_sg),
        used_in_non_default_sg: other || same.iter().any(|template| template.seen.used_in_non_default_sg),
        ..NewTemplate::default()
    };
    for more in same.iter().skip(1) {
        let action = Action::DeleteRule { id: more.seen.id.clone() };
        desk.change(way_out(ethertype, &more.seen, "gone, the next one stands for it", action));
    }
    let after = format!(
        "egress {ethertype} to anywhere, for {}",
        groups(new.used_in_default_sg, new.used_in_non_default_sg)
    );
    desk.change(match same.first() {
        Some(first) => {
            let action = Action::ReplaceRule { id: first.seen.id.clone(), with: new };
            way_out(ethertype, &first.seen, &after, action)
        }
        None => Draft {
            object: ObjectRef { name: "default security group rules".to_owned(), id: None },
            before: format!("no way out over {ethertype} in {}", groups(default, other)),
            ..way_out(ethertype, &SeenTemplate::default(), &after, Action::CreateRule(new))
        },
    });
}

/// A change for the sake of a way out.
fn way_out(ethertype: &str, seen: &SeenTemplate, after: &str, action: Action) -> Draft {
    Draft {
        testcases: vec![DEFAULT_RULES.to_owned()],
        object: object(&seen.id),
        what: format!("a template for egress {ethertype}"),
        before: shown(seen),
        after: after.to_owned(),
        why: "the test case of SCS-0115 demands it".to_owned(),
        caution: "security groups made from now on let this traffic out; existing groups keep their rules",
        action,
    }
}

fn prefix(seen: &SeenTemplate) -> &str {
    seen.remote_ip_prefix.as_deref().unwrap_or_default()
}

/// Whether a template lets everything out, in whichever words. Its description is no restriction.
fn lets_all_out(template: &Template) -> bool {
    let everywhere = ["", "0.0.0.0/0", "::/0"].contains(&prefix(&template.seen));
    let unrestricted = template.rest.keys().all(|key| key == "description" || key == "remote_ip_prefix");
    everywhere && unrestricted && template.seen.remote_group_id.is_none()
}

#[cfg(test)]
mod tests;
