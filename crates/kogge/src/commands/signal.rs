//! The signals by which a user or a supervisor asks a command to end.

use tokio::signal::unix::{SignalKind, signal};

/// Returns at the next SIGINT (Ctrl-C) or SIGTERM.
///
/// # Errors
/// Where signals cannot be listened to.
pub async fn ended() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Calls `reopen` at each SIGHUP: such as when a tool has moved the log. Never ends.
pub async fn on_hangup(reopen: impl Fn() + Send) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        tracing::info!("SIGHUP: the log is opened anew");
        reopen();
    }
}
