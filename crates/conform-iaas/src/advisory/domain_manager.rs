//! SCS-0302: what a domain manager can do, and what it must not be able to do.
//!
//! Upstream has this as a manual check with prepared domains. Here a manager's own credentials are enough: what it makes
//! is disabled, has no password, bears the run's id and is gone in the end. What belongs to others is only ever
//! *offered* an unchanged value, so that nothing is lost where a cloud lets it through.

mod other_domains;
mod own_domain;
mod roles;

use kogge_client::{Answer, Client, Method, encode_segment};
use kogge_conform::{Context, ObjectRef, Problem};
use serde_json::{Value, json};

use super::{Looked, Notice};
use crate::created::{Made, Thing, try_create};
use crate::lookup::text;
use crate::remove::remove_as;
use crate::wait::{LOST, Look, until};

/// What one of the checks wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    OwnDomain,
    Roles,
    OtherDomains,
}

/// The credentials that these checks need.
#[derive(Clone, Default)]
pub struct DomainManagers {
    /// A domain manager: its token is scoped to its domain.
    pub manager: Option<Client>,
    /// The manager of another domain. Without it, the run's own user stands for other domains.
    pub other: Option<Client>,
}

/// The answer to one question.
pub(super) async fn look(
    context: &Context,
    managers: &DomainManagers,
    question: Question,
) -> Result<Looked, Problem> {
    let Some(client) = &managers.manager else {
        let text = "no credentials of a domain manager were given: --domain-manager-cloud NAME";
        return Ok(Looked::NotGiven(text));
    };
    let mut desk = Desk::new(context, client).await?;
    let done = match question {
        Question::OwnDomain => Box::pin(own_domain::look(&mut desk)).await,
        Question::Roles => Box::pin(roles::look(&mut desk)).await,
        Question::OtherDomains => Box::pin(other_domains::look(&mut desk, managers.other.as_ref())).await,
    };
    let cleared = Box::pin(desk.clear()).await;
    done?;
    cleared?;
    Ok(Looked::Saw(desk.notices))
}

/// The manager at work: what it made, and what was noticed.
struct Desk<'a> {
    context: &'a Context,
    client: &'a Client,
    domain: String,
    made: Vec<(&'static Thing, Made)>,
    notices: Vec<Notice>,
}

const FIX: &str = "let the policy of the identity service be as SCS-0302 and its notes have it";

impl<'a> Desk<'a> {
    async fn new(context: &'a Context, client: &'a Client) -> Result<Self, Problem> {
        let token = client.token().await?;
        let who = || format!("user {:?} of cloud {:?}", token.user.name, client.config().name);
        if client.config().auth_url.host_str() != context.client.config().auth_url.host_str() {
            return Err(Problem::setup(format!("{} is of another cloud than the one under test", who())));
        }
        let domain = token.domain.as_ref().map(|domain| domain.id.clone());
        let domain = domain.ok_or_else(|| {
            Problem::setup(format!(
                "the token of {} is not scoped to a domain; set domain_id or domain_name, and no project",
                who()
            ))
        })?;
        if token.roles.iter().any(|role| role == "admin") || !token.roles.iter().any(|role| role == "manager")
        {
            let roles = token.roles.join(", ");
            return Err(Problem::setup(format!(
                "{} must have role manager and not admin; it has {roles}",
                who()
            )));
        }
        Ok(Self { context, client, domain, made: Vec::new(), notices: Vec::new() })
    }

    fn name(&self, what: &str) -> String {
        self.context.object_name("0302", what)
    }

    fn object(&self) -> ObjectRef {
        ObjectRef { name: "domain manager".to_owned(), id: Some(self.domain.clone()) }
    }

    /// Notes a violation.
    fn notice(&mut self, expected: impl Into<String>, found: impl Into<String>) {
        let object = self.object();
        self.notices.push(Notice::violation(object, expected.into(), found, FIX));
    }

    /// The body of a new user, group or project: harmless, and recognizable.
    fn body(&self, thing: &Thing, name: &str, domain: Option<&str>) -> Value {
        let mut body = json!({"name": name, "description": "made by a check, and removed by it"});
        if thing.word != "user group" {
            body["enabled"] = json!(false);
        }
        if let Some(domain) = domain {
            body["domain_id"] = json!(domain);
        }
        body
    }

