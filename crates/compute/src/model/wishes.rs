//! What flavors and images wish of a host: traits, amounts of classes of one's own, properties of its aggregates; and
//! whom aggregates keep to themselves.

use std::collections::{BTreeMap, BTreeSet};

use kogge_resource::spec::holds;

use crate::model::server::Server;

/// Extra specs that ask for a property of an aggregate begin so.
const OF_AGGREGATES: &str = "aggregate_instance_extra_specs:";
/// Extra specs and properties of images that ask for a trait begin so.
const TRAIT: &str = "trait:";
/// Properties of aggregates that name the projects which may use their hosts begin so.
const TENANTS: &str = "filter_tenant_id";

/// What the aggregates of a host say, by key.
pub type Properties = BTreeMap<String, BTreeSet<String>>;

/// Why a host with these traits does not do for a server.
#[must_use]
pub fn trait_objection(server: &Server, traits: &BTreeSet<String>) -> Option<String> {
    let specs = server.shape.extra_specs.iter();
    let all = specs.chain(server.image_properties());
    for (key, value) in all {
        let Some(name) = key.strip_prefix(TRAIT) else { continue };
        match value.as_str() {
            "required" if !traits.contains(name) => return Some(format!("lacks the trait {name}")),
            "forbidden" if traits.contains(name) => return Some(format!("has the trait {name}")),
            _ => {}
        }
    }
    None
}

/// Why a host in aggregates with these properties does not do for a server.
#[must_use]
pub fn aggregate_objection(server: &Server, properties: &Properties) -> Option<String> {
    let tenants: BTreeSet<&str> = properties
        .iter()
        .filter(|(key, _)| key.starts_with(TENANTS))
        .flat_map(|(_, values)| values.iter().map(String::as_str))
        .collect();
    if !tenants.is_empty() && !tenants.contains(server.project.as_str()) {
        return Some("is kept for other projects".to_owned());
    }
    for (key, wanted) in &server.shape.extra_specs {
        let Some(key) = key.strip_prefix(OF_AGGREGATES) else { continue };
        let values = properties.get(key);
        if !values.is_some_and(|values| values.iter().any(|value| holds(value, wanted))) {
            return Some(format!("is in no aggregate whose {key} is {wanted}"));
        }
    }
    None
}

/// Amounts of classes of one's own that a flavor takes of a host.
#[must_use]
pub fn custom_amounts(extra_specs: &BTreeMap<String, String>) -> Vec<(String, i64)> {
    let amount = |(key, value): (&String, &String)| {
        let class = key.strip_prefix("resources:").filter(|class| class.starts_with("CUSTOM_"))?;
        let amount = value.parse::<u32>().ok().filter(|amount| *amount > 0)?;
        Some((class.to_owned(), i64::from(amount)))
    };
    extra_specs.iter().filter_map(amount).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::step::tests::fresh;

    fn with(specs: &[(&str, &str)]) -> Server {
        let mut server = fresh();
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        server.shape.extra_specs = specs.iter().map(pair).collect();
        server
    }

    fn properties(list: &[(&str, &str)]) -> Properties {
        let mut all = Properties::new();
        for (key, value) in list {
            all.entry((*key).to_owned()).or_default().insert((*value).to_owned());
        }
        all
    }

    #[test]
    fn traits_are_required_and_forbidden_by_flavors_and_images() {
        let has: BTreeSet<String> = ["CUSTOM_FAST".to_owned()].into();
        assert_eq!(trait_objection(&with(&[("trait:CUSTOM_FAST", "required")]), &has), None);
        let lacks = trait_objection(&with(&[("trait:CUSTOM_COLD", "required")]), &has).unwrap();
        assert_eq!(lacks, "lacks the trait CUSTOM_COLD");
        assert!(trait_objection(&with(&[("trait:CUSTOM_FAST", "forbidden")]), &has).is_some());
        let mut server = fresh();
        let image = server.image.as_mut().unwrap();
        image.properties.insert("trait:CUSTOM_COLD".to_owned(), "required".to_owned());
        assert!(trait_objection(&server, &has).is_some());
    }

    #[test]
    fn aggregates_are_asked_for_and_keep_projects_out() {
        let ssd = with(&[("aggregate_instance_extra_specs:disk", "ssd"), ("hw:cpu_policy", "dedicated")]);
        assert_eq!(aggregate_objection(&ssd, &properties(&[("disk", "ssd"), ("disk", "nvme")])), None);
        assert!(aggregate_objection(&ssd, &properties(&[("disk", "hdd")])).is_some());
        assert!(aggregate_objection(&ssd, &Properties::new()).is_some());
        let server = fresh();
        let own = server.project.to_string();
        assert!(aggregate_objection(&server, &properties(&[("filter_tenant_id", "else")])).is_some());
        let both = properties(&[("filter_tenant_id", "else"), ("filter_tenant_id2", &own)]);
        assert_eq!(aggregate_objection(&server, &both), None);
    }

    #[test]
    fn amounts_are_of_classes_of_ones_own_and_bounded() {
        let shape = with(&[
            ("resources:CUSTOM_GPU", "2"),
            ("resources:VCPU", "0"),
            ("resources:CUSTOM_X", "0"),
            ("resources:CUSTOM_Y", "99999999999"),
        ]);
        assert_eq!(custom_amounts(&shape.shape.extra_specs), [("CUSTOM_GPU".to_owned(), 2)]);
    }
}
