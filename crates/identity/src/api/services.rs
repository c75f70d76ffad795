//! `/v3/services`: services of the catalog.

use super::handlers::handlers;
use super::wire::catalog;

handlers! { "service" in "services" as catalog::Service:
    create(catalog::CreateServiceBody { service } => create_service),
    list(&["type", "name"] => list_services),
    show(get_service),
    update(catalog::UpdateServiceBody { service } => update_service),
    delete(delete_service),
}
