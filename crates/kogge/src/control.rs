//! How commands talk to the running cloud of a data directory: one line of JSON each way over a Unix socket that only
//! the owner can open. No tokens: who may open the socket owns the cloud.

use std::path::Path;
use std::sync::Arc;

use kogge_db::DamagedRow;
use kogge_ids::{PortId, ServerId, VolumeId};
use kogge_node_api::Quarantined;
use kogge_resource::story::Line;
use kogge_task::TaskStatus;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Request {
    /// What runs and where.
    Status,
    /// The background tasks.
    Tasks,
    /// What is in quarantine.
    Quarantine,
    /// What became of a server.
    ExplainServer {
        /// Its id.
        id: ServerId,
    },
    /// What became of a volume.
    ExplainVolume {
        /// Its id.
        id: VolumeId,
    },
    /// What became of a port.
    ExplainPort {
        /// Its id.
        id: PortId,
    },
    /// Remove guests and disks that are in quarantine.
    Discard {
        /// The servers they were.
        ids: Vec<ServerId>,
    },
    /// Stop.
    Stop {
        /// Leave the guests running.
        keep_guests: bool,
    },
}

/// What can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explained {
    /// A server.
    Server(ServerId),
    /// A volume.
    Volume(VolumeId),
    /// A port.
    Port(PortId),
}

/// What runs and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// True once every API answers.
    pub ready: bool,
    /// Whether it is simulated.
    pub simulated: bool,
    /// How guests run: `kvm`, `tcg`, `simulated`.
    pub accelerator: String,
    /// Address of the APIs.
    pub address: String,
    /// Process id.
    pub pid: u32,
    /// Data directory.
    pub data: String,
    /// The file that it took its configuration from.
    #[serde(default)]
    pub config: Option<String>,
    /// Service type and address of every API.
    pub apis: Vec<Api>,
    /// Guests on this machine; `None` where they could not be counted.
    pub instances: Option<usize>,
    /// How many of them run.
    #[serde(default)]
    pub running: Option<usize>,
    /// How many of them are in quarantine; `None` where that is not known.
    #[serde(default)]
    pub quarantined: Option<usize>,
    /// What is not as it should be, for the operator.
    #[serde(default)]
    pub problems: Vec<String>,
    /// Rows of the database that cannot be read.
    #[serde(default)]
    pub damaged: Vec<DamagedRow>,
}

/// A background task, and who runs it.
#[derive(Debug, Clone, Serialize)]
pub struct TaskView {
    /// Its state in this process.
    #[serde(flatten)]
    pub status: TaskStatus,
    /// Which process holds its lease.
    pub lease_owner: Option<String>,
    /// Whether that could be found out: the database may not answer.
    pub lease_known: bool,
    /// Until when, without renewal; UTC.
    pub lease_expires: Option<String>,
}

/// What became of an order to remove something from the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The server it was.
    pub id: ServerId,
    /// Why it is not removed; `None` where it is, or soon will be.
    pub because: Option<String>,
}

/// An API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// Service type.
    pub service: String,
    /// Address.
    pub url: String,
}

/// What the running cloud answers with.
#[async_trait::async_trait]
pub trait Controlled: Send + Sync + 'static {
    /// For [`Request::Status`].
    async fn status(&self) -> Status;
    /// For [`Request::Tasks`].
    async fn tasks(&self) -> Vec<TaskView>;
    /// For [`Request::Quarantine`]; where it cannot be told, why.
    async fn quarantine(&self) -> Result<Vec<Quarantined>, String>;
    /// For [`Request::ExplainServer`] and the like: nothing where there is no such thing, or why it cannot be told.
    async fn explain(&self, what: Explained) -> Result<Option<Vec<Line>>, String>;
    /// For [`Request::Discard`].
    async fn discard(&self, ids: Vec<ServerId>) -> Vec<Discarded>;
    /// For [`Request::Stop`]; answers at once, the end comes after.
    fn stop(&self, keep_guests: bool);
}

/// Pause after a connection could not be taken.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// Longest line either way: room for tens of thousands of guests in quarantine.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Answers commands until `end`.
///
/// # Errors
/// Where the socket cannot be made.
pub fn listen(path: &Path, cloud: Arc<dyn Controlled>, end: CancellationToken) -> std::io::Result<()> {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let path = path.to_owned();
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = end.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&cloud)))),
                // out of file descriptors, most likely: trying again at once would only burn the processor
                Err(error) => {
                    tracing::warn!(%error, "a command could not reach the cloud");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        let _ = std::fs::remove_file(&path);
    });
    Ok(())
}

