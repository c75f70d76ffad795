//! Several processes of one cloud, on one PostgreSQL.

use std::sync::Arc;

use kogge_clock::Clock;
use kogge_config::Config;
use kogge_db::{Db, DbOptions};
use kogge_node_sim::SimNode;

use super::TestCloud;
use crate::cloud::CloudOptions;
use crate::data_dir::DataDir;

/// Where processes of one cloud live: a schema of their own on the test server, a data directory for each, and a place
/// that they share.
pub struct Site {
    url: String,
    dir: tempfile::TempDir,
}

impl Site {
    /// An empty one; `None` where `KOGGE_TEST_POSTGRES` names no server.
    pub async fn new() -> Option<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = std::env::var("KOGGE_TEST_POSTGRES").ok()?;
        let schema = format!("s{}", kogge_ids::HostId::random().uuid().simple());
        let options = DbOptions::Postgres { url: server.clone(), connections: 1 };
        let db = Db::open(&options).await.expect("the test server answers");
        db.make_schema_for_test(&schema).await.expect("a schema");
        db.close().await;
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}options=-c%20search_path%3D{schema}");
        Some(Self { url, dir: tempfile::tempdir().expect("a directory for the test") })
    }

    /// Where its database is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the process called `name`, which has this machine; after a crash it is started again so.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn start(&self, name: &str, machine: &Arc<SimNode>) -> Result<TestCloud, String> {
        self.begin(name, machine, self.dir.path().join("shared").display().to_string()).await
    }

    /// Starts a process that shares nothing but the database.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn start_alone(&self, name: &str, machine: &Arc<SimNode>) -> Result<TestCloud, String> {
        self.begin(name, machine, String::new()).await
    }

    async fn begin(&self, name: &str, machine: &Arc<SimNode>, shared: String) -> Result<TestCloud, String> {
        let mut config = Config::default();
        config.database.url.clone_from(&self.url);
        config.database.connections = 8;
        config.storage.shared = shared;
        config.storage.reserve_mib = 0;
        config.hypervisor.host = machine.name().to_owned();
        let options = CloudOptions {
            config,
            config_file: None,
            listen: "127.0.0.1:0".parse().expect("constant"),
            simulated: true,
            hosts: 1,
            adopt: false,
            data: DataDir::chosen(Some(&self.dir.path().join(name))).expect("an absolute path"),
            clock: Clock::system(),
            room: None,
            machine: Some(Arc::clone(machine)),
        };
        TestCloud::of(options, None).await.map_err(|failure| failure.to_string())
    }
}
