//! Loading an image for somebody: seen or not found, allowed or forbidden.

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Record as _, Tx};
use kogge_ids::ImageId;
use kogge_resource::At;

use crate::Images;
use crate::error::Error;
use crate::model::image::Image;
use crate::model::member::Member;
use crate::model::visibility::{Viewer, Visibility, sees};
use crate::{policy, store};

/// An image that somebody sees.
#[derive(Clone)]
pub(crate) struct Seen {
    /// The image.
    pub(crate) image: Image,
    /// The viewer's project, if the image is shared with it.
    pub(crate) member: Option<String>,
}

/// Who looks.
pub(crate) fn viewer(caller: &Caller) -> Viewer {
    Viewer {
        project: caller.project_id().map(ToString::to_string),
        admin: caller.may(&policy::CONTEXT_IS_ADMIN, &Target::none()),
    }
}

impl Seen {
    /// The image as policies see it.
    pub(crate) fn target(&self) -> Target<'_> {
        self.shared_with(self.member.as_deref())
    }

    fn shared_with<'a>(&'a self, member: Option<&'a str>) -> Target<'a> {
        let target = match &self.image.owner {
            Some(owner) => Target::project(owner).attr("owner", owner.as_str()),
            None => Target::none(),
        };
        let target = target.attr("visibility", self.image.visibility.as_str());
        match member {
            Some(member) => target.attr("member_id", member),
            None => target,
        }
    }

    /// Asks the policy. Who sees the image gets 403; others were told 404 before.
    pub(crate) fn allow(&self, caller: &Caller, rule: &Rule) -> Result<(), Error> {
        Ok(caller.allow(rule, &self.target())?)
    }

    /// As [`Seen::allow`], for a rule about one member of the image.
    pub(crate) fn allow_member(&self, caller: &Caller, rule: &Rule, member: &str) -> Result<(), Error> {
        Ok(caller.allow(rule, &self.shared_with(Some(member)))?)
    }

    /// Who may use this visibility.
    pub(crate) fn allow_visibility(&self, caller: &Caller, visibility: Visibility) -> Result<(), Error> {
        match visibility {
            Visibility::Public => self.allow(caller, &policy::PUBLICIZE_IMAGE),
            Visibility::Community => self.allow(caller, &policy::COMMUNITIZE_IMAGE),
            Visibility::Shared | Visibility::Private => Ok(()),
        }
    }
}

/// True where it matters whether the viewer is a member.
fn asks_for_member<'v>(viewer: &'v Viewer, image: &Image) -> Option<&'v str> {
    let project = viewer.project.as_deref()?;
    let stranger = image.owner.as_deref() != Some(project);
    (stranger && image.visibility == Visibility::Shared).then_some(project)
}

impl Images {
    /// Asks for what belongs to no image.
    pub(crate) fn may_look(&self, caller: &Caller, rule: &Rule) -> Result<(), Error> {
        Ok(caller.allow_on_own(rule)?)
    }

    /// The image, if there is one and the caller sees it; locked in a transaction.
    pub(crate) async fn look(
        &self,
        at: &mut At<'_, Self>,
        caller: &Caller,
        id: ImageId,
    ) -> Result<Option<Seen>, Error> {
        let viewer = viewer(caller);
        let found = match at {
            At::Now(images) => store::images::get(images.db(), id).await?,
            At::In(tx) => store::images::lock(tx, id).await?,
        };
        let Some(image) = found else { return Ok(None) };
        let member = match asks_for_member(&viewer, &image) {
            Some(project) => Member::get(&mut at.source(), &(id, project.to_owned())).await?,
            None => None,
        };
        let seen = Seen { image, member: member.map(|member| member.member_id) };
        let image = &seen.image;
        let visible = sees(&viewer, image.owner.as_deref(), image.visibility, seen.member.is_some());
        Ok(Some(seen).filter(|seen| visible && seen.allow(caller, &policy::GET_IMAGE).is_ok()))
    }

    /// The image, if the caller sees it.
    pub(crate) async fn seen(&self, caller: &Caller, id: ImageId) -> Result<Seen, Error> {
        self.look(&mut At::Now(self), caller, id).await?.ok_or_else(|| Error::no_image(id))
    }

    /// As [`Images::seen`], locked until the transaction ends.
    pub(crate) async fn seen_in(&self, tx: &mut Tx, caller: &Caller, id: ImageId) -> Result<Seen, Error> {
        self.look(&mut At::In(tx), caller, id).await?.ok_or_else(|| Error::no_image(id))
    }
}
