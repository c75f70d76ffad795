//! Application credentials and their access rules. Upstream: `keystone/api/users.py`, `application_credential/core.py`.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogge_auth::{Caller, Rule, Target};
use kogge_clock::Timestamp;

use super::bounds::{checked_count, checked_description, checked_text};
use super::delegation::{refuse_restricted, refuse_signature, sees_credential};
use super::names::{NAME, checked_name, new_id};
use super::permission::allow;
use super::{Client, Draft, Identity, ListQuery, Listed};
use crate::error::{Error, Result};
use crate::model::{AccessRule, ApplicationCredential, Kind, Role, access_rule_key, credential_key};
use crate::policy;
use crate::secret::Secret;
use crate::snapshot::Snapshot;
use crate::token::TokenScope;

/// An application credential to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewApplicationCredential {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// `None`: one is made.
    pub(crate) secret: Option<Secret>,
    /// `None`: all roles of the token.
    pub(crate) roles: Option<Vec<RoleRef>>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) unrestricted: bool,
    pub(crate) access_rules: Option<Vec<AccessRuleSpec>>,
}

/// Which role is meant.
#[derive(Debug, Clone)]
pub(crate) enum RoleRef {
    Id(String),
    Name(String),
}

/// An access rule: one that is there, or a new one.
#[derive(Debug, Clone)]
pub(crate) enum AccessRuleSpec {
    Existing(String),
    New { service: String, path: String, method: String },
}

/// A credential that was just made: the only time that its secret is seen.
pub(crate) struct CreatedApplicationCredential {
    pub(crate) credential: Arc<ApplicationCredential>,
    pub(crate) secret: Secret,
}

/// Most access rules of one application credential, and of all of a user.
const RULES_OF_ONE: usize = 128;
const RULES_OF_USER: usize = 1024;
/// Most roles that are asked for.
const ROLES: usize = 128;
/// Most characters of a secret that a user chose.
const SECRET: usize = 255;

fn invalid(detail: &str) -> Error {
    Error::Invalid(format!("Invalid application credential: {detail}"))
}

fn missing(id: &str) -> Error {
    Error::not_found("Application Credential", id)
}

fn missing_rule(id: &str) -> Error {
    Error::not_found("Access Rule", id)
}

