//! The route table of Identity v3, as mounted at `/identity`.

mod auth;
mod fault;
mod grants;
mod inferences;
mod json_home;
mod passwords;
mod revocations;
mod role_assignments;
mod signed;
mod versions;
mod wire;

use kogge_auth::Rule;
use kogge_http::Access::{self, AnyToken as Token, Public};
use kogge_http::Routes;
use kogge_resource::{Crud as _, Resource as _};

use crate::policy as p;
use crate::resources::access_rules::AccessRules;
use crate::resources::application_credentials::ApplicationCredentials;
use crate::resources::credentials::Credentials;
use crate::resources::domains::Domains;
use crate::resources::endpoints::Endpoints;
use crate::resources::groups::Groups;
use crate::resources::key_pairs::{self, KeyPairs};
use crate::resources::members;
use crate::resources::project_tags as tags;
use crate::resources::projects::Projects;
use crate::resources::regions::{Regions, create_with_id};
use crate::resources::roles::Roles;
use crate::resources::services::Services;
use crate::resources::users::{self, Users};
use crate::service::Identity;

type Table = Routes<Identity>;

const fn by(rule: Rule) -> Access {
    Access::Rule(rule)
}

/// The version documents: `/` and `/v3`. For everybody.
#[must_use]
pub fn version_routes() -> Table {
    Routes::new().get("/", Public, versions::list).get("/v3", Public, versions::show).get(
        "/v3/",
        Public,
        versions::show,
    )
}

/// Everything below `/v3`. `HEAD` is answered wherever `GET` is.
#[must_use]
pub fn routes() -> Table {
    tokens()
        .merge(actors())
        .merge(resources())
        .merge(roles())
        .merge(grants())
        .merge(catalog())
        .merge(secrets())
}

fn tokens() -> Table {
    Routes::new()
        .post("/v3/auth/tokens", Public, auth::tokens::create)
        .get("/v3/auth/tokens", by(p::VALIDATE_TOKEN), auth::tokens::show)
        .delete("/v3/auth/tokens", by(p::REVOKE_TOKEN), auth::tokens::delete)
        .get("/v3/auth/projects", Token, auth::scopes::projects)
        .get("/v3/auth/domains", Token, auth::scopes::domains)
        .get("/v3/auth/system", Token, auth::scopes::system)
        .get("/v3/auth/catalog", Token, auth::scopes::catalog)
        .post("/v3/ec2tokens", by(p::EC2TOKENS_VALIDATE), signed::ec2)
        .post("/v3/s3tokens", by(p::S3TOKENS_VALIDATE), signed::s3)
        .get("/v3/OS-REVOKE/events", by(p::LIST_REVOKE_EVENTS), revocations::list)
}

fn actors() -> Table {
    Routes::new()
        .crud::<Users>()
        .post("/v3/users/{user_id}/password", Public, passwords::change)
        .get("/v3/users/{user_id}/projects", by(p::LIST_USER_PROJECTS), users::projects)
        .get("/v3/users/{user_id}/groups", by(p::LIST_GROUPS_FOR_USER), members::groups)
        .crud::<Groups>()
        .get("/v3/groups/{group_id}/users", by(p::LIST_USERS_IN_GROUP), members::users)
        .put("/v3/groups/{group_id}/users/{user_id}", by(p::ADD_USER_TO_GROUP), members::add)
        .get("/v3/groups/{group_id}/users/{user_id}", by(p::CHECK_USER_IN_GROUP), members::check)
        .delete("/v3/groups/{group_id}/users/{user_id}", by(p::REMOVE_USER_FROM_GROUP), members::remove)
}

fn resources() -> Table {
    Routes::new()
        .crud::<Domains>()
        .crud::<Projects>()
        .get("/v3/projects/{project_id}/tags", by(p::LIST_PROJECT_TAGS), tags::list)
        .put("/v3/projects/{project_id}/tags", by(p::UPDATE_PROJECT_TAGS), tags::replace)
        .delete("/v3/projects/{project_id}/tags", by(p::DELETE_PROJECT_TAGS), tags::clear)
        .get("/v3/projects/{project_id}/tags/{value}", by(p::GET_PROJECT_TAG), tags::check)
        .put("/v3/projects/{project_id}/tags/{value}", by(p::CREATE_PROJECT_TAG), tags::add)
        .delete("/v3/projects/{project_id}/tags/{value}", by(p::DELETE_PROJECT_TAG), tags::remove)
}

