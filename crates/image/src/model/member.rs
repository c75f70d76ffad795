//! Members: projects with which an image is shared.

use kogge_clock::Timestamp;
use kogge_db::record;
use kogge_ids::ImageId;
use kogge_resource::words;

words! {
    /// What a member says to an image that is shared with it.
    pub(crate) enum Answer {
        /// Nothing yet.
        Pending = "pending",
        /// It wants the image in its lists.
        Accepted = "accepted",
        /// It does not.
        Rejected = "rejected",
    }
}

record! {
    /// A member of an image.
    pub(crate) Member in "image_members" {
        key {
            /// The image.
            image_id: ImageId,
            /// Id of the project.
            member_id: String,
        }
        /// Its answer.
        answer as "status": Answer,
        /// When it was made.
        created_at: Timestamp,
        /// When it was changed.
        updated_at: Timestamp,
    }
}