impl Identity {
    /// Makes an application credential on the project of the token.
    ///
    /// # Errors
    /// 403 by the policy, for others' users and restricted credentials; 400 for roles that the token has not, an end in the
    /// past, rules; 409 for the name.
    pub(crate) async fn create_application_credential(
        &self,
        caller: &Caller,
        user_id: &str,
        new: NewApplicationCredential,
    ) -> Result<CreatedApplicationCredential> {
        allow(caller, &policy::CREATE_APPLICATION_CREDENTIAL, &Target::none().user(user_id))?;
        refuse_signature(caller)?;
        refuse_restricted(caller, "application credentials")?;
        let project_id = caller.project_id().ok_or_else(|| Error::Forbidden {
            action: policy::CREATE_APPLICATION_CREDENTIAL.name.to_owned(),
        })?;
        if new.expires_at.is_some_and(|end| end <= self.clock().now()) {
            return Err(Error::invalid(
                "The 'expires_at' must not be before now. The server could not comply with the request since it is either \
                 malformed or otherwise incorrect. The client is assumed to be in error.",
            ));
        }
        checked_count("access_rules", new.access_rules.as_ref().map_or(0, Vec::len), RULES_OF_ONE)?;
        checked_count("roles", new.roles.as_ref().map_or(0, Vec::len), ROLES)?;
        new.secret.as_ref().map_or(Ok(()), |secret| checked_text("secret", secret.reveal(), SECRET))?;
        let roles = chosen_roles(&self.snapshot(), caller, new.roles.as_deref())?;
        let secret =
            new.secret.unwrap_or_else(|| Secret::new(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 64]>())));
        let credential = ApplicationCredential {
            id: new_id(),
            name: checked_name("name", &new.name, NAME)?,
            user_id: user_id.to_owned(),
            project_id: project_id.to_string(),
            description: new.description.map(checked_description).transpose()?,
            roles: roles.into_iter().collect(),
            expires_at: new.expires_at.map(Timestamp::as_micros),
            unrestricted: new.unrestricted,
            access_rules: None,
            secret_hash: self.hash(Client::of(caller), secret.clone()).await?,
        };
        let most = self.config().security.application_credentials_per_user;
        let rules = new.access_rules;
        let made = self.write(|draft| draft.put_application_credential(credential, rules, most)).await?;
        Ok(CreatedApplicationCredential { credential: made, secret })
    }

    /// The application credentials of a user; a restricted one sees itself.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_application_credentials(
        &self,
        caller: &Caller,
        user_id: &str,
        query: &ListQuery,
    ) -> Result<Listed<Arc<ApplicationCredential>>> {
        allow(caller, &policy::LIST_APPLICATION_CREDENTIALS, &Target::none().user(user_id))?;
        refuse_signature(caller)?;
        let snapshot = self.snapshot();
        let own = snapshot
            .application_credentials
            .iter()
            .filter(|found| found.user_id == user_id && sees_credential(caller, &found.id));
        query.page(own.cloned().collect(), self.config().list_limit)
    }

    /// The owner comes from the credential, not from the path: else one could name oneself as the owner of any.
    fn allowed_credential(
        &self,
        caller: &Caller,
        rule: &Rule,
        user_id: &str,
        id: &str,
    ) -> Result<Arc<ApplicationCredential>> {
        let found = self.snapshot().application_credentials.get(id).cloned();
        let owner = found.as_ref().map_or(user_id, |found| found.user_id.as_str()).to_owned();
        allow(caller, rule, &Target::none().attr("user_id", owner))?;
        refuse_signature(caller)?;
        if !sees_credential(caller, id) {
            refuse_restricted(caller, "application credentials")?;
        }
        found.ok_or_else(|| missing(id))
    }

    /// An application credential.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_application_credential(
        &self,
        caller: &Caller,
        user_id: &str,
        id: &str,
    ) -> Result<Arc<ApplicationCredential>> {
        self.allowed_credential(caller, &policy::GET_APPLICATION_CREDENTIAL, user_id, id)
    }

    /// Removes an application credential; its tokens end.
    ///
    /// # Errors
    /// 403 by the policy and for restricted credentials, 404 where there is none.
    pub(crate) async fn delete_application_credential(
        &self,
        caller: &Caller,
        user_id: &str,
        id: &str,
    ) -> Result<()> {
        self.allowed_credential(caller, &policy::DELETE_APPLICATION_CREDENTIAL, user_id, id)?;
        refuse_restricted(caller, "application credentials")?;
        self.write(|draft| {
            draft.application_credentials.get(id).ok_or_else(|| missing(id))?;
            draft.delete(Kind::ApplicationCredential, id);
            Ok(())
        })
        .await
    }

    /// The roles of a credential, for showing.
    pub(crate) fn roles_of(&self, credential: &ApplicationCredential) -> Vec<Arc<Role>> {
        let snapshot = self.snapshot();
        credential.roles.iter().filter_map(|id| snapshot.roles.get(id)).cloned().collect()
    }

    /// The access rules of a credential, for showing; `None` where it has no such bound.
    pub(crate) fn rules_of(&self, credential: &ApplicationCredential) -> Option<Vec<Arc<AccessRule>>> {
        let snapshot = self.snapshot();
        let ids = credential.access_rules.as_ref()?;
        Some(ids.iter().filter_map(|id| snapshot.access_rules.get(id)).cloned().collect())
    }

    /// The access rules of a user; a restricted application credential sees its own.
    ///
    /// # Errors
    /// 403 by the policy, 404 for the marker.
    pub(crate) fn list_access_rules(
        &self,
        caller: &Caller,
        user_id: &str,
        query: &ListQuery,
    ) -> Result<Listed<Arc<AccessRule>>> {
        let target = Target::none().attr("target.user.id", user_id.to_owned());
        allow(caller, &policy::LIST_ACCESS_RULES, &target)?;
        let snapshot = self.snapshot();
        let own = snapshot
            .access_rules
            .iter()
            .filter(|rule| rule.user_id == user_id && sees_rule(&snapshot, caller, &rule.id));
        query.page(own.cloned().collect(), self.config().list_limit)
    }

    fn allowed_access_rule(
        &self,
        caller: &Caller,
        rule: &Rule,
        user_id: &str,
        id: &str,
    ) -> Result<Arc<AccessRule>> {
        allow(caller, rule, &Target::none().attr("target.user.id", user_id.to_owned()))?;
        let snapshot = self.snapshot();
        if !sees_rule(&snapshot, caller, id) {
            refuse_restricted(caller, "access rules")?;
        }
        let found = snapshot.access_rules.get(id).filter(|found| found.user_id == user_id).cloned();
        found.ok_or_else(|| missing_rule(id))
    }

    /// An access rule of a user.
    ///
    /// # Errors
    /// 403 by the policy, 404 where there is none.
    pub(crate) fn get_access_rule(
        &self,
        caller: &Caller,
        user_id: &str,
        id: &str,
    ) -> Result<Arc<AccessRule>> {
        self.allowed_access_rule(caller, &policy::GET_ACCESS_RULE, user_id, id)
    }

    /// Removes an access rule that no credential uses.
    ///
    /// # Errors
    /// 403 by the policy and while it is used, 404 where there is none.
    pub(crate) async fn delete_access_rule(&self, caller: &Caller, user_id: &str, id: &str) -> Result<()> {
        self.allowed_access_rule(caller, &policy::DELETE_ACCESS_RULE, user_id, id)?;
        refuse_restricted(caller, "access rules")?;
        self.write(|draft| {
            draft.access_rules.get(id).ok_or_else(|| missing_rule(id))?;
            let uses =
                |found: &ApplicationCredential| found.access_rules.iter().flatten().any(|rule| rule == id);
            if draft.application_credentials.iter().any(|found| uses(found)) {
                // an access rule in use protects the credential's bound
                return Err(Error::Forbidden { action: "May not delete access rule in use".to_owned() });
            }
            draft.delete(Kind::AccessRule, id);
            Ok(())
        })
        .await
    }
}

