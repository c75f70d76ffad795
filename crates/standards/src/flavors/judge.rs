//! The testcases of SCS-0103 over the flavors that a user sees.

use super::{NAME_KEY, SeenFlavor, StandardFlavor, standard_flavors};
use crate::verdict::{Finding, Judgement};

/// Judges all 31 testcases, in the order of [`standard_flavors`].
pub fn judge_0103(flavors: &[SeenFlavor]) -> Vec<Judgement> {
    let found = Lookup::new(flavors);
    standard_flavors().iter().map(|standard| found.judge(standard)).collect()
}

/// Judges the testcase of one standard flavor.
pub fn judge_flavor(standard: &StandardFlavor, flavors: &[SeenFlavor]) -> Judgement {
    Lookup::new(flavors).judge(standard)
}

/// The flavor that the test case of a standard flavor looks at: the last one that claims the name with the extra spec
/// `scs:name-v2`; if none does, the first one of this name. A flavor that claims a name thus shadows the one that
/// bears it.
pub fn find<'a>(
    standard: &StandardFlavor,
    flavors: impl Iterator<Item = &'a SeenFlavor> + Clone,
) -> Option<&'a SeenFlavor> {
    let claims = |flavor: &&SeenFlavor| {
        flavor.extra_specs.as_ref().and_then(|specs| specs.get(NAME_KEY)).is_some_and(|n| n == standard.name)
    };
    flavors.clone().filter(claims).last().or_else(|| flavors.into_iter().find(|f| f.name == standard.name))
}

struct Lookup<'a> {
    flavors: &'a [SeenFlavor],
    without_specs: Option<&'a SeenFlavor>,
}

impl<'a> Lookup<'a> {
    fn new(flavors: &'a [SeenFlavor]) -> Self {
        Self { flavors, without_specs: flavors.iter().find(|flavor| flavor.extra_specs.is_none()) }
    }

    fn judge(&self, standard: &StandardFlavor) -> Judgement {
        let testcase = standard.testcase();
        if let Some(flavor) = self.without_specs {
            return Judgement::from_findings(
                testcase,
                vec![Finding::undecidable(flavor.object(), "extra specs to look into", "null")],
            );
        }
        let findings = match find(standard, self.flavors.iter()) {
            Some(flavor) => differences(standard, flavor),
            None => vec![missing(standard)],
        };
        Judgement::from_findings(testcase, findings)
    }
}

fn missing(standard: &StandardFlavor) -> Finding {
    let expected = format!(
        "a flavor with {} vCPUs, {} MiB of RAM, {} GB of disk and extra spec {NAME_KEY}={}",
        standard.vcpus, standard.ram_mib, standard.disk_gib, standard.name
    );
    let properties: Vec<_> = standard.extra_specs().map(|(k, v)| format!("--property {k}={v}")).collect();
    Finding::violation(format!("flavor {:?}", standard.name), expected, "no such flavor").fix(format!(
        "openstack flavor create {} --vcpus {} --ram {} --disk {} {}",
        standard.name,
        standard.vcpus,
        standard.ram_mib,
        standard.disk_gib,
        properties.join(" ")
    ))
}

