//! Access rules: what application credentials may do.

use std::sync::Arc;

use kogge_auth::{Caller, Rule, Target};
use kogge_db::Paged;
use kogge_resource::keystone::links;
use kogge_resource::{At, Call, Delete, List, Listing, Names, Resource, Stored, Verb, Wanted};
use serde_json::{Value, json};

use super::kept::{page, rows};
use super::kept_as;
use crate::error::{Error, Result};
use crate::model::{AccessRule, ApplicationCredential};
use crate::policy;
use crate::service::{Draft, Identity, refuse_restricted};
use crate::snapshot::Snapshot;

/// Access rules.
pub(crate) struct AccessRules;

const RULES: &str = "access rules";

fn allow(call: &Call<Identity>, rule: &Rule) -> Result<()> {
    let target = Target::none().attr("target.user.id", call.param("user_id").to_owned());
    Ok(call.caller.allow(rule, &target)?)
}

/// Whether the token may be shown an access rule: a restricted application credential sees those that bound it.
fn sees(snapshot: &Snapshot, caller: &Caller, id: &str) -> bool {
    let own = caller.token.application_credential.as_ref();
    let own = own.and_then(|own| snapshot.application_credentials.get(own.as_str()));
    caller.token.unrestricted || own.is_some_and(|own| uses(own, id))
}

fn uses(credential: &ApplicationCredential, id: &str) -> bool {
    credential.access_rules.iter().flatten().any(|rule| rule == id)
}

/// How one looks inside a credential.
pub(super) fn shown(row: &AccessRule) -> Value {
    json!({ "id": row.id, "service": row.service, "path": row.path, "method": row.method })
}

impl Resource for AccessRules {
    kept_as!(AccessRule, "Access Rule");
    type More = ();

    const NAMES: Names = Names::new(
        "access_rule",
        "access_rules",
        "/v3/users/{user_id}/access_rules",
        "/v3/users/{user_id}/access_rules/{access_rule_id}",
    );
    const READ: Rule = policy::GET_ACCESS_RULE;

    fn target(row: &Arc<AccessRule>) -> Target<'_> {
        Target::none().attr("target.user.id", row.user_id.clone())
    }

    async fn load(
        call: &Call<Identity>,
        at: &mut At<'_, Identity>,
        id: &str,
    ) -> Result<Option<Arc<AccessRule>>> {
        let found = Arc::<AccessRule>::find(at, id).await?;
        Ok(found.filter(|row| row.user_id == call.param("user_id")))
    }

    fn allow(call: &Call<Identity>, id: &str, rule: &Rule, _: Option<&Arc<AccessRule>>) -> Result<()> {
        allow(call, rule)?;
        if sees(&call.service.snapshot(), &call.caller, id) {
            return Ok(());
        }
        refuse_restricted(&call.caller, RULES)
    }

    fn view(call: &Call<Identity>, row: &Arc<AccessRule>, (): &(), _: Verb) -> Value {
        let mut view = shown(row);
        view["links"] = links(call, &format!("/v3/users/{}/access_rules/{}", row.user_id, row.id));
        view
    }
}

impl List for AccessRules {
    const RULE: Rule = policy::LIST_ACCESS_RULES;
    const LIST: Listing = Listing { names: &["service", "path", "method"], ..Listing::OWN };

    /// Those of the user; a restricted application credential sees its own.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<AccessRule>>> {
        allow(call, &<Self as List>::RULE)?;
        let snapshot = call.service.snapshot();
        let user_id = call.param("user_id");
        let is_shown =
            |row: &&Arc<AccessRule>| row.user_id == user_id && sees(&snapshot, &call.caller, &row.id);
        let rows = rows(&snapshot, wanted, Some(("user_id", user_id))).filter(is_shown).cloned();
        page(&call.service, &Self::LIST, rows, wanted)
    }
}

/// Only one that no credential uses: it is that credential's bound.
impl Delete for AccessRules {
    const RULE: Rule = policy::DELETE_ACCESS_RULE;

    async fn before(call: &Call<Identity>, draft: &mut Draft, row: &Arc<AccessRule>) -> Result<()> {
        refuse_restricted(&call.caller, RULES)?;
        if draft.application_credentials.among("user_id", &row.user_id, "").any(|found| uses(found, &row.id))
        {
            return Err(Error::Forbidden { action: "May not delete access rule in use".to_owned() });
        }
        Ok(())
    }
}
