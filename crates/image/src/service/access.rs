//! Loading an image for somebody: seen or not found, allowed or forbidden.

use kogge_auth::{Caller, Rule, Target};
use kogge_db::{Record as _, Tx};
use kogge_ids::ImageId;

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

/// The image as policies see it.
fn target<'a>(image: &'a Image, member: Option<&'a str>) -> Target<'a> {
    let target = match &image.owner {
        Some(owner) => Target::project(owner).attr("owner", owner.as_str()),
        None => Target::none(),
    };
    let target = target.attr("visibility", image.visibility.as_str());
    match member {
        Some(member) => target.attr("member_id", member),
        None => target,
    }
}

impl Seen {
    /// Asks the policy. Who sees the image gets 403; others were told 404 before.
    pub(crate) fn allow(&self, caller: &Caller, rule: &Rule) -> Result<(), Error> {
        Ok(caller.allow(rule, &target(&self.image, self.member.as_deref()))?)
    }

    /// As [`Seen::allow`], for a rule about one member of the image.
    pub(crate) fn allow_member(&self, caller: &Caller, rule: &Rule, member: &str) -> Result<(), Error> {
        Ok(caller.allow(rule, &target(&self.image, Some(member)))?)
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

fn judge(caller: &Caller, viewer: &Viewer, image: Image, member: Option<String>) -> Result<Seen, Error> {
    let missing = Error::no_image(image.id);
    if !sees(viewer, image.owner.as_deref(), image.visibility, member.is_some()) {
        return Err(missing);
    }
    let seen = Seen { image, member };
    seen.allow(caller, &policy::GET_IMAGE).map(|()| seen).map_err(|_| missing)
}

impl Images {
    /// Asks for what belongs to no image.
    pub(crate) fn may_look(&self, caller: &Caller, rule: &Rule) -> Result<(), Error> {
        Ok(caller.allow_on_own(rule)?)
    }

    /// The image, if the caller sees it.
    pub(crate) async fn seen(&self, caller: &Caller, id: ImageId) -> Result<Seen, Error> {
        let viewer = viewer(caller);
        let image = store::images::get(self.db(), id).await?.ok_or_else(|| Error::no_image(id))?;
        let member = match asks_for_member(&viewer, &image) {
            Some(project) => {
                Member::get(self.db(), &(id, project.to_owned())).await?.map(|member| member.member_id)
            }
            None => None,
        };
        judge(caller, &viewer, image, member)
    }

    /// As [`Images::seen`], locked until the transaction ends.
    pub(crate) async fn seen_in(&self, tx: &mut Tx, caller: &Caller, id: ImageId) -> Result<Seen, Error> {
        let viewer = viewer(caller);
        let image = store::images::lock(tx, id).await?.ok_or_else(|| Error::no_image(id))?;
        let member = match asks_for_member(&viewer, &image) {
            Some(project) => {
                Member::get(&mut *tx, &(id, project.to_owned())).await?.map(|member| member.member_id)
            }
            None => None,
        };
        judge(caller, &viewer, image, member)
    }
}
