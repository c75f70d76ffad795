//! Application credentials. Upstream: `keystone/api/users.py`, `application_credential/core.py`.

mod body;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogge_auth::{Caller, Rule, Target};
use kogge_clock::Timestamp;
use kogge_db::Paged;
use kogge_resource::keystone::links;
use kogge_resource::{Body, Call, Create, Delete, List, Listing, Names, Resource, Schema, Verb, Wanted};
use serde_json::{Value, json};

use super::kept::{page, rows};
use super::{access_rules, kept_as};
use crate::error::{Error, Result};
use crate::model::{AccessRule, ApplicationCredential, Role, access_rule_key, credential_key};
use crate::policy;
use crate::secret::Secret;
use crate::service::{
    Client, Draft, Identity, NAME, checked_description, checked_name, new_id, refuse_restricted,
    refuse_signature, sees_credential,
};
use crate::snapshot::Snapshot;
use crate::token::TokenScope;
use body::{FIELDS, RoleSpec, RuleSpec, chosen, expiry, restrictions, secret};

/// Application credentials.
pub(crate) struct ApplicationCredentials;

/// What a credential shows beside itself.
#[derive(Default)]
pub(crate) struct Parts {
    roles: Vec<Arc<Role>>,
    /// `None` where it has no such bound.
    rules: Option<Vec<Arc<AccessRule>>>,
    /// The only time that it is seen: when it was just made.
    secret: Option<Secret>,
}

impl Parts {
    fn of(snapshot: &Snapshot, row: &ApplicationCredential) -> Self {
        let rule = |id: &String| snapshot.access_rules.get(id).cloned();
        Self {
            roles: row.roles.iter().filter_map(|id| snapshot.roles.get(id)).cloned().collect(),
            rules: row.access_rules.as_ref().map(|ids| ids.iter().filter_map(rule).collect()),
            secret: None,
        }
    }
}

const KIND: &str = "application credentials";
/// Most access rules of all application credentials of a user.
const RULES_OF_USER: usize = 1024;
/// Where the body has the hash that was made of its secret.
const HASH: &str = "hash of the secret";

impl Resource for ApplicationCredentials {
    kept_as!(ApplicationCredential, "Application Credential");
    type More = Parts;

    const NAMES: Names = Names::new(
        "application_credential",
        "application_credentials",
        "/v3/users/{user_id}/application_credentials",
        "/v3/users/{user_id}/application_credentials/{application_credential_id}",
    );
    const READ: Rule = policy::GET_APPLICATION_CREDENTIAL;

    fn target(row: &Arc<ApplicationCredential>) -> Target<'_> {
        Target::none().attr("user_id", row.user_id.clone())
    }

    /// The owner comes from the credential, not from the path: else one could name oneself as the owner of any.
    fn allow(
        call: &Call<Identity>,
        id: &str,
        rule: &Rule,
        found: Option<&Arc<ApplicationCredential>>,
    ) -> Result<()> {
        let owner = found.map_or_else(|| call.param("user_id"), |found| found.user_id.as_str());
        call.caller.allow(rule, &Target::none().attr("user_id", owner.to_owned()))?;
        refuse_signature(&call.caller)?;
        if sees_credential(&call.caller, id) { Ok(()) } else { refuse_restricted(&call.caller, KIND) }
    }

    async fn more(call: &Call<Identity>, rows: &[Arc<ApplicationCredential>]) -> Result<Vec<Parts>> {
        let snapshot = call.service.snapshot();
        Ok(rows.iter().map(|row| Parts::of(&snapshot, row)).collect())
    }

    fn view(call: &Call<Identity>, row: &Arc<ApplicationCredential>, parts: &Parts, _: Verb) -> Value {
        let itself = format!("/v3/users/{}/application_credentials/{}", row.user_id, row.id);
        let mut view = json!({
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "project_id": row.project_id,
            "roles": parts.roles.iter().map(|role| shown(role)).collect::<Value>(),
            "expires_at": row.expires_at.map(|end| Timestamp::from_micros(end).micros()),
            "unrestricted": row.unrestricted,
            "links": links(call, &itself),
        });
        if let Some(rules) = &parts.rules {
            view["access_rules"] = rules.iter().map(|rule| access_rules::shown(rule)).collect();
        }
        if let Some(secret) = &parts.secret {
            view["secret"] = secret.reveal().into();
        }
        view
    }
}

