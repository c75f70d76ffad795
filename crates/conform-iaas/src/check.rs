//! One testcase as a check: preflight, what it looks at, judgement.

use async_trait::async_trait;
use kogge_conform::{Check, Context, Description, Outcome, Problem};
use kogge_standards::Judgement;

use crate::entropy::{self, Question};
use crate::{lookup, preflight, steps};

/// How a testcase is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Flavors,
    Images,
    VolumeTypes,
    Catalog,
    KeyManagerPresence,
    DefaultRules,
    KeyManager,
    Backup,
    SwiftS3,
    Entropy(Question),
    Unknown,
}

pub(crate) struct IaasCheck {
    description: Description,
    kind: Kind,
}

impl IaasCheck {
    pub(crate) fn new(description: Description, kind: Kind) -> Self {
        Self { description, kind }
    }

    async fn judge(&self, context: &Context) -> Result<Outcome, Problem> {
        preflight::member_only(context).await?;
        let id = self.description.id.as_str();
        match self.kind {
            Kind::Flavors => Ok(lookup::flavors::verdicts(context).await?.0.outcome(&self.description)),
            Kind::Images => Ok(lookup::images::verdicts(context).await?.0.outcome(&self.description)),
            Kind::VolumeTypes => {
                Ok(lookup::volume_types::verdicts(context).await?.0.outcome(&self.description))
            }
            Kind::Catalog | Kind::KeyManagerPresence => {
                Ok(lookup::services::verdicts(context).await?.0.outcome(&self.description))
            }
            Kind::DefaultRules => Ok(self.outcome(Box::pin(steps::default_rules::run(context)).await?)),
            Kind::KeyManager => Box::pin(steps::key_manager::run(context)).await.map(|ran| match ran {
                Some(judgement) => self.outcome(judgement),
                None => Outcome::not_applicable("the catalogue has no key manager, which is optional"),
            }),
            Kind::Backup => Ok(self.outcome(Box::pin(steps::backup::run(context)).await?)),
            Kind::SwiftS3 => Box::pin(steps::swift_s3::run(context, &self.description.url)).await,
            Kind::Entropy(question) => {
                Ok(self.outcome(Box::pin(entropy::on_a_volume(context, question, id)).await?))
            }
            Kind::Unknown => Err(Problem::ours("this program has no such test; a newer one may")),
        }
    }

    fn outcome(&self, judgement: Judgement) -> Outcome {
        Outcome::judged(judgement, &self.description.url, |_| None)
    }
}

#[async_trait]
impl Check for IaasCheck {
    fn description(&self) -> &Description {
        &self.description
    }

    async fn run(&self, context: &Context) -> Outcome {
        self.judge(context).await.unwrap_or_else(Outcome::from)
    }
}
