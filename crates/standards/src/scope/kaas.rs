//! The scope *SCS-compatible KaaS* (SCS-0502), as published upstream on 2026-08-21. Kogge has no checks for it yet.
//!
//! Three testcases decide; the manual one on the spread of nodes is in a module that no version includes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::date;

use super::{
    Include, MAIN, Module, Scope, Script, Target, Testcase, TimelineEntry, Validity, Variable, Version,
    upstream_file,
};

/// The built-in scope *SCS-compatible KaaS*.
pub fn scs_compatible_kaas() -> &'static Scope {
    static SCOPE: LazyLock<Scope> = LazyLock::new(build);
    &SCOPE
}

fn build() -> Scope {
    let variable = |name: &str, default: Option<&str>| Variable {
        name: name.to_owned(),
        default: default.map(str::to_owned),
    };
    let entry = |on, validity| TimelineEntry { date: on, versions: vec![("v1".to_owned(), validity)] };
    let included = ["cncf-k8s-conformance", "scs-0210-v2", "scs-0214-v2", "scs-0219-v1"];
    let include = |module: &str| Include { module: module.to_owned(), parameters: BTreeMap::new() };
    Scope {
        uuid: "1fffebe6-fd4b-44d3-a36c-fc58b4bb0180".to_owned(),
        name: "SCS-compatible KaaS".to_owned(),
        url: upstream_file("scs-compatible-kaas.yaml"),
        prerequisite: None,
        variables: vec![
            variable("subject_root", None),
            variable("kubeconfig", None),
            variable("execution_mode", Some("parallel")),
        ],
        scripts: scripts(),
        modules: modules(),
        versions: vec![Version {
            version: "v1".to_owned(),
            stabilized_at: Some("2024-11-26".to_owned()),
            include: included.map(include).into(),
            targets: Vec::new(),
        }],
        timeline: vec![
            entry(date(2024, 11, 26), Validity::Effective),
            entry(date(2024, 2, 28), Validity::Draft),
        ],
    }
    .with_targets()
}

/// Arguments of the program that drives Sonobuoy; the last ones differ.
fn sonobuoy(results: &str, testcase: &str, plugin: &str) -> String {
    format!(
        "run -k {{kubeconfig}} --scs-sonobuoy-config kaas/scs-sonobuoy-config-v1.yaml \
         --execution-mode {{execution_mode}} -r {{subject_root}}/{results} -c '{testcase}' -a '{plugin}' \
         -a '--plugin-env e2e.E2E_EXTRA_ARGS=--ginkgo.flake-attempts=2'"
    )
}

fn scripts() -> Vec<Script> {
    let script = |executable: Option<&str>, args: String, testcase| Script {
        executable: executable.map(str::to_owned),
        args,
        env: BTreeMap::new(),
        testcases: vec![testcase],
    };
    let sonobuoy_program = Some("./kaas/sonobuoy_handler/run_sonobuoy.py");
    let testcase = |id: &str, description: &str, page: &str, timing: (Option<&str>, Option<&str>)| Testcase {
        id: id.to_owned(),
        description: description.to_owned(),
        url: format!("https://docs.scs.community/standards/{page}"),
        lifetime: timing.0.map(str::to_owned),
        section: timing.1.map(str::to_owned),
    };
    vec![
        script(
            sonobuoy_program,
            sonobuoy("sono-results-e2e", "cncf-k8s-conformance", "--mode=certified-conformance"),
            testcase(
                "cncf-k8s-conformance",
                "The cluster passes the CNCF conformance tests (SCS-0201).",
                "scs-0201-v1-cncf-conformance#regulations",
                (Some("year"), Some("heavy")),
            ),
        ),
        script(
            Some("./kaas/scs_0210_version_policy/k8s_version_policy.py"),
            "-k {kubeconfig}".to_owned(),
            testcase(
                "version-policy-check",
                "The cluster's version of Kubernetes is recent enough (SCS-0210 v2).",
                "scs-0210-v2-k8s-version-policy#decision",
                (None, Some("light")),
            ),
        ),
        script(
            None,
            String::new(),
            testcase(
                "node-distribution-check",
                "The provider confirms that control planes are on several machines (SCS-0214 v2).",
                "scs-0214-v2-k8s-node-distribution#decision",
                (None, None),
            ),
        ),
        script(
            sonobuoy_program,
            sonobuoy("sono-results-0219", "kaas-networking-check", "--e2e-focus \"NetworkPolicy\""),
            testcase(
                "kaas-networking-check",
                "The cluster passes the Kubernetes tests on NetworkPolicy (SCS-0219).",
                "scs-0219-w1-kaas-networking#automated-tests",
                (Some("month"), Some("heavy")),
            ),
        ),
    ]
}

