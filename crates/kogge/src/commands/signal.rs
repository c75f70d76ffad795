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
