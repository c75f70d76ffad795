//! SCS-0123 (version 1): where Swift is offered, S3 answers on the same host and port.

use kogge_client::{Method, chain};
use kogge_conform::{Context, Outcome, Problem};
use kogge_standards::service_types::{PROBE_ACCESS_KEY, SwiftProbe, judge_swift_s3, swift_s3_host};
use url::Url;

use crate::signature::{Signed, Signer, USUAL_REGION, hash, region_in};

const SWIFT: &str = "object-store";

pub(crate) async fn run(context: &Context, url: &str) -> Result<Outcome, Problem> {
    let token = context.client.token().await?;
    if !token.catalog.has_exactly(SWIFT) {
        return Ok(Outcome::not_applicable(
            "the catalogue has no object-store, so nothing must be beside it",
        ));
    }
    let services = token.catalog.services.iter().filter(|s| s.kind == SWIFT);
    let public = services.flat_map(|s| &s.endpoints).find(|e| e.interface == "public");
    let Some(endpoint) = public else {
        return Ok(Outcome::judged(judge_swift_s3(&SwiftProbe::NoEndpoint), url, |_| None));
    };
    let Some(host) = swift_s3_host(&endpoint.url) else {
        let mut passed = Outcome::pass();
        passed.by_document = Some(kogge_conform::Verdict::CouldNotRun);
        passed.reason = Some(format!(
            "the endpoint {:?} has no path, so upstream asks a public S3 service instead of the cloud, and passes",
            endpoint.url
        ));
        return Ok(passed);
    };
    let probe = Box::pin(probe(context, host)).await?;
    Ok(Outcome::judged(judge_swift_s3(&probe), url, |_| None))
}

async fn probe(context: &Context, host: &str) -> Result<SwiftProbe, Problem> {
    let address =
        Url::parse(host).map_err(|e| Problem::cloud(format!("the address {host:?} of object-store: {e}")))?;
    let first = ask(context, &address, USUAL_REGION).await;
    // an S3 client signs anew when it is told that the region is another
    match &first {
        SwiftProbe::Error(text) => match region_in(text) {
            Some(region) => Ok(ask(context, &address, region).await),
            None => Ok(first),
        },
        _ => Ok(first),
    }
}

async fn ask(context: &Context, address: &Url, region: &str) -> SwiftProbe {
    let authority = match address.port() {
        Some(port) => format!("{}:{port}", address.host_str().unwrap_or_default()),
        None => address.host_str().unwrap_or_default().to_owned(),
    };
    let mut call = context.client.anonymous(Method::GET, "s3", address.clone());
    let signer = Signer {
        access_key: PROBE_ACCESS_KEY.to_owned(),
        secret: String::new().into(),
        region: region.to_owned(),
    };
    let list = Signed {
        method: "GET",
        host: &authority,
        path: "/",
        query: &[],
        headers: &[],
        body_hash: &hash(b""),
    };
    for (name, value) in signer.headers(&list, context.started) {
        call = call.header(name, &value);
    }
    match Box::pin(call.send()).await {
        Ok(answer) if answer.status.is_success() && is_read(&answer.bytes) => SwiftProbe::Listed,
        Ok(answer) => {
            let body = String::from_utf8_lossy(&answer.bytes);
            let shown: String = body.chars().take(500).collect();
            SwiftProbe::Error(format!("status {}: {shown}", answer.status.as_u16()))
        }
        // upstream takes any error for one of S3
        Err(error) => SwiftProbe::Error(chain(&error)),
    }
}

/// Whether an S3 client takes a body for a list: nothing, or XML of any kind. At anything else it ends with an error.
fn is_read(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    body.is_empty() || body.starts_with(b"<")
}
