//! Instance actions: what was asked of a server, by whom, and what came of it.

use kogge_clock::Timestamp;
use kogge_ids::{ProjectId, ServerId, UserId};

/// One thing that was asked of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which server.
    pub server: ServerId,
    /// The request that asked: `req-…`.
    pub request_id: String,
    /// Nova's word: `create`, `reboot` …
    pub name: String,
    /// Who asked.
    pub user: UserId,
    /// In which project.
    pub project: ProjectId,
    /// When.
    pub started_at: Timestamp,
    /// When something of it changed last.
    pub updated_at: Timestamp,
    /// `Error` where it failed.
    pub message: Option<String>,
    /// The server's generation that fulfils it.
    pub generation: i64,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Where it was carried out.
    pub host: Option<String>,
    /// Why it failed, in words that its owner may read: no host, path or capacity.
    pub details: Option<String>,
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
