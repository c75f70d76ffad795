//! `/v3/endpoints`: endpoints of the catalog.

use super::handlers::handlers;
use super::wire::catalog;

handlers! { "endpoint" in "endpoints" as catalog::Endpoint:
    create(catalog::CreateEndpointBody { endpoint } => create_endpoint),
    list(&["interface", "service_id", "region_id"] => list_endpoints),
    show(get_endpoint),
    update(catalog::UpdateEndpointBody { endpoint } => update_endpoint),
    delete(delete_endpoint),
}
