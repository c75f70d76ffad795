//! `createImage`: a picture of the root disk becomes an image.

use std::collections::BTreeMap;

use kogge_auth::Caller;
use kogge_ids::ImageId;

use super::change::Guard;
use crate::error::{Error, Result};
use crate::model::server::Snapshot;
use crate::model::state::VmState;
use crate::{Compute, policy};

/// Its root disk is a volume, and no file of its host.
fn no_picture() -> Error {
    let why = "The server boots from a volume: make a snapshot of that volume, or an image of it.";
    Error::Invalid(why.to_owned())
}

const PICTURABLE: &[VmState] = &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended];

impl Compute {
    /// Registers the image and orders the picture.
    pub(crate) async fn create_image(
        &self,
        caller: &Caller,
        id: &str,
        name: &str,
        metadata: &BTreeMap<String, String>,
    ) -> Result<ImageId> {
        let guard = Guard::new("createImage", PICTURABLE);
        let rule = &policy::SERVERS_CREATE_IMAGE;
        let mut changing = self.open(caller, id, rule, guard).await?;
        let server = &mut changing.server;
        let Some(base) = server.image.clone() else { return Err(no_picture()) };
        let mut properties = base.properties;
        properties.insert("image_type".to_owned(), "snapshot".to_owned());
        properties.extend(metadata.clone());
        properties.insert("instance_uuid".to_owned(), server.id.to_string());
        properties.insert("user_id".to_owned(), server.user.to_string());
        properties.insert("base_image_ref".to_owned(), base.id.to_string());
        let room = server.spec.root_gib;
        let image =
            self.register_snapshot(&mut changing.tx, caller, name.to_owned(), properties, room).await?;
        let number = server.intent.snapshot.map_or(0, |snapshot| snapshot.number) + 1;
        server.intent.snapshot = Some(Snapshot { number, image });
        let server = self.close(caller, changing, Some("createImage")).await?;
        let image = server.intent.snapshot.map(|snapshot| snapshot.image);
        image.ok_or_else(|| Error::internal("a snapshot was ordered but is not there"))
    }
}