async fn answer(stream: UnixStream, cloud: Arc<dyn Controlled>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read).take(LONGEST).read_line(&mut line).await?;
    let reply = match serde_json::from_str(&line) {
        Ok(Request::Status) => serde_json::to_string(&cloud.status().await),
        Ok(Request::Tasks) => serde_json::to_string(&cloud.tasks().await),
        Ok(Request::Quarantine) => serde_json::to_string(&cloud.quarantine().await),
        Ok(Request::ExplainServer { id }) => {
            serde_json::to_string(&cloud.explain(Explained::Server(id)).await)
        }
        Ok(Request::ExplainVolume { id }) => {
            serde_json::to_string(&cloud.explain(Explained::Volume(id)).await)
        }
        Ok(Request::ExplainPort { id }) => serde_json::to_string(&cloud.explain(Explained::Port(id)).await),
        Ok(Request::Discard { ids }) => serde_json::to_string(&cloud.discard(ids).await),
        Ok(Request::Stop { keep_guests }) => {
            cloud.stop(keep_guests);
            serde_json::to_string(&true)
        }
        Err(error) => serde_json::to_string(&format!("not understood: {error}")),
    };
    write.write_all(format!("{}\n", reply.unwrap_or_default()).as_bytes()).await
}

/// Asks the running cloud. `None` where none runs, or where it ends while it is asked.
///
/// # Errors
/// Where one runs but its answer cannot be understood: another version, most likely.
pub async fn ask<T: serde::de::DeserializeOwned>(
    path: &Path,
    request: Request,
) -> std::io::Result<Option<T>> {
    match exchange(path, request).await {
        Ok(line) if line.is_empty() => Ok(None),
        Ok(line) => Ok(Some(serde_json::from_str(&line)?)),
        Err(error) if nobody_there(error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn exchange(path: &Path, request: Request) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path).await?;
    stream.write_all(format!("{}\n", serde_json::to_string(&request)?).as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream).take(LONGEST).read_line(&mut line).await?;
    Ok(line)
}

/// A killed cloud leaves its socket behind; one that ends hangs up.
const fn nobody_there(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound};
    matches!(kind, NotFound | ConnectionRefused | ConnectionReset | BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(CancellationToken);

    #[async_trait::async_trait]
    impl Controlled for Fake {
        async fn status(&self) -> Status {
            Status {
                version: "1".to_owned(),
                ready: true,
                simulated: true,
                accelerator: "simulated".to_owned(),
                address: "127.0.0.1:1".to_owned(),
                pid: 1,
                data: "/d".to_owned(),
                config: None,
                apis: Vec::new(),
                instances: Some(0),
                running: Some(0),
                quarantined: Some(0),
                problems: Vec::new(),
                damaged: Vec::new(),
            }
        }
        async fn quarantine(&self) -> Result<Vec<Quarantined>, String> {
            Ok(Vec::new())
        }
        async fn explain(&self, _: Explained) -> Result<Option<Vec<Line>>, String> {
            Ok(None)
        }
        async fn discard(&self, ids: Vec<ServerId>) -> Vec<Discarded> {
            ids.into_iter().map(|id| Discarded { id, because: None }).collect()
        }
        async fn tasks(&self) -> Vec<TaskView> {
            Vec::new()
        }
        fn stop(&self, _: bool) {
            self.0.cancel();
        }
    }

    #[tokio::test]
    async fn commands_reach_the_cloud_and_nobody_answers_after_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("control.sock");
        assert!(ask::<Status>(&socket, Request::Status).await.unwrap().is_none());
        let end = CancellationToken::new();
        listen(&socket, Arc::new(Fake(end.clone())), end.clone()).unwrap();
        let status: Status = ask(&socket, Request::Status).await.unwrap().unwrap();
        assert!(status.ready);
        assert_eq!(ask::<bool>(&socket, Request::Stop { keep_guests: false }).await.unwrap(), Some(true));
        while ask::<Status>(&socket, Request::Status).await.unwrap().is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }
}
