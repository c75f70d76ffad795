//! `kogge standards` as its users meet it: the binary's output, exit codes, and the examples of `docs/STANDARDS.md`.
//!
//! `UPDATE_GOLDEN=1` writes the files below `tests/golden/standards` and the examples of the document anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must stop")]

use std::fmt::Write;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `kogge standards`.
fn kogge(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kogge")).arg("standards").args(arguments).output().unwrap()
}

/// The standard output of a run that ends with this exit code.
fn output(arguments: &[&str], code: i32) -> String {
    let output = kogge(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a run complains about that ends with the exit code for usage.
fn refusal(arguments: &[&str]) -> String {
    let output = kogge(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let arguments: Vec<_> = arguments.iter().chain(&["--format", "json"]).copied().collect();
    serde_json::from_str(&output(&arguments, 0)).unwrap()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/standards").join(name)
}

/// Compares with a file below `tests/golden/standards`.
fn compare(name: &str, found: &str) {
    let path = golden(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "UPDATE_GOLDEN=1 accepts {name}:\n{found}");
}

const DAY: &str = "2026-11-28";

#[test]
fn people_read_short_tables() {
    for (name, arguments, code) in [
        ("list.txt", &["list"][..], 0),
        ("list-scopes.txt", &["list", "--scopes", "--date", DAY], 0),
        ("show-scs-0104.txt", &["show", "scs-0104", "--date", DAY], 0),
        ("show-scs-0121-v1.txt", &["show", "SCS-0121-v1-availability-zones-standard.md", "--date", DAY], 0),
        ("show-version.txt", &["show", "scs-compatible-iaas@v5.1", "--date", DAY], 0),
        ("show-module.txt", &["show", "scs-0104-v1-2"], 0),
        ("show-testcase.txt", &["show", "scs-0123-swift-s3", "--date", DAY], 0),
        ("show-manual.txt", &["show", "domain-manager-check", "--date", DAY], 0),
        ("diff-v4-v5.1.txt", &["diff", "v4", "v5.1"], 0),
        ("diff-nothing.txt", &["diff", "v5.1", "v5.1"], 0),
        ("timeline.txt", &["timeline", "--date", DAY], 0),
        ("timeline-kaas.txt", &["timeline", "scs-compatible-kaas", "--date", DAY], 0),
        ("timeline-before.txt", &["timeline", "--date", "2023-01-01"], 0),
    ] {
        compare(name, &output(arguments, code));
    }
}

#[test]
fn programs_read_json_of_a_stable_shape() {
    for (name, arguments) in [
        ("list-scopes.json", &["list", "--scopes", "--date", DAY][..]),
        ("show-scs-0115.json", &["show", "scs-0115", "--date", DAY]),
        ("show-testcase.json", &["show", "scs-0100-syntax-check", "--date", DAY]),
        ("diff.json", &["diff", "v5.1", "next"]),
        ("timeline.json", &["timeline", "--date", DAY]),
        ("flavor-name-parse.json", &["flavor-name", "parse", "SCS-16T-64-3x10s_bms_hwv_i3h_GNa-64h-24_ib"]),
        ("flavor-name-for.json", &["flavor-name", "for", "--vcpus", "4", "--ram", "16"]),
    ] {
        compare(name, &format!("{:#}\n", json(arguments)));
    }
}

#[test]
fn the_list_counts_checks_and_names_versions() {
    let documents = json(&["list"]);
    let of = |id: &str| documents.as_array().unwrap().iter().find(|d| d["short_id"] == id).unwrap().clone();
    assert_eq!(documents.as_array().unwrap().len(), 77);
    assert_eq!((&of("scs-0103-v1")["automated"], &of("scs-0103-v1")["manual"]), (&31.into(), &0.into()));
    assert_eq!((&of("scs-0302-v1")["automated"], &of("scs-0302-v1")["manual"]), (&0.into(), &1.into()));
    assert_eq!(of("scs-0102-v2")["used_by"], serde_json::json!(["scs-compatible-iaas@next"]));
    assert_eq!(of("scs-0210-v2")["used_by"], serde_json::json!(["scs-compatible-kaas@v1"]));
    assert_eq!(of("scs-0004-v1")["used_by"], serde_json::json!([]));
    assert!(json(&["list", "--track", "kaas"]).as_array().unwrap().iter().all(|d| d["track"] == "KaaS"));
}

/// A scope file in the format of upstream, of which some things differ from the built-in scope.
const SPEC: &str = r"
name: Another scope
uuid: 00000000-0000-4000-8000-000000000000
url: https://example.org/another.yaml
scripts:
- executable: ./check
  testcases:
  - {id: scs-0100-syntax-check, lifetime: month, description: 'Names are right.'}
  - {id: new-check, description: 'Something new.'}
  - {id: moving-check}
modules:
- id: scs-0100-v3.1
  name: Names
  url: https://docs.scs.community/standards/scs-0100-v3-flavor-naming
  targets: {main: [scs-0100-syntax-check, new-check], recommended: [moving-check]}
- id: other
  parameters: {limit: how many}
  targets: {main: [scs-0100-syntax-check, moving-check]}
versions:
- {version: v1, stabilized_at: 2026-01-01, include: [scs-0100-v3.1]}
- {version: v2, include: [{ref: other, parameters: {limit: 5}}]}
timeline:
- {date: 2026-01-01, versions: {v1: effective}}
";

/// A folder with the scope file; it goes with the returned handle.
fn with_spec(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("another.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_scope_file_is_compared_with_itself_and_with_the_built_in_scope() {
    let (_folder, spec) = with_spec(SPEC);
    compare("diff-spec.txt", &output(&["diff", "v1", "v2", "--spec", &spec], 0));
    let found = json(&["diff", "scs-compatible-iaas@v3", "v1", "--spec", &spec]);
    assert_eq!(
        found["old"],
        serde_json::json!({"scope": "scs-compatible-iaas", "version": "v3", "from_file": false})
    );
    assert_eq!(
        found["new"],
        serde_json::json!({"scope": "another-scope", "version": "v1", "from_file": true})
    );
    assert_eq!(found["lifetimes"][0]["after"], "month");
    assert_eq!(found["modules_changed"], serde_json::json!(["scs-0100-v3.1"]));
    assert_eq!(found["removed"].as_array().unwrap().len(), 15);
}

#[test]
fn a_scope_file_takes_the_place_of_the_built_in_scopes() {
    let (_folder, spec) = with_spec(SPEC);
    compare("timeline-spec.txt", &output(&["timeline", "--spec", &spec, "--date", DAY], 0));
    assert_eq!(json(&["list", "--scopes", "--spec", &spec]).as_array().unwrap().len(), 2);
    assert_eq!(json(&["show", "new-check", "--spec", &spec])["asks"], "Something new.");
    let document = json(&["show", "scs-0100-v3", "--spec", &spec]);
    assert_eq!(document["documents"][0]["used_by"], serde_json::json!(["another-scope@v1"]));
}

/// The root of a server that answers every request for `/scope.yaml` with a text, and no other.
fn served(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let mut request = String::new();
            BufReader::new(&stream).read_line(&mut request).unwrap();
            let (status, body) = if request.starts_with("GET /scope.yaml ") {
                ("200 OK", text)
            } else {
                ("404 Not Found", "")
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            stream.write_all((head + body).as_bytes()).unwrap();
        }
    });
    root
}

#[test]
fn a_scope_comes_from_the_web_as_for_kogge_check() {
    let root = served(SPEC);
    let spec = format!("{root}/scope.yaml");
    let (_folder, file) = with_spec(SPEC);
    for words in [
        &["list", "--scopes", "--date", DAY][..],
        &["show", "new-check", "--date", DAY],
        &["diff", "v1", "v2"],
        &["timeline", "--date", DAY],
    ] {
        let of = |place| output(&[words, &["--spec", place]].concat(), 0);
        assert_eq!(of(&spec), of(&file), "{words:?}");
    }
    for (place, code, reason) in [
        (format!("{root}/gone.yaml"), 4, "404"),
        ("http://bob:geheim@127.0.0.1:1/scope.yaml".to_owned(), 4, "fetching the scope from"),
        ("ftp://x.example/scope.yaml".to_owned(), 2, "only https and http"),
    ] {
        let refused = kogge(&["list", "--spec", &place]);
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(code), "{place}: {errors}");
        assert!(errors.contains(reason) && !errors.contains("geheim"), "{errors}");
    }
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    for (arguments, word) in [
        (&["show", "scs-0130"][..], "did you mean scs-0100-v1"),
        (&["show", "foo"], "test case `foo`; `kogge standards list` shows"),
        (&["show", "scs-0103-flavor-4v-61"], "did you mean scs-0103-flavor-4v-16"),
        (&["show", "scs-compatible-iaas@v9"], "it has next, v5.1, v4, v3"),
        (&["show", "nonsense@v1"], "scs-compatible-iaas, scs-compatible-kaas"),
        (&["diff", "v5", "next"], "no version `v5`"),
        (&["timeline", "scs-open-iaas"], "no scope `scs-open-iaas`"),
        (&["timeline", "--date", "yesterday"], "`yesterday` is no day"),
        (&["list", "--spec", "/nonexistent/scope.yaml"], "/nonexistent/scope.yaml"),
        (&["lint", "/nonexistent"], "/nonexistent"),
        (&["flavor-name", "for", "--vcpus", "0", "--ram", "4"], "at least 1 vCPU"),
        (&["flavor-name", "for", "--vcpus", "1", "--ram", "0.25"], "at least 0.5 GiB"),
        (
            &["flavor-name", "for", "--vcpus", "1", "--ram", "4", "--gpu", "GNx"],
            "at position 2, expected a generation",
        ),
        (&["flavor-name", "for", "--vcpus", "1", "--ram", "4", "--gpu", "ib"], "this is no GPU"),
        (
            &["flavor-name", "for", "--vcpus", "1", "--ram", "4", "--arch", "arm", "--generation", "9"],
            "from 0 to 5",
        ),
        (&["flavor-name", "for", "--vcpus", "1", "--ram", "4", "--disk", "0"], "leave it out"),
        (&["flavor-name", "for", "--vcpus", "1", "--ram", "4", "--gpu", "GNa", "--ib"], "cannot express"),
    ] {
        let complaint = refusal(arguments);
        assert!(complaint.contains(word), "{arguments:?}: {complaint}");
    }
}

#[test]
fn hostile_files_and_names_are_refused_and_never_steer_the_terminal() {
    let (_folder, spec) =
        with_spec(&SPEC.replace("version: v1", "version: \"\\e[31mv1\"").replace("{v1: eff", "{v2: eff"));
    assert!(!output(&["list", "--scopes", "--spec", &spec], 0).contains('\u{1b}'));
    assert!(!refusal(&["diff", "\u{1b}[31m", "v2", "--spec", &spec]).contains('\u{1b}'));
    let (_folder, spec) = with_spec(&"[".repeat(100_000));
    assert!(refusal(&["list", "--spec", &spec]).contains("not YAML"));
    let (_folder, spec) = with_spec(&"#".repeat(9 << 20));
    assert!(refusal(&["list", "--spec", &spec]).contains("more than 1048576 bytes"));
    let (_folder, spec) = with_spec("name: x\nmodules: []\nversions: []\ntimeline: []\nsurprise: 1\n");
    assert!(refusal(&["list", "--spec", &spec]).contains("surprise"));
    let text = output(&["flavor-name", "parse", "SCS-1V-4\u{1b}[31m\n_x"], 3);
    assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}"), "{text}");
}

