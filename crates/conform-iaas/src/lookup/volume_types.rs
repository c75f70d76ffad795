//! The volume types that the user sees.

use std::sync::Arc;

use kogge_conform::{Context, Problem};
use kogge_standards::volume_types::{SeenVolumeType, judge_0114};
use serde_json::Value;

use super::{text, within};
use crate::verdicts::Verdicts;

pub(crate) struct TypeVerdicts(pub(crate) Verdicts);

/// The judgements of all testcases about volume types.
pub(crate) async fn verdicts(context: &Context) -> Result<Arc<TypeVerdicts>, Problem> {
    let judge = async {
        let list = context.client.list("block-storage", "types", "volume_types").collect::<Value>();
        let listed = within(context, "volume types", Box::pin(async { Ok(list.await?) })).await?;
        let seen = |t: &Value| SeenVolumeType {
            name: text(t, "name").unwrap_or_default(),
            description: text(t, "description"),
        };
        let types: Vec<SeenVolumeType> = listed.iter().map(seen).collect();
        let ids = listed
            .iter()
            .filter_map(|t| Some((format!("volume type {:?}", text(t, "name")?), text(t, "id")?)));
        Ok(TypeVerdicts(Verdicts::new(judge_0114(&types), ids)))
    };
    context.shared.get(Box::pin(judge)).await
}
