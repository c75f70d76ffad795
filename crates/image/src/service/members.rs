//! Sharing: members of an image and what they say to it.

use kogge_auth::Caller;
use kogge_ids::ImageId;

use super::access::{Seen, viewer};
use crate::Images;
use crate::error::Error;
use crate::model::member::{Answer, Member};
use crate::model::visibility::Visibility;
use crate::{policy, store};

impl Images {
    /// Shares an image with a project.
    pub(crate) async fn add_member(
        &self,
        caller: &Caller,
        id: ImageId,
        member: &str,
    ) -> Result<Member, Error> {
        let mut tx = self.db().begin().await?;
        let seen = self.seen_in(&mut tx, caller, id).await.map_err(|error| missing(id, error))?;
        let refused = || Error::forbidden(format!("Not allowed to create members for image {id}."));
        only_shared(&seen).and_then(|()| seen.allow(caller, &policy::ADD_MEMBER)).map_err(|_| refused())?;
        let members = store::members::list(&mut tx, id).await?.len();
        if members >= self.config().max_members {
            let most = self.config().max_members;
            let because = format!(
                "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed \
                 image members for this image. Attempted: {}, Maximum: {most}:",
                members + 1
            );
            return Err(Error::TooLarge { because });
        }
        let now = self.now();
        let new = Member {
            image_id: id.to_string(),
            member_id: member.to_owned(),
            answer: Answer::Pending,
            created_at: now,
            updated_at: now,
        };
        let doubled = || Error::conflict(format!("Member {member} is duplicated for image {id}"));
        store::members::insert(&mut tx, &new)
            .await
            .map_err(|error| if error.is_unique_violation() { doubled() } else { error.into() })?;
        tx.commit().await?;
        Ok(new)
    }

    /// The members that the caller may know of: all for the owner, itself for a member.
    pub(crate) async fn list_members(&self, caller: &Caller, id: ImageId) -> Result<Vec<Member>, Error> {
        let seen = self.seen(caller, id).await.map_err(|error| missing(id, error))?;
        let refused =
            |error: Error| Error::forbidden(format!("Not allowed to list members for image {id}: {error}"));
        only_shared(&seen).and_then(|()| seen.allow(caller, &policy::GET_MEMBERS)).map_err(refused)?;
        let mut members = store::members::list(self.db(), id).await?;
        members.retain(|member| knows_of(caller, &seen, &member.member_id));
        Ok(members)
    }

    /// One membership.
    pub(crate) async fn show_member(
        &self,
        caller: &Caller,
        id: ImageId,
        member: &str,
    ) -> Result<Member, Error> {
        let seen = self.seen(caller, id).await.map_err(|error| missing(id, error))?;
        let hidden = |error: Error| Error::NotFound { because: error.to_string() };
        only_shared(&seen).map_err(hidden)?;
        seen.allow_member(caller, &policy::GET_MEMBER, member).map_err(hidden)?;
        let found = store::members::get(self.db(), id, member).await?;
        found.filter(|_| knows_of(caller, &seen, member)).ok_or_else(|| no_member(id, member))
    }

    /// A member answers.
    pub(crate) async fn answer_member(
        &self,
        caller: &Caller,
        id: ImageId,
        member: &str,
        answer: Answer,
    ) -> Result<Member, Error> {
        let mut tx = self.db().begin().await?;
        let seen = self.seen_in(&mut tx, caller, id).await.map_err(|error| missing(id, error))?;
        let refused = |_| Error::forbidden(format!("Not allowed to update members for image {id}."));
        only_shared(&seen).map_err(refused)?;
        let found = store::members::get(&mut tx, id, member).await?;
        let found = found.filter(|_| knows_of(caller, &seen, member)).ok_or_else(|| no_member(id, member))?;
        seen.allow_member(caller, &policy::MODIFY_MEMBER, member).map_err(refused)?;
        let changed = Member { answer, updated_at: self.now(), ..found };
        store::members::update(&mut tx, &changed).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Stops sharing with a project.
    pub(crate) async fn remove_member(
        &self,
        caller: &Caller,
        id: ImageId,
        member: &str,
    ) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        let seen = self.seen_in(&mut tx, caller, id).await.map_err(|error| missing(id, error))?;
        let refused = |_| Error::forbidden(format!("Not allowed to delete members for image {id}."));
        only_shared(&seen).and_then(|()| seen.allow(caller, &policy::DELETE_MEMBER)).map_err(refused)?;
        if store::members::delete(&mut tx, id, member).await? == 0 {
            return Err(no_member(id, member));
        }
        Ok(tx.commit().await?)
    }
}

fn only_shared(seen: &Seen) -> Result<(), Error> {
    if seen.image.visibility == Visibility::Shared {
        return Ok(());
    }
    Err(Error::forbidden("Only shared images have members."))
}

fn knows_of(caller: &Caller, seen: &Seen, member: &str) -> bool {
    let viewer = viewer(caller);
    let project = viewer.project.as_deref();
    viewer.admin || (project.is_some() && project == seen.image.owner.as_deref()) || project == Some(member)
}

fn missing(id: ImageId, error: Error) -> Error {
    if error.is_not_found() { Error::NotFound { because: format!("Image {id} not found.") } } else { error }
}

fn no_member(id: ImageId, member: &str) -> Error {
    Error::NotFound { because: format!("{member} not found in the member list of the image {id}.") }
}
