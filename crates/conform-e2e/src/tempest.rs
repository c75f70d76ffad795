//! Tempest itself: the operator's own, or one made on demand in a virtual environment from PyPI.
//!
//! Made on demand it has exactly the versions of `data/constraints.txt`; a stamp written last says that it is whole, and
//! a lock keeps two runs from making it at the same time.

mod command;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kogge_conform::Problem;
use nix::fcntl::{Flock, FlockArg};

use command::{Printed, run};

const CONSTRAINTS: &str = include_str!("../data/constraints.txt");
/// The file that says that an environment is whole; it holds the versions.
const STAMP: &str = "kogge-stamp";
/// How long PyPI may take.
const INSTALL: Duration = Duration::from_secs(900);
/// How long a question may take; the first start of a fresh environment compiles a lot.
const ASK: Duration = Duration::from_secs(120);

/// A Tempest that answers.
#[derive(Debug, Clone)]
pub struct Tempest {
    /// The command.
    pub command: PathBuf,
    /// What it says of itself: `tempest 47.0.0`.
    pub version: String,
}

impl Tempest {
    /// The operator's own: the command, or the environment that holds it.
    ///
    /// # Errors
    /// If there is no Tempest that answers.
    pub async fn at(path: &Path) -> Result<Self, Problem> {
        let path = std::path::absolute(path)
            .map_err(|error| Problem::ours(format!("--tempest {}: {error}", path.display())))?;
        let command = if path.is_dir() { path.join("bin/tempest") } else { path };
        Self::ask(command).await
    }

    /// The one below `cache`, made from PyPI if it is not there. `progress` hears what is being done.
    ///
    /// # Errors
    /// What is missing on this machine, and how to get it.
    pub async fn on_demand(cache: &Path, python: &str, progress: &dyn Fn(&str)) -> Result<Self, Problem> {
        let folder = cache.join(folder_name());
        if !is_whole(&folder) {
            make(cache, &folder, python, progress).await?;
        }
        Self::ask(folder.join("bin/tempest")).await
    }

    async fn ask(command: PathBuf) -> Result<Self, Problem> {
        let shown = command.display().to_string();
        if !command.is_file() {
            return Err(Problem::ours(format!(
                "there is no Tempest at {shown}; give --tempest the command or its virtual environment, or leave it out"
            )));
        }
        let printed = run(&command, &["--version"], ASK).await?;
        let version = printed.out.split_whitespace().last().unwrap_or_default();
        let plausible = version.starts_with(|c: char| c.is_ascii_digit()) && version.len() < 40;
        if !printed.success || !plausible {
            return Err(Problem::ours(format!(
                "{shown} --version does not answer as Tempest: {}",
                printed.last_lines()
            )));
        }
        Ok(Self { version: format!("tempest {version}"), command })
    }
}

/// The version of Tempest that is made on demand.
#[must_use]
pub fn pinned() -> &'static str {
    CONSTRAINTS.lines().find_map(|line| line.strip_prefix("tempest==")).unwrap_or_default()
}

/// Another set of versions is another environment.
fn folder_name() -> String {
    format!("tempest-{}-{:08x}", pinned(), crc32fast::hash(CONSTRAINTS.as_bytes()))
}

fn is_whole(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == CONSTRAINTS)
}

async fn make(cache: &Path, folder: &Path, python: &str, progress: &dyn Fn(&str)) -> Result<(), Problem> {
    let told =
        |doing: &str, error: std::io::Error| Problem::ours(format!("{doing} {}: {error}", folder.display()));
    std::fs::create_dir_all(cache).map_err(|error| told("making", error))?;
    let _lock = lock(&folder.with_extension("lock")).await?;
    if is_whole(folder) {
        return Ok(());
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| told("removing what is left of", error))?;
    }
    progress(&format!("making a virtual environment with Tempest {} in {}", pinned(), folder.display()));
    environment(folder, python).await?;
    let versions = folder.join("constraints.txt");
    std::fs::write(&versions, CONSTRAINTS).map_err(|error| told("writing versions to", error))?;
    install(folder, &versions).await?;
    std::fs::write(folder.join(STAMP), CONSTRAINTS).map_err(|error| told("stamping", error))
}

