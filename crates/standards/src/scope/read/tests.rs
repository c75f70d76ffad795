//! Reading scope files: what is accepted, what is refused, and that nothing panics.

use proptest::prelude::*;

use super::*;

const SMALL: &str = "\
name: Small
uuid: 1234
url: https://example.org/small.yaml
prerequisite: {name: Smaller, url: https://example.org/smaller.yaml}
variables:
  - os_cloud
  - region: one
scripts:
- executable: ./check.py
  args: -c {os_cloud} {testcases}
  env: {OS_CLOUD: \"{os_cloud}\"}
  testcases:
  - id: t1
    description: >-
      First
      test
    url: https://example.org/t1
    lifetime: day
    section: light
  - id: t2
- testcases:
  - id: manual
modules:
- id: m1
  name: One
  url: https://example.org/m1
  parameters: {image_spec: where the images are listed}
  targets:
    main: [t2, t1]
- id: m2
  parameters: [image_spec]
  targets: {preview: [manual]}
- id: m3
timeline:
- date: 2026-01-01
  versions: {v1: effective, v2: draft}
- date: 2025-01-01
  versions: {v1: draft, v2: ~}
versions:
- version: v1
  stabilized_at: 2025-12-24
  include: [m1, m3]
- version: v2
  include:
  - ref: m1
    parameters: {image_spec: https://example.org/images.yaml}
  - m2
";

fn problems(yaml: &str) -> Vec<String> {
    match read_scope(yaml) {
        Err(ReadError::Problems(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(ReadError::Yaml(error)) => panic!("not YAML: {error}"),
        Ok(_) => Vec::new(),
    }
}

#[test]
fn every_part_of_a_file_arrives() {
    let scope = read_scope(SMALL).unwrap();
    assert_eq!((scope.name.as_str(), scope.uuid.as_str()), ("Small", "1234"));
    assert_eq!(scope.prerequisite.as_ref().unwrap().name, "Smaller");
    assert_eq!(scope.variables[0], Variable { name: "os_cloud".to_owned(), default: None });
    assert_eq!(scope.variables[1], Variable { name: "region".to_owned(), default: Some("one".to_owned()) });
    assert_eq!(scope.scripts[0].args, "-c {os_cloud} {testcases}");
    assert_eq!(scope.scripts[0].env["OS_CLOUD"], "{os_cloud}");
    assert_eq!(scope.scripts[1].executable, None);
    let first = scope.testcase("t1").unwrap();
    assert_eq!((first.description.as_str(), first.lifetime.as_deref()), ("First test", Some("day")));
    assert_eq!(scope.testcase("t2").unwrap().lifetime, None);
    assert_eq!(scope.modules[0].parameters["image_spec"], "where the images are listed");
    assert!(scope.modules[1].parameters.contains_key("image_spec"));
    let v2 = scope.version("v2").unwrap();
    assert!(!v2.is_stable());
    assert_eq!(v2.include[0].parameters["image_spec"], "https://example.org/images.yaml");
    assert_eq!(v2.target("main").unwrap(), ["t1", "t2"]);
    assert_eq!(v2.target_of("manual"), Some("preview"));
    assert_eq!(scope.timeline[0].versions[0], ("v1".to_owned(), Validity::Effective));
    assert_eq!(scope.timeline[1].versions.len(), 1, "null is as good as absent");
    assert_eq!(scope.advice(), Vec::<String>::new());
}

#[test]
fn unknown_keys_are_refused_with_their_path_all_at_once() {
    let yaml = SMALL
        .replace("    section: light", "    sektion: light")
        .replace("name: Small\n", "name: Small\ntitle: Small\n")
        .replace("  - ref: m1", "  - ref: m1\n    parameter: 1");
    let found = problems(&yaml);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found
            .iter()
            .any(|problem| problem.starts_with("scope.scripts[0].testcases[0]: unknown key \"sektion\""))
    );
    assert!(found.iter().any(|problem| problem.contains("\"title\"")));
    assert!(found.iter().any(|problem| problem.starts_with("scope.versions[1].include[0]")));
}

#[test]
fn parts_that_the_format_leaves_free_are_not_looked_into() {
    let yaml = SMALL
        .replace("{OS_CLOUD: \"{os_cloud}\"}", "{ANYTHING: goes}")
        .replace("{preview: [manual]}", "{whatever: [manual]}")
        .replace("prerequisite: {name: Smaller", "prerequisite: {colour: red, name: Smaller");
    assert_eq!(problems(&yaml), Vec::<String>::new());
}

#[test]
fn repeated_names_are_refused() {
    for (old, new, expected) in [
        ("- id: manual", "- id: t1", "testcase \"t1\" is defined twice"),
        ("- id: m3", "- id: m2", "module \"m2\" is defined twice"),
        ("- version: v2", "- version: v1", "version \"v1\" is defined twice"),
    ] {
        let found = problems(&SMALL.replace(old, new));
        assert!(found.contains(&expected.to_owned()), "{found:?}");
    }
}

#[test]
fn references_to_what_is_not_there_are_refused() {
    let found = problems(&SMALL.replace("[m1, m3]", "[m1, m4]"));
    assert_eq!(found, ["version \"v1\" includes module \"m4\", which is not defined"]);
    let found = problems(&SMALL.replace("{v1: draft, v2: ~}", "{v7: draft}"));
    assert_eq!(found, ["the timeline names version \"v7\" for 2025-01-01, which is not defined"]);
    let found = problems(&SMALL.replace("[t2, t1]", "[t2, t9]"));
    assert_eq!(found, ["version \"v1\" is stable, but no script yields its testcase \"t9\""]);
}

#[test]
fn a_draft_may_list_testcases_that_no_script_yields_but_is_advised() {
    let scope = read_scope(&SMALL.replace("{preview: [manual]}", "{preview: [later]}")).unwrap();
    assert_eq!(scope.advice(), ["no script yields testcase later of version v2"]);
}

#[test]
fn words_order_and_lifetimes_are_advice_only() {
    let yaml = SMALL
        .replace("date: 2026-01-01", "date: 2024-01-01")
        .replace("v1: draft, v2: ~", "v1: perhaps, v2: warn")
        .replace("lifetime: day", "lifetime: decade")
        .replace("  include: [m1, m3]", "  include: [m1, m3, m1]");
    let advice = read_scope(&yaml).unwrap().advice();
    for expected in ["not sorted", "\"perhaps\"", "not stable", "\"decade\"", "more than one module"] {
        assert!(advice.iter().any(|sentence| sentence.contains(expected)), "{expected}: {advice:?}");
    }
}

#[test]
fn missing_parts_and_wrong_kinds_are_named() {
    let found = problems("name: x");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|problem| problem.ends_with("expected a list, found nothing")));
    for (old, new, expected) in [
        ("  - id: t2", "  - description: t2", "the key \"id\""),
        ("date: 2026-01-01", "date: soon", "a date"),
        ("  versions: {v1: effective, v2: draft}", "  versions: [v1]", "a map"),
        ("main: [t2, t1]", "main: t1", "a list of testcase ids"),
        ("[m1, m3]", "m1", "a list"),
        ("name: Small\n", "name: [Small]\n", "a text"),
    ] {
        let found = problems(&SMALL.replace(old, new));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{new}: {found:?}");
    }
    assert!(matches!(read_scope("a: [1"), Err(ReadError::Yaml(_))));
    assert!(!problems("- a list").is_empty());
}

#[test]
fn a_bomb_of_aliases_is_refused_in_time() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        yaml.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert!(read_scope(&yaml).is_err());
    assert!(read_scope(&"[".repeat(100_000)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), cut in 0..SMALL.len(), with in "[-:{}\\[\\]a-z \n]{0,8}") {
        let _ = read_scope(&text);
        let _ = read_scope(&format!("{}{with}{}", &SMALL[..cut], &SMALL[cut..]));
        let _ = read_scope(&SMALL[..cut]);
    }
}
