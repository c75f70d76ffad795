//! An order for something new: the journal first, then the call, and an eye on what became of it if no answer came.

use std::time::Duration;

use kogge_client::{Answer, Client, Error, Method};
use kogge_conform::{Context, Problem};
use serde_json::Value;

use super::{Made, RBAC_POLICY, Thing, announce_as};
use crate::wait::{Look, until};

/// How long a thing is looked for whose create got no answer, before it is ordered once more.
const LOST: Duration = Duration::from_secs(5);

/// One create.
pub(crate) struct Order<'a> {
    pub(crate) context: &'a Context,
    pub(crate) client: &'a Client,
    pub(crate) thing: &'a Thing,
    /// The unique name by which it is found again.
    pub(crate) name: &'a str,
    /// Where it is sent.
    pub(crate) path: &'a str,
    /// All of it, wrapping included.
    pub(crate) body: &'a Value,
    /// The key of the object in the answer; empty where there is none.
    pub(crate) key: &'a str,
    /// The id of the new thing, from that object.
    pub(crate) id: fn(&Value) -> Option<String>,
}

impl Order<'_> {
    /// Places it. The inner error is the service's own: a refusal, or a fault.
    ///
    /// A create that was lost on its way is nobody's verdict yet: what it may have made is looked for by its name, and
    /// where there is nothing, it is placed once more.
    pub(crate) async fn place(&self) -> Result<Result<Made, Error>, Problem> {
        let number = self.announce().await?;
        let error = match self.send().await {
            Ok(answer) => return self.made(number, &answer).map(Ok),
            Err(error) => error,
        };
        if !is_lost(&error) || self.thing.word == RBAC_POLICY.word {
            return self.refused(number, error);
        }
        if let Some(made) = self.find(number).await? {
            return Ok(Ok(made));
        }
        if matches!(error, Error::Deadline { .. }) {
            return Err(error.into());
        }
        // the first may still come: its entry stays open, and both have the same name
        let number = self.announce().await?;
        match self.send().await {
            Ok(answer) => self.made(number, &answer).map(Ok),
            Err(error) => self.refused(number, error),
        }
    }

    async fn announce(&self) -> Result<u64, Problem> {
        announce_as(self.context, self.client, self.thing.word, self.name).await
    }

    async fn send(&self) -> Result<Answer, Error> {
        let sent = self.client.request(Method::POST, self.thing.service, self.path, None, Some(self.body));
        sent.await.and_then(Answer::success)
    }

    fn made(&self, number: u64, answer: &Answer) -> Result<Made, Problem> {
        let body: Value = answer.json()?;
        let object = if self.key.is_empty() { &body } else { body.get(self.key).unwrap_or(&Value::Null) };
        let id = (self.id)(object)
            .ok_or_else(|| Problem::from(answer.shape(format!("the new {} has no id", self.thing.word))))?;
        self.context.journal.made(number, &id)?;
        Ok(Made { number, id, object: object.clone() })
    }

    /// What the lost call made, if it shows within a while.
    async fn find(&self, number: u64) -> Result<Option<Made>, Problem> {
        let what = format!("{} {} is there", self.thing.word, self.name);
        let found = until(&what, LOST, || async {
            let list = self.client.list(self.thing.service, self.thing.list, self.thing.many);
            let all: Result<Vec<Value>, Error> = list.collect().await;
            let named = |object: &Value| object.get("name").and_then(Value::as_str) == Some(self.name);
            Look::tolerant(all.map_err(Problem::from).map(|all| Look::of(all.into_iter().find(named))))
        });
        let Ok(object) = found.await else { return Ok(None) };
        let Some(id) = super::id_of(&object) else { return Ok(None) };
        self.context.journal.made(number, &id)?;
        Ok(Some(Made { number, id, object }))
    }

    fn refused(&self, number: u64, error: Error) -> Result<Result<Made, Error>, Problem> {
        if is_refusal(&error) {
            self.context.journal.gone(number);
        }
        if is_lost(&error) { Err(error.into()) } else { Ok(Err(error)) }
    }
}

/// Whether nobody knows what became of a create.
fn is_lost(error: &Error) -> bool {
    error.is_lost() || matches!(error, Error::Deadline { .. })
}

/// Whether an error means that nothing came to be. After a time-out or a fault of the service, something may have.
pub(crate) fn is_refusal(error: &Error) -> bool {
    error.status().is_some_and(|status| (400..500).contains(&status) && status != 408)
}
