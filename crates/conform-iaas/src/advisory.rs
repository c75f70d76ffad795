//! Checks of drafts that are in no scope: they inform, and never change a verdict or an exit code.
//!
//! Their ids begin with `advisory-`, so that nobody takes them for the official suite's.

mod endpoints;
mod provider_network;

use async_trait::async_trait;
use kogge_conform::{Check, Context, Description, Finding, ObjectRef, Outcome, Problem, Severity, Verdict};

use crate::preflight;

#[derive(Debug, Clone, Copy)]
enum Kind {
    HttpsEndpoints,
    ProviderNetwork,
    Ipv6Pool,
    DnsIntegration,
}

const ALL: [(Kind, &str, &str, &str); 4] = [
    (
        Kind::HttpsEndpoints,
        "advisory-0125-https-endpoints",
        "Every public endpoint in the catalogue begins with https.",
        "scs-0125-v1-secure-connections",
    ),
    (
        Kind::ProviderNetwork,
        "advisory-0126-provider-network",
        "One external network is the default, and only one.",
        "scs-0126-v1-provider-networks",
    ),
    (
        Kind::Ipv6Pool,
        "advisory-0126-ipv6-pool",
        "One shared IPv6 subnet pool is the default, and gives every project a /64.",
        "scs-0126-v1-provider-networks",
    ),
    (
        Kind::DnsIntegration,
        "advisory-0127-dns-integration",
        "The network service has the extension dns-integration.",
        "scs-0127-v1-dns",
    ),
];

/// All advisory checks. They only read.
#[must_use]
pub fn advisory() -> Vec<Box<dyn Check>> {
    let make = |(kind, id, title, page): (Kind, &str, &str, &str)| {
        let url = format!("https://docs.scs.community/standards/{page}");
        let description = Description::reading(id, title, url).advisory();
        Box::new(Advice { description, kind }) as Box<dyn Check>
    };
    ALL.into_iter().map(make).collect()
}

struct Advice {
    description: Description,
    kind: Kind,
}

/// What an advisory check noticed: the object, what the draft wants, what was there, what helps.
pub(super) struct Notice {
    pub(super) object: ObjectRef,
    pub(super) expected: &'static str,
    pub(super) found: String,
    pub(super) fix: &'static str,
}

#[async_trait]
impl Check for Advice {
    fn description(&self) -> &Description {
        &self.description
    }

    async fn run(&self, context: &Context) -> Outcome {
        match Box::pin(self.look(context)).await {
            Ok(notices) => self.outcome(notices),
            Err(problem) => problem.into(),
        }
    }
}

impl Advice {
    async fn look(&self, context: &Context) -> Result<Vec<Notice>, Problem> {
        preflight::member_only(context).await?;
        match self.kind {
            Kind::HttpsEndpoints => endpoints::without_https(context).await,
            Kind::ProviderNetwork => provider_network::standard_network(context).await,
            Kind::Ipv6Pool => provider_network::ipv6_pool(context).await,
            Kind::DnsIntegration => provider_network::dns_integration(context).await,
        }
    }

    fn outcome(&self, notices: Vec<Notice>) -> Outcome {
        let mut outcome = Outcome::pass();
        if !notices.is_empty() {
            outcome.verdict = Verdict::Fail;
        }
        let finding = |notice: Notice| Finding {
            severity: Severity::Violation,
            rule: self.description.id.clone(),
            url: self.description.url.clone(),
            object: notice.object,
            expected: notice.expected.to_owned(),
            found: notice.found,
            fix: notice.fix.to_owned(),
        };
        outcome.findings = notices.into_iter().map(finding).collect();
        outcome
    }
}
