//! Default security group rules of SCS-0115: the templates a cloud serves, and their judgement.

use serde::{Deserialize, Serialize};

use crate::verdict::{Finding, Judgement};

/// Testcase: new security groups let everything out and nothing in, but for the default group's own members.
pub const DEFAULT_RULES: &str = "scs-0115-default-rules";

/// The value of `remote_group_id` that stands for the group that is being made.
pub const PARENT: &str = "PARENT";

/// A template from which the rules of new security groups are made. Protocol, ports and remote prefix are unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RuleTemplate {
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// `IPv4` or `IPv6`.
    pub ethertype: &'static str,
    /// [`PARENT`] or nothing.
    pub remote_group_id: Option<&'static str>,
    /// Whether default groups get it.
    pub used_in_default_sg: bool,
    /// Whether other groups get it.
    pub used_in_non_default_sg: bool,
}

/// The four templates of a compliant cloud.
pub const fn rule_templates() -> &'static [RuleTemplate] {
    &TEMPLATES
}

const TEMPLATES: [RuleTemplate; 4] =
    [egress("IPv4"), egress("IPv6"), from_members("IPv4"), from_members("IPv6")];

const fn egress(ethertype: &'static str) -> RuleTemplate {
    RuleTemplate {
        direction: "egress",
        ethertype,
        remote_group_id: None,
        used_in_default_sg: true,
        used_in_non_default_sg: true,
    }
}

const fn from_members(ethertype: &'static str) -> RuleTemplate {
    RuleTemplate {
        direction: "ingress",
        ethertype,
        remote_group_id: Some(PARENT),
        used_in_default_sg: true,
        used_in_non_default_sg: false,
    }
}

/// A template as the cloud shows it. Protocol and ports are left out: upstream does not look at them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenTemplate {
    /// Id in the cloud.
    pub id: String,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
    /// Group that the traffic may come from.
    pub remote_group_id: Option<String>,
    /// Addresses that the traffic may go to or come from.
    pub remote_ip_prefix: Option<String>,
    /// Whether default groups get it.
    pub used_in_default_sg: bool,
    /// Whether other groups get it.
    pub used_in_non_default_sg: bool,
}

impl From<&RuleTemplate> for SeenTemplate {
    fn from(template: &RuleTemplate) -> Self {
        Self {
            direction: template.direction.to_owned(),
            ethertype: template.ethertype.to_owned(),
            remote_group_id: template.remote_group_id.map(str::to_owned),
            used_in_default_sg: template.used_in_default_sg,
            used_in_non_default_sg: template.used_in_non_default_sg,
            ..Self::default()
        }
    }
}

/// Judges the templates (`GET /v2.0/default-security-group-rules`).
pub fn judge_templates(templates: &[SeenTemplate]) -> Judgement {
    let mut findings: Vec<_> = templates.iter().filter(|t| opens(t)).map(too_open).collect();
    for (ethertype, is_default) in [("IPv4", true), ("IPv4", false), ("IPv6", true), ("IPv6", false)] {
        let covered = templates.iter().any(|template| {
            template.direction == "egress"
                && template.ethertype == ethertype
                && template.remote_ip_prefix.as_deref().unwrap_or_default().is_empty()
                && if is_default { template.used_in_default_sg } else { template.used_in_non_default_sg }
        });
        if !covered {
            let groups = if is_default { "default groups" } else { "other groups" };
            findings.push(
                Finding::violation(
                    "default security group rules",
                    format!("egress {ethertype} for {groups}, without remote_ip_prefix"),
                    "no such rule",
                )
                .fix(format!(
                    "openstack default security group rule create --egress --ethertype {ethertype}"
                )),
            );
        }
    }
    Judgement::from_findings(DEFAULT_RULES, findings)
}

fn opens(template: &SeenTemplate) -> bool {
    let from_own_members =
        template.remote_group_id.as_deref() == Some(PARENT) && !template.used_in_non_default_sg;
    template.direction == "ingress" && !from_own_members
}

fn too_open(template: &SeenTemplate) -> Finding {
    let found = format!(
        "ingress {} from group {:?}, for other groups: {}",
        template.ethertype, template.remote_group_id, template.used_in_non_default_sg
    );
    Finding::violation(
        format!("default security group rule {}", template.id),
        "no ingress but from PARENT, and that for default groups only",
        found,
    )
    .fix(format!("openstack default security group rule delete {}", template.id))
}

/// A rule of a freshly made security group: what is judged where the cloud has no templates.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenRule {
    /// Id in the cloud.
    pub id: String,
    /// `ingress` or `egress`.
    pub direction: String,
    /// `IPv4` or `IPv6`.
    pub ethertype: String,
}