    /// Makes something in the own domain; a refusal is a violation and `None`.
    async fn make(&mut self, thing: &'static Thing, what: &str) -> Result<Option<String>, Problem> {
        let name = self.name(what);
        let body = self.body(thing, &name, Some(&self.domain));
        match try_create(self.context, self.client, thing, &name, body).await? {
            Ok(made) => {
                let id = made.id.clone();
                self.made.push((thing, made));
                Ok(Some(id))
            }
            Err(error) if error.is_lost() => Err(error.into()),
            Err(error) => {
                self.notice(
                    format!("a {} can be created in the own domain", thing.word),
                    kogge_client::chain(&error),
                );
                Ok(None)
            }
        }
    }

    /// Calls until there is an answer. All calls here may be made twice.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Problem> {
        let what = format!("{method} {path} is answered");
        let answered = until(&what, LOST, || async {
            let answer = self.client.request(method.clone(), "identity", path, None, body).await;
            match answer.map(|answer| (answer.clone().success().err(), answer)) {
                Ok((Some(refused), _)) if refused.is_lost() => Ok(Look::Unseen(refused.into())),
                Ok((_, answer)) => Ok(Look::Found(answer)),
                Err(error) if error.is_lost() => Ok(Look::Unseen(error.into())),
                Err(error) => Err(error.into()),
            }
        });
        answered.await
    }

    /// Does what must be allowed.
    async fn must(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        what: &str,
    ) -> Result<Option<Answer>, Problem> {
        let answer = self.call(method.clone(), path, body).await?;
        // a gateway may have lost the answer to one that was done, and the next one then finds nothing
        let gone = method == Method::DELETE
            && answer.status.as_u16() == 404
            && self.call(Method::HEAD, path, None).await?.status.as_u16() == 404;
        if answer.status.is_success() || gone {
            return Ok(Some(answer));
        }
        let found = format!("{}: {}", answer.status.as_u16(), answer.fault_message());
        self.notice(what, found);
        Ok(None)
    }

    /// Tries what must be refused. `true` if it was not.
    async fn must_not(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        what: &str,
    ) -> Result<bool, Problem> {
        let answer = self.call(method, path, body).await?;
        match answer.status.as_u16() {
            401 | 403 | 404 => Ok(false),
            200..300 => {
                let status = answer.status.as_u16();
                self.notice(format!("refused: {what}"), format!("it was done, with status {status}"));
                Ok(true)
            }
            other => Err(Problem::cloud(format!(
                "{what}: neither done nor refused, but {other}: {}",
                answer.fault_message()
            ))),
        }
    }

    /// The id of a role; `None` and a violation if it is not found.
    async fn role(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let path = format!("roles?name={}", encode_segment(name));
        let what = format!("the role {name} is found by its name");
        let Some(answer) = self.must(Method::GET, &path, None, &what).await? else { return Ok(None) };
        let body: Value = answer.json()?;
        let all = body.get("roles").and_then(Value::as_array).cloned().unwrap_or_default();
        let id = all
            .iter()
            .filter(|role| text(role, "name").as_deref() == Some(name))
            .find_map(|role| text(role, "id"));
        if id.is_none() {
            self.notice(what, "it is not in the list");
        }
        Ok(id)
    }

    /// Removes all that was made, the newest first. What cannot be removed stays in the journal.
    async fn clear(&mut self) -> Result<(), Problem> {
        while let Some((thing, made)) = self.made.pop() {
            if let Err(problem) = Box::pin(remove_as(self.context, self.client, thing, &made)).await {
                // what is not removed yet is in the journal
                if !problem.is_the_clouds() || problem.is_passing() {
                    return Err(problem);
                }
                let expected = format!("a {} that the manager made can be deleted", thing.word);
                self.notice(expected, problem.to_string());
            }
        }
        Ok(())
    }
}

/// The path of a grant: `domains/D/users/U/roles/R`.
fn grant(target: (&str, &str), actor: (&str, &str), role: &str) -> String {
    let [target_id, actor_id, role] = [target.1, actor.1, role].map(encode_segment);
    format!("{}/{target_id}/{}/{actor_id}/roles/{role}", target.0, actor.0)
}
