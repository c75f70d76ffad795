//! SCS-0125: TLS at the public endpoints, held against the profiles of Mozilla.
//!
//! ```text
//!  catalogue ─▶ places ─▶ probe: hello ─▶ answer    (by hand: old versions, single suites)  ─▶ judge ─▶ remarks
//!                        └ handshake                (rustls: the certificates)             ─▶ certificate
//! ```
//!
//! Only hosts that the catalogue or the user names are spoken to, and only where the client may go. `http` addresses are
//! the business of another check: what would answer at their port 443 is not what the cloud's users talk to.

mod answer;
mod certificate;
mod handshake;
mod hello;
mod judge;
mod probe;
mod suites;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use kogge_client::Method;
use kogge_conform::{Context, ObjectRef, Problem};
use url::{Host, Url};

use self::handshake::Judge;
use self::judge::{Offers, Remark};
use self::probe::Server;
use super::{Looked, Notice};

/// How many servers are looked at, at most: a catalogue has some dozen.
const MOST_PLACES: usize = 40;

/// How many at the same time.
const AT_ONCE: usize = 8;

/// The longest look at one server.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one of the checks wants to know.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    Certificates,
    Versions,
    Suites,
    Hsts,
}

/// A server of the catalogue: scheme, host and port, and which services are there.
struct Place {
    url: Url,
    services: Vec<String>,
}

/// What was seen of a server.
struct Seen {
    object: ObjectRef,
    offers: Offers,
    certificates: Vec<Remark>,
    hsts: Remark,
}

/// All servers. Looked at once for all checks.
struct Survey(Vec<Seen>);

/// The answer to one question about all servers.
pub(super) async fn look(context: &Context, question: Question) -> Result<Looked, Problem> {
    let survey = context.shared.get(Box::pin(survey(context))).await?;
    if survey.0.is_empty() {
        return Ok(Looked::NothingThere("no public endpoint has an https address"));
    }
    let notices = survey.0.iter().flat_map(|seen| {
        let remarks = match question {
            Question::Certificates => seen.certificates.clone(),
            Question::Versions => judge::versions(&seen.offers),
            Question::Suites => judge::suites(&seen.offers),
            Question::Hsts => vec![seen.hsts.clone()],
        };
        remarks.into_iter().map(|remark| Notice {
            severity: remark.severity,
            object: seen.object.clone(),
            expected: remark.expected.into(),
            found: remark.found,
            fix: remark.fix.into(),
        })
    });
    Ok(Looked::Saw(notices.collect()))
}

async fn survey(context: &Context) -> Result<Survey, Problem> {
    let places = places(context).await?;
    let judge = Judge::new(&context.client.config().tls).map_err(Problem::setup)?;
    let looks = places.into_iter().map(|place| {
        let judge = &judge;
        async move {
            let object = object(&place);
            let seen = tokio::time::timeout(PATIENCE, Box::pin(see(context, judge, &place))).await;
            seen.unwrap_or_else(|_| unseen(object, &format!("not done within {} s", PATIENCE.as_secs())))
        }
    });
    Ok(Survey(futures_util::stream::iter(looks).buffered(AT_ONCE).collect().await))
}

/// The servers of all public endpoints and of the address that the user configured, each once.
async fn places(context: &Context) -> Result<Vec<Place>, Problem> {
    let token = context.client.token().await?;
    let public = token.catalog.services.iter().flat_map(|s| s.endpoints.iter().map(move |e| (&s.kind, e)));
    let public = public.filter(|(_, e)| e.interface.starts_with("public"));
    let listed = public.filter_map(|(kind, e)| Some((Url::parse(&e.url).ok()?, kind.clone())));
    let own = (context.client.config().auth_url.clone(), "identity".to_owned());
    let mut places: BTreeMap<(String, u16), Place> = BTreeMap::new();
    for (url, service) in listed.chain([own]).filter(|(url, _)| url.scheme() == "https") {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { continue };
        let key = (host.to_owned(), port);
        let place = places.entry(key).or_insert_with(|| Place { url: url.clone(), services: Vec::new() });
        if !place.services.contains(&service) {
            place.services.push(service);
        }
    }
    if places.len() > MOST_PLACES {
        return Err(Problem::setup(format!(
            "the catalogue names {} servers; at most {MOST_PLACES} are looked at",
            places.len()
        )));
    }
    Ok(places.into_values().collect())
}

fn object(place: &Place) -> ObjectRef {
    let port = place.url.port_or_known_default().unwrap_or_default();
    let host = place.url.host_str().unwrap_or_default();
    let name: String = format!("{host}:{port} ({})", place.services.join(", "));
    ObjectRef { name: name.chars().filter(|c| !c.is_control()).take(200).collect(), id: None }
}

fn unseen(object: ObjectRef, why: &str) -> Seen {
    let unclear = Remark::undecidable("a server that answers", why.to_owned());
    let offers = Offers {
        versions: [(hello::Version::Tls12, judge::Met::Unclear(why.to_owned()))].into(),
        suites_unclear: Some(why.to_owned()),
        ..Offers::default()
    };
    Seen { object, offers, certificates: vec![unclear.clone()], hsts: unclear }
}

async fn see(context: &Context, judge: &Judge, place: &Place) -> Seen {
    let object = object(place);
    let addresses = match context.client.addresses(&place.url).await {
        Ok(addresses) => addresses,
        Err(error) => return unseen(object, &kogge_client::chain(&error)),
    };
    let (host, name) = match place.url.host() {
        Some(Host::Domain(name)) => (name.to_owned(), Some(name.to_owned())),
        Some(Host::Ipv4(v4)) => (v4.to_string(), None),
        Some(Host::Ipv6(v6)) => (v6.to_string(), None),
        None => return unseen(object, "it has no host"),
    };
    let server = Server { addresses, name };
    let offers = Box::pin(server.offers()).await;
    let certificates = judge.look(&server, &host, context.started).await;
    Seen { object, offers, certificates, hsts: hsts(context, place).await }
}

/// The header in the answer to a request without token. With a bad certificate nothing is asked.
async fn hsts(context: &Context, place: &Place) -> Remark {
    let call = context
        .client
        .anonymous(Method::GET, "endpoint", place.url.clone())
        .deadline(Duration::from_secs(10));
    match Box::pin(call.send()).await {
        Ok(answer) => judge::hsts(answer.header("strict-transport-security")),
        Err(error) => Remark::undecidable("an answer over HTTPS", kogge_client::chain(&error)),
    }
}
