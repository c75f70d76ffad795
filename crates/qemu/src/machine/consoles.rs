//! Consoles of a running guest: sockets that its QEMU listens on, below the guest's directory.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use super::Machine;
use crate::command_line::{serial_socket, vnc_socket};

impl Machine {
    /// Connects to the guest's serial line. QEMU serves one at a time: the next one waits for the end of the one before.
    ///
    /// # Errors
    /// Those of connecting; not found where the guest was started without such a socket.
    pub async fn serial(&self, dir: &Path) -> io::Result<UnixStream> {
        self.dial(dir, &serial_socket(self.launch)).await
    }

    /// Connects to the guest's screen.
    ///
    /// # Errors
    /// As [`Machine::serial`].
    pub async fn screen(&self, dir: &Path) -> io::Result<UnixStream> {
        self.dial(dir, &vnc_socket(self.launch)).await
    }

    /// The guest's user may put anything into the place of a socket: who answers must be the guest's own process.
    async fn dial(&self, dir: &Path, name: &str) -> io::Result<UnixStream> {
        let handle = File::open(dir)?;
        // short however deep the directory lies: a socket's path has 107 bytes at most
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", handle.as_raw_fd()));
        let stream = UnixStream::connect(path).await?;
        if stream.peer_cred()?.pid() == Some(self.process.pid) {
            return Ok(stream);
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "somebody else listens in the guest's place"))
    }
}