fn shown(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id,
        "description": role.description,
        "options": {},
    })
}

impl List for ApplicationCredentials {
    const RULE: Rule = policy::LIST_APPLICATION_CREDENTIALS;
    const LIST: Listing = Listing { names: &["name"], ..Listing::OWN };

    /// Those of the user; a restricted one sees itself.
    async fn page(call: &Call<Identity>, wanted: &Wanted) -> Result<Paged<Arc<ApplicationCredential>>> {
        let user_id = call.param("user_id");
        call.caller.allow(&<Self as List>::RULE, &Target::none().user(user_id))?;
        refuse_signature(&call.caller)?;
        let snapshot = call.service.snapshot();
        let is_shown = |found: &&Arc<ApplicationCredential>| {
            found.user_id == user_id && sees_credential(&call.caller, &found.id)
        };
        let rows = rows(&snapshot, wanted, Some(("user_id", user_id))).filter(is_shown).cloned();
        page(&call.service, &Self::LIST, rows, wanted)
    }
}

/// The project of the token, which is the credential's.
fn project_of(caller: &Caller) -> Result<String> {
    let action = || policy::CREATE_APPLICATION_CREDENTIAL.name.to_owned();
    caller.project_id().map(ToString::to_string).ok_or_else(|| Error::Forbidden { action: action() })
}

impl Create for ApplicationCredentials {
    const RULE: Rule = policy::CREATE_APPLICATION_CREDENTIAL;
    const BODY: Schema = Schema::new("application_credential", FIELDS);

    fn permit(call: &Call<Identity>, _: &Body) -> Result<()> {
        call.caller.allow(&<Self as Create>::RULE, &Target::none().user(call.param("user_id")))?;
        refuse_signature(&call.caller)?;
        refuse_restricted(&call.caller, KIND)?;
        project_of(&call.caller).map(drop)
    }

    async fn prepare(call: &Call<Identity>, mut body: Body) -> Result<Body> {
        expiry(&body, call.service.clock().now())?;
        restrictions(&body)?;
        roles(&call.service.snapshot(), &call.caller, &chosen(&body)?)?;
        checked_name("name", &body.name("name"), NAME)?;
        let secret =
            secret(&body)?.unwrap_or_else(|| Secret::new(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 64]>())));
        body.put("secret", secret.reveal());
        body.put(HASH, call.service.hash(Client::of(&call.caller), secret).await?);
        Ok(body)
    }

    async fn create(
        call: &Call<Identity>,
        draft: &mut Draft,
        body: Body,
    ) -> Result<(Arc<ApplicationCredential>, Parts)> {
        let user_id = call.param("user_id").to_owned();
        draft.users.get(&user_id).ok_or_else(|| Error::not_found("user", &user_id))?;
        let credential = ApplicationCredential {
            id: new_id(),
            name: checked_name("name", &body.name("name"), NAME)?,
            user_id,
            project_id: project_of(&call.caller)?,
            description: body.text("description").map(checked_description).transpose()?,
            roles: roles(draft, &call.caller, &chosen(&body)?)?.into_iter().collect(),
            expires_at: expiry(&body, draft.now)?.map(Timestamp::as_micros),
            unrestricted: body.truth("unrestricted").unwrap_or(false),
            access_rules: None,
            secret_hash: body.name(HASH),
        };
        let most = call.service.config().security.application_credentials_per_user;
        let row = draft.put_application_credential(credential, restrictions(&body)?, most)?;
        let parts = Parts { secret: body.text("secret").map(Secret::new), ..Parts::of(draft, &row) };
        Ok((row, parts))
    }
}

/// Its tokens end.
impl Delete for ApplicationCredentials {
    const RULE: Rule = policy::DELETE_APPLICATION_CREDENTIAL;

    async fn before(call: &Call<Identity>, _: &mut Draft, _: &Arc<ApplicationCredential>) -> Result<()> {
        refuse_restricted(&call.caller, KIND)
    }
}

