//! The house rules that a compiler does not know: file length, module docs, banned names, direction of dependencies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Code lines after which a file must be split. Tests do not count.
const LONGEST: usize = 600;
/// Names that only ever grow.
const BANNED: [&str; 8] = ["utils", "util", "common", "helpers", "core", "base", "misc", "shared"];
/// Words that promise what nobody did.
const FORBIDDEN: [(&str, &str); 3] = [
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (concat!("dbg", "!("), "leave no traces"),
];

/// All complaints about the workspace around the current directory.
pub(crate) fn run() -> Result<Vec<String>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default();
    let mut complaints = crate::layers::complaints(&root)?;
    complaints.extend(crate::rooms::complaints(&root)?);
    let mut files = Vec::new();
    for folder in ["crates", "xtask"] {
        rust_files(&root.join(folder), &mut files)?;
    }
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        complaints.extend(about(&file, &text).into_iter().map(|complaint| format!("{name}: {complaint}")));
    }
    Ok(complaints)
}

pub(crate) fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// What is wrong with one file.
fn about(path: &Path, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.trim_start().starts_with("//!") {
        complaints.push("begins without `//!` that says what it is for".to_owned());
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("");
    for name in [stem, folder] {
        if BANNED.contains(&name) {
            complaints.push(format!("`{name}` says nothing: name the module for its content"));
        }
    }
    if stem == "mod" {
        complaints.push("`foo.rs` beside `foo/`, not `foo/mod.rs`".to_owned());
    }
    if !is_test(path) {
        let lines = code_lines(text);
        if lines > LONGEST {
            complaints.push(format!("{lines} code lines; split before {LONGEST}"));
        }
    }
    for (word, why) in FORBIDDEN {
        if text.contains(word) {
            complaints.push(format!("`{word}`: {why}"));
        }
    }
    complaints
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
        || path.file_stem().is_some_and(|stem| stem == "tests")
}

/// Lines that are neither blank nor comment, before the test module.
fn code_lines(text: &str) -> usize {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tidy_file_has_no_complaints() {
        assert!(about(Path::new("crates/a/src/page.rs"), "//! Pages.\nfn f() {}\n").is_empty());
    }

    #[test]
    fn each_rule_complains() {
        let found = |name: &str, text: &str| about(Path::new(name), text).join("\n");
        assert!(found("a/src/page.rs", "fn f() {}").contains("//!"));
        assert!(found("a/src/utils.rs", "//! x").contains("utils"));
        assert!(found("a/src/page/mod.rs", "//! x").contains("mod.rs"));
        let long = format!("//! x\n{}", "let a = 1;\n".repeat(601));
        assert!(found("a/src/page.rs", &long).contains("601 code lines"));
        assert!(found("a/tests/page.rs", &long).is_empty());
        let tested = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}", "let a = 1;\n".repeat(601));
        assert!(found("a/src/page.rs", &tested).is_empty());
    }
}
