//! All rules of all services, compiled.

use std::collections::{BTreeMap, HashMap};

use super::check::{Check, evaluate};
use super::parse::parse;
use super::{Rule, RuleSet};
use crate::{Caller, Target};

/// The rules in force.
#[derive(Debug, Default)]
pub struct Policies {
    services: HashMap<&'static str, HashMap<String, Check>>,
}

/// A policy file or table is wrong. Nothing of it is used then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A check string does not parse.
    #[error("policy rule {name}: {because}")]
    Syntax {
        /// The rule.
        name: String,
        /// What is wrong.
        because: String,
    },
    /// A rule refers to one that does not exist.
    #[error("policy rule {name} refers to rule:{missing}, which does not exist")]
    Missing {
        /// The rule.
        name: String,
        /// What it refers to.
        missing: String,
    },
    /// The file is not a map of rule names to check strings.
    #[error("the policy file cannot be read: {because}")]
    File {
        /// What is wrong.
        because: String,
    },
}

impl Policies {
    /// Compiles the tables.
    ///
    /// # Errors
    /// Where a check string is wrong.
    pub fn compile(sets: &[RuleSet]) -> Result<Self, PolicyError> {
        Self::with_overrides(sets, &BTreeMap::new())
    }

    /// Compiles the tables with an operator's overrides; an override holds in every service that has the rule, and
    /// one that no service has becomes a new name that others may refer to.
    ///
    /// # Errors
    /// Where a check string is wrong or refers to nothing.
    pub fn with_overrides(
        sets: &[RuleSet],
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, PolicyError> {
        let known = |name: &str| sets.iter().any(|set| set.rules.iter().any(|rule| rule.name == name));
        let mut services = HashMap::new();
        for set in sets {
            let mut rules = HashMap::new();
            for rule in set.rules {
                let text = overrides.get(rule.name).map_or(rule.default, String::as_str);
                rules.insert(rule.name.to_owned(), compile(rule.name, text)?);
            }
            for (name, text) in overrides.iter().filter(|(name, _)| !known(name)) {
                rules.insert(name.clone(), compile(name, text)?);
            }
            for (name, check) in &rules {
                refers_to_known(name, check, &rules)?;
            }
            services.insert(set.service, rules);
        }
        Ok(Self { services })
    }

    /// Reads an operator's `policy.yaml`: a map of rule names to check strings.
    ///
    /// # Errors
    /// [`PolicyError::File`] where it is something else.
    pub fn read_overrides(yaml: &str) -> Result<BTreeMap<String, String>, PolicyError> {
        if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(BTreeMap::new());
        }
        serde_saphyr::from_str(yaml).map_err(|e| PolicyError::File { because: e.to_string() })
    }

    /// Whether `rule` lets `caller` act on `target`: first by the scope of its token, then by the check string. An
    /// unknown rule lets nobody. Rules that a check string refers to (`rule:admin_api`) are not asked for their scope.
    #[must_use]
    pub fn check(&self, rule: &Rule, caller: &Caller, target: &Target<'_>) -> bool {
        if !rule.scopes.take(&caller.scope) {
            return false;
        }
        let Some(rules) = self.services.get(rule.service) else { return false };
        rules.get(rule.name).is_some_and(|check| evaluate(check, rules, caller, target))
    }
}

fn compile(name: &str, text: &str) -> Result<Check, PolicyError> {
    parse(text).map_err(|because| PolicyError::Syntax { name: name.to_owned(), because })
}

