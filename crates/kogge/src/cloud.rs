//! A running cloud: handles built from the bottom to the top, routers mounted, tasks started.

mod belonging;
mod catalog;
mod checkpoint;
mod commons;
mod control_view;
mod descriptors;
mod figures;
pub(crate) mod health;
mod hosts;
mod memory_dir;
mod node;
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
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kogge_clock::Clock;
use kogge_config::Config;
use kogge_db::{Db, Grant, Lease, Newcomer, Process};
use kogge_node_sim::SimNode;
use kogge_room::Room;
use kogge_task::{Driver, DriverOptions, TaskStatus};
use kogge_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::accounts::Passwords;
use crate::clouds_yaml;
use crate::control;
use crate::data_dir::{Claim, DataDir, write_private};
use crate::exit::Failure;
use control_view::ControlView;
use figures::Figures;
use health::Health;
pub(crate) use hosts::Hosts;
use memory_dir::MemoryDir;
pub use node::NodePlace;

/// What a cloud is started with.
#[derive(Clone)]
pub struct CloudOptions {
    /// The settings.
    pub config: Config,
    /// The file that they are from, if any.
    pub config_file: Option<PathBuf>,
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
    /// The machine of a simulated cloud, where it outlives the cloud; `None` makes one.
    pub machine: Option<Arc<SimNode>>,
}

/// A running cloud.
pub struct Cloud {
    /// The services.
    pub services: Services,
    /// The machine.
    pub node: NodePlace,
    /// The hosts that this process commands.
    pub(crate) hosts: Hosts,
    /// Passwords of the first accounts.
    pub passwords: Passwords,
    address: SocketAddr,
    driver: Driver,
    process: Process,
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
    /// Waits until the end was ordered.
    pub async fn ordered(&self) {
        self.token.cancelled().await;
    }

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
        let CloudOptions { config, config_file, listen, simulated, data, .. } = options;
        let CloudOptions { hosts: number, adopt, clock, room, machine, .. } = options;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::outside(&format!("listening on {listen}"), error))?;
        let address = listener.local_addr().map_err(|error| Failure::outside("listening", error))?;
        data.create()?;
        let claim = data.claim()?;
        if let Some(interrupted) = crate::backup::interrupted(&data) {
            return Err(Failure::Outside(interrupted));
        }
        // a simulated cloud without a database of its own is gone with its process
        let passing = simulated && config.database.url.is_empty();
        let memory = passing.then(MemoryDir::make).transpose()?;
        if !passing {
            commons::link(&data, &config.storage.shared)?;
        }
        let state = memory.as_ref().map_or_else(|| data.path().to_owned(), |memory| memory.path().to_owned());
        let plan = services::Plan {
            config: &config,
            data: &data,
            state: &state,
            simulated,
            passing,
            adopt,
            clock: clock.clone(),
            room,
        };
        // first of all: a database that is not this directory's is refused before anything is made or changed
        let services = Services::open(&plan).await?;
        let process = enter(&services.db, &claim, &data, &clock).await?;
        let hosts = Hosts::new(process.clone(), services.nodes.clone(), services.compute.clone(), adopt);
        let host = node::host_name(&config);
        if !passing {
            hosts.claim(&host).await?;
        }
        // one after the other: accounts and first objects are made once
        let seeding = turn(&process, "cloud/seed").await?;
        let passwords = Passwords::load_or_make(&commons::place_of(&data, "accounts.toml"))?;
        services.seed(&passwords).await?;
        if let Err(error) = process.release(&seeding).await {
            tracing::warn!(%error, "the turn to make the first objects could not be given back");
        }
        let start =
            node::Start { config: config.clone(), data: data.clone(), host, services: services.clone() };
        let machines = simulated.then(|| node::Simulated { number, first: machine });
        let node = NodePlace::start(start, machines, &hosts, &clock)?;
        // so that whoever asks right after the start finds its host
        hosts.take().await.map_err(|error| Failure::outside("taking the command of this host", error))?;
        let owner = process.name().to_owned();
        let mut driver = Driver::new(DriverOptions::new(process.clone()));
        for task in services.tasks() {
            driver.start(task);
        }
        for task in services.keyed_tasks() {
            driver.start_keyed(task);
        }
        driver.start(hosts.task());
        driver.share_bells(&format!("kogge_{}", services.cloud.uuid().simple()));
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
        // who has changed it keeps it so
        if !data.check_toml().exists() {
            write_private(&data.check_toml(), &clouds_yaml::profile())
                .map_err(|error| Failure::outside("writing check.toml", error))?;
        }
        let cloud = Self {
            services,
            node,
            hosts,
            passwords,
            address,
            driver,
            process,
            health,
            serving,
            stopper,
            _claim: claim,
            _memory: memory,
        };
        cloud.open_control(&data, simulated, config_file.map(|file| file.display().to_string()))?;
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
        self.stopper.ordered().await;
        self.end().await
    }

    /// Ends it as a crash would, for tests: nothing is said to anybody, and nothing waited for.
    pub fn crash(self) {
        self.serving.abort();
        self.stopper.token.cancel();
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
        if let Err(error) = self.process.leave().await {
            tracing::warn!(%error, "the other processes could not be told that this one ends");
        }
        self.node.end(self.stopper.keep_guests.load(Ordering::SeqCst)).await;
        self.services.db.close().await;
        tracing::info!("the cloud has stopped");
        match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::outside("serving", error)),
            Err(error) => Err(Failure::Bug(format!("the server ended early: {error}"))),
        }
    }

    fn open_control(&self, data: &DataDir, simulated: bool, config: Option<String>) -> Result<(), Failure> {
        let view = ControlView {
            config,
            address: clouds_yaml::client_address(self.address),
            simulated,
            data: data.path().display().to_string(),
            node: self.node.clone(),
            nodes: self.services.nodes.clone(),
            health: self.health.clone(),
            db: self.services.db.clone(),
            compute: self.services.compute.clone(),
            volume: self.services.volume.clone(),
            network: self.services.network.clone(),
            stopper: self.stopper.clone(),
        };
        control::listen(&data.control_socket(), Arc::new(view), self.stopper.token.clone())
            .map_err(|error| Failure::outside("making the control socket", error))
    }
}

/// Lets this process enter among those that share the database. The next one in the same directory bears its name too: it
/// need not wait until what a killed one held is free.
async fn enter(db: &Db, claim: &Claim, data: &DataDir, clock: &Clock) -> Result<Process, Failure> {
    let host = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let home = data.home().map_err(|error| Failure::outside("looking at the data directory", error))?;
    let who = Newcomer {
        name: claim.process.clone(),
        place: format!("{host}:{home}"),
        address: format!("{host}, {}, process {}", data.path().display(), std::process::id()),
    };
    db.enter(who, clock).await.map_err(|error| Failure::outside("entering the cloud", error))
}

/// Waits for the turn to do what one process does at a time.
async fn turn(process: &Process, name: &str) -> Result<Grant, Failure> {
    const PATIENCE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(100);
    let failed = |error| Failure::outside("waiting for another process that starts", error);
    let waiting = async {
        loop {
            if let Lease::Held(grant) = process.lease(name).await.map_err(failed)? {
                return Ok(grant);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let late =
        |_| Failure::Outside("another process of this cloud has been starting for a minute".to_owned());
    tokio::time::timeout(PATIENCE, waiting).await.map_err(late)?
}
