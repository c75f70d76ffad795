//! Consoles of guests that do not exist: one that repeats what is typed, and a dark screen.

use std::io;
use std::time::Duration;

use kogge_node_api::{ConsoleKind, ConsoleStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::screen;

/// So much waits on its way, in bytes.
const ROOM: usize = 64 * 1024;
/// How often is looked whether the guest still runs.
const LOOK: Duration = Duration::from_secs(1);

/// Opens the console of a guest whose serial line printed `printed`; it ends once the guest is not `alive`.
pub(crate) fn open(
    kind: ConsoleKind,
    printed: String,
    alive: impl Fn() -> bool + Send + Sync + 'static,
) -> ConsoleStream {
    let (near, far) = tokio::io::duplex(ROOM);
    tokio::spawn(async move {
        let serving = async {
            match kind {
                ConsoleKind::Serial => serial(far, &printed).await,
                ConsoleKind::Vnc => screen::serve(far).await,
            }
        };
        let ends = async {
            while alive() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            // whoever hung up is not told that it did
            _ = serving => {}
            () = ends => {}
        }
    });
    ConsoleStream::new(near)
}

/// Says what was printed last, and repeats what is typed.
async fn serial(mut line: DuplexStream, printed: &str) -> io::Result<()> {
    let last = printed.rsplit('\n').next().unwrap_or_default();
    line.write_all(format!("This console is simulated: it repeats what is typed\r\n{last}").as_bytes())
        .await?;
    let mut typed = [0; 4096];
    loop {
        let count = line.read(&mut typed).await?;
        if count == 0 {
            return Ok(());
        }
        for byte in &typed[..count] {
            match byte {
                b'\r' | b'\n' => line.write_all(format!("\r\n{last}").as_bytes()).await?,
                byte => line.write_all(&[*byte]).await?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test(start_paused = true)]
    async fn what_is_typed_comes_back_until_the_guest_ends() {
        let alive = Arc::new(AtomicBool::new(true));
        let known = Arc::clone(&alive);
        let mut console =
            open(ConsoleKind::Serial, "a\nweb login: ".to_owned(), move || known.load(Ordering::SeqCst));
        console.write_all(b"root\r").await.unwrap();
        let mut said = vec![0; 80];
        console.read_exact(&mut said).await.unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(
            said.starts_with("This console is simulated") && said.contains("web login: root\r\n"),
            "{said}"
        );
        alive.store(false, Ordering::SeqCst);
        let mut rest = Vec::new();
        console.read_to_end(&mut rest).await.unwrap();
    }
}