fn roles() -> Table {
    Routes::new()
        .crud::<Roles>()
        .get("/v3/roles/{role_id}/implies", by(p::LIST_IMPLIED_ROLES), inferences::list)
        .get("/v3/roles/{role_id}/implies/{implied_role_id}", by(p::GET_IMPLIED_ROLE), inferences::show)
        .put("/v3/roles/{role_id}/implies/{implied_role_id}", by(p::CREATE_IMPLIED_ROLE), inferences::create)
        .delete(
            "/v3/roles/{role_id}/implies/{implied_role_id}",
            by(p::DELETE_IMPLIED_ROLE),
            inferences::delete,
        )
        .get("/v3/role_inferences", by(p::LIST_ROLE_INFERENCE_RULES), inferences::all)
        .get("/v3/role_assignments", by(p::LIST_ROLE_ASSIGNMENTS), role_assignments::list)
}

/// Who may list, give, check and take roles.
type Rules = [Rule; 4];
const GRANT: Rules = [p::LIST_GRANTS, p::CREATE_GRANT, p::CHECK_GRANT, p::REVOKE_GRANT];
const OF_USER: Rules = [
    p::LIST_SYSTEM_GRANTS_FOR_USER,
    p::CREATE_SYSTEM_GRANT_FOR_USER,
    p::CHECK_SYSTEM_GRANT_FOR_USER,
    p::REVOKE_SYSTEM_GRANT_FOR_USER,
];
const OF_GROUP: Rules = [
    p::LIST_SYSTEM_GRANTS_FOR_GROUP,
    p::CREATE_SYSTEM_GRANT_FOR_GROUP,
    p::CHECK_SYSTEM_GRANT_FOR_GROUP,
    p::REVOKE_SYSTEM_GRANT_FOR_GROUP,
];

/// The paths of grants: a list, and one of them.
const GRANTS: [(&str, &str, Rules); 10] = [
    (
        "/v3/projects/{project_id}/users/{user_id}/roles",
        "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
        GRANT,
    ),
    (
        "/v3/projects/{project_id}/groups/{group_id}/roles",
        "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
        GRANT,
    ),
    (
        "/v3/domains/{domain_id}/users/{user_id}/roles",
        "/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
        GRANT,
    ),
    (
        "/v3/domains/{domain_id}/groups/{group_id}/roles",
        "/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
        GRANT,
    ),
    (
        "/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/inherited_to_projects",
        "/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        GRANT,
    ),
    (
        "/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/inherited_to_projects",
        "/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
        GRANT,
    ),
    (
        "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects",
        "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        GRANT,
    ),
    (
        "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects",
        "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
        GRANT,
    ),
    ("/v3/system/users/{user_id}/roles", "/v3/system/users/{user_id}/roles/{role_id}", OF_USER),
    ("/v3/system/groups/{group_id}/roles", "/v3/system/groups/{group_id}/roles/{role_id}", OF_GROUP),
];

fn grants() -> Table {
    GRANTS.into_iter().fold(Routes::new(), |table, (all, one, [list, give, check, take])| {
        let table = table.get(all, by(list), grants::list).put(one, by(give), grants::give);
        table.get(one, by(check), grants::check).delete(one, by(take), grants::take)
    })
}

fn catalog() -> Table {
    Routes::new()
        .put("/v3/regions/{region_id}", by(p::CREATE_REGION), create_with_id)
        .crud::<Regions>()
        .crud::<Services>()
        .crud::<Endpoints>()
}

fn secrets() -> Table {
    Routes::new()
        .fixed::<ApplicationCredentials>()
        .list::<AccessRules>()
        .show::<AccessRules>()
        .remove::<AccessRules>()
        .list::<KeyPairs>()
        .post(KeyPairs::NAMES.all, by(p::EC2_CREATE_CREDENTIAL), key_pairs::create)
        .show::<KeyPairs>()
        .remove::<KeyPairs>()
        .crud::<Credentials>()
}