#[test]
fn flavor_names_are_explained_and_refused_with_a_caret() {
    for (name, names, code) in [
        ("flavor-name-valid.txt", &["SCS-8C-32-2x200p", "SCS-2Li-10.5uo-n_chy", "SCS-1V:4"][..], 0),
        (
            "flavor-name-wrong.txt",
            &["SCS-2C-4ou-10n", "SCS-4V-16_GNa_ib", "SCS-1V-", "m1.small", "scs-4V-16-50"],
            3,
        ),
    ] {
        let arguments: Vec<_> = ["flavor-name", "parse"].iter().chain(names).copied().collect();
        compare(name, &output(&arguments, code));
    }
    assert!(output(&["flavor-name", "parse", "m1.small"], 0).contains("no check looks at it"));
}

#[test]
fn figures_make_names_that_parse_to_the_same_figures() {
    let arguments = ["--vcpus", "16", "--ram", "64", "--cpu", "ti", "--disk", "10", "--disk-count", "3"];
    let more =
        ["--disk-type", "ssd", "--hypervisor", "bms", "--nested", "--arch", "intel", "--generation", "3"];
    let rest = ["--clock", "1", "--gpu", "GNa-64h-24", "--ib", "--no-ecc", "--ram-oversubscribed"];
    let arguments: Vec<_> =
        ["flavor-name", "for"].iter().chain(&arguments).chain(&more).chain(&rest).copied().collect();
    compare("flavor-name-for.txt", &output(&arguments, 0));
    let made = json(&arguments);
    assert_eq!(made["canonical"], "SCS-16Ti-64uo-3x10s_bms_hwv_i3h_GNa-64h-24_ib");
    assert_eq!(made["short"], "SCS-16Ti-64uo-3x10s_GNa-64-24_ib");
    let parsed = json(&["flavor-name", "parse", made["canonical"].as_str().unwrap()]);
    assert_eq!(parsed[0]["details"]["promises"], made["promises"]);
}

