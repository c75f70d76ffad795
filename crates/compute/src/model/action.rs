//! Instance actions: what was asked of a server, by whom, and what came of it.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::{ProjectId, ServerId, UserId};

/// A volume of the server became larger.
pub const EXTEND_VOLUME: &str = "extend_volume";

record! {
    /// One thing that was asked of a server.
    pub Action in "server_actions" {
        key {
            /// Which server.
            server as "server_id": ServerId,
            /// The request that asked: `req-…`.
            request_id: String,
        }
        /// Nova's word: `create`, `reboot` …
        name: String,
        /// Who asked.
        user as "user_id": UserId,
        /// In which project.
        project as "project_id": ProjectId,
        /// The server's generation that fulfils it.
        generation: i64,
        /// When.
        started_at: Timestamp,
        /// When something of it changed last.
        updated_at: Timestamp,
        /// When it ended.
        finished_at: Option<Timestamp>,
        /// `Error` where it failed.
        message: Option<String>,
        /// Where it was carried out.
        host: Option<String>,
        /// Why it failed, in words that its owner may read: no host, path or capacity.
        details: Option<String>,
        /// Where it put the server, and why there; for operators only.
        placed: Option<String>,
    }
}

impl Action {
    /// The one event that Kogge records of an action, by the name that Nova's agent gives it.
    #[must_use]
    pub fn event(&self) -> String {
        let verb = match self.name.as_str() {
            "create" => "build_and_run_instance",
            "delete" => "terminate_instance",
            "createImage" => "snapshot_instance",
            "confirmResize" => "confirm_resize",
            "revertResize" => "revert_resize",
            "attach_interface" => "attach_interface",
            "detach_interface" => "detach_interface",
            "resize" => "prep_resize",
            "createBackup" => "backup_instance",
            "shelveOffload" => "shelve_offload_instance",
            "live-migration" => "live_migration",
            "migrate" => "prep_resize",
            "evacuate" => "rebuild_instance",
            "trigger_crash_dump" => "trigger_crash_dump",
            EXTEND_VOLUME => "extend_volume",
            other => return format!("compute_{other}_instance"),
        };
        format!("compute_{verb}")
    }

    /// `Success`, `Error`, or nothing while it goes on.
    #[must_use]
    pub fn result(&self) -> Option<&'static str> {
        self.finished_at.map(|_| if self.message.is_some() { "Error" } else { "Success" })
    }
}
