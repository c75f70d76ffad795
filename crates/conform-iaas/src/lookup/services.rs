//! The service types in the catalogue. Nothing is contacted: upstream looks at the catalogue only.

use std::sync::Arc;

use kogge_conform::{Context, Problem};
use kogge_standards::key_manager::judge_presence;
use kogge_standards::service_types::{Edition, judge_catalog};

use crate::verdicts::Verdicts;

pub(crate) struct ServiceVerdicts(pub(crate) Verdicts);

/// The judgements of all testcases about the catalogue, of both versions of SCS-0123.
pub(crate) async fn verdicts(context: &Context) -> Result<Arc<ServiceVerdicts>, Problem> {
    let judge = async {
        let token = context.client.token().await?;
        let kinds = token.catalog.kinds();
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let both = [Edition::V2, Edition::V1].into_iter().flat_map(|edition| judge_catalog(edition, &kinds));
        let presence = judge_presence(kinds.iter().copied());
        Ok(ServiceVerdicts(Verdicts::new(both.chain([presence]), [])))
    };
    context.shared.get(Box::pin(judge)).await
}
