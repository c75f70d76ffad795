//! How rows are found, whatever they are kept in.

use kogge_db::filter::{Whose, apply};
use kogge_db::record::Key;
use kogge_db::{Direction, ListError, Paged, Record, Select};

use crate::{At, Listing, Service, Sql, Wanted};

/// A row of the service `S`. Every [`Record`] of a service with tables is one. What is provided is for rows that only their
/// resource finds, lists and takes away, in functions of its own: here there is none.
pub trait Stored<S: Service>: Clone + Send + Sync + 'static {
    /// The row that this segment of a path names; locked, where it is read in a transaction.
    fn find(at: &mut At<'_, S>, key: &str) -> impl Future<Output = Result<Option<Self>, S::Error>> + Send {
        let _ = (at, key);
        std::future::ready(Ok(None))
    }

    /// One page.
    fn listed(
        service: &S,
        rules: &Listing,
        whose: Whose<'_>,
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Paged<Self>, S::Error>> + Send {
        let _ = (service, rules, whose, wanted);
        std::future::ready(Ok(Paged { items: Vec::new(), more: false }))
    }

    /// Takes it away; false where it is gone already.
    fn remove(&self, write: &mut S::Write) -> impl Future<Output = Result<bool, S::Error>> + Send {
        let _ = write;
        std::future::ready(Ok(false))
    }
}

/// The page of `select` that is asked for, sorted as is asked for: by marker, or from a position.
#[must_use]
pub fn part(mut select: Select, rules: &Listing, wanted: &Wanted) -> Select {
    let Some(offset) = wanted.offset else {
        return select.page(&wanted.query.page, rules.sort, rules.order, rules.id);
    };
    for (key, direction) in &wanted.query.page.sort {
        if let Some(known) = rules.sort.iter().find(|known| known.name == key) {
            select = select.order_by(known.expression, *direction);
        }
    }
    for (expression, direction) in rules.order {
        select = select.order_by(expression, *direction);
    }
    if !rules.id.is_empty() {
        let last = rules.order.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        select = select.order_by(rules.id, last);
    }
    select.slice(wanted.query.page.limit.unwrap_or(u32::MAX), offset)
}

impl<S: Sql, T: Record> Stored<S> for T {
    async fn find(at: &mut At<'_, S>, key: &str) -> Result<Option<Self>, S::Error> {
        let Some(key) = T::Key::of_segment(key) else { return Ok(None) };
        let found = match at {
            At::Now(service) => T::get(service.db(), &key).await,
            At::In(tx) => T::lock(tx, &key).await,
        };
        found.map_err(|error| ListError::from(error).into())
    }

    async fn listed(
        service: &S,
        rules: &Listing,
        whose: Whose<'_>,
        wanted: &Wanted,
    ) -> Result<Paged<Self>, S::Error> {
        let select = whose.of(T::select(), rules.own);
        let select = apply(select, rules.filters, &wanted.query).map_err(ListError::from)?;
        let select = part(select, rules, wanted);
        select.fetch(service.db(), T::from_row).await.map_err(|error| ListError::from(error).into())
    }

    async fn remove(&self, write: &mut S::Write) -> Result<bool, S::Error> {
        T::delete(write, &self.key()).await.map_err(|error| ListError::from(error).into())
    }
}

/// A row, and what else the policy must know of it.
#[derive(Debug, Clone)]
pub struct Known<T, F> {
    /// The row.
    pub row: T,
    /// What the resource's `load` found out; nothing in lists, which are scoped in SQL.
    pub facts: F,
}

impl<T, F> std::ops::Deref for Known<T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}

impl<T, F> std::ops::DerefMut for Known<T, F> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.row
    }
}

impl<T, F: Default> From<T> for Known<T, F> {
    fn from(row: T) -> Self {
        Self { row, facts: F::default() }
    }
}

impl<S: Sql, T: Stored<S>, F: Clone + Default + Send + Sync + 'static> Stored<S> for Known<T, F> {
    async fn find(at: &mut At<'_, S>, key: &str) -> Result<Option<Self>, S::Error> {
        Ok(T::find(at, key).await?.map(Self::from))
    }

    async fn listed(
        service: &S,
        rules: &Listing,
        whose: Whose<'_>,
        wanted: &Wanted,
    ) -> Result<Paged<Self>, S::Error> {
        Ok(T::listed(service, rules, whose, wanted).await?.map(Self::from))
    }

    async fn remove(&self, write: &mut S::Write) -> Result<bool, S::Error> {
        self.row.remove(write).await
    }
}
