//! Starting processes: in an environment of our own making, and with the one unsafe code, for what must happen between
//! fork and exec.

use std::ffi::OsString;
use std::os::fd::RawFd;

use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use tokio::process::Command;

/// Where programs are, where our own environment does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A command to run `program`, with nothing of the shell that started us but where programs are: what else stands there
/// is its owner's, may be secret, and can change what programs do.
pub(crate) fn command(program: &str) -> Command {
    let path =
        std::env::var_os("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| OsString::from(PATH));
    let mut command = Command::new(program);
    command.env_clear().env("PATH", path).env("LANG", "C").env("LC_ALL", "C");
    command
}

/// What a tool may use at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Seconds of CPU time.
    pub cpu_seconds: u64,
    /// Bytes of address space.
    pub address_space: u64,
}

/// Puts the process into a session of its own, so that it outlives us and our terminal, and lets it inherit `fds`
/// under the same numbers.
#[expect(
    unsafe_code,
    reason = "between fork and exec only async-signal-safe calls are made: setsid and fcntl"
)]
pub(crate) fn detach(command: &mut Command, fds: Vec<RawFd>) {
    let prepare = move || {
        nix::unistd::setsid().map_err(std::io::Error::from)?;
        for fd in &fds {
            // SAFETY: fcntl on a number; the caller keeps the descriptor open until the spawn returned
            if unsafe { libc::fcntl(*fd, libc::F_SETFD, 0) } == -1 {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: `prepare` neither allocates nor takes locks; errors made of an errno do not allocate
    unsafe { command.pre_exec(prepare) };
}

/// Limits what the process may use.
#[expect(unsafe_code, reason = "between fork and exec only setrlimit is called")]
pub(crate) fn limit(command: &mut Command, limits: Limits) {
    let prepare = move || {
        setrlimit(Resource::RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds)?;
        setrlimit(Resource::RLIMIT_AS, limits.address_space, limits.address_space)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        Ok(())
    };
    // SAFETY: as above
    unsafe { command.pre_exec(prepare) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_sees_nothing_of_our_environment_but_where_programs_are() {
        // cargo gives every test variables of its own
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let out = command("env").output().await.unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["LANG", "LC_ALL", "PATH"]);
    }
}
