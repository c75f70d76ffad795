//! A running cloud: handles built from the bottom to the top, routers mounted, tasks started.

mod belonging;
mod catalog;
mod checkpoint;
mod descriptors;
mod figures;
pub(crate) mod health;
mod memory_dir;
pub(crate) mod node;
mod policies;
mod router;
mod services;
mod soundness;
mod watch_room;

pub use catalog::catalog;
pub use policies::rule_sets;
pub use router::{Door, doors};
pub use services::Services;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kogge_clock::{Clock, Timestamp};
use kogge_config::Config;
use kogge_db::{Db, LeaseState};
use kogge_ids::ServerId;
use kogge_node_api::Quarantined;
use kogge_room::Room;
use kogge_task::{Driver, DriverOptions, TaskStatus};
use kogge_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::accounts::Passwords;
use crate::clouds_yaml;
use crate::control::{self, Api, Controlled, Discarded, Status, TaskView};
use crate::data_dir::{Claim, DataDir, write_private};
use crate::exit::Failure;
use figures::Figures;
use health::Health;
use memory_dir::MemoryDir;
pub use node::NodePlace;

/// What a cloud is started with.
#[derive(Debug, Clone)]
pub struct CloudOptions {
    /// The settings.
    pub config: Config,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Simulated: guests, disks, networks and state in memory.
    pub simulated: bool,
    /// How many hosts are simulated.
    pub hosts: u16,
    /// The data directory.
    pub data: DataDir,
    /// Whether the operator says that database and data directory belong together, whatever their ids say.
    pub adopt: bool,
    /// The time.
    pub clock: Clock,
    /// The room on the disk; `None` looks at the disk of the data directory.
    pub room: Option<Room>,
}

/// A running cloud.
pub struct Cloud {
    /// The services.
    pub services: Services,
    /// The machine.
    pub node: NodePlace,
    /// Passwords of the first accounts.
    pub passwords: Passwords,
    address: SocketAddr,
    driver: Driver,
    health: Health,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    stopper: Stopper,
    // let go of after everything else
    _claim: Claim,
    // removed, with all state of a simulated cloud, when the cloud goes
    _memory: Option<MemoryDir>,
}

/// Ends a cloud from elsewhere.
#[derive(Clone)]
pub struct Stopper {
    token: CancellationToken,
    keep_guests: Arc<AtomicBool>,
}

impl Stopper {
    /// Orders the end.
    pub fn stop(&self, keep_guests: bool) {
        self.keep_guests.store(keep_guests, Ordering::SeqCst);
        self.token.cancel();
    }
}

impl Cloud {
    /// Starts a cloud; returns when every API answers.
    ///
    /// # Errors
    /// Where the address is taken, the database or a directory cannot be used, or the policy file is wrong.
    pub async fn start(options: CloudOptions, metrics: Option<Metrics>) -> Result<Self, Failure> {
        let CloudOptions { config, listen, simulated, hosts, data, adopt, clock, room } = options;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::outside(&format!("listening on {listen}"), error))?;
        let address = listener.local_addr().map_err(|error| Failure::outside("listening", error))?;
        data.create()?;
        let claim = data.claim()?;
        if let Some(interrupted) = crate::backup::interrupted(&data) {
            return Err(Failure::Outside(interrupted));
        }
        let memory = simulated.then(MemoryDir::make).transpose()?;
        let state = memory.as_ref().map_or_else(|| data.path().to_owned(), |memory| memory.path().to_owned());
        let plan = services::Plan {
            config: &config,
            data: &data,
            state: &state,
            simulated,
            adopt,
            clock: clock.clone(),
            room,
        };
        // first of all: a database that is not this directory's is refused before anything is made or changed
        let services = Services::open(&plan).await?;
        let passwords = Passwords::load_or_make(&data.join("accounts.toml"))?;
        services.seed(&passwords).await?;
        let node = NodePlace::start(&config, &data, simulated.then_some(hosts), &services, &clock).await?;
        let owner = owner(&claim);
        let mut driver = Driver::new(DriverOptions::new(services.db.clone(), clock.clone(), owner.clone()));
        for task in services.tasks() {
            driver.start(task);
        }
        let stopper =
            Stopper { token: CancellationToken::new(), keep_guests: Arc::new(AtomicBool::new(false)) };
        let health = Health {
            db: services.db.clone(),
            clock,
            owner,
            room: services.room.clone(),
            node: node.clone(),
            tasks: Arc::new(driver.status_view()),
            seen: Arc::default(),
        };
        let figures = metrics.map(|metrics| {
            figures::describe();
            Figures { metrics, services: services.clone(), health: health.clone() }
        });
        let router = router::build(&services, &health, figures);
        let serving = tokio::spawn(kogge_http::server::serve(
            listener,
            router,
            descriptors::limits(&config.server),
            stopper.token.clone(),
        ));
        let client = clouds_yaml::client_address(address);
        let text = clouds_yaml::render(client, &config.server.region, &passwords);
        write_private(&data.clouds_yaml(), &text)
            .map_err(|error| Failure::outside("writing clouds.yaml", error))?;
        let cloud = Self {
            services,
            node,
            passwords,
            address,
            driver,
            health,
            serving,
            stopper,
            _claim: claim,
            _memory: memory,
        };
        cloud.open_control(&data, simulated)?;
        tracing::info!(%address, simulated, "the cloud answers");
        Ok(cloud)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The state of the background tasks.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskStatus> {
        self.driver.status()
    }

