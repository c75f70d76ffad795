//! `kogge up`.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kogge_clock::Clock;
use kogge_config::LogFormat;

use crate::cli::Up;
use crate::cloud::{Cloud, CloudOptions};
use crate::commands::{settings, signal, status};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// Longest wait for the first answer: a probe of the accelerator and the first seeding included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a cloud: in the background and waits until every API answers, or in the foreground.
///
/// # Errors
/// Where the configuration is wrong or the cloud does not start; then with the end of its log.
pub async fn run(arguments: Up) -> Result<Exit, Failure> {
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    if let Some(running) = status::ask(&data).await? {
        show(arguments.place.output, &running, status::dashboard)?;
        return Ok(Exit::Pass);
    }
    let options = options(&arguments, &data)?;
    data.create()?;
    if arguments.foreground {
        return foreground(options).await;
    }
    let running = background(&arguments, &data).await?;
    show(arguments.place.output, &running, status::dashboard)?;
    Ok(Exit::Pass)
}

fn options(arguments: &Up, data: &DataDir) -> Result<CloudOptions, Failure> {
    let mut config = settings::load(arguments.config.as_deref(), data)?;
    if let Some(listen) = &arguments.listen {
        config.server.listen.clone_from(listen);
    }
    let listen: SocketAddr = config.server.listen.parse().map_err(|_| {
        let given = &config.server.listen;
        Failure::Usage(format!(
            "server.listen `{given}` is no address and port such as 127.0.0.1:8770 or [::]:8770"
        ))
    })?;
    Ok(CloudOptions { config, listen, simulated: arguments.sim, data: data.clone(), clock: Clock::system() })
}

async fn foreground(options: CloudOptions) -> Result<Exit, Failure> {
    let json = options.config.log.format == LogFormat::Json;
    kogge_telemetry::start_logs(&options.config.log.level, json)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let metrics = kogge_telemetry::Metrics::start().map_err(|error| Failure::Bug(error.to_string()))?;
    let cloud = Cloud::start(options, Some(metrics)).await?;
    let stop = cloud.stopper();
    // a signal ends the control plane and leaves the guests alone: an update or a supervisor's restart must not cost
    // anybody a guest; `kogge down` is what stops them
    tokio::spawn(async move {
        if signal::ended().await.is_ok() {
            stop.stop(true);
        }
    });
    cloud.run_to_end().await?;
    Ok(Exit::Pass)
}

/// Starts ourselves again, detached, and waits for the first answer.
async fn background(arguments: &Up, data: &DataDir) -> Result<crate::control::Status, Failure> {
    let program = std::env::current_exe().map_err(|error| Failure::outside("finding the program", error))?;
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(data.log())
        .map_err(|error| Failure::outside("opening the log", error))?;
    let begin = log.metadata().map_or(0, |facts| facts.len());
    let mut command = std::process::Command::new(program);
    command.args(["up", "--foreground", "--data"]).arg(data.path());
    if arguments.sim {
        command.arg("--sim");
    }
    if let Some(listen) = &arguments.listen {
        command.args(["--listen", listen]);
    }
    if let Some(config) = &arguments.config {
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
