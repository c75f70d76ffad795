//! `kogge up`.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kogge_clock::Clock;
use kogge_config::LogFormat;
use kogge_telemetry::{LogFile, LogOptions, Logs, Metrics};

use crate::cli::Up;
use crate::cloud::{Cloud, CloudOptions};
use crate::clouds_yaml;
use crate::commands::{private, settings, signal, status};
use crate::control::Status;
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::notify::Supervisor;
use crate::output::show;

/// Longest wait for the first answer: a probe of the accelerator and the first seeding included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a cloud: in the background and waits until every API answers, or in the foreground.
///
/// # Errors
/// Where the configuration is wrong or the cloud does not start; then with the end of its log.
pub async fn run(arguments: Up) -> Result<Exit, Failure> {
    private();
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    // before anything in it is read or asked
    data.trusted()?;
    if let Some(running) = status::ask(&data).await? {
        runs_as_asked(&arguments, &data, &running)?;
        show(arguments.place.output, &running, status::dashboard)?;
        return Ok(Exit::Pass);
    }
    let options = options(&arguments, &data)?;
    data.create()?;
    if arguments.foreground {
        return foreground(options, arguments.log_to_file).await;
    }
    let running = background(&arguments, &data).await?;
    show(arguments.place.output, &running, status::dashboard)?;
    Ok(Exit::Pass)
}

/// A cloud that runs already is what was asked for, or it is said in what it differs.
fn runs_as_asked(arguments: &Up, data: &DataDir, running: &Status) -> Result<(), Failure> {
    let mut differs = Vec::new();
    if let Some(asked) = &arguments.listen
        && asked.parse::<SocketAddr>().is_ok_and(|asked| {
            // port 0 asks for any
            let address = clouds_yaml::client_address(asked).to_string();
            asked.port() != 0 && address != running.address
        })
    {
        differs.push(format!("it listens at {}, not at {asked}", running.address));
    }
    if arguments.sim && !running.simulated {
        differs.push("it is real, not simulated".to_owned());
    }
    if differs.is_empty() {
        return Ok(());
    }
    let place = data.path().display();
    Err(Failure::Outside(format!(
        "a cloud runs in {place} already, and not as asked: {}. `kogge down --data {place}` ends it, with --keep-guests \
         its guests run on",
        differs.join("; ")
    )))
}

fn options(arguments: &Up, data: &DataDir) -> Result<CloudOptions, Failure> {
    let mut config = settings::load(arguments.config.as_deref(), data)?;
    if arguments.sim {
        settings::refuse_database_of_simulation(&config)?;
    }
    if let Some(listen) = &arguments.listen {
        config.server.listen.clone_from(listen);
    }
    let listen: SocketAddr = config.server.listen.parse().map_err(|_| {
        let given = &config.server.listen;
        Failure::Usage(format!(
            "server.listen `{given}` is no address and port such as 127.0.0.1:8770 or [::]:8770"
        ))
    })?;
    Ok(CloudOptions {
        config,
        config_file: settings::file(arguments.config.as_deref(), data),
        listen,
        simulated: arguments.sim,
        hosts: arguments.hosts,
        data: data.clone(),
        adopt: arguments.adopt_database,
        clock: Clock::system(),
        room: None,
        machine: None,
    })
}

async fn foreground(options: CloudOptions, to_file: bool) -> Result<Exit, Failure> {
    let logs = start_logs(&options, to_file)?;
    let ended = until_stopped(options, &logs).await;
    logs.flush();
    ended
}

async fn until_stopped(options: CloudOptions, logs: &Logs) -> Result<Exit, Failure> {
    tokio::spawn(signal::on_hangup({
        let logs = logs.clone();
        move || logs.reopen()
    }));
    let metrics = Metrics::start().map_err(|error| Failure::Bug(error.to_string()))?;
    let supervisor = Supervisor::of_process();
    let cloud = Cloud::start(options, Some(metrics)).await?;
    supervisor.ready(&format!("Answers at http://{}", clouds_yaml::client_address(cloud.address())));
    let stop = cloud.stopper();
    // a signal ends the control plane and leaves the guests alone: an update or a supervisor's restart must not cost
    // anybody a guest; `kogge down` is what stops them
    tokio::spawn({
        let logs = logs.clone();
        async move {
            if signal::ended().await.is_err() {
                return;
            }
            stop.stop(true);
            // whoever asks twice means now: guests and database stand a sudden end as well
            if signal::ended().await.is_ok() {
                tracing::warn!("ended at once by a second signal");
                logs.flush();
                std::process::exit(i32::from(Exit::CouldNotRun.code()));
            }
        }
    });
    cloud.stopper().ordered().await;
    supervisor.stopping("Ends; guests run on unless `kogge down` was what ended it");
    cloud.run_to_end().await?;
    Ok(Exit::Pass)
}