fn refers_to_known(name: &str, check: &Check, rules: &HashMap<String, Check>) -> Result<(), PolicyError> {
    match check {
        Check::Rule(other) if !rules.contains_key(other) => {
            Err(PolicyError::Missing { name: name.to_owned(), missing: other.clone() })
        }
        Check::Not(inner) => refers_to_known(name, inner, rules),
        Check::All(parts) | Check::Any(parts) => {
            parts.iter().try_for_each(|part| refers_to_known(name, part, rules))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::policy::base_rules;
    use crate::testing::Persona;

    const DELETE: Rule =
        Rule::new("compute", "os_compute_api:servers:delete", "rule:project_member_or_admin");
    const RULES: &[Rule] = &{
        let base = base_rules("compute");
        let mut all = [DELETE; 10];
        let mut i = 0;
        while i < base.len() {
            all[i + 1] = base[i];
            i += 1;
        }
        all
    };
    const SETS: &[RuleSet] = &[RuleSet { service: "compute", rules: RULES }];

    fn may(persona: Persona, policies: &Arc<Policies>, project: &str) -> bool {
        persona.caller(policies).may(&DELETE, &Target::project(project))
    }

    #[test]
    fn members_act_on_their_own_project_and_admins_on_all() {
        let policies = Arc::new(Policies::compile(SETS).unwrap());
        let own = Persona::Member.project_id();
        assert!(may(Persona::Member, &policies, &own));
        assert!(!may(Persona::Reader, &policies, &own));
        assert!(!may(Persona::OtherMember, &policies, &own));
        assert!(may(Persona::Admin, &policies, &own));
    }

    #[test]
    fn a_rule_takes_tokens_of_its_scopes_only() {
        use crate::Scopes::{Any, Project, SystemDomainProject, SystemProject};
        let overrides = BTreeMap::from([(DELETE.name.to_owned(), "@".to_owned())]);
        let policies = Arc::new(Policies::with_overrides(SETS, &overrides).unwrap());
        let takes = |scopes| {
            [Persona::Admin, Persona::SystemAdmin, Persona::DomainManager, Persona::Unscoped]
                .map(|persona| persona.caller(&policies).may(&DELETE.taking(scopes), &Target::none()))
        };
        assert_eq!(takes(Project), [true, false, false, false]);
        assert_eq!(takes(SystemProject), [true, true, false, true]);
        assert_eq!(takes(SystemDomainProject), [true; 4]);
        assert_eq!(takes(Any), [true; 4]);
        assert_eq!(DELETE.scopes, Project, "what says nothing takes a project's");
    }

    #[test]
    fn an_operator_overrides_by_name() {
        let overrides = BTreeMap::from([(DELETE.name.to_owned(), "role:reader".to_owned())]);
        let policies = Arc::new(Policies::with_overrides(SETS, &overrides).unwrap());
        assert!(may(Persona::Reader, &policies, "any"));
    }

    #[test]
    fn a_rule_that_refers_to_nothing_is_refused() {
        let overrides = BTreeMap::from([(DELETE.name.to_owned(), "rule:nothing".to_owned())]);
        let refused = Policies::with_overrides(SETS, &overrides).unwrap_err();
        assert!(matches!(refused, PolicyError::Missing { missing, .. } if missing == "nothing"));
    }

    #[test]
    fn rules_in_a_circle_deny() {
        let overrides = BTreeMap::from([
            ("admin_api".to_owned(), "rule:context_is_admin".to_owned()),
            ("context_is_admin".to_owned(), "rule:admin_api".to_owned()),
        ]);
        let policies = Arc::new(Policies::with_overrides(SETS, &overrides).unwrap());
        assert!(!may(Persona::Admin, &policies, "any"));
    }

    #[test]
    fn a_circle_denies_however_often_it_is_negated() {
        for text in ["not rule:admin_api", "not (not rule:admin_api)", "rule:admin_api or @"] {
            let overrides = BTreeMap::from([("admin_api".to_owned(), text.to_owned())]);
            let policies = Arc::new(Policies::with_overrides(SETS, &overrides).unwrap());
            let admin_api = Rule::new("compute", "admin_api", "");
            assert!(!Persona::Admin.caller(&policies).may(&admin_api, &Target::default()), "{text}");
        }
    }

    #[test]
    fn rules_that_double_each_time_deny_soon() {
        let mut overrides: BTreeMap<String, String> =
            (0..60).map(|i| (format!("r{i}"), format!("rule:r{} or rule:r{}", i + 1, i + 1))).collect();
        overrides.insert("r60".to_owned(), "!".to_owned());
        overrides.insert(DELETE.name.to_owned(), "not rule:r0".to_owned());
        let policies = Arc::new(Policies::with_overrides(SETS, &overrides).unwrap());
        assert!(!may(Persona::Admin, &policies, "any"));
    }

    #[test]
    fn a_policy_file_is_a_map() {
        let read = Policies::read_overrides("\"a:b\": \"role:x\"\n").unwrap();
        assert_eq!(read["a:b"], "role:x");
        assert!(Policies::read_overrides("# nothing\n").unwrap().is_empty());
        assert!(Policies::read_overrides("- a\n").is_err());
    }
}
