//! Which types a list shows.

use kogge_db::filter::literal;
use kogge_db::{Record as _, Select};
use kogge_resource::Call;
use kogge_resource::nova::query;

use super::VISIBLE_SPECS;
use crate::error::{Error, Result};
use crate::model::volume_type::VolumeType;
use crate::resources::is_admin;
use crate::resources::specs::Specs;
use crate::{Volumes, microversion as v, policy};

/// The condition for what a project sees, with `?` for it.
const SEEN: &str = "is_public = TRUE OR id IN (SELECT type_id FROM volume_type_access WHERE project_id = ?)";
/// The extra spec that is a list of zones: any of them is found.
const ZONES: &str = "RESKEY:availability_zones";

/// The types that are asked for, as far as the caller may see them.
pub(super) async fn select(call: &Call<Volumes>) -> Result<Select> {
    let own = call.caller.project_id().map_or("", |project| project.as_str());
    let select = match public(call)? {
        None => VolumeType::select(),
        Some(true) => VolumeType::select().and(SEEN, own),
        Some(false) => VolumeType::select().and_fixed("is_public = FALSE"),
    };
    let Some(wanted) = wanted_specs(call)? else { return Ok(select) };
    let hidden = |key: &String| !VISIBLE_SPECS.contains(&key.as_str());
    if wanted.keys().any(hidden) && !call.caller.may_on_own(&policy::TYPES_EXTRA_SPECS_READ_SENSITIVE) {
        return Ok(select.and_fixed("1 = 0"));
    }
    let all = VolumeType::all(call.service.db(), select.clone()).await?;
    let fitting = all.iter().filter(|kind| fits(kind, &wanted)).map(|kind| kind.id);
    Ok(select.and_in("id", fitting.collect::<Vec<_>>()))
}

fn fits(kind: &VolumeType, wanted: &Specs) -> bool {
    wanted.iter().all(|(key, value)| {
        kind.extra_specs
            .get(key)
            .is_some_and(|own| if key == ZONES { own.contains(value) } else { own == value })
    })
}

/// Whether public types are wanted, or private ones; nothing for both.
fn public(call: &Call<Volumes>) -> Result<Option<bool>> {
    let asked = call.query.get("is_public").filter(|_| is_admin(&call.caller));
    match asked {
        None => Ok(Some(true)),
        Some(word) if word.eq_ignore_ascii_case("none") => Ok(None),
        Some(word) => query::boolean("is_public", word)
            .map(Some)
            .map_err(|_| Error::Invalid(format!("Invalid is_public filter [{word}]"))),
    }
}

/// The extra specs that are asked for. Before they were a filter for all, they were one for administrators.
fn wanted_specs(call: &Call<Volumes>) -> Result<Option<Specs>> {
    let known = call.version.has(v::TYPE_FILTER) || is_admin(&call.caller);
    let Some(text) = call.query.get("extra_specs").filter(|_| known) else { return Ok(None) };
    let bad = || Error::Invalid(format!("Invalid extra_specs filter [{text}]"));
    literal::pairs(text).map(|pairs| Some(pairs.into_iter().collect())).ok_or_else(bad)
}