async fn environment(folder: &Path, python: &str) -> Result<(), Problem> {
    let advice = "Tempest needs Python 3.10 or newer with its venv module: apt install python3 python3-venv, or give \
                  --tempest the path of a Tempest that is there";
    let asked = run(
        Path::new(python),
        &["-c", "import sys, venv, ensurepip; print(sys.version_info >= (3, 10))"],
        ASK,
    );
    let fits = |printed: &Printed| printed.success && printed.out.trim() == "True";
    match asked.await {
        Ok(printed) if fits(&printed) => {}
        Ok(printed) => {
            return Err(Problem::ours(format!("{python} will not do: {}. {advice}", printed.last_lines())));
        }
        Err(problem) => return Err(Problem::ours(format!("{problem}. {advice}"))),
    }
    let folder = folder.display().to_string();
    let printed = run(Path::new(python), &["-m", "venv", &folder], INSTALL).await?;
    if !printed.success {
        return Err(Problem::ours(format!("{python} -m venv failed: {}. {advice}", printed.last_lines())));
    }
    Ok(())
}

async fn install(folder: &Path, versions: &Path) -> Result<(), Problem> {
    let wanted = format!("tempest=={}", pinned());
    let versions = versions.display().to_string();
    let arguments = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--prefer-binary"];
    let arguments = [&arguments[..], &["--constraint", &versions, &wanted]].concat();
    let printed = run(&folder.join("bin/pip"), &arguments, INSTALL).await?;
    if !printed.success {
        return Err(Problem::ours(format!(
            "pip could not install {wanted}: {}. Is PyPI (or the mirror of your pip configuration) reachable? Else give \
             --tempest the path of a Tempest that is there",
            printed.last_lines()
        )));
    }
    Ok(())
}

/// Waits until nobody else makes the same environment.
async fn lock(path: &Path) -> Result<Flock<std::fs::File>, Problem> {
    let told = |error: &dyn std::fmt::Display| Problem::ours(format!("locking {}: {error}", path.display()));
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    let file = opened.map_err(|error| told(&error))?;
    let taken = tokio::task::spawn_blocking(move || Flock::lock(file, FlockArg::LockExclusive)).await;
    let taken = taken.map_err(|error| told(&error))?;
    taken.map_err(|(_, error)| told(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn script(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn the_versions_are_pinned_and_the_folder_names_them() {
        assert_eq!(pinned(), "47.0.0");
        assert!(CONSTRAINTS.lines().all(|line| line.split_once("==").is_some()));
        assert!(folder_name().starts_with("tempest-47.0.0-"));
    }

    #[tokio::test]
    async fn the_command_and_its_environment_are_both_found() {
        let dir = tempfile::tempdir().unwrap();
        let command = script(dir.path(), "bin/tempest", "echo tempest 46.1.0");
        for path in [dir.path(), &command] {
            let found = Tempest::at(path).await.unwrap();
            assert_eq!((found.version.as_str(), &found.command), ("tempest 46.1.0", &command));
        }
    }

    #[tokio::test]
    async fn what_is_no_tempest_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Tempest::at(dir.path()).await.unwrap_err().text().contains("--tempest"));
        let other = script(dir.path(), "other", "echo usage: other; exit 2");
        assert!(Tempest::at(&other).await.unwrap_err().text().contains("usage: other"));
    }

    #[tokio::test]
    async fn a_machine_without_python_is_told_what_to_install() {
        let dir = tempfile::tempdir().unwrap();
        let bad =
            script(dir.path(), "python", "echo No module named ensurepip >&2; exit 1").display().to_string();
        for python in ["no-such-python", &bad] {
            let problem = Tempest::on_demand(dir.path(), python, &|_| {}).await.unwrap_err();
            assert!(problem.text().contains("apt install python3"), "{problem}");
        }
    }

    #[tokio::test]
    async fn what_pip_complains_of_is_shown_and_the_environment_is_not_called_whole() {
        let dir = tempfile::tempdir().unwrap();
        // makes an environment whose pip fails
        let text = "case $1 in -c) echo True;; -m) mkdir -p $3/bin; printf '#!/bin/sh\\necho no route >&2\\nexit 1\\n' >$3/bin/pip; chmod +x $3/bin/pip;; esac";
        let python = script(dir.path(), "python", text).display().to_string();
        let problem = Tempest::on_demand(dir.path(), &python, &|_| {}).await.unwrap_err();
        assert!(problem.text().contains("no route") && problem.text().contains("PyPI"), "{problem}");
        assert!(!is_whole(&dir.path().join(folder_name())));
    }
}
