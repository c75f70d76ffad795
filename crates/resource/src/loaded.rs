//! A thing that the caller may act on.

use kogge_auth::Rule;

use crate::{At, Call, Error, Resource, Service};

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

    /// As [`Loaded::get`], as things are now.
    ///
    /// # Errors
    /// As [`Loaded::get`].
    pub async fn now(call: &Call<R::Service>, key: &str, rule: &Rule) -> Result<Self, Error<R>> {
        Self::get(call, &mut At::Now(&call.service), key, rule).await
    }

    /// As [`Loaded::get`], locked in a transaction of its own: the beginning of every change. Whoever commits makes it
    /// last.
    ///
    /// # Errors
    /// As [`Loaded::get`].
    pub async fn open(
        call: &Call<R::Service>,
        key: &str,
        rule: &Rule,
    ) -> Result<(Self, <R::Service as Service>::Write), Error<R>> {
        let mut write = call.service.begin().await?;
        let loaded = Self::get(call, &mut At::In(&mut write), key, rule).await?;
        Ok((loaded, write))
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
