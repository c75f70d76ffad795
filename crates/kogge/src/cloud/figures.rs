//! The figures of the Prometheus page that nobody counts on the way: asked for when the page is.

use kogge_room::level;
use kogge_telemetry::Metrics;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

use super::Services;
use super::health::Health;

/// What the page is made of.
#[derive(Clone)]
pub(super) struct Figures {
    pub(super) metrics: Metrics,
    pub(super) services: Services,
    pub(super) health: Health,
}

const COUNTERS: [(&str, &str); 7] = [
    ("kogge_http_requests_total", "Requests by service, route and status."),
    ("kogge_task_failures_total", "Failed runs of background tasks."),
    ("kogge_task_restarts_total", "Runners of background tasks that died and were started again."),
    ("kogge_damaged_rows_total", "Rows that could not be read and were passed over."),
    ("kogge_db_writers_replaced_total", "Connections replaced because SQLite had ended their transaction."),
    ("kogge_log_lines_lost_total", "Log lines that could not be written."),
    ("process_cpu_seconds_total", "CPU time of this process in seconds."),
];
const HISTOGRAMS: [(&str, &str); 3] = [
    ("kogge_http_request_seconds", "Time until an answer begins."),
    ("kogge_task_seconds", "Time of a run of a background task."),
    ("kogge_db_wait_seconds", "Wait for a connection to the database, by pool."),
];
const GAUGES: [(&str, &str); 21] = [
    ("kogge_build_info", "1, with the version of the program."),
    ("kogge_up", "1 where the check holds: see /readyz."),
    ("kogge_task_last_success_timestamp_seconds", "When a background task last succeeded in this process."),
    ("kogge_task_overdue", "1 for a background task without success for ten periods."),
    ("kogge_lease_expires_timestamp_seconds", "When a lease expires without renewal."),
    ("kogge_lease_held", "1 where this process holds the lease."),
    ("kogge_damaged_rows", "Rows that could not be read within the last hour."),
    ("kogge_db_bytes", "Size of the database."),
    ("kogge_db_wal_bytes", "Size of SQLite's write-ahead log."),
    ("kogge_db_connections", "Connections to the database, by pool and state."),
    ("kogge_disk_free_bytes", "Free room of the data directory's disk."),
    ("kogge_disk_bytes", "Size of the data directory's disk."),
    ("kogge_disk_reserve_bytes", "Room that images and guests leave free."),
    ("kogge_servers", "Servers by status."),
    ("kogge_hosts", "Hosts by state."),
    ("kogge_guests", "Guests on this machine."),
    ("process_start_time_seconds", "When this process started."),
    ("process_resident_memory_bytes", "Memory of this process."),
    ("process_virtual_memory_bytes", "Address space of this process."),
    ("process_open_fds", "Open files of this process."),
    ("process_threads", "Threads of this process."),
];

/// Gives every metric its text. Call it once, before the first page.
pub(super) fn describe() {
    for (name, text) in COUNTERS {
        describe_counter!(name, text);
    }
    for (name, text) in HISTOGRAMS {
        describe_histogram!(name, Unit::Seconds, text);
    }
    for (name, text) in GAUGES {
        describe_gauge!(name, text);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a graph")]
const fn figure(number: u64) -> f64 {
    number as f64
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl Figures {
    /// The page.
    pub(super) async fn page(self) -> String {
        gauge!("kogge_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        for check in self.health.checks().await {
            gauge!("kogge_up", "check" => check.what).set(truth(check.ok));
        }
        self.tasks().await;
        self.database().await;
        self.disk();
        self.cloud().await;
        process();
        self.metrics.page()
    }

    async fn tasks(&self) {
        for task in (self.health.tasks)() {
            gauge!("kogge_task_overdue", "task" => task.name).set(truth(task.overdue));
            if let Some(at) = task.last_success {
                let seconds = figure(u64::try_from(at.as_micros()).unwrap_or(0)) / 1e6;
                gauge!("kogge_task_last_success_timestamp_seconds", "task" => task.name).set(seconds);
            }
        }
        for lease in self.services.db.leases().await.unwrap_or_default() {
            // probes are no leases
            let Some(task) = lease.name.strip_prefix("task/") else { continue };
            let (task, held) = (task.to_owned(), lease.owner == self.health.owner);
            let until = figure(u64::try_from(lease.expires_at).unwrap_or(0)) / 1e6;
            gauge!("kogge_lease_expires_timestamp_seconds", "task" => task.clone()).set(until);
            gauge!("kogge_lease_held", "task" => task).set(truth(held));
        }
    }

    async fn database(&self) {
        let db = &self.services.db;
        gauge!("kogge_damaged_rows").set(figure(db.damage().rows().len() as u64));
        if let Ok(size) = db.size().await {
            gauge!("kogge_db_bytes").set(figure(size.data));
            gauge!("kogge_db_wal_bytes").set(figure(size.wal));
        }
        for pool in db.pools() {
            for (state, number) in [("busy", pool.busy), ("idle", pool.idle)] {
                gauge!("kogge_db_connections", "pool" => pool.pool, "state" => state)
                    .set(figure(number as u64));
            }
        }
    }

    fn disk(&self) {
        let room = &self.services.room;
        if let Some(level) = room.level().or_else(|| level(std::path::Path::new("/"))) {
            gauge!("kogge_disk_free_bytes").set(figure(level.free));
            gauge!("kogge_disk_bytes").set(figure(level.total));
        }
        gauge!("kogge_disk_reserve_bytes").set(figure(room.reserve()));
    }

    async fn cloud(&self) {
        if let Ok(census) = self.services.compute.census().await {
            for (status, number) in census.servers {
                gauge!("kogge_servers", "status" => status).set(figure(number));
            }
            gauge!("kogge_hosts", "state" => "up").set(figure(census.hosts_up));
            gauge!("kogge_hosts", "state" => "down").set(figure(census.hosts_down));
        }
        match self.health.node.guests().await {
            Ok(guests) => gauge!("kogge_guests").set(figure(guests.here as u64)),
            // no number is no guest; Prometheus knows what is no number
            Err(_) => gauge!("kogge_guests").set(f64::NAN),
        }
    }
}

/// The process, by the names that Prometheus' own libraries use.
fn process() {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // the name of the program may hold spaces: count behind it
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    // field 3 of proc(5), the state, is the first of these
    let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
    let (Some(user), Some(system), Some(started)) = (number(14), number(15), number(22)) else { return };
    // what the kernel shows user space is in hundredths of a second on every architecture that Linux knows
    const TICKS: u64 = 100;
    counter!("process_cpu_seconds_total").absolute((user + system) / TICKS);
    gauge!("process_threads").set(figure(number(20).unwrap_or(0)));
    gauge!("process_virtual_memory_bytes").set(figure(number(23).unwrap_or(0)));
    gauge!("process_resident_memory_bytes").set(figure(number(24).unwrap_or(0) * page_size()));
    if let Some(boot) = booted_at() {
        gauge!("process_start_time_seconds").set(figure(boot + started / TICKS));
    }
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    gauge!("process_open_fds").set(figure(open as u64));
}

fn page_size() -> u64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or(4096)
}

fn booted_at() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}
