//! The rule table: Keystone's names, default check strings and scope types (Keystone 29.1, `keystone/common/policies`).
//!
//! Two strings differ in spelling and not in meaning: `admin_required` has no `is_admin` (there is no admin token), and
//! `list_roles` says "with a domain's token" by the target that [`crate::Identity`] gives it.

use kogge_auth::{Rule, RuleSet, Scopes};

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident $text:literal $scopes:ident $check:expr;)*) => {
        $($(#[$doc])* pub const $name: Rule = Rule::new("identity", $text, $check).taking(Scopes::$scopes);)*

        /// All of them.
        pub const RULES: &[Rule] = &[$($name,)*];
    };
}

/// The table for [`kogge_auth::Policies`].
pub const RULE_SET: RuleSet = RuleSet { service: "identity", rules: RULES };

const ADMIN_OR_SYSTEM_READER: &str = "rule:admin_required or (role:reader and system_scope:all)";
const ADMIN: &str = "rule:admin_required";
const CHECK_GRANT_STRING: &str = "(rule:admin_required) or ((role:reader and system_scope:all) or ((role:reader and \
    domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader \
    and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:reader and \
    domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
    (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and \
    (domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s))";
const LIST_GRANTS_STRING: &str = "(rule:admin_required) or ((role:reader and system_scope:all) or (role:reader and \
    domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s) or (role:reader \
    and domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:reader and \
    domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
    (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s))";
const WRITE_GRANT_STRING: &str = "(rule:admin_required) or ((role:admin and domain_id:%(target.user.domain_id)s and \
    domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.user.domain_id)s \
    and domain_id:%(target.domain.id)s) or (role:admin and domain_id:%(target.group.domain_id)s and \
    domain_id:%(target.project.domain_id)s) or (role:admin and domain_id:%(target.group.domain_id)s \
    and domain_id:%(target.domain.id)s)) and (domain_id:%(target.role.domain_id)s or \
    None:%(target.role.domain_id)s) or ((role:manager and domain_id:%(target.user.domain_id)s and \
    domain_id:%(target.project.domain_id)s) or (role:manager and \
    domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s) or (role:manager and \
    domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s) or \
    (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s)) and \
    rule:domain_managed_target_role";

