//! The policy table. Names and defaults are those of Glance 2026.1 (`glance/policies`).

use kogge_auth::{Rule, RuleSet};

const SERVICE: &str = "image";

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident: $name:literal = $default:expr;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Rule = Rule::new(SERVICE, $name, $default);)*
        const ALL: &[Rule] = &[$($constant),*];
    };
}

const MEMBER: &str = "rule:context_is_admin or (role:member and project_id:%(project_id)s)";
const GET: &str = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s \
    or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
const DOWNLOAD: &str = "rule:context_is_admin or (role:member and (project_id:%(project_id)s or \
    project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s))";
const READER_OR_SHARED: &str = "rule:context_is_admin or \
    role:reader and (project_id:%(project_id)s or project_id:%(member_id)s)";

rules! {
    /// Who counts as administrator: sees every image.
    CONTEXT_IS_ADMIN: "context_is_admin" = "role:admin";
    /// The rule of what has no other.
    DEFAULT: "default" = "";
    /// Services of the cloud.
    SERVICE_API: "service_api" = "role:service or role:admin";
    /// Make an image.
    ADD_IMAGE: "add_image" =
        "rule:context_is_admin or (role:member and project_id:%(project_id)s and project_id:%(owner)s)";
    /// Delete one.
    DELETE_IMAGE: "delete_image" = MEMBER;
    /// See one.
    GET_IMAGE: "get_image" = GET;
    /// List them.
    GET_IMAGES: "get_images" = "rule:context_is_admin or (role:reader and project_id:%(project_id)s)";
    /// Change one, tag it, stage data.
    MODIFY_IMAGE: "modify_image" = MEMBER;
    /// Make one public.
    PUBLICIZE_IMAGE: "publicize_image" = "rule:context_is_admin";
    /// Give one to the community.
    COMMUNITIZE_IMAGE: "communitize_image" = MEMBER;
    /// Read the data.
    DOWNLOAD_IMAGE: "download_image" = DOWNLOAD;
    /// Write the data.
    UPLOAD_IMAGE: "upload_image" = MEMBER;
    /// Share with a project.
    ADD_MEMBER: "add_member" = MEMBER;
    /// Stop sharing with a project.
    DELETE_MEMBER: "delete_member" = MEMBER;
    /// See one membership.
    GET_MEMBER: "get_member" = READER_OR_SHARED;
    /// List memberships.
    GET_MEMBERS: "get_members" = READER_OR_SHARED;
    /// Accept or reject.
    MODIFY_MEMBER: "modify_member" =
        "rule:context_is_admin or (role:member and project_id:%(member_id)s)";
    /// Take out of service.
    DEACTIVATE: "deactivate" = MEMBER;
    /// Put back into service.
    REACTIVATE: "reactivate" = MEMBER;
    /// See details of stores.
    STORES_INFO_DETAIL: "stores_info_detail" = "rule:context_is_admin or rule:service_api";
    /// Remove data from one of several stores.
    DELETE_IMAGE_LOCATION: "delete_image_location" = "rule:context_is_admin";
    /// See the tasks API.
    TASKS_API_ACCESS: "tasks_api_access" = "rule:context_is_admin";
}

/// The policy table of the image service.
pub const RULES: RuleSet = RuleSet { service: SERVICE, rules: ALL };

#[cfg(test)]
mod tests {
    use super::*;
    use kogge_auth::testing::Persona;
    use kogge_auth::{Policies, Target};
    use std::sync::Arc;

    #[test]
    fn the_table_compiles_and_personas_may_what_upstream_lets_them() {
        let policies = Arc::new(Policies::compile(&[RULES]).unwrap());
        let project = Persona::Member.project_id();
        let own = |visibility: &'static str| {
            Target::project(&project).attr("owner", project.as_str()).attr("visibility", visibility)
        };
        let may =
            |persona: Persona, rule: &Rule, visibility| persona.caller(&policies).may(rule, &own(visibility));
        for (rule, member, reader, other, admin) in [
            (&ADD_IMAGE, true, false, false, true),
            (&DELETE_IMAGE, true, false, false, true),
            (&GET_IMAGE, true, true, false, true),
            (&GET_IMAGES, true, true, false, true),
            (&MODIFY_IMAGE, true, false, false, true),
            (&PUBLICIZE_IMAGE, false, false, false, true),
            (&COMMUNITIZE_IMAGE, true, false, false, true),
            (&DOWNLOAD_IMAGE, true, false, false, true),
            (&UPLOAD_IMAGE, true, false, false, true),
            (&ADD_MEMBER, true, false, false, true),
            (&DELETE_MEMBER, true, false, false, true),
            (&GET_MEMBER, true, true, false, true),
            (&GET_MEMBERS, true, true, false, true),
            (&MODIFY_MEMBER, false, false, false, true),
            (&DEACTIVATE, true, false, false, true),
            (&REACTIVATE, true, false, false, true),
            (&STORES_INFO_DETAIL, false, false, false, true),
            (&DELETE_IMAGE_LOCATION, false, false, false, true),
            (&TASKS_API_ACCESS, false, false, false, true),
        ] {
            let name = rule.name;
            assert_eq!(may(Persona::Member, rule, "private"), member, "{name} member");
            assert_eq!(may(Persona::Reader, rule, "private"), reader, "{name} reader");
            assert_eq!(may(Persona::OtherMember, rule, "private"), other, "{name} other");
            assert_eq!(may(Persona::Admin, rule, "private"), admin, "{name} admin");
        }
        assert!(may(Persona::OtherReader, &GET_IMAGE, "public"));
        assert!(may(Persona::OtherMember, &DOWNLOAD_IMAGE, "community"));
        assert!(!may(Persona::OtherMember, &MODIFY_IMAGE, "public"));
    }
}