fn differences(standard: &StandardFlavor, flavor: &SeenFlavor) -> Vec<Finding> {
    let figures = [
        ("vcpus", u64::from(standard.vcpus), flavor.vcpus),
        ("ram (MiB)", standard.ram_mib, flavor.ram_mib),
        ("disk (GB)", standard.disk_gib, flavor.disk_gb),
    ];
    let figures = figures.into_iter().filter(|(_, expected, found)| expected != found).map(
        |(what, expected, found)| {
            Finding::violation(flavor.object(), format!("{what} = {expected}"), found.to_string())
                .fix("sizes cannot be changed: create the flavor anew, or take its scs:name-v2 away")
        },
    );
    let specs = standard.extra_specs().filter_map(|(key, expected)| {
        let found = flavor.extra_specs.as_ref().and_then(|specs| specs.get(key));
        (found != Some(&expected)).then(|| {
            let shown = found.map_or_else(|| "not set".to_owned(), Clone::clone);
            Finding::violation(flavor.object(), format!("{key} = {expected}"), shown)
                .fix(format!("openstack flavor set {} --property {key}={expected}", flavor.name))
        })
    });
    figures.chain(specs).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::verdict::Verdict;

    fn seen() -> Vec<SeenFlavor> {
        standard_flavors().iter().map(SeenFlavor::from).collect()
    }

    fn standard(name: &str) -> &'static StandardFlavor {
        standard_flavors().iter().find(|flavor| flavor.name == name).unwrap()
    }

    fn edit(flavors: &mut [SeenFlavor], name: &str, change: impl FnOnce(&mut SeenFlavor)) {
        change(flavors.iter_mut().find(|flavor| flavor.name == name).unwrap());
    }

    fn failing(flavors: &[SeenFlavor]) -> Vec<String> {
        let judged = judge_0103(flavors);
        judged.into_iter().filter(|j| j.verdict == Verdict::Fail).map(|j| j.testcase.into_owned()).collect()
    }

    #[test]
    fn a_cloud_seeded_from_the_standard_passes_everything() {
        assert!(judge_0103(&seen()).iter().all(|judgement| judgement.verdict == Verdict::Pass));
    }

    #[test]
    fn an_empty_cloud_fails_everything_and_is_told_how_to_create_each() {
        let judged = judge_0103(&[]);
        assert_eq!(judged.len(), 31);
        assert!(
            judged.iter().all(|j| j.verdict == Verdict::Fail && j.findings[0].fix.contains("flavor create"))
        );
    }

    #[test]
    fn each_wrong_figure_fails_exactly_its_testcase() {
        let changes: [fn(&mut SeenFlavor); 3] = [|f| f.vcpus += 1, |f| f.ram_mib += 1024, |f| f.disk_gb = 20];
        for change in changes {
            let mut flavors = seen();
            edit(&mut flavors, "SCS-2V-4", change);
            assert_eq!(failing(&flavors), ["scs-0103-flavor-2v-4"]);
        }
    }

    #[test]
    fn each_absent_extra_spec_fails_the_testcase() {
        for key in ["scs:cpu-type", "scs:name-v1", "scs:name-v2", "scs:disk0-type"] {
            let mut flavors = seen();
            edit(&mut flavors, "SCS-4V-16-100s", |f| drop(f.extra_specs.as_mut().unwrap().remove(key)));
            let judgement = judge_flavor(standard("SCS-4V-16-100s"), &flavors);
            assert_eq!(judgement.verdict, Verdict::Fail, "{key}");
            assert_eq!(judgement.findings.len(), 1);
            assert!(judgement.findings[0].fix.contains(key));
        }
    }

    #[test]
    fn nvme_must_be_labelled_ssd_where_the_name_says_ssd() {
        let mut flavors = seen();
        edit(&mut flavors, "SCS-2V-4-20s", |f| {
            f.extra_specs.as_mut().unwrap().insert("scs:disk0-type".to_owned(), "nvme".to_owned());
        });
        assert_eq!(failing(&flavors), ["scs-0103-flavor-2v-4-20s"]);
    }

    #[test]
    fn a_flavor_of_any_name_passes_by_its_extra_specs() {
        let mut flavors = seen();
        edit(&mut flavors, "SCS-1V-4", |f| f.name = "m1.small".to_owned());
        assert!(failing(&flavors).is_empty());
    }

    #[test]
    fn a_wrong_flavor_that_claims_the_name_shadows_the_right_one() {
        let mut flavors = seen();
        let mut impostor = SeenFlavor::from(standard("SCS-1V-4"));
        impostor.name = "impostor".to_owned();
        impostor.ram_mib = 1;
        flavors.push(impostor);
        assert_eq!(failing(&flavors), ["scs-0103-flavor-1v-4"]);
    }

    #[test]
    fn additional_extra_specs_do_not_matter() {
        let mut flavors = seen();
        edit(&mut flavors, "SCS-1V-4", |f| {
            f.extra_specs.as_mut().unwrap().insert("scs:name-v3".to_owned(), "SCS-1V:4:x".to_owned());
        });
        assert!(failing(&flavors).is_empty());
    }

    #[test]
    fn a_colon_named_flavor_without_extra_specs_is_not_found() {
        let mut flavors = seen();
        edit(&mut flavors, "SCS-1V-4", |f| {
            f.name = "SCS-1V:4".to_owned();
            f.extra_specs = Some(BTreeMap::new());
        });
        let judgement = judge_flavor(standard("SCS-1V-4"), &flavors);
        assert_eq!(judgement.findings[0].found, "no such flavor");
    }

    #[test]
    fn extra_specs_shown_as_null_keep_every_testcase_undecided() {
        let mut flavors = seen();
        flavors.push(SeenFlavor { name: "other".to_owned(), ..SeenFlavor::default() });
        assert!(judge_0103(&flavors).iter().all(|judgement| judgement.verdict == Verdict::Abort));
    }
}
