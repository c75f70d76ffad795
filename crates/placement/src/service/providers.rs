//! Loading providers, and counting their changes.

use kogge_db::{Record as _, Tx};
use kogge_ids::ProviderId;

use crate::Placement;
use crate::error::Error;
use crate::model::provider::Provider;
use crate::store;

impl Placement {
    /// The provider.
    pub(crate) async fn provider(&self, id: ProviderId) -> Result<Provider, Error> {
        Provider::get(self.db(), &id).await?.ok_or_else(|| Error::no_provider(id))
    }

    /// Counts a change of a locked provider, for who saw its present generation or does not say; answers the next one.
    pub(crate) async fn counted(
        &self,
        tx: &mut Tx,
        known: &Provider,
        seen: Option<i64>,
    ) -> Result<i64, Error> {
        is_present(known, seen)?;
        store::providers::bump(tx, known.id, self.now()).await?;
        Ok(known.generation + 1)
    }
}

/// Refuses who saw another generation than the present one.
pub(crate) fn is_present(known: &Provider, seen: Option<i64>) -> Result<(), Error> {
    match seen.filter(|seen| *seen != known.generation) {
        None => Ok(()),
        Some(seen) => {
            let because = format!("provider {}: actual: {}, given: {seen}", known.id, known.generation);
            Err(Error::Generation(because))
        }
    }
}
