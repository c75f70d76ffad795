//! Bells that are heard in every process.
//!
//! What is rung in one process may be another one's work: the host that a request is about is commanded elsewhere, or
//! the task about the whole cloud runs elsewhere. So rings are passed on, many together; a ring that is lost costs one
//! period, as ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kogge_db::{Db, DbError, Heard, LONGEST_WORD};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{KeyedTask, Rung, Task};

/// A ring on its way: of a task, for one key or for all.
pub(crate) type Ring = (&'static str, Option<String>);
/// Where rings go out.
pub(crate) type Way = mpsc::UnboundedSender<Ring>;

/// How long rings gather before they are said.
const GATHER: Duration = Duration::from_millis(10);
/// So many keys of a task at once are all keys.
const MANY: usize = 256;
/// Pause after trouble with the server.
const PAUSE: Duration = Duration::from_secs(2);

/// A word between processes.
#[derive(Debug, Serialize, Deserialize)]
struct Word {
    /// Who says it: it does not listen to itself.
    from: String,
    /// Tasks that were rung, for all keys.
    #[serde(default)]
    all: BTreeSet<String>,
    /// Keys that were rung, by task.
    #[serde(default)]
    keys: BTreeMap<String, BTreeSet<String>>,
}

/// The tasks of a process, to be rung from elsewhere.
#[derive(Clone, Default)]
pub(crate) struct Exchange {
    tasks: BTreeMap<&'static str, Arc<dyn Task>>,
    keyed: BTreeMap<&'static str, Arc<dyn KeyedTask>>,
}

impl Exchange {
    pub(crate) fn add(&mut self, task: &Arc<dyn Task>) {
        self.tasks.insert(task.name(), Arc::clone(task));
    }

    pub(crate) fn add_keyed(&mut self, task: &Arc<dyn KeyedTask>) {
        self.keyed.insert(task.name(), Arc::clone(task));
    }

    /// Lets every ring go out on `way` from now on.
    pub(crate) fn open(&self, way: &Way) {
        for (name, task) in &self.tasks {
            task.wake().pass_on(name, way.clone());
        }
        for (name, task) in &self.keyed {
            task.bells().pass_on(name, way.clone());
        }
    }

    /// Says what was rung here, for ever.
    pub(crate) async fn say(
        self,
        db: Db,
        channel: String,
        me: String,
        mut rings: mpsc::UnboundedReceiver<Ring>,
    ) {
        while let Some(first) = rings.recv().await {
            tokio::time::sleep(GATHER).await;
            let mut gathered = vec![first];
            while let Ok(next) = rings.try_recv() {
                gathered.push(next);
            }
            for word in words(&me, self.foreign(gathered)) {
                if let Err(error) = db.say(&channel, &word).await {
                    tracing::warn!(%error, "the other processes could not be rung; they look by themselves");
                }
            }
        }
    }

    /// Without the keys that are this process's own work.
    fn foreign(&self, rings: Vec<Ring>) -> Vec<Ring> {
        let own: BTreeMap<&str, BTreeSet<String>> =
            self.keyed.iter().map(|(name, task)| (*name, task.keys().into_iter().collect())).collect();
        let is_own = |(name, key): &Ring| {
            key.as_ref().is_some_and(|key| own.get(name).is_some_and(|keys| keys.contains(key)))
        };
        rings.into_iter().filter(|ring| !is_own(ring)).collect()
    }

    /// Rings here what is rung elsewhere, for ever.
    pub(crate) async fn hear(self, db: Db, channel: String, me: String) {
        loop {
            if let Err(error) = self.listen(&db, &channel, &me).await {
                tracing::warn!(%error, "the other processes cannot be heard; tasks look by themselves");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(&self, db: &Db, channel: &str, me: &str) -> Result<(), DbError> {
        let Some(mut listener) = db.listen(channel).await? else { return std::future::pending().await };
        loop {
            match listener.heard().await? {
                Heard::Gap => self.ring_everything(),
                Heard::Word(text) => match serde_json::from_str::<Word>(&text) {
                    Ok(word) if word.from == me => {}
                    Ok(word) => self.ring(word),
                    // of a newer version, maybe: it may mean anything
                    Err(_) => self.ring_everything(),
                },
            }
        }
    }

    fn ring(&self, word: Word) {
        for name in &word.all {
            if let Some(task) = self.tasks.get(name.as_str()) {
                task.wake().wake_here();
            }
            if let Some(task) = self.keyed.get(name.as_str()) {
                task.rung_elsewhere(&Rung { all: true, ..Rung::default() });
                task.bells().ring_all_here();
            }
        }
        for (name, keys) in word.keys {
            let Some(task) = self.keyed.get(name.as_str()) else { continue };
            let rung = Rung { keys, ..Rung::default() };
            task.rung_elsewhere(&rung);
            for key in &rung.keys {
                task.bells().ring_here(key);
            }
        }
    }

    fn ring_everything(&self) {
        for task in self.tasks.values() {
            task.wake().wake_here();
        }
        for task in self.keyed.values() {
            task.rung_elsewhere(&Rung { all: true, ..Rung::default() });
            task.bells().ring_all_here();
        }
    }
}

/// Rings as words, none too long.
fn words(me: &str, rings: Vec<Ring>) -> Vec<String> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut all: BTreeSet<String> = BTreeSet::new();
    for (name, key) in rings {
        match key {
            Some(key) => drop(keys.entry(name.to_owned()).or_default().insert(key)),
            None => drop(all.insert(name.to_owned())),
        }
    }
    for (name, _) in keys.iter().filter(|(_, keys)| keys.len() > MANY) {
        all.insert(name.clone());
    }
    keys.retain(|name, _| !all.contains(name));
    let mut said = Vec::new();
    let mut word = Word { from: me.to_owned(), all, keys: BTreeMap::new() };
    let mut length = 0;
    for (name, keys) in keys {
        for key in keys {
            length += name.len() + key.len() + 8;
            if length > LONGEST_WORD / 2 {
                said.push(std::mem::replace(
                    &mut word,
                    Word { from: me.to_owned(), all: BTreeSet::new(), keys: BTreeMap::new() },
                ));
                length = 0;
            }
            word.keys.entry(name.clone()).or_default().insert(key);
        }
    }
    if !word.all.is_empty() || !word.keys.is_empty() {
        said.push(word);
    }
    said.iter().filter_map(|word| serde_json::to_string(word).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_said_together_and_no_word_is_too_long() {
        assert!(words("me", Vec::new()).is_empty());
        let ring = |key: Option<&str>| ("converge", key.map(str::to_owned));
        let said = words("me", vec![ring(Some("a")), ring(Some("b")), ring(Some("a")), ("place", None)]);
        assert_eq!(said, [r#"{"from":"me","all":["place"],"keys":{"converge":["a","b"]}}"#]);
        let said = words("me", vec![ring(Some("a")), ring(None)]);
        assert_eq!(said, [r#"{"from":"me","all":["converge"],"keys":{}}"#], "all is all");
        let many = |count: usize| (0..count).map(|n| ring(Some(&format!("{n:0200}")))).collect();
        let said = words("me", many(MANY));
        assert!(said.len() > 1 && said.iter().all(|word| word.len() < LONGEST_WORD), "{}", said.len());
        assert_eq!(words("me", many(MANY + 1)).len(), 1, "so many are all");
    }
}
