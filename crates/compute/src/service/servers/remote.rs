//! Remote consoles: the right to open one, and opening it.

use std::time::Duration;

use kogge_auth::{Caller, Target};
use kogge_node_api::{ConsoleStream, NodeError};
use uuid::Uuid;

use super::find::{load, parse_id};
use crate::error::{Error, Result};
use crate::model::console::{ConsoleToken, ConsoleType, NoConsole, hash, host_of};
use crate::model::server::Server;
use crate::store::{consoles, servers as store};
use crate::{Compute, policy};

/// How long a node may take to open a console.
const PATIENCE: Duration = Duration::from_secs(10);

impl Compute {
    /// Refuses who may have no console of a server.
    pub(crate) async fn may_have_console(&self, caller: &Caller, id: &str) -> Result<()> {
        self.server(caller, id, &policy::REMOTE_CONSOLES).await.map(drop)
    }

    /// Gives the right to open a console of a server: a token. `secure` says whether it was asked for over TLS.
    pub(crate) async fn grant_console(
        &self,
        caller: &Caller,
        id: &str,
        kind: ConsoleType,
        secure: bool,
    ) -> Result<String> {
        let server = self.server(caller, id, &policy::REMOTE_CONSOLES).await?;
        let host = ready(&server, kind)?.to_owned();
        if kind == ConsoleType::NoVnc {
            // one that was started before there were screens has none; several may look at one, so this disturbs nobody
            self.reach_console(&server, &host, kind).await?;
        }
        let mut tx = self.db().begin().await?;
        store::lock(&mut tx, parse_id(id)?).await?;
        let server = load(&mut tx, caller, id, &policy::REMOTE_CONSOLES).await?;
        let (host, now) = (ready(&server, kind)?.to_owned(), self.now());
        let token = Uuid::new_v4().to_string();
        let granted = ConsoleToken {
            hash: hash(&token),
            server: server.id,
            host,
            kind,
            secure,
            created_at: now,
            expires_at: now.plus(Duration::from_secs(self.config().console_token_seconds)),
        };
        consoles::insert(&mut tx, &granted).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Refuses whom the policy lets look no tokens up.
    pub(crate) fn allow_lookup(&self, caller: &Caller) -> Result<()> {
        Ok(caller.allow(&policy::CONSOLE_TOKENS, &Target::none())?)
    }

    /// What a token gives the right to; nothing where it ended, or its server is not where it was.
    pub(crate) async fn granted(&self, token: &str) -> Result<Option<ConsoleToken>> {
        let Some(granted) = consoles::valid(self.db(), &hash(token), self.now()).await? else {
            return Ok(None);
        };
        let server = store::get(self.db(), granted.server).await?;
        let there = server.is_some_and(|server| {
            server.deleted_at.is_none() && server.placed.host.as_ref() == Some(&granted.host)
        });
        Ok(there.then_some(granted))
    }

    /// Opens the console that a token gives the right to.
    pub(crate) async fn open_console(&self, granted: &ConsoleToken) -> Result<ConsoleStream> {
        let server = store::get(self.db(), granted.server).await?;
        let server = server.ok_or_else(|| Error::no_server(granted.server))?;
        self.reach_console(&server, ready(&server, granted.kind)?, granted.kind).await
    }

    async fn reach_console(&self, server: &Server, host: &str, kind: ConsoleType) -> Result<ConsoleStream> {
        let id = server.id;
        let silent = || Error::Unavailable(format!("The host of {id} does not answer; try again later."));
        let node = self.nodes().get(host).map_err(|_| silent())?;
        let opened = tokio::time::timeout(PATIENCE, node.open_console(id, kind.kind())).await;
        match opened.map_err(|_| silent())? {
            Ok(console) => Ok(console),
            Err(NodeError::NotFound { .. } | NodeError::NotYet { .. }) => Err(not_ready(server)),
            Err(NodeError::Refused { because }) => {
                Err(Error::Conflict(format!("Instance {id} has no console of type {kind}: {because}")))
            }
            Err(error) => {
                tracing::warn!(server.id = %id, host, %error, "the console of a server cannot be opened");
                Err(Error::Unavailable(format!("The console of {id} cannot be opened now; try again later.")))
            }
        }
    }
}

fn not_ready(server: &Server) -> Error {
    Error::Conflict(format!("Instance {} is not ready", server.id))
}

/// The host of a server that has consoles now.
fn ready(server: &Server, kind: ConsoleType) -> Result<&str> {
    host_of(server).map_err(|why| match why {
        NoConsole::NotReady => not_ready(server),
        NoConsole::Busy(task) => Error::InvalidState {
            action: match kind {
                ConsoleType::NoVnc => "get_vnc_console",
                ConsoleType::Serial => "get_serial_console",
            },
            server: server.id.to_string(),
            attribute: "task_state",
            state: task.to_owned(),
        },
    })
}
