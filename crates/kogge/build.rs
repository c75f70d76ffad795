//! Puts the commit into the version where whoever builds a package names it.

fn main() {
    println!("cargo::rerun-if-env-changed=KOGGE_COMMIT");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let told = match std::env::var("KOGGE_COMMIT") {
        Ok(commit) if !commit.is_empty() => format!("{version} ({commit})"),
        _ => version,
    };
    println!("cargo::rustc-env=KOGGE_VERSION={told}");
}
