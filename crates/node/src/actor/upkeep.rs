//! What an actor does from time to time.

use super::Actor;
use super::guest::Guest;

impl Actor {
    pub(super) async fn keep_up(&mut self) {
        self.cut_logs().await;
        if self.work.is_some() {
            return;
        }
        match &self.guest {
            Guest::Absent => {}
            Guest::Lost(..) => self.adopt().await,
            Guest::Held(machine, _) => {
                if self.is_starved() && machine.resume().await.is_err() {
                    tracing::debug!(server.id = %self.id, "a guest that waits for disk space cannot go on");
                }
                self.look().await;
            }
        }
    }

    /// Guests write to their console and may make QEMU complain: neither may fill the host's disk.
    async fn cut_logs(&mut self) {
        let logs = [self.host.console(self.id), self.host.qemu_log(self.id)];
        let cut = tokio::task::spawn_blocking(move || logs.iter().try_for_each(kogge_qemu::Logs::cut)).await;
        if let Ok(Err(error)) = cut {
            tracing::warn!(server.id = %self.id, %error, "a guest's logs cannot be cut");
        }
    }
}