const RIGHT: &str = "---\ntype: Standard\nstatus: Draft\ntrack: IaaS\n---\n\n## Introduction\n## Motivation\n## Conformance Tests\n";

#[test]
fn documents_are_linted_with_line_reason_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let path = folder.path().to_str().unwrap();
    assert!(refusal(&["lint", path]).contains("holds no file scs-*.md"));
    write("scs-0199-v1-words.md", RIGHT);
    write("README.md", "no document");
    assert_eq!(output(&["lint", path], 0), "1 document: 0 errors, 0 warnings\n");
    write(
        "scs-0199-v2-Words.md",
        &RIGHT.replace("status: Draft", "status: Stable\nreplaces: scs-0199-v1-words.md"),
    );
    compare("lint.txt", &output(&["lint", path, "--advice"], 3));
    std::fs::create_dir(folder.path().join("scs-0200-v1-folder.md")).unwrap();
    assert!(refusal(&["lint", path]).contains("not a file"));
}

#[test]
fn a_scope_without_checks_is_refused_plainly() {
    for scope in ["scs-compatible-kaas", "scs-compatible-kaas@v1"] {
        let output = Command::new(env!("CARGO_BIN_EXE_kogge")).args(["check", scope]).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("no checks for scs-compatible-kaas yet"), "{errors}");
    }
}

