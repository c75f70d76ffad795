//! Domains: projects that own projects, users and groups.

use std::sync::Arc;

use kogge_auth::{Rule, Target};
use kogge_db::Paged;
use kogge_resource::{
    At, Body, Call, Create, Delete, Judgement, List, Listing, Loaded, Names, Resource, Schema, Stored,
    Update, Verb, Wanted,
};
use serde_json::{Value, json};

use super::kept::seen;
use super::project_body::{self, FIELDS};
use super::{kept_as, looked_up, refuse_immutable};
use crate::error::{Error, Result};
use crate::model::Project;
use crate::policy;
use crate::service::{Draft, Identity, is_seen, new_id, with_domain};

/// Domains.
pub(crate) struct Domains;

impl Resource for Domains {
    kept_as!(Project, "domain");
    type More = ();

    const NAMES: Names = Names::new("domain", "domains", "/v3/domains", "/v3/domains/{domain_id}");
    const READ: Rule = policy::GET_DOMAIN;

    fn target(row: &Arc<Project>) -> Target<'_> {
        with_domain(Target::none(), &row.id)
    }

    async fn load(_: &Call<Identity>, at: &mut At<'_, Identity>, id: &str) -> Result<Option<Arc<Project>>> {
        Ok(Arc::<Project>::find(at, id).await?.filter(|found| found.is_domain))
    }

    fn judge(call: &Call<Identity>, rule: &Rule, found: Option<&Arc<Project>>) -> Judgement {
        looked_up::<Self>(call, rule, &[policy::UPDATE_DOMAIN, policy::DELETE_DOMAIN], found)
    }

    fn view(call: &Call<Identity>, row: &Arc<Project>, (): &(), _: Verb) -> Value {
        project_body::view(call, row, "domains", json!({}))
    }
}

impl List for Domains {
    const RULE: Rule = policy::LIST_DOMAINS;
    const LIST: Listing = Listing { names: &["enabled", "name"], ..Listing::OWN };

    /// A domain's token sees its own.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<Project>>> {
        let is_shown = |row: &Project| row.is_domain && is_seen(&call.caller, &row.id);
        seen(call, &<Self as List>::RULE, &Self::LIST, wanted, Some(("domains", "")), is_shown)
    }
}

impl Create for Domains {
    const RULE: Rule = policy::CREATE_DOMAIN;
    const BODY: Schema = Schema::open("domain", FIELDS);

    async fn create(_: &Call<Identity>, draft: &mut Draft, body: Body) -> Result<(Arc<Project>, ())> {
        let explicit = body.text("explicit_domain_id");
        if explicit.as_deref().is_some_and(|id| !is_simple_uuid(id)) {
            return Err(Error::invalid("Domain ID does not conform to required UUID format."));
        }
        let domain = project_body::made(explicit.unwrap_or_else(new_id), body)?;
        if draft.projects.get(&domain.id).is_some() {
            let because = format!("Duplicate entry found with ID {}", domain.id);
            return Err(Error::Conflict { kind: "domain", because });
        }
        Ok((draft.put_project(domain)?, ()))
    }
}

/// A disabled domain refuses all logins and tokens of its users and projects.
impl Update for Domains {
    const RULE: Rule = policy::UPDATE_DOMAIN;
    const BODY: Schema = Schema::open("domain", FIELDS);

    async fn update(
        call: &Call<Identity>,
        draft: &mut Draft,
        loaded: Loaded<Self>,
        body: Body,
    ) -> Result<(Arc<Project>, ())> {
        project_body::change(call, draft, &loaded, body)
    }
}

/// With everything in it.
impl Delete for Domains {
    const RULE: Rule = policy::DELETE_DOMAIN;

    async fn delete(_: &Call<Identity>, draft: &mut Draft, domain: Loaded<Self>) -> Result<()> {
        refuse_immutable("domain", &domain.id, domain.immutable, "delete", false)?;
        if domain.enabled {
            let because = "Cannot delete a domain that is enabled, please disable it first.";
            return Err(Error::Refused(because.to_owned()));
        }
        draft.remove_domain(&domain.id);
        Ok(())
    }
}

/// 32 hex digits.
fn is_simple_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