rules! {
    /// Admin required.
    ADMIN_REQUIRED "admin_required" Any "role:admin";
    /// Service role.
    SERVICE_ROLE "service_role" Any "role:service";
    /// Service or admin.
    SERVICE_OR_ADMIN "service_or_admin" Any "rule:admin_required or rule:service_role";
    /// Owner.
    OWNER "owner" Any "user_id:%(user_id)s";
    /// Admin or owner.
    ADMIN_OR_OWNER "admin_or_owner" Any "rule:admin_required or rule:owner";
    /// Token subject.
    TOKEN_SUBJECT "token_subject" Any "user_id:%(target.token.user_id)s";
    /// Admin or token subject.
    ADMIN_OR_TOKEN_SUBJECT "admin_or_token_subject" Any "rule:admin_required or rule:token_subject";
    /// Service admin or token subject.
    SERVICE_ADMIN_OR_TOKEN_SUBJECT "service_admin_or_token_subject" Any "rule:service_or_admin or rule:token_subject";
    /// Domain managed target role.
    DOMAIN_MANAGED_TARGET_ROLE "domain_managed_target_role" Any
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s";
    /// Get access rule.
    GET_ACCESS_RULE "identity:get_access_rule" SystemProject
        "(role:reader and system_scope:all) or user_id:%(target.user.id)s";
    /// List access rules.
    LIST_ACCESS_RULES "identity:list_access_rules" SystemProject
        "(role:reader and system_scope:all) or user_id:%(target.user.id)s";
    /// Delete access rule.
    DELETE_ACCESS_RULE "identity:delete_access_rule" SystemProject
        "(role:admin and system_scope:all) or user_id:%(target.user.id)s";
    /// Get application credential.
    GET_APPLICATION_CREDENTIAL "identity:get_application_credential" SystemProject
        "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner";
    /// List application credentials.
    LIST_APPLICATION_CREDENTIALS "identity:list_application_credentials" SystemProject
        "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner";
    /// Create application credential.
    CREATE_APPLICATION_CREDENTIAL "identity:create_application_credential" Project "user_id:%(user_id)s";
    /// Delete application credential.
    DELETE_APPLICATION_CREDENTIAL "identity:delete_application_credential" SystemProject "rule:admin_or_owner";
    /// Get auth catalog.
    GET_AUTH_CATALOG "identity:get_auth_catalog" Any "";
    /// Get auth projects.
    GET_AUTH_PROJECTS "identity:get_auth_projects" Any "";
    /// Get auth domains.
    GET_AUTH_DOMAINS "identity:get_auth_domains" Any "";
    /// Get auth system.
    GET_AUTH_SYSTEM "identity:get_auth_system" Any "";
    /// Get credential.
    GET_CREDENTIAL "identity:get_credential" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s";
    /// List credentials.
    LIST_CREDENTIALS "identity:list_credentials" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s";
    /// Create credential.
    CREATE_CREDENTIAL "identity:create_credential" SystemDomainProject
        "(rule:admin_required) or user_id:%(target.credential.user_id)s";
    /// Update credential.
    UPDATE_CREDENTIAL "identity:update_credential" SystemDomainProject
        "(rule:admin_required) or user_id:%(target.credential.user_id)s";
    /// Delete credential.
    DELETE_CREDENTIAL "identity:delete_credential" SystemDomainProject
        "(rule:admin_required) or user_id:%(target.credential.user_id)s";
    /// Get domain.
    GET_DOMAIN "identity:get_domain" SystemDomainProject
        "rule:admin_required or (role:reader and system_scope:all) or \
            token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s";
    /// List domains.
    LIST_DOMAINS "identity:list_domains" SystemDomainProject
        "rule:admin_required or (role:reader and system_scope:all) or (role:reader and domain_id:%(target.domain.id)s)";
    /// Create domain.
    CREATE_DOMAIN "identity:create_domain" SystemProject ADMIN;
    /// Update domain.
    UPDATE_DOMAIN "identity:update_domain" SystemProject ADMIN;
    /// Delete domain.
    DELETE_DOMAIN "identity:delete_domain" SystemProject ADMIN;
    /// EC2: get credential.
    EC2_GET_CREDENTIAL "identity:ec2_get_credential" SystemProject
        "(rule:admin_required) or (role:reader and system_scope:all) or user_id:%(target.credential.user_id)s";
    /// EC2: list credentials.
    EC2_LIST_CREDENTIALS "identity:ec2_list_credentials" SystemProject
        "(rule:admin_required) or (role:reader and system_scope:all) or rule:owner";
    /// EC2: create credential.
    EC2_CREATE_CREDENTIAL "identity:ec2_create_credential" SystemProject
        "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)";
    /// EC2: delete credential.
    EC2_DELETE_CREDENTIAL "identity:ec2_delete_credential" SystemProject
        "(rule:admin_required) or (role:member and user_id:%(target.credential.user_id)s)";
    /// Get endpoint.
    GET_ENDPOINT "identity:get_endpoint" SystemProject ADMIN_OR_SYSTEM_READER;
    /// List endpoints.
    LIST_ENDPOINTS "identity:list_endpoints" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create endpoint.
    CREATE_ENDPOINT "identity:create_endpoint" SystemProject ADMIN;
    /// Update endpoint.
    UPDATE_ENDPOINT "identity:update_endpoint" SystemProject ADMIN;
    /// Delete endpoint.
    DELETE_ENDPOINT "identity:delete_endpoint" SystemProject ADMIN;
    /// Check grant.
    CHECK_GRANT "identity:check_grant" SystemDomainProject CHECK_GRANT_STRING;
    /// List grants.
    LIST_GRANTS "identity:list_grants" SystemDomainProject LIST_GRANTS_STRING;
    /// Create grant.
    CREATE_GRANT "identity:create_grant" SystemDomainProject WRITE_GRANT_STRING;
    /// Revoke grant.
    REVOKE_GRANT "identity:revoke_grant" SystemDomainProject WRITE_GRANT_STRING;
    /// List system grants for user.
    LIST_SYSTEM_GRANTS_FOR_USER "identity:list_system_grants_for_user" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Check system grant for user.
    CHECK_SYSTEM_GRANT_FOR_USER "identity:check_system_grant_for_user" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create system grant for user.
    CREATE_SYSTEM_GRANT_FOR_USER "identity:create_system_grant_for_user" SystemProject ADMIN;
    /// Revoke system grant for user.
    REVOKE_SYSTEM_GRANT_FOR_USER "identity:revoke_system_grant_for_user" SystemProject ADMIN;
    /// List system grants for group.
    LIST_SYSTEM_GRANTS_FOR_GROUP "identity:list_system_grants_for_group" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Check system grant for group.
    CHECK_SYSTEM_GRANT_FOR_GROUP "identity:check_system_grant_for_group" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create system grant for group.
    CREATE_SYSTEM_GRANT_FOR_GROUP "identity:create_system_grant_for_group" SystemProject ADMIN;
    /// Revoke system grant for group.
    REVOKE_SYSTEM_GRANT_FOR_GROUP "identity:revoke_system_grant_for_group" SystemProject ADMIN;
    /// Get group.
    GET_GROUP "identity:get_group" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.group.domain_id)s)";
    /// List groups.
    LIST_GROUPS "identity:list_groups" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.group.domain_id)s)";
    /// List groups for user.
    LIST_GROUPS_FOR_USER "identity:list_groups_for_user" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s";
    /// Create group.
    CREATE_GROUP "identity:create_group" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)";
    /// Update group.
    UPDATE_GROUP "identity:update_group" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)";
    /// Delete group.
    DELETE_GROUP "identity:delete_group" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s)";
    /// List users in group.
    LIST_USERS_IN_GROUP "identity:list_users_in_group" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.group.domain_id)s)";
    /// Remove user from group.
    REMOVE_USER_FROM_GROUP "identity:remove_user_from_group" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and \
            domain_id:%(target.user.domain_id)s)";
    /// Check user in group.
    CHECK_USER_IN_GROUP "identity:check_user_in_group" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)";
    /// Add user to group.
    ADD_USER_TO_GROUP "identity:add_user_to_group" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.group.domain_id)s and \
            domain_id:%(target.user.domain_id)s)";
    /// Get implied role.
    GET_IMPLIED_ROLE "identity:get_implied_role" SystemProject ADMIN_OR_SYSTEM_READER;
    /// List implied roles.
    LIST_IMPLIED_ROLES "identity:list_implied_roles" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create implied role.
    CREATE_IMPLIED_ROLE "identity:create_implied_role" SystemProject ADMIN;
    /// Delete implied role.
    DELETE_IMPLIED_ROLE "identity:delete_implied_role" SystemProject ADMIN;
    /// List role inference rules.
    LIST_ROLE_INFERENCE_RULES "identity:list_role_inference_rules" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Check implied role.
    CHECK_IMPLIED_ROLE "identity:check_implied_role" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Get project.
    GET_PROJECT "identity:get_project" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s";
    /// List projects.
    LIST_PROJECTS "identity:list_projects" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.domain_id)s)";
    /// List user projects.
    LIST_USER_PROJECTS "identity:list_user_projects" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s";
    /// Create project.
    CREATE_PROJECT "identity:create_project" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Update project.
    UPDATE_PROJECT "identity:update_project" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Delete project.
    DELETE_PROJECT "identity:delete_project" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// List project tags.
    LIST_PROJECT_TAGS "identity:list_project_tags" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s";
    /// Get project tag.
    GET_PROJECT_TAG "identity:get_project_tag" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or \
            project_id:%(target.project.id)s";
    /// Update project tags.
    UPDATE_PROJECT_TAGS "identity:update_project_tags" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Create project tag.
    CREATE_PROJECT_TAG "identity:create_project_tag" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Delete project tags.
    DELETE_PROJECT_TAGS "identity:delete_project_tags" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Delete project tag.
    DELETE_PROJECT_TAG "identity:delete_project_tag" SystemDomainProject
        "(rule:admin_required) or (role:manager and domain_id:%(target.project.domain_id)s and not \
            None:%(target.project.domain_id)s)";
    /// Get region.
    GET_REGION "identity:get_region" SystemDomainProject "";
    /// List regions.
    LIST_REGIONS "identity:list_regions" SystemDomainProject "";
    /// Create region.
    CREATE_REGION "identity:create_region" SystemProject ADMIN;
    /// Update region.
    UPDATE_REGION "identity:update_region" SystemProject ADMIN;
    /// Delete region.
    DELETE_REGION "identity:delete_region" SystemProject ADMIN;
    /// List revoke events.
    LIST_REVOKE_EVENTS "identity:list_revoke_events" SystemProject "rule:service_or_admin";
    /// Get role.
    GET_ROLE "identity:get_role" SystemDomainProject
        "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and \
            rule:domain_managed_target_role)";
    /// List roles.
    LIST_ROLES "identity:list_roles" SystemDomainProject
        "(rule:admin_required or (role:reader and system_scope:all)) or (role:manager and domain_id:%(domain_id)s)";
    /// Create role.
    CREATE_ROLE "identity:create_role" SystemProject ADMIN;
    /// Update role.
    UPDATE_ROLE "identity:update_role" SystemProject ADMIN;
    /// Delete role.
    DELETE_ROLE "identity:delete_role" SystemProject ADMIN;
    /// Get domain role.
    GET_DOMAIN_ROLE "identity:get_domain_role" SystemProject ADMIN_OR_SYSTEM_READER;
    /// List domain roles.
    LIST_DOMAIN_ROLES "identity:list_domain_roles" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create domain role.
    CREATE_DOMAIN_ROLE "identity:create_domain_role" SystemProject ADMIN;
    /// Update domain role.
    UPDATE_DOMAIN_ROLE "identity:update_domain_role" SystemProject ADMIN;
    /// Delete domain role.
    DELETE_DOMAIN_ROLE "identity:delete_domain_role" SystemProject ADMIN;
    /// List role assignments.
    LIST_ROLE_ASSIGNMENTS "identity:list_role_assignments" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)";
    /// List role assignments for tree.
    LIST_ROLE_ASSIGNMENTS_FOR_TREE "identity:list_role_assignments_for_tree" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.domain_id)s and not None:%(target.domain_id)s)";
    /// S3tokens validate.
    S3TOKENS_VALIDATE "identity:s3tokens_validate" SystemDomainProject "rule:service_or_admin";
    /// Ec2tokens validate.
    EC2TOKENS_VALIDATE "identity:ec2tokens_validate" SystemDomainProject "rule:service_or_admin";
    /// Get service.
    GET_SERVICE "identity:get_service" SystemProject ADMIN_OR_SYSTEM_READER;
    /// List services.
    LIST_SERVICES "identity:list_services" SystemProject ADMIN_OR_SYSTEM_READER;
    /// Create service.
    CREATE_SERVICE "identity:create_service" SystemProject ADMIN;
    /// Update service.
    UPDATE_SERVICE "identity:update_service" SystemProject ADMIN;
    /// Delete service.
    DELETE_SERVICE "identity:delete_service" SystemProject ADMIN;
    /// Check token.
    CHECK_TOKEN "identity:check_token" SystemDomainProject
        "rule:admin_required or (role:reader and system_scope:all) or rule:token_subject";
    /// Validate token.
    VALIDATE_TOKEN "identity:validate_token" SystemDomainProject
        "rule:admin_required or (role:reader and system_scope:all) or rule:service_role or rule:token_subject";
    /// Revoke token.
    REVOKE_TOKEN "identity:revoke_token" SystemDomainProject "rule:admin_required or rule:token_subject";
    /// Get user.
    GET_USER "identity:get_user" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s";
    /// List users.
    LIST_USERS "identity:list_users" SystemDomainProject
        "(rule:admin_required) or (role:reader and system_scope:all) or (role:reader and \
            domain_id:%(target.domain_id)s)";
    /// Create user.
    CREATE_USER "identity:create_user" SystemDomainProject
        "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)";
    /// Update user.
    UPDATE_USER "identity:update_user" SystemDomainProject
        "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)";
    /// Delete user.
    DELETE_USER "identity:delete_user" SystemDomainProject
        "(rule:admin_required) or (role:manager and token.domain.id:%(target.user.domain_id)s)";
}

#[cfg(test)]
mod tests;
