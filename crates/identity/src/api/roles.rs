//! `/v3/roles`: roles.

use super::handlers::handlers;
use super::wire::role;

handlers! { "role" in "roles" as role::Role:
    create(role::Create { role } => create_role),
    list(&["name", "domain_id"] => list_roles),
    show(get_role),
    update(role::Update { role } => update_role),
    delete(delete_role),
}
