//! Checks beyond the upstream suite, most of them of drafts: they inform, and never change a verdict or an exit code.
//!
//! Their ids begin with `advisory-`, so that nobody takes them for the official suite's.

mod bench;
mod dns;
mod domain_manager;
mod endpoints;
mod list;
mod member_view;
mod object_store;
mod provider_network;
mod sweeper;
mod tls;

use std::borrow::Cow;

use async_trait::async_trait;
use kogge_conform::{Check, Context, Description, Finding, ObjectRef, Outcome, Problem, Severity, Verdict};

use kogge_standards::Judgement;

use self::list::Kind;
use crate::{entropy, preflight};

pub use domain_manager::DomainManagers;
pub use object_store::{KeyError, ObjectStore, S3Key};
pub use sweeper::{AdvisorySweeper, sweep_all};

/// What the checks may use besides the credentials of the run. Cheap to clone.
///
/// A check whose credentials are missing is listed all the same, and could not run.
#[derive(Clone, Default)]
pub struct AdvisoryOptions {
    /// For SCS-0302.
    pub domain_managers: DomainManagers,
    /// For SCS-0123: the object store over S3.
    pub object_store: Option<ObjectStore>,
}

impl AdvisoryOptions {
    /// Whether something was given that this check was waiting for.
    pub(crate) fn serve(&self, id: &str) -> bool {
        let manager = self.domain_managers.manager.is_some() && id.starts_with("advisory-0302-");
        manager || (self.object_store.is_some() && id.starts_with("advisory-0123-s3-"))
    }
}

/// All advisory checks, with nothing but the credentials of the run.
#[must_use]
pub fn advisory() -> Vec<Box<dyn Check>> {
    advisory_with(&AdvisoryOptions::default())
}

/// All advisory checks.
#[must_use]
pub fn advisory_with(options: &AdvisoryOptions) -> Vec<Box<dyn Check>> {
    let make = |(description, kind)| {
        Box::new(Advice { description, kind, options: options.clone() }) as Box<dyn Check>
    };
    list::all().into_iter().map(make).collect()
}

struct Advice {
    description: Description,
    kind: Kind,
    options: AdvisoryOptions,
}

/// What an advisory check noticed: the object, what is wanted, what was there, what helps.
#[derive(Debug, Clone)]
struct Notice {
    severity: Severity,
    object: ObjectRef,
    expected: Cow<'static, str>,
    found: String,
    fix: Cow<'static, str>,
}

impl Notice {
    /// Something that makes the check fail.
    fn violation(
        object: ObjectRef,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (expected, found, fix) = (expected.into(), found.into(), fix.into());
        Self { severity: Severity::Violation, object, expected, found, fix }
    }
}

/// How a look ended.
enum Looked {
    /// These were noticed; none at all is a pass.
    Saw(Vec<Notice>),
    /// There is nothing of the kind.
    NothingThere(&'static str),
    /// The rule is the official one.
    Judged(Judgement),
    /// What would be needed for it was not given: it says which option gives it.
    NotGiven(&'static str),
}

#[async_trait]
impl Check for Advice {
    fn description(&self) -> &Description {
        &self.description
    }

    async fn run(&self, context: &Context) -> Outcome {
        match Box::pin(self.look(context)).await {
            Ok(Looked::Saw(notices)) => self.outcome(notices),
            Ok(Looked::Judged(judgement)) => Outcome::judged(judgement, &self.description.url, |_| None),
            Ok(Looked::NothingThere(why)) => Outcome::not_applicable(why),
            Ok(Looked::NotGiven(why)) => Outcome::could_not_run(why),
            Err(problem) => problem.into(),
        }
    }
}

impl Advice {
    async fn look(&self, context: &Context) -> Result<Looked, Problem> {
        preflight::member_only(context).await?;
        let saw = match self.kind {
            Kind::Entropy(question) => {
                let judging = entropy::on_own_disk(context, question, &self.description.id);
                let simulated =
                    "the cloud only simulates its machines, as their consoles say: nothing runs in them";
                return Ok(Box::pin(judging).await?.map_or(Looked::NothingThere(simulated), Looked::Judged));
            }
            Kind::HttpsEndpoints => endpoints::without_https(context).await,
            Kind::Tls(question) => return tls::look(context, question).await,
            Kind::DomainManager(question) => {
                return domain_manager::look(context, &self.options.domain_managers, question).await;
            }
            Kind::ObjectStore(question) => {
                return object_store::look(context, self.options.object_store.as_ref(), question).await;
            }
            Kind::ProviderNetwork => provider_network::standard_network(context).await,
            Kind::Ipv6Pool => provider_network::ipv6_pool(context).await,
            Kind::MemberView => member_view::networks(context).await,
            Kind::Rbac => member_view::rbac(context).await,
            Kind::FloatingIp => return member_view::floating_ip(context).await,
            Kind::DnsIntegration => dns::integration(context).await,
            Kind::DnsNames => {
                let seen = dns::names(context).await?;
                return Ok(
                    seen.map_or(Looked::NothingThere("there is no extension dns-integration"), Looked::Saw)
                );
            }
        };
        saw.map(Looked::Saw)
    }

    fn outcome(&self, notices: Vec<Notice>) -> Outcome {
        let mut outcome = Outcome::pass();
        let worst = notices.iter().map(|notice| notice.severity).max();
        if notices.iter().any(|notice| notice.severity == Severity::Violation) {
            outcome.verdict = Verdict::Fail;
        } else if worst == Some(Severity::Undecidable) {
            let unclear = notices.iter().find(|notice| notice.severity == Severity::Undecidable);
            outcome.reason =
                unclear.map(|n| format!("{}: expected {}, found {}", n.object.name, n.expected, n.found));
            outcome.verdict = Verdict::CouldNotRun;
        }
        let finding = |notice: Notice| Finding {
            severity: notice.severity,
            rule: self.description.id.clone(),
            url: self.description.url.clone(),
            object: notice.object,
            expected: notice.expected.into_owned(),
            found: notice.found,
            fix: notice.fix.into_owned(),
        };
        outcome.findings = notices.into_iter().map(finding).collect();
        outcome
    }
}
