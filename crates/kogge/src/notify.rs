//! What systemd is told of a service of `Type=notify` (sd_notify(3)): that it is ready, that it ends, and a line for
//! `systemctl status`. Nothing is said where nobody asked for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Who wants to be told.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Option<OsString>);

impl Supervisor {
    /// The one that started this process, if it named a socket (`NOTIFY_SOCKET`).
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()))
    }

    /// The service is there; `status` says how.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", one_line(status)));
    }

    /// The service ends.
    pub fn stopping(&self, status: &str) {
        self.tell(&format!("STOPPING=1\nSTATUS={}", one_line(status)));
    }

    fn tell(&self, message: &str) {
        let Some(name) = &self.0 else { return };
        if let Err(error) = send(name, message) {
            tracing::warn!(%error, socket = %name.display(), "the supervisor could not be told");
        }
    }
}

/// A line feed would begin another assignment.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn send(name: &OsStr, message: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    // whoever does not read costs no start
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message.as_bytes(), &address(name)?).map(|_| ())
}

/// A path, or with `@` in front a name in the abstract namespace.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', hidden @ ..] => SocketAddr::from_abstract_name(hidden),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "neither a path nor an abstract name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut text = [0; 256];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_supervisor_hears_of_begin_and_end_at_a_path_and_at_an_abstract_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let hidden = format!("kogge-test-{}", std::process::id());
        let listeners = [
            (path.clone().into_os_string(), UnixDatagram::bind(&path).unwrap()),
            (
                format!("@{hidden}").into(),
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(hidden).unwrap()).unwrap(),
            ),
        ];
        for (name, socket) in listeners {
            let supervisor = Supervisor(Some(name));
            supervisor.ready("answers\nREADY=0");
            assert_eq!(heard(&socket), "READY=1\nSTATUS=answers READY=0");
            supervisor.stopping("ends");
            assert_eq!(heard(&socket), "STOPPING=1\nSTATUS=ends");
        }
    }

    #[test]
    fn without_a_supervisor_nothing_is_said_and_a_bad_name_harms_nothing() {
        Supervisor::default().ready("x");
        Supervisor(Some("relative".into())).ready("x");
        Supervisor(Some("/nowhere/at/all".into())).stopping("x");
    }
}
