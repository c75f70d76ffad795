//! Providers and candidates that match a question.

use std::collections::BTreeSet;

use kogge_auth::{Caller, Rule};
use kogge_ids::ProviderId;

use crate::error::Error;
use crate::model::request::{Request, Supply, objections};
use crate::resources::names::{self, Class, Trait};
use crate::{Placement, policy};

/// A question for providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// Exactly this name.
    pub(crate) name: Option<String>,
    /// Exactly this id.
    pub(crate) id: Option<ProviderId>,
    /// In the tree of this provider.
    pub(crate) in_tree: Option<ProviderId>,
    /// Sets of aggregates of each of which it is in one.
    pub(crate) member_of: Vec<BTreeSet<String>>,
    /// Aggregates it is not in.
    pub(crate) not_member_of: BTreeSet<String>,
    /// Traits of the root of its tree.
    pub(crate) root: Request,
    /// Amounts and traits.
    pub(crate) request: Request,
}

impl Placement {
    /// The candidates that match, by name.
    pub(crate) async fn select_candidates(
        &self,
        caller: &Caller,
        question: &Question,
    ) -> Result<Vec<Supply>, Error> {
        self.select(caller, &policy::CANDIDATES_LIST, question).await
    }

    /// The providers that match, by name.
    pub(crate) async fn select(
        &self,
        caller: &Caller,
        rule: &Rule,
        question: &Question,
    ) -> Result<Vec<Supply>, Error> {
        caller.allow_on_own(rule)?;
        self.known_words(question).await?;
        let all = self.supplies().await?;
        let root_of =
            |id: ProviderId| all.iter().find(|one| one.provider.id == id).map(|one| one.provider.root);
        let tree = question.in_tree.map(root_of);
        let roots: BTreeSet<ProviderId> = all
            .iter()
            .filter(|one| objections(one, &question.root).is_empty())
            .map(|one| one.provider.id)
            .collect();
        let mut found: Vec<Supply> = all
            .into_iter()
            .filter(|one| tree.is_none_or(|root| root == Some(one.provider.root)))
            .filter(|one| roots.contains(&one.provider.root))
            .filter(|one| matches(one, question))
            .collect();
        found.sort_by(|a, b| a.provider.name.cmp(&b.provider.name));
        Ok(found)
    }

    async fn known_words<'q>(&self, question: &'q Question) -> Result<(), Error> {
        let classes = question.request.resources.keys().map(String::as_str);
        if let Some(class) = names::unknown::<Class>(self.db(), classes).await?.first() {
            return Err(Error::invalid(format!(
                "Invalid resource class in resources parameter: No such resource class {class}."
            )));
        }
        let of = |request: &'q Request| {
            let sets = request.any_of.iter().flatten();
            request.required.iter().chain(&request.forbidden).chain(sets).map(String::as_str)
        };
        let traits = of(&question.request).chain(of(&question.root));
        if let Some(name) = names::unknown::<Trait>(self.db(), traits).await?.first() {
            return Err(Error::invalid(format!(
                "Invalid trait(s) in \"required\" parameter: No such trait(s): {name}."
            )));
        }
        Ok(())
    }
}

fn matches(one: &Supply, question: &Question) -> bool {
    question.name.as_ref().is_none_or(|name| *name == one.provider.name)
        && question.id.is_none_or(|id| id == one.provider.id)
        && question.member_of.iter().all(|set| !set.is_disjoint(&one.aggregates))
        && question.not_member_of.is_disjoint(&one.aggregates)
        && objections(one, &question.request).is_empty()
}
