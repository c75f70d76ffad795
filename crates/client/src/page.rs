//! Lists with their pages, bounded.
//!
//! Of a "next" link only its query is used, on the address that was asked first: all OpenStack services page by marker,
//! and a link to elsewhere (a wrong host behind a proxy, or a hostile one) then leads nowhere else.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::stream::{self, Stream, TryStreamExt};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::Answer;
use crate::client::{Call, Client};
use crate::error::{CallName, Error, Result};
use crate::transport::Limits;

impl Client {
    /// A list with its pages: `key` is the name of the array in the body, such as `flavors`.
    pub fn list(&self, service: &str, path: &str, key: &str) -> List {
        let call = self.call(Method::GET, service, path);
        List { call, key: key.into(), limits: self.limits().clone() }
    }
}

/// A list that has not been read yet.
#[must_use = "a list is read by `stream` or `collect`"]
pub struct List {
    call: Call,
    key: Arc<str>,
    limits: Limits,
}

impl List {
    /// Changes the call for the list, for example to add a query or a microversion.
    pub fn with(mut self, change: impl FnOnce(Call) -> Call) -> Self {
        self.call = change(self.call);
        self
    }

    /// Its items, page by page as they are asked for.
    ///
    /// # Errors
    /// Items are `Err` once: a page without answer or of another shape, a status other than 2xx, or a list that is
    /// endless or runs in a circle ([`Error::Pages`]).
    pub fn stream<T: DeserializeOwned + Send + 'static>(self) -> impl Stream<Item = Result<T>> + Send {
        let state = Reading {
            call: Some(self.call),
            key: self.key,
            seen: HashSet::new(),
            items: 0,
            bytes: 0,
            limits: self.limits,
        };
        stream::try_unfold(state, |mut state| async move {
            let page = state.next::<T>().await?;
            Ok::<_, Error>(page.map(|items| (stream::iter(items.into_iter().map(Ok)), state)))
        })
        .try_flatten()
    }

    /// All its items.
    ///
    /// # Errors
    /// As [`List::stream`].
    pub async fn collect<T: DeserializeOwned + Send + 'static>(self) -> Result<Vec<T>> {
        Box::pin(self.stream().try_collect()).await
    }
}

struct Reading {
    call: Option<Call>,
    key: Arc<str>,
    seen: HashSet<String>,
    items: usize,
    bytes: usize,
    limits: Limits,
}

impl Reading {
    /// The next page's items; `None` behind the last page.
    async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>> {
        let Some(call) = self.call.take() else { return Ok(None) };
        let answer = call.clone().send().await?.success()?;
        self.bytes = self.bytes.saturating_add(answer.bytes.len());
        if self.bytes > self.limits.list_bytes {
            return Err(broken(&answer.call, format!("it has more than {} bytes", self.limits.list_bytes)));
        }
        let mut body: Value = answer.json()?;
        let items = self.items(&answer, &mut body)?;
        if !items.is_empty()
            && let Some(query) = next_query(&body, &self.key)
        {
            self.note(&answer.call, &query)?;
            self.call = Some(call.with_raw_query(&query));
        }
        let read =
            |item| serde_json::from_value(item).map_err(|e| answer.shape(format!("in {}: {e}", self.key)));
        items.into_iter().map(read).collect::<Result<Vec<T>>>().map(Some)
    }

    fn items(&mut self, answer: &Answer, body: &mut Value) -> Result<Vec<Value>> {
        let Some(Value::Array(items)) = body.get_mut(&*self.key).map(Value::take) else {
            return Err(answer.shape(format!("it has no list {:?}", self.key)));
        };
        self.items += items.len();
        if self.items > self.limits.items {
            return Err(broken(&answer.call, format!("it has more than {} items", self.limits.items)));
        }
        Ok(items)
    }

    fn note(&mut self, call: &CallName, query: &str) -> Result<()> {
        if !self.seen.insert(query.to_owned()) {
            return Err(broken(call, "its pages run in a circle".into()));
        }
        if self.seen.len() >= self.limits.pages {
            return Err(broken(call, format!("it has more than {} pages", self.limits.pages)));
        }
        Ok(())
    }
}

fn broken(call: &CallName, because: String) -> Error {
    Error::Pages { call: call.clone(), because }
}

/// The query of the link to the next page, in whichever way the service writes it.
fn next_query(body: &Value, key: &str) -> Option<String> {
    let by_rel = |links: &Value| {
        let next = links.as_array()?.iter().find(|l| l.get("rel").and_then(Value::as_str) == Some("next"))?;
        next.get("href")?.as_str().map(str::to_owned)
    };
    let plain = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    // block storage names its links after the singular: volume_type_links beside volume_types
    let named = body.as_object()?.iter().filter(|(name, _)| name.ends_with("_links"));
    let link = body
        .get(format!("{key}_links"))
        .and_then(by_rel)
        .or_else(|| named.map(|(_, links)| links).find_map(by_rel))
        .or_else(|| body.get("links").and_then(by_rel))
        .or_else(|| plain(body.get("links").and_then(|l| l.get("next"))))
        .or_else(|| plain(body.get("next")))?;
    let (_, query) = link.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    (!query.is_empty()).then(|| query.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_spelling_of_next_is_read() {
        for body in [
            json!({"flavors": [], "flavors_links": [{"rel": "next", "href": "http://evil/x?marker=7"}]}),
            json!({"flavors": [], "flavor_links": [{"rel": "next", "href": "http://x/y?marker=7"}]}),
            json!({"flavors": [], "next": "/v2/images?marker=7"}),
            json!({"flavors": [], "links": {"next": "http://k/v3/users?marker=7", "self": "s"}}),
            json!({"flavors": [], "links": [{"rel": "next", "href": "?marker=7#f"}]}),
        ] {
            assert_eq!(next_query(&body, "flavors").as_deref(), Some("marker=7"), "{body}");
        }
    }

    #[test]
    fn no_next_is_the_end() {
        for body in [
            json!({"links": {"next": null}}),
            json!({"flavors_links": [{"rel": "self", "href": "?marker=1"}]}),
            json!({"next": "http://x/no-query"}),
            json!({"next": 7}),
        ] {
            assert_eq!(next_query(&body, "flavors"), None, "{body}");
        }
    }
}
