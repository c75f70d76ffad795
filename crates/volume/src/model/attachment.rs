//! The tie between a volume and what uses it.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_db::record::Json;
use kogge_ids::{AttachmentId, ProjectId, UserId, VolumeId};
use kogge_resource::words;

words! {
    /// How far an attachment has come.
    pub enum AttachStatus {
        /// The volume is promised.
        Reserved = "reserved",
        /// It may be in use from now on.
        Attaching = "attaching",
        /// It is in use.
        Attached = "attached",
        /// It is to be let go.
        Detaching = "detaching",
        /// Could not be attached.
        ErrorAttaching = "error_attaching",
        /// Could not be let go.
        ErrorDetaching = "error_detaching",
        /// Nothing uses it.
        Detached = "detached",
    }
}

words! {
    /// What whoever uses it may do.
    pub enum Mode {
        /// Read and write.
        Rw = "rw",
        /// Read.
        Ro = "ro",
    }
}

record! {
    /// The tie between a volume and a server, or a host.
    pub Attachment in "volume_attachments" touches "volumes" by volume_id {
        /// Its id.
        id: AttachmentId,
        /// The volume.
        volume_id: VolumeId,
        /// Whose it is: the volume's project.
        project_id: ProjectId,
        /// Who made it.
        user_id: UserId,
        /// The server, or whatever whoever made it wrote there: text, no proof.
        server_id: Option<String>,
        /// The host where it is used, once it is known.
        host: Option<String>,
        /// What the disk is called there.
        mountpoint: Option<String>,
        /// What may be done.
        mode: Mode,
        /// How far it came.
        status: AttachStatus,
        /// What whoever uses it said of itself.
        connector: Option<Json<serde_json::Value>>,
        /// The service of ours that made it, and alone may let it go.
        holder: Option<String>,
        /// When it was complete.
        attached_at: Option<Timestamp>,
        /// When it was made.
        created_at: Timestamp,
        /// When it changed last.
        updated_at: Option<Timestamp>,
    }
}

/// The holder of attachments that compute made.
pub const COMPUTE: &str = "compute";