#[test]
fn completions_offer_ids_and_versions() {
    let output = Command::new(env!("CARGO_BIN_EXE_kogge")).args(["completions", "bash"]).output().unwrap();
    let script = String::from_utf8(output.stdout).unwrap();
    for word in ["scs-0103-v1", "scs-0103-flavor-4v-16", "scs-compatible-iaas@v5.1", "scs-compatible-kaas"] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn completions_offer_scopes_checks_and_the_clouds_of_who_asks_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("clouds.yaml");
    std::fs::write(&file, "clouds:\n  acme-of-mine:\n    auth:\n      auth_url: http://k\n").unwrap();
    let script = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kogge"));
        command.args(["completions", "bash"]).args(words).env("OS_CLIENT_CONFIG_FILE", &file);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let (plain, own) = (script(&[]), script(&["--clouds"]));
    assert!(own.contains("acme-of-mine") && !plain.contains("acme-of-mine"));
    // what is offered behind a command is in the case of that command
    let offered = |command: &str, word: &str| {
        let case = own.split(&format!("        {command})")).nth(1).unwrap();
        let case = case.split("            return 0").next().unwrap();
        assert!(
            case.split_whitespace().any(|one| one.trim_matches(['"', ')']) == word),
            "{command} {word}: {case}"
        );
    };
    offered("kogge__subcmd__check__subcmd__run", "@v5.1");
    offered("kogge__subcmd__check__subcmd__run", "scs-compatible-iaas@v5.1");
    offered("kogge__subcmd__check__subcmd__explain", "advisory-0126-rbac");
    offered("kogge__subcmd__fix__subcmd__plan", "@v5.1");
}

/// Runs the line behind the prompt of an example.
fn example(line: &str) -> String {
    let mut words = line.split_whitespace().map(|word| word.trim_matches('\''));
    assert_eq!(words.next(), Some("kogge"), "{line}");
    let output = Command::new(env!("CARGO_BIN_EXE_kogge")).args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_examples_of_the_document_are_real() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/STANDARDS.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut real, mut examples) = (String::new(), 0);
    // what stands between a prompt and the end of its block, or the next prompt, is replaced by the real output
    let (mut in_block, mut in_output) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = line == "```console";
            in_output = false;
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            write!(real, "{line}\n{}", example(command)).unwrap();
            examples += 1;
            in_output = true;
        } else if !in_output {
            writeln!(real, "{line}").unwrap();
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &real).unwrap();
        return;
    }
    assert!(examples >= 5, "{examples} examples");
    assert!(text == real, "UPDATE_GOLDEN=1 accepts:\n{real}");
}
