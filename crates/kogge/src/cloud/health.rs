//! Is the cloud well? One set of checks for `/readyz`, `/healthcheck`, `kogge status` and the metrics.
//!
//! What strangers may read says *that* something is wrong; addresses, files and numbers are for the operator.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kogge_clock::Clock;
use kogge_db::{Db, DbError};
use kogge_room::Room;
use kogge_task::TaskStatus;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::NodePlace;
use super::node::Missing;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What: `database.read`, `database.write`, `tasks`, `node`, `disk`.
    pub(crate) what: &'static str,
    /// Whether it is as it should be.
    pub(crate) ok: bool,
    /// What is wrong, for anybody; empty where nothing is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) because: String,
    /// What is wrong, for the operator.
    #[serde(skip)]
    pub(crate) detail: String,
}

impl Check {
    const fn good(what: &'static str) -> Self {
        Self { what, ok: true, because: String::new(), detail: String::new() }
    }

    fn bad(what: &'static str, because: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what, ok: false, because: because.into(), detail: detail.into() }
    }
}

type Tasks = dyn Fn() -> Vec<TaskStatus> + Send + Sync;
type Seen = Option<(Instant, Vec<Check>)>;

/// Who looks. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Health {
    /// The database.
    pub(super) db: Db,
    /// The time.
    pub(super) clock: Clock,
    /// This process among those that share the database.
    pub(super) owner: String,
    /// The disk.
    pub(super) room: Room,
    /// The machine.
    pub(super) node: NodePlace,
    /// The background tasks.
    pub(super) tasks: Arc<Tasks>,
    /// The last look: strangers may ask as often as they like.
    pub(super) seen: Arc<Mutex<Seen>>,
}

/// Longest wait for an answer of the database.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a look holds.
const FRESH: Duration = Duration::from_secs(1);

impl Health {
    /// All checks, not older than a second.
    pub(crate) async fn checks(&self) -> Vec<Check> {
        let mut seen = self.seen.lock().await;
        if let Some((at, checks)) = &*seen
            && at.elapsed() < FRESH
        {
            return checks.clone();
        }
        let checks = self.look().await;
        *seen = Some((Instant::now(), checks.clone()));
        checks
    }

    async fn look(&self) -> Vec<Check> {
        let read = probed("database.read", self.db.probe_reading()).await;
        let write = if read.ok {
            probed("database.write", self.db.probe_writing(&self.owner, &self.clock)).await
        } else {
            Check { what: "database.write", ..read.clone() }
        };
        vec![read, write, self.tasks(), self.node(), self.disk()]
    }

    fn tasks(&self) -> Check {
        let late: Vec<&str> =
            (self.tasks)().into_iter().filter(|task| task.overdue).map(|task| task.name).collect();
        if late.is_empty() {
            return Check::good("tasks");
        }
        let late = late.join(", ");
        let detail = format!("no success for ten periods: {late}; `kogge tasks` says why");
        Check::bad("tasks", format!("overdue: {late}"), detail)
    }

    fn node(&self) -> Check {
        match self.node.missing() {
            None => Check::good("node"),
            Some(Missing::Starts) => Check::bad(
                "node",
                "the hypervisor is not there yet",
                "the accelerator is being tried; the log says more",
            ),
            Some(Missing::Failed(because)) => {
                let detail = format!("no guest can be started before the cloud is: {because}");
                Check::bad("node", "the hypervisor does not start", detail)
            }
        }
    }

    fn disk(&self) -> Check {
        match self.room.admit(0) {
            Ok(()) => Check::good("disk"),
            Err(error) => Check::bad(
                "disk",
                "there is too little room for new images and servers",
                format!("{error}: make room in the data directory, or change storage.reserve_mib"),
            ),
        }
    }

    /// The answer of `/readyz`: 200 where all is well, 503 that names what is not.
    pub(super) async fn ready(self) -> Response {
        let checks = self.checks().await;
        let ready = checks.iter().all(|check| check.ok);
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({ "ready": ready, "checks": checks }))).into_response()
    }

    /// The answer of `/healthcheck`, as the middleware of OpenStack gives it: whether requests can be served at all.
    pub(super) async fn alive(self) -> Response {
        let served = self.checks().await.iter().all(|check| check.ok || check.what != "database.read");
        if served {
            "OK".into_response()
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "DISABLED BY UNREACHABLE DATABASE").into_response()
        }
    }
}

async fn probed(what: &'static str, probe: impl Future<Output = Result<(), DbError>>) -> Check {
    match tokio::time::timeout(PATIENCE, probe).await {
        Ok(Ok(())) => Check::good(what),
        Ok(Err(error)) => {
            let because =
                error.outage().map_or("the database failed".to_owned(), |outage| outage.to_string());
            Check::bad(what, because, error.to_string())
        }
        Err(_) => {
            let because = format!("no answer within {} s", PATIENCE.as_secs());
            Check::bad(what, because.clone(), because)
        }
    }
}
