//! The policy table. Names and defaults are those of Placement 2026.1 (`placement/policies`).

use kogge_auth::{Rule, RuleSet};

const SERVICE: &str = "placement";
const ADMIN_OR_SERVICE: &str = "rule:admin_or_service_api";

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident: $name:literal = $default:expr;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Rule = Rule::new(SERVICE, $name, $default);)*
        const ALL: &[Rule] = &[$($constant),*];
    };
}

rules! {
    /// Administrators.
    ADMIN_API: "admin_api" = "role:admin";
    /// Services of the cloud.
    SERVICE_API: "service_api" = "role:service";
    /// Either.
    ADMIN_OR_SERVICE_API: "admin_or_service_api" = "role:admin or role:service";
    /// Readers of a project.
    PROJECT_READER_API: "project_reader_api" = "role:reader and project_id:%(project_id)s";
    /// … or administrators or services.
    READER_API: "admin_or_project_reader_or_service_api" = "role:admin or rule:project_reader_api or role:service";
    /// List providers.
    PROVIDERS_LIST: "placement:resource_providers:list" = ADMIN_OR_SERVICE;
    /// Make one.
    PROVIDERS_CREATE: "placement:resource_providers:create" = ADMIN_OR_SERVICE;
    /// Show one.
    PROVIDERS_SHOW: "placement:resource_providers:show" = ADMIN_OR_SERVICE;
    /// Change one.
    PROVIDERS_UPDATE: "placement:resource_providers:update" = ADMIN_OR_SERVICE;
    /// Delete one.
    PROVIDERS_DELETE: "placement:resource_providers:delete" = ADMIN_OR_SERVICE;
    /// List inventories.
    INVENTORIES_LIST: "placement:resource_providers:inventories:list" = ADMIN_OR_SERVICE;
    /// Make one.
    INVENTORIES_CREATE: "placement:resource_providers:inventories:create" = ADMIN_OR_SERVICE;
    /// Show one.
    INVENTORIES_SHOW: "placement:resource_providers:inventories:show" = ADMIN_OR_SERVICE;
    /// Change one or all.
    INVENTORIES_UPDATE: "placement:resource_providers:inventories:update" = ADMIN_OR_SERVICE;
    /// Delete one or all.
    INVENTORIES_DELETE: "placement:resource_providers:inventories:delete" = ADMIN_OR_SERVICE;
    /// List the aggregates of a provider.
    AGGREGATES_LIST: "placement:resource_providers:aggregates:list" = ADMIN_OR_SERVICE;
    /// Change them.
    AGGREGATES_UPDATE: "placement:resource_providers:aggregates:update" = ADMIN_OR_SERVICE;
    /// See what is used of a provider.
    PROVIDER_USAGES: "placement:resource_providers:usages" = ADMIN_OR_SERVICE;
    /// See who holds something of a provider.
    PROVIDER_ALLOCATIONS: "placement:resource_providers:allocations:list" = ADMIN_OR_SERVICE;
    /// List the traits of a provider.
    PROVIDER_TRAITS_LIST: "placement:resource_providers:traits:list" = ADMIN_OR_SERVICE;
    /// Change them.
    PROVIDER_TRAITS_UPDATE: "placement:resource_providers:traits:update" = ADMIN_OR_SERVICE;
    /// Remove them.
    PROVIDER_TRAITS_DELETE: "placement:resource_providers:traits:delete" = ADMIN_OR_SERVICE;
    /// List resource classes.
    CLASSES_LIST: "placement:resource_classes:list" = ADMIN_OR_SERVICE;
    /// Make one.
    CLASSES_CREATE: "placement:resource_classes:create" = ADMIN_OR_SERVICE;
    /// Show one.
    CLASSES_SHOW: "placement:resource_classes:show" = ADMIN_OR_SERVICE;
    /// Make or rename one.
    CLASSES_UPDATE: "placement:resource_classes:update" = ADMIN_OR_SERVICE;
    /// Delete one.
    CLASSES_DELETE: "placement:resource_classes:delete" = ADMIN_OR_SERVICE;
    /// List traits.
    TRAITS_LIST: "placement:traits:list" = ADMIN_OR_SERVICE;
    /// Show one.
    TRAITS_SHOW: "placement:traits:show" = ADMIN_OR_SERVICE;
    /// Make one.
    TRAITS_UPDATE: "placement:traits:update" = ADMIN_OR_SERVICE;
    /// Delete one.
    TRAITS_DELETE: "placement:traits:delete" = ADMIN_OR_SERVICE;
    /// Change the allocations of many.
    ALLOCATIONS_MANAGE: "placement:allocations:manage" = ADMIN_OR_SERVICE;
    /// See the allocations of one.
    ALLOCATIONS_LIST: "placement:allocations:list" = ADMIN_OR_SERVICE;
    /// Change them.
    ALLOCATIONS_UPDATE: "placement:allocations:update" = ADMIN_OR_SERVICE;
    /// Delete them.
    ALLOCATIONS_DELETE: "placement:allocations:delete" = ADMIN_OR_SERVICE;
    /// Ask for candidates.
    CANDIDATES_LIST: "placement:allocation_candidates:list" = ADMIN_OR_SERVICE;
    /// See what a project uses.
    USAGES: "placement:usages" = "rule:admin_or_project_reader_or_service_api";
    /// Change inventories and allocations in one.
    RESHAPE: "placement:reshaper:reshape" = "rule:service_api";
}

/// The policy table of placement.
pub const RULES: RuleSet = RuleSet { service: SERVICE, rules: ALL };
