//! A place to try things out: what is made on it is written down first, named for the run, and removed.

use kogge_conform::{Context, Problem};
use serde_json::{Value, json};

use crate::created::{Made, Thing, create};
use crate::remove::remove;

pub(super) struct Bench<'a> {
    pub(super) context: &'a Context,
    standard: &'static str,
    made: Vec<(&'static Thing, Made)>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(context: &'a Context, standard: &'static str) -> Self {
        Self { context, standard, made: Vec::new() }
    }

    pub(super) fn name(&self, what: &str) -> String {
        self.context.object_name(self.standard, what)
    }

    /// Makes a thing, and returns it as the cloud shows it.
    pub(super) async fn make(
        &mut self,
        thing: &'static Thing,
        what: &str,
        mut body: Value,
    ) -> Result<Value, Problem> {
        let name = self.name(what);
        body["name"] = json!(name);
        let made = create(self.context, thing, &name, body).await?;
        let object = made.object.clone();
        self.made.push((thing, made));
        Ok(object)
    }

    /// Removes everything, the newest first. What cannot be removed is removed by the runner, by the journal.
    pub(super) async fn clear(&mut self) -> Result<(), Problem> {
        while let Some((thing, made)) = self.made.pop() {
            Box::pin(remove(self.context, thing, &made)).await?;
        }
        Ok(())
    }
}