fn start_logs(options: &CloudOptions, to_file: bool) -> Result<Logs, Failure> {
    let config = &options.config.log;
    let file = to_file.then(|| LogFile {
        path: options.data.log(),
        max_bytes: u64::from(config.max_mib.clamp(1, 1024)) << 20,
        keep: config.keep.min(100),
    });
    let log = LogOptions { level: config.level.clone(), json: config.format == LogFormat::Json, file };
    Logs::start(&log).map_err(|error| {
        let because = std::error::Error::source(&error).map(|source| format!(": {source}"));
        Failure::Usage(format!("{error}{}", because.unwrap_or_default()))
    })
}

/// Starts ourselves again, detached, and waits for the first answer.
async fn background(arguments: &Up, data: &DataDir) -> Result<Status, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::outside("finding the program", error))?;
    let log = kogge_telemetry::open_log(&data.log())
        .map_err(|error| Failure::outside(&format!("opening the log {}", data.log().display()), error))?;
    let begin = log.metadata().map_or(0, |facts| facts.len());
    let mut command = std::process::Command::new(program);
    command.args(["up", "--foreground", "--log-to-file", "--data"]).arg(data.path());
    if arguments.sim {
        command.args(["--sim", "--hosts", &arguments.hosts.to_string()]);
    }
    if arguments.adopt_database {
        command.arg("--adopt-database");
    }
    if let Some(listen) = &arguments.listen {
        command.args(["--listen", listen]);
    }
    if let Some(config) = &arguments.config {
        // the new process has another working directory
        let config = std::path::absolute(config).map_err(|error| Failure::outside("--config", error))?;
        command.arg("--config").arg(config);
    }
    let errors = log.try_clone().map_err(|error| Failure::outside("opening the log", error))?;
    command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0).current_dir("/");
    let mut child = command.spawn().map_err(|error| Failure::outside("starting the cloud", error))?;
    let started = Instant::now();
    loop {
        if let Some(running) = status::ask(data).await?.filter(|status| status.ready) {
            return Ok(running);
        }
        if let Ok(Some(ended)) = child.try_wait() {
            return Err(Failure::Outside(format!(
                "the cloud ended at once ({ended}):\n{}",
                tail(data, begin)
            )));
        }
        if started.elapsed() > PATIENCE {
            let log = data.log();
            return Err(Failure::Outside(format!("no answer within 60 s; the log: {}", log.display())));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The last lines of what this start has logged.
fn tail(data: &DataDir, begin: u64) -> String {
    let text = std::fs::read(data.log()).unwrap_or_default();
    let text =
        String::from_utf8_lossy(text.get(usize::try_from(begin).unwrap_or(0)..).unwrap_or(&[])).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Where;
    use crate::output::Output;

    fn asked(listen: Option<&str>, sim: bool) -> Result<(), Failure> {
        let place = Where { data: None, output: Output::default() };
        let up = Up {
            place,
            sim,
            hosts: 1,
            listen: listen.map(str::to_owned),
            config: None,
            foreground: false,
            adopt_database: false,
            log_to_file: false,
        };
        let running = serde_json::json!({"version": "1", "ready": true, "simulated": false, "accelerator": "tcg",
            "address": "127.0.0.1:8770", "pid": 1, "data": "/d", "apis": [], "instances": 0});
        let running: Status = serde_json::from_value(running).unwrap();
        runs_as_asked(&up, &DataDir::chosen(Some("/d".as_ref())).unwrap(), &running)
    }

    #[test]
    fn a_second_start_says_in_what_the_running_cloud_differs() {
        for same in [None, Some("127.0.0.1:8770"), Some("0.0.0.0:8770"), Some("127.0.0.1:0")] {
            asked(same, false).unwrap();
        }
        let other = asked(Some("127.0.0.1:9999"), false).unwrap_err().to_string();
        assert!(other.contains("listens at 127.0.0.1:8770, not at 127.0.0.1:9999"), "{other}");
        let real = asked(None, true).unwrap_err().to_string();
        assert!(real.contains("real, not simulated") && real.contains("kogge down --data /d"), "{real}");
    }
}
