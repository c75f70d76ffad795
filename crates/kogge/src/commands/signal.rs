//! The signals by which a user or a supervisor asks a command to end.

use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};
use crate::output::tell;

/// Listens for SIGINT (Ctrl-C) and SIGTERM. Dropped, it goes on catching them: nothing ends the process any more but
/// itself.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
}

impl Ends {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

/// Returns at the next SIGINT (Ctrl-C) or SIGTERM.
///
/// # Errors
/// Where signals cannot be listened to.
pub async fn ended() -> std::io::Result<()> {
    Ends::listen()?.next().await;
    Ok(())
}

/// The stop of a command that has something to bring to its end first: the first signal asks for it, the second does not
/// wait any longer.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Stop {
    asked: CancellationToken,
    by: Arc<OnceLock<Exit>>,
}

impl Stop {
    /// Listens from now on. `told` says what still happens after the first signal; the second ends the process.
    ///
    /// # Errors
    /// Where signals cannot be listened to: nothing is begun then that could not be stopped.
    pub(in crate::commands) fn listen(told: &'static str) -> Result<Self, Failure> {
        Self::listening(told, |exit| std::process::exit(i32::from(exit.code())))
    }

    /// The same, but what the second signal does is the caller's.
    ///
    /// # Errors
    /// As [`Stop::listen`].
    pub(in crate::commands) fn listening(
        told: &'static str,
        at_once: impl FnOnce(Exit) + Send + 'static,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::outside("listening for signals", error);
        let mut ends = Ends::listen().map_err(failed)?;
        let stop = Self { asked: CancellationToken::new(), by: Arc::default() };
        let (asked, by) = (stop.asked.clone(), Arc::clone(&stop.by));
        tokio::spawn(async move {
            let exit = ends.next().await;
            by.get_or_init(|| exit);
            tell!("stopping; {told} (Ctrl-C again ends at once)");
            asked.cancel();
            at_once(ends.next().await);
        });
        Ok(stop)
    }

    /// Cancelled by the first signal.
    pub(in crate::commands) fn token(&self) -> CancellationToken {
        self.asked.clone()
    }

    /// How the command ends if it was stopped.
    pub(in crate::commands) fn exit(&self) -> Option<Exit> {
        self.by.get().copied()
    }
}

/// Calls `reopen` at each SIGHUP: such as when a tool has moved the log. Never ends.
pub async fn on_hangup(reopen: impl Fn() + Send) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        tracing::info!("SIGHUP: the log is opened anew");
        reopen();
    }
}