/// Judges the rules of a freshly made group, for clouds without the template API. What the default group gets
/// cannot be seen this way.
pub fn judge_fresh_group(rules: &[SeenRule]) -> Judgement {
    let ingress = rules.iter().filter(|rule| rule.direction == "ingress").map(|rule| {
        Finding::violation(
            format!("security group rule {}", rule.id),
            "no ingress in a new group",
            "an ingress rule",
        )
    });
    let missing = ["IPv4", "IPv6"].into_iter().filter(|ethertype| {
        !rules.iter().any(|rule| rule.direction == "egress" && rule.ethertype == *ethertype)
    });
    let missing = missing.map(|ethertype| {
        Finding::violation("a new security group", format!("an egress rule for {ethertype}"), "no such rule")
    });
    Judgement::from_findings(DEFAULT_RULES, ingress.chain(missing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    fn compliant() -> Vec<SeenTemplate> {
        rule_templates().iter().map(SeenTemplate::from).collect()
    }

    fn ingress() -> SeenTemplate {
        SeenTemplate {
            direction: "ingress".to_owned(),
            ethertype: "IPv4".to_owned(),
            ..SeenTemplate::default()
        }
    }

    #[test]
    fn the_templates_of_this_crate_pass() {
        assert_eq!(judge_templates(&compliant()).findings, []);
    }

    #[test]
    fn without_templates_all_four_egress_rules_are_missing() {
        let judgement = judge_templates(&[]);
        assert_eq!((judgement.verdict, judgement.findings.len()), (Verdict::Fail, 4));
    }

    #[test]
    fn each_missing_template_of_egress_fails() {
        for index in 0..2 {
            let mut templates = compliant();
            templates.remove(index);
            assert_eq!(judge_templates(&templates).findings.len(), 2);
        }
        let egress_only =
            compliant().split_off(0).into_iter().filter(|t| t.direction == "egress").collect::<Vec<_>>();
        assert_eq!(judge_templates(&egress_only).verdict, Verdict::Pass);
    }

    #[test]
    fn egress_to_a_prefix_covers_nothing_even_if_it_is_everything() {
        let mut templates = compliant();
        templates[0].remote_ip_prefix = Some("0.0.0.0/0".to_owned());
        assert_eq!(judge_templates(&templates).verdict, Verdict::Fail);
        templates[0].remote_ip_prefix = Some(String::new());
        assert_eq!(judge_templates(&templates).verdict, Verdict::Pass);
    }

    #[test]
    fn default_and_other_groups_may_be_covered_by_different_rules() {
        let mut templates = compliant();
        templates[0].used_in_default_sg = false;
        assert_eq!(judge_templates(&templates).findings.len(), 1);
        templates.push(SeenTemplate {
            used_in_default_sg: true,
            used_in_non_default_sg: false,
            ..templates[0].clone()
        });
        assert_eq!(judge_templates(&templates).verdict, Verdict::Pass);
    }

    #[test]
    fn any_other_ingress_fails() {
        for template in [
            ingress(),
            SeenTemplate { remote_group_id: Some("parent".to_owned()), ..ingress() },
            SeenTemplate {
                remote_group_id: Some(PARENT.to_owned()),
                used_in_non_default_sg: true,
                ..ingress()
            },
            SeenTemplate { ethertype: "anything".to_owned(), ..ingress() },
        ] {
            let mut templates = compliant();
            templates.push(template.clone());
            assert_eq!(judge_templates(&templates).findings.len(), 1, "{template:?}");
        }
    }

    #[test]
    fn other_directions_and_ethertypes_are_ignored() {
        let mut templates = compliant();
        templates.push(SeenTemplate { direction: "sideways".to_owned(), ..ingress() });
        templates.push(SeenTemplate {
            direction: "egress".to_owned(),
            ethertype: "ARP".to_owned(),
            ..ingress()
        });
        assert_eq!(judge_templates(&templates).verdict, Verdict::Pass);
    }

    #[test]
    fn a_fresh_group_lets_everything_out_and_nothing_in() {
        let rule = |direction: &str, ethertype: &str| SeenRule {
            direction: direction.to_owned(),
            ethertype: ethertype.to_owned(),
            ..SeenRule::default()
        };
        let out = [rule("egress", "IPv4"), rule("egress", "IPv6")];
        assert_eq!(judge_fresh_group(&out).verdict, Verdict::Pass);
        assert_eq!(judge_fresh_group(&out[..1]).findings.len(), 1);
        let in_and_out = [rule("ingress", "IPv4"), rule("egress", "IPv4"), rule("egress", "IPv6")];
        assert_eq!(judge_fresh_group(&in_and_out).verdict, Verdict::Fail);
    }
}
