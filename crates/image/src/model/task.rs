//! Imports as rows: what a background task does and what the tasks API shows.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::ImageId;
use kogge_resource::words;

words! {
    /// Where the data of an import come from.
    pub(crate) enum Method {
        /// The staged file.
        GlanceDirect = "glance-direct",
        /// An address on the web.
        WebDownload = "web-download",
    }
}

words! {
    /// How far an import is.
    pub(crate) enum Progress {
        /// Not begun.
        Pending = "pending",
        /// Some process works at it.
        Processing = "processing",
        /// Done.
        Success = "success",
        /// Given up.
        Failure = "failure",
    }
}

record! {
    /// One import. Who works at it, and until when, is only in the table.
    pub(crate) Import in "image_tasks" {
        /// Its id.
        id: String,
        /// The image that gets the data.
        image_id: ImageId,
        /// From where.
        method: Method,
        /// The address on the web.
        uri: Option<String>,
        /// How far.
        progress as "status": Progress,
        /// The project that asked.
        owner: String,
        /// The user who asked.
        user_id: String,
        /// The request that asked.
        request_id: String,
        /// What went wrong.
        message: String,
        /// How often it was begun.
        attempts: i64,
        /// When it was asked for.
        created_at: Timestamp,
        /// When it was changed.
        updated_at: Timestamp,
        /// When the row goes away.
        expires_at: Option<Timestamp>,
    }
}
