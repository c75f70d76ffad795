//! A thing that the caller may act on.

use kogge_auth::Rule;

use crate::{At, Call, Error, Resource};

/// A row that the caller may act on. There is no other way to one than [`Loaded::get`], which asks the policy; so there
/// is no way around it, and no second opinion on 404 or 403.
pub struct Loaded<R: Resource>(R::Row);

impl<R: Resource> Loaded<R> {
    /// The row that `key` names, if `rule` lets the caller do what it guards.
    ///
    /// # Errors
    /// The resource's own "not found", or 403, as [`Service::judge`] tells.
    pub async fn get(
        call: &Call<R::Service>,
        at: &mut At<'_, R::Service>,
        key: &str,
        rule: &Rule,
    ) -> Result<Self, Error<R>> {
        let found = R::load(call, at, key).await?;
        R::allow(call, key, rule, found.as_ref())?;
        found.map(Self).ok_or_else(|| R::missing(call, key))
    }

    /// The row itself, to be changed.
    #[must_use]
    pub fn into_row(self) -> R::Row {
        self.0
    }
}

impl<R: Resource> std::ops::Deref for Loaded<R> {
    type Target = R::Row;

    fn deref(&self) -> &R::Row {
        &self.0
    }
}