fn modules() -> Vec<Module> {
    const NODES: (&str, &str) = ("Node distribution and availability", "scs-0214-v2-k8s-node-distribution");
    [
        (
            "cncf-k8s-conformance",
            ("CNCF Kubernetes conformance", "scs-0201-v1-cncf-conformance"),
            Some((MAIN, "cncf-k8s-conformance")),
        ),
        (
            "scs-0210-v2",
            ("Versions of Kubernetes", "scs-0210-v2-k8s-version-policy"),
            Some((MAIN, "version-policy-check")),
        ),
        ("scs-0214-v2", NODES, None),
        ("scs-0214-v2-manual", NODES, Some(("preview", "node-distribution-check"))),
        (
            "scs-0219-v1",
            ("Networking of clusters", "scs-0219-v1-kaas-networking"),
            Some((MAIN, "kaas-networking-check")),
        ),
    ]
    .map(|(id, (name, page), target)| Module {
        id: id.to_owned(),
        name: name.to_owned(),
        url: format!("https://docs.scs.community/standards/{page}"),
        parameters: BTreeMap::new(),
        targets: target
            .into_iter()
            .map(|(name, id)| Target { name: name.to_owned(), testcases: vec![id.to_owned()] })
            .collect(),
    })
    .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn three_testcases_decide_and_one_manual_one_is_in_no_version() {
        let scope = scs_compatible_kaas();
        assert_eq!(scope.problems(), []);
        assert_eq!(scope.advice(), Vec::<String>::new());
        let main: BTreeSet<_> = scope.version("v1").unwrap().testcases();
        assert_eq!(
            main.into_iter().collect::<Vec<_>>(),
            ["cncf-k8s-conformance", "kaas-networking-check", "version-policy-check"]
        );
        let manual = scope.testcases().filter(|(_, script)| script.is_manual());
        assert_eq!(
            manual.map(|(testcase, _)| testcase.id.as_str()).collect::<Vec<_>>(),
            ["node-distribution-check"]
        );
    }

    #[test]
    fn conformance_lasts_a_year_networking_a_month_and_versions_a_week() {
        let lifetime = |id| scs_compatible_kaas().testcase(id).unwrap().lifetime.clone();
        assert_eq!(lifetime("cncf-k8s-conformance").as_deref(), Some("year"));
        assert_eq!(lifetime("kaas-networking-check").as_deref(), Some("month"));
        assert_eq!(lifetime("version-policy-check"), None);
    }

    #[test]
    fn version_1_is_effective_from_the_day_on_that_it_was_fixed() {
        let validity = |on| scs_compatible_kaas().standing("v1", on).validity;
        assert_eq!(validity(date(2024, 2, 27)), Validity::Deprecated);
        assert_eq!(validity(date(2024, 2, 28)), Validity::Draft);
        assert_eq!(validity(date(2024, 11, 26)), Validity::Effective);
    }

    #[test]
    fn programs_get_their_variables_in_braces() {
        let scope = scs_compatible_kaas();
        let names: Vec<_> = scope.variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["subject_root", "kubeconfig", "execution_mode"]);
        for script in scope.scripts.iter().filter(|script| !script.is_manual()) {
            assert!(script.args.contains("{kubeconfig}"), "{}", script.args);
        }
    }
}
