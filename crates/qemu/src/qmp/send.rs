//! The sending side: lines, and file descriptors that travel with them.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;

/// One line for QEMU.
pub(super) struct Outgoing {
    /// The line with its end.
    pub line: String,
    /// A descriptor that goes with the line's first byte; ours is closed afterwards.
    pub fd: Option<OwnedFd>,
}

pub(super) async fn write_all(mut write: OwnedWriteHalf, mut outgoing: mpsc::Receiver<Outgoing>) {
    while let Some(Outgoing { line, fd }) = outgoing.recv().await {
        let mut rest = line.as_bytes();
        if let Some(fd) = fd {
            match write_with(write.as_ref(), rest, &fd).await {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(_) => return,
            }
        }
        if write.write_all(rest).await.is_err() {
            return;
        }
    }
}

/// Sends as much of `bytes` as goes at once, with `fd`; answers how much that was.
async fn write_with(stream: &UnixStream, bytes: &[u8], fd: &OwnedFd) -> std::io::Result<usize> {
    let fds = [fd.as_raw_fd()];
    loop {
        stream.writable().await?;
        let sent = stream.try_io(Interest::WRITABLE, || {
            let rights = [ControlMessage::ScmRights(&fds)];
            let parts = [IoSlice::new(bytes)];
            sendmsg::<()>(stream.as_raw_fd(), &parts, &rights, MsgFlags::MSG_NOSIGNAL, None)
                .map_err(std::io::Error::from)
        });
        match sent {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}
