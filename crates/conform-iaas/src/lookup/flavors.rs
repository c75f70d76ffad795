//! The flavors that the user sees, with their extra specs.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{TryFutureExt, TryStreamExt};
use kogge_client::{Error, encode_segment};
use kogge_conform::{Context, Problem};
use kogge_standards::flavor_name::{judge_semantics, judge_syntax};
use kogge_standards::flavors::{SeenFlavor, judge_0103};
use serde_json::Value;

use super::{figure, shown, text, within};
use crate::verdicts::Verdicts;

/// The microversion at which extra specs come inside a flavor; upstream's SDK asks for no newer one.
const EMBEDDED_SPECS: &str = "2.61";

/// How many flavors are asked for their extra specs at the same time.
const PARALLEL: usize = 8;

pub(crate) struct Flavors(pub(crate) Vec<SeenFlavor>);
pub(crate) struct FlavorVerdicts(pub(crate) Verdicts);

/// The flavors.
pub(crate) async fn all(context: &Context) -> Result<Arc<Flavors>, Problem> {
    context.shared.get(within(context, "flavors", Box::pin(fetch(context)))).await
}

/// The judgements of all testcases about flavors.
pub(crate) async fn verdicts(context: &Context) -> Result<Arc<FlavorVerdicts>, Problem> {
    let judge = async {
        let flavors = &all(context).await?.0;
        let names = [judge_syntax(flavors), judge_semantics(flavors)];
        let ids = flavors.iter().map(|f| (format!("flavor {:?}", f.name), f.id.clone()));
        Ok(FlavorVerdicts(Verdicts::new(names.into_iter().chain(judge_0103(flavors)), ids)))
    };
    context.shared.get(Box::pin(judge)).await
}

async fn fetch(context: &Context) -> Result<Flavors, Problem> {
    match list(context, Some(EMBEDDED_SPECS)).await {
        // the service knows no such microversion
        Err(Failed { status: Some(406), .. }) => list(context, None).await,
        other => other,
    }
    .map(Flavors)
    .map_err(|failed| failed.problem)
}

/// Why there is no list, with the status of the answer that broke it.
struct Failed {
    status: Option<u16>,
    problem: Problem,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { status: error.status(), problem: error.into() }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self { status: None, problem }
    }
}

async fn list(context: &Context, microversion: Option<&str>) -> Result<Vec<SeenFlavor>, Failed> {
    let list = context.client.list("compute", "flavors/detail", "flavors").with(|call| {
        let call = call.query("is_public", "None");
        match microversion {
            Some(version) => call.microversion(version),
            None => call,
        }
    });
    let flavors = list.stream::<Value>().map_err(Failed::from);
    let seen = flavors.map_ok(|flavor| read(context, flavor).map_err(Failed::from));
    Box::pin(seen.try_buffered(PARALLEL).try_collect()).await
}

async fn read(context: &Context, flavor: Value) -> Result<SeenFlavor, Problem> {
    let id = text(&flavor, "id").ok_or_else(|| Problem::cloud("a flavor in the list has no id"))?;
    let extra_specs = match flavor.get("extra_specs") {
        Some(Value::Null) => None,
        Some(specs) => Some(read_specs(&id, specs)?),
        None => Some(fetch_specs(context, &id).await?),
    };
    Ok(SeenFlavor {
        name: text(&flavor, "name").unwrap_or_default(),
        vcpus: figure("flavor", &flavor, "vcpus")?,
        ram_mib: figure("flavor", &flavor, "ram")?,
        disk_gb: figure("flavor", &flavor, "disk")?,
        extra_specs,
        id,
    })
}

async fn fetch_specs(context: &Context, id: &str) -> Result<BTreeMap<String, String>, Problem> {
    let path = format!("flavors/{}/os-extra_specs", encode_segment(id));
    let answer = context.client.get("compute", &path).await?.success()?;
    let body: Value = answer.json()?;
    read_specs(id, body.get("extra_specs").unwrap_or(&Value::Null))
}

fn read_specs(id: &str, specs: &Value) -> Result<BTreeMap<String, String>, Problem> {
    let wrong =
        || Problem::cloud(format!("flavor {id}: extra_specs is no map of texts, but {}", shown(Some(specs))));
    let map = specs.as_object().ok_or_else(wrong)?;
    map.iter().map(|(k, v)| Ok((k.clone(), v.as_str().ok_or_else(wrong)?.to_owned()))).collect()
}