/// Whether the token may be shown an access rule: a restricted application credential sees those that bound it.
fn sees_rule(snapshot: &Snapshot, caller: &Caller, id: &str) -> bool {
    let own = caller.token.application_credential.as_ref();
    let own = own.and_then(|own| snapshot.application_credentials.get(own.as_str()));
    let bounds =
        |found: &Arc<ApplicationCredential>| found.access_rules.iter().flatten().any(|rule| rule == id);
    caller.token.unrestricted || own.is_some_and(bounds)
}

/// The roles that are asked for with those that they imply, or all; each must be in the token.
fn chosen_roles(snapshot: &Snapshot, caller: &Caller, asked: Option<&[RoleRef]>) -> Result<BTreeSet<String>> {
    let scope = caller.project_id().map_or(TokenScope::Unscoped, |id| TokenScope::Project(id.to_string()));
    let has = |id: &String| snapshot.roles.get(id).is_some_and(|role| caller.has_role(&role.name));
    let own: BTreeSet<String> =
        snapshot.role_ids(caller.user.id.as_str(), &scope).into_iter().filter(|id| has(id)).collect();
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        let global = |id: &String| snapshot.roles.get(id).is_some_and(|role| role.domain_id.is_none());
        return Ok(own.into_iter().filter(global).collect());
    };
    let mut chosen = BTreeSet::new();
    for role in asked {
        chosen.insert(match role {
            RoleRef::Id(id) => snapshot.roles.get(id).ok_or_else(|| Error::not_found("role", id))?.id.clone(),
            RoleRef::Name(name) => {
                let found = snapshot.role_named(name);
                found.ok_or_else(|| Error::Missing(format!("Role {name} is not defined")))?.id.clone()
            }
        });
    }
    let chosen = snapshot.with_implied(chosen);
    if chosen.iter().all(|id| own.contains(id)) {
        Ok(chosen)
    } else {
        Err(invalid("Cannot create an application credential with unassigned role"))
    }
}

const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

fn check_rule(service: &str, path: &str, method: &str) -> Result<()> {
    checked_name("service", service, 64)?;
    if !path.starts_with('/') || path.len() > 225 || path.chars().any(char::is_control) {
        return Err(Error::invalid("Invalid input for field 'path': it is no path of at most 225 bytes"));
    }
    if METHODS.contains(&method) {
        Ok(())
    } else {
        Err(Error::Invalid(format!("Invalid input for field 'method': it is not one of {METHODS:?}")))
    }
}

impl Draft {
    fn put_application_credential(
        &mut self,
        credential: ApplicationCredential,
        rules: Option<Vec<AccessRuleSpec>>,
        most: usize,
    ) -> Result<Arc<ApplicationCredential>> {
        let user_id = credential.user_id.clone();
        // both were there when the secret was hashed, which takes its time
        self.users.get(&user_id).ok_or_else(|| Error::not_found("user", &user_id))?;
        let project = self.projects.get(&credential.project_id);
        project.ok_or_else(|| Error::not_found("project", &credential.project_id))?;
        if self.application_credentials.by_key(&credential_key(&user_id, &credential.name)).is_some() {
            return Err(Error::Conflict {
                kind: "application_credential",
                because: format!("Duplicate entry found with name {}", credential.name),
            });
        }
        let have = self.application_credentials.count_by_key(&credential_key(&user_id, ""));
        if most > 0 && have >= most {
            let because = format!(
                "Unable to create additional application credentials, maximum of {most} already exceeded for user."
            );
            return Err(Error::Refused(because));
        }
        let mut credential = credential;
        if let Some(rules) = rules {
            let ids =
                rules.into_iter().map(|rule| self.access_rule(&user_id, rule)).collect::<Result<Vec<_>>>()?;
            credential.access_rules = Some(ids);
        }
        self.put(credential.clone());
        Ok(Arc::new(credential))
    }

    /// The id of a rule: the same rule twice is one rule.
    fn access_rule(&mut self, user_id: &str, spec: AccessRuleSpec) -> Result<String> {
        let (service, path, method) = match spec {
            AccessRuleSpec::Existing(id) => {
                let found = self.access_rules.get(&id).filter(|found| found.user_id == user_id);
                return found.map(|found| found.id.clone()).ok_or_else(|| missing_rule(&id));
            }
            AccessRuleSpec::New { service, path, method } => (service, path, method),
        };
        check_rule(&service, &path, &method)?;
        if let Some(found) = self.access_rules.by_key(&access_rule_key(user_id, &service, &path, &method)) {
            return Ok(found.id.clone());
        }
        let have = self.access_rules.count_by_key(&format!("{user_id}\u{1f}"));
        if have >= RULES_OF_USER {
            let because =
                format!("Unable to create additional access rules, maximum of {RULES_OF_USER} for user.");
            return Err(Error::Refused(because));
        }
        let rule = AccessRule { id: new_id(), user_id: user_id.to_owned(), service, path, method };
        self.put(rule.clone());
        Ok(rule.id)
    }
}
