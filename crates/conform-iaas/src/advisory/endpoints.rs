//! SCS-0125: what the catalogue tells clients to connect to.

use kogge_conform::{Context, ObjectRef, Problem};

use super::Notice;

/// Public endpoints that do not begin with `https`.
pub(super) async fn without_https(context: &Context) -> Result<Vec<Notice>, Problem> {
    let token = context.client.token().await?;
    let public = token.catalog.services.iter().flat_map(|s| s.endpoints.iter().map(move |e| (s, e)));
    let plain = public.filter(|(_, e)| e.interface.starts_with("public") && !e.url.starts_with("https://"));
    let notice = |(service, endpoint): (&kogge_client::Service, &kogge_client::Endpoint)| {
        let object = ObjectRef { name: format!("endpoint of {}", service.kind), id: None };
        let found: String = endpoint.url.chars().take(200).collect();
        let fix = "put TLS in front of the service, then change the endpoint's address";
        Notice::violation(object, "an address that begins with https://", found, fix)
    };
    Ok(plain.map(notice).collect())
}
