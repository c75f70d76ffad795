//! Volume types, for those who make volumes and for administrators.

use kogge_auth::{Rule, Target};
use kogge_db::filter::Whose;
use kogge_resource::{Call, Judgement, List, Listing, Names, Pages, Resource, Verb};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::volume_type::VolumeType;
use crate::resources::is_admin;
use crate::{Volumes, policy};

/// Volume types.
pub(crate) struct VolumeTypes;

impl Resource for VolumeTypes {
    type Service = Volumes;
    type Row = VolumeType;
    type More = ();

    const NAMES: Names = Names::new("volume_type", "volume_types", "/v3/types", "/v3/types/{id}");
    const READ: Rule = policy::TYPE_GET;

    fn missing(_: &Call<Volumes>, id: &str) -> Error {
        Error::no_type(id)
    }

    fn id(row: &VolumeType) -> String {
        row.id.to_string()
    }

    fn target(_: &VolumeType) -> Target<'_> {
        Target::none()
    }

    fn judge(call: &Call<Volumes>, rule: &Rule, found: Option<&VolumeType>) -> Judgement {
        Judgement::shared(&call.caller, rule, found.is_some())
    }

    fn view(call: &Call<Volumes>, row: &VolumeType, (): &(), _: Verb) -> Value {
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "is_public": row.is_public,
            "os-volume-type-access:is_public": row.is_public,
            "extra_specs": row.extra_specs.0,
        });
        if is_admin(&call.caller) {
            view["qos_specs_id"] = json!(row.qos_id);
        }
        view
    }
}

impl List for VolumeTypes {
    const RULE: Rule = policy::TYPE_GET_ALL;
    const LIST: Listing = Listing {
        own: "(is_public OR id IN (SELECT type_id FROM volume_type_access WHERE project_id = ?))",
        pages: Pages::Marker,
        ..Listing::OWN
    };

    fn whose<'c>(call: &'c Call<Volumes>) -> Result<Whose<'c>> {
        call.caller.allow_on_own(&<Self as List>::RULE)?;
        Ok(call.caller.project_id().map_or(Whose::Nobodys, |project| Whose::Of(project.as_str())))
    }
}
