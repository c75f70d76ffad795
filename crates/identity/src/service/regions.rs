//! Regions.

use std::sync::Arc;

use kogge_auth::{Caller, Target};

use super::bounds::{checked_description, checked_extra, described};
use super::names::new_id;
use super::patch::merge;
use super::permission::allow;
use super::{Change, Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{Extra, Kind, Region};
use crate::policy;

/// A region to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewRegion {
    pub(crate) id: Option<String>,
    pub(crate) parent_region_id: Option<String>,
    pub(crate) description: String,
    pub(crate) extra: Extra,
}

/// A change of a region.
#[derive(Debug, Clone, Default)]
pub(crate) struct RegionUpdate {
    pub(crate) parent_region_id: Change<String>,
    pub(crate) description: Option<String>,
    pub(crate) extra: Extra,
}

fn missing(id: &str) -> Error {
    Error::not_found("region", id)
}

impl Identity {
    /// Makes a region.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the parent, 409 for the id.
    pub(crate) async fn create_region(&self, caller: &Caller, new: NewRegion) -> Result<Arc<Region>> {
        allow(caller, &policy::CREATE_REGION, &Target::none())?;
        let id = new.id.filter(|id| !id.is_empty()).unwrap_or_else(new_id);
        if id.len() > 255 || id.chars().any(char::is_control) {
            return Err(Error::invalid(
                "Invalid input for field 'id': at most 255 characters, none of them control characters",
            ));
        }
        let region = Region {
            id,
            parent_region_id: new.parent_region_id,
            description: checked_description(new.description)?,
            extra: checked_extra(new.extra)?,
        };
        self.write(|draft| {
            if draft.regions.get(&region.id).is_some() {
                let because = format!("Duplicate ID, {}.", region.id);
                return Err(Error::Conflict { kind: "region", because });
            }
            draft.put_region(region.clone())
        })
        .await
    }

    /// The regions of a list.
    ///
    /// # Errors
    /// 404 for the marker.
    pub(crate) fn list_regions(&self, caller: &Caller, query: &ListQuery) -> Result<Listed<Arc<Region>>> {
        allow(caller, &policy::LIST_REGIONS, &Target::none())?;
        query.page(self.snapshot().regions.iter().cloned().collect(), self.config().list_limit)
    }

    /// A region.
    ///
    /// # Errors
    /// 404 where there is none.
    pub(crate) fn get_region(&self, caller: &Caller, id: &str) -> Result<Arc<Region>> {
        allow(caller, &policy::GET_REGION, &Target::none())?;
        self.snapshot().regions.get(id).cloned().ok_or_else(|| missing(id))
    }

    /// Changes a region.
    ///
    /// # Errors
    /// 403 by the policy, 404 for region and parent, 400 for a circle.
    pub(crate) async fn update_region(
        &self,
        caller: &Caller,
        id: &str,
        update: RegionUpdate,
    ) -> Result<Arc<Region>> {
        allow(caller, &policy::UPDATE_REGION, &Target::none())?;
        self.write(|draft| {
            let mut region = (**draft.regions.get(id).ok_or_else(|| missing(id))?).clone();
            region.parent_region_id = update.parent_region_id.apply(region.parent_region_id);
            region.description = described(region.description, update.description)?;
            region.extra = merge(&region.extra, update.extra)?;
            draft.put_region(region)
        })
        .await
    }

    /// Removes a region, and those below it.
    ///
    /// # Errors
    /// 403 by the policy and while endpoints are in it, 404 where there is none.
    pub(crate) async fn delete_region(&self, caller: &Caller, id: &str) -> Result<()> {
        allow(caller, &policy::DELETE_REGION, &Target::none())?;
        self.write(|draft| {
            draft.regions.get(id).ok_or_else(|| missing(id))?;
            let mut all = vec![id.to_owned()];
            let mut at = 0;
            while at < all.len() {
                let above = all[at].clone();
                let below =
                    draft.regions.iter().filter(|region| region.parent_region_id.as_ref() == Some(&above));
                all.extend(below.map(|region| region.id.clone()).collect::<Vec<_>>());
                at += 1;
            }
            if draft
                .endpoints
                .iter()
                .any(|endpoint| endpoint.region_id.as_ref().is_some_and(|id| all.contains(id)))
            {
                let because = format!(
                    "Unable to delete region {id} because it or its child regions have associated endpoints."
                );
                return Err(Error::Refused(because));
            }
            all.iter().for_each(|id| draft.delete(Kind::Region, id));
            Ok(())
        })
        .await
    }
}

impl Draft {
    /// Writes a region whose parents exist and lead nowhere back.
    fn put_region(&mut self, region: Region) -> Result<Arc<Region>> {
        let mut above = region.parent_region_id.clone();
        let mut seen = vec![region.id.clone()];
        while let Some(id) = above {
            if seen.contains(&id) {
                let because =
                    format!("The specified parent region {id} would create a circular region hierarchy.");
                return Err(Error::Invalid(because));
            }
            let found = self.regions.get(&id).ok_or_else(|| missing(&id))?;
            above = found.parent_region_id.clone();
            seen.push(id);
        }
        self.put(region.clone());
        Ok(Arc::new(region))
    }
}