/// The roles that are asked for with those that they imply, or all; each must be in the token.
fn roles(snapshot: &Snapshot, caller: &Caller, asked: &[RoleSpec]) -> Result<BTreeSet<String>> {
    let scope = caller.project_id().map_or(TokenScope::Unscoped, |id| TokenScope::Project(id.to_string()));
    let has = |id: &String| snapshot.roles.get(id).is_some_and(|role| caller.has_role(&role.name));
    let own: BTreeSet<String> =
        snapshot.role_ids(caller.user.id.as_str(), &scope).into_iter().filter(|id| has(id)).collect();
    if asked.is_empty() {
        let global = |id: &String| snapshot.roles.get(id).is_some_and(|role| role.domain_id.is_none());
        return Ok(own.into_iter().filter(global).collect());
    }
    let mut chosen = BTreeSet::new();
    for role in asked {
        let found = match role {
            RoleSpec::Id(id) => snapshot.roles.get(id).ok_or_else(|| Error::not_found("role", id)),
            RoleSpec::Name(name) => {
                snapshot.role_named(name).ok_or_else(|| Error::Missing(format!("Role {name} is not defined")))
            }
        };
        chosen.insert(found?.id.clone());
    }
    let chosen = snapshot.with_implied(chosen);
    if chosen.iter().all(|id| own.contains(id)) {
        return Ok(chosen);
    }
    Err(Error::invalid(
        "Invalid application credential: Cannot create an application credential with unassigned role",
    ))
}

impl Draft {
    fn put_application_credential(
        &mut self,
        mut credential: ApplicationCredential,
        rules: Option<Vec<RuleSpec>>,
        most: usize,
    ) -> Result<Arc<ApplicationCredential>> {
        let user_id = credential.user_id.clone();
        let project = self.projects.get(&credential.project_id);
        project.ok_or_else(|| Error::not_found("project", &credential.project_id))?;
        if self.application_credentials.by_key(&credential_key(&user_id, &credential.name)).is_some() {
            return Err(Error::duplicate("application_credential", &credential.name));
        }
        let have = self.application_credentials.count_by_key(&credential_key(&user_id, ""));
        if most > 0 && have >= most {
            let because = format!(
                "Unable to create additional application credentials, maximum of {most} already exceeded for user."
            );
            return Err(Error::Refused(because));
        }
        if let Some(rules) = rules {
            let rules = rules.into_iter().enumerate();
            let ids =
                rules.map(|(place, rule)| self.access_rule(&user_id, place, rule)).collect::<Result<_>>()?;
            credential.access_rules = Some(ids);
        }
        Ok(self.put(credential))
    }

    /// The id of the rule at this place of a credential: the same rule twice is one rule.
    fn access_rule(&mut self, user_id: &str, place: usize, spec: RuleSpec) -> Result<String> {
        let (service, path, method) = match spec {
            RuleSpec::Existing(id) => {
                let found = self.access_rules.get(&id).filter(|found| found.user_id == user_id);
                return found.map(|row| row.id.clone()).ok_or_else(|| Error::not_found("Access Rule", &id));
            }
            RuleSpec::New { service, path, method } => (service, path, method),
        };
        if let Some(found) = self.access_rules.by_key(&access_rule_key(user_id, &service, &path, &method)) {
            return Ok(found.id.clone());
        }
        let have = self.access_rules.count_by_key(&format!("{user_id}\u{1f}"));
        if have >= RULES_OF_USER {
            let because =
                format!("Unable to create additional access rules, maximum of {RULES_OF_USER} for user.");
            return Err(Error::Refused(because));
        }
        let id = rising_id(self.now, place);
        let rule = AccessRule { id, user_id: user_id.to_owned(), service, path, method };
        Ok(self.put(rule).id.clone())
    }
}

/// An id of 32 hex digits that rises with time and place: a list by id is then one by age, as Keystone's is.
fn rising_id(now: Timestamp, place: usize) -> String {
    let random: String = new_id().chars().take(14).collect();
    format!("{:014x}{:04x}{random}", now.as_micros(), place & 0xffff)
}