    /// Ends the runner of a background task as a fault would, for tests: it comes back by itself. False where there is
    /// no such task.
    pub fn kill_task(&self, name: &str) -> bool {
        self.driver.kill(name)
    }

    /// What ends this cloud.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits until it is ordered to end, then ends it: requests first, then tasks, then guests, then the database.
    ///
    /// # Errors
    /// Where the listener broke.
    pub async fn run_to_end(self) -> Result<(), Failure> {
        self.stopper.token.cancelled().await;
        self.end().await
    }

    /// Ends it now and leaves the guests.
    ///
    /// # Errors
    /// Where the listener broke.
    pub async fn stop(self) -> Result<(), Failure> {
        self.stopper.stop(true);
        self.end().await
    }

    async fn end(self) -> Result<(), Failure> {
        let served = self.serving.await;
        self.driver.stop().await;
        self.node.end(self.stopper.keep_guests.load(Ordering::SeqCst)).await;
        self.services.db.close().await;
        tracing::info!("the cloud has stopped");
        match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::outside("serving", error)),
            Err(error) => Err(Failure::Bug(format!("the server ended early: {error}"))),
        }
    }

    fn open_control(&self, data: &DataDir, simulated: bool) -> Result<(), Failure> {
        let face = Face {
            address: clouds_yaml::client_address(self.address),
            simulated,
            data: data.path().display().to_string(),
            node: self.node.clone(),
            health: self.health.clone(),
            db: self.services.db.clone(),
            stopper: self.stopper.clone(),
        };
        control::listen(&data.control_socket(), Arc::new(face), self.stopper.token.clone())
            .map_err(|error| Failure::outside("making the control socket", error))
    }
}

/// A name for this process among those that share a database. The next process in the same directory bears it too: it
/// need not wait until what a killed one had leased expires.
fn owner(claim: &Claim) -> String {
    let host = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{host}/{}", claim.process)
}

/// What commands see of the cloud.
struct Face {
    address: SocketAddr,
    simulated: bool,
    data: String,
    node: NodePlace,
    health: Health,
    db: Db,
    stopper: Stopper,
}

impl Face {
    async fn problems(&self) -> Vec<String> {
        let checks = self.health.checks().await.into_iter().filter(|check| !check.ok);
        checks.map(|check| format!("{}: {}", check.what, check.detail)).collect()
    }
}

#[async_trait::async_trait]
impl Controlled for Face {
    async fn status(&self) -> Status {
        let apis = catalog::catalog()
            .into_iter()
            .map(|service| Api {
                url: format!("http://{}{}", self.address, service.path),
                service: service.kind,
            })
            .collect();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: true,
            simulated: self.simulated,
            accelerator: self.node.accelerator(),
            address: self.address.to_string(),
            pid: std::process::id(),
            data: self.data.clone(),
            apis,
            instances: self.node.instances().await,
            quarantined: self.node.quarantine().await.map_or(0, |kept| kept.len()),
            problems: self.problems().await,
            damaged: self.db.damage().rows(),
        }
    }

    async fn quarantine(&self) -> Vec<Quarantined> {
        self.node.quarantine().await.unwrap_or_default()
    }

    async fn discard(&self, ids: Vec<ServerId>) -> Vec<Discarded> {
        let mut answers = Vec::with_capacity(ids.len());
        for id in ids {
            answers.push(Discarded {
                id,
                because: self.node.discard(id).await.err().map(|error| error.to_string()),
            });
        }
        answers
    }

    async fn tasks(&self) -> Vec<TaskView> {
        let leases = self.db.leases().await.unwrap_or_default();
        let shown = |status: TaskStatus| {
            let name = kogge_task::lease_of(status.name);
            let lease = leases.iter().find(|lease| lease.name == name);
            let until = |lease: &LeaseState| Timestamp::from_micros(lease.expires_at).seconds_z();
            TaskView {
                lease_owner: lease.map(|lease| lease.owner.clone()),
                lease_expires: lease.map(until),
                status,
            }
        };
        (self.health.tasks)().into_iter().map(shown).collect()
    }

    fn stop(&self, keep_guests: bool) {
        self.stopper.stop(keep_guests);
    }
}
