//! Runs the checks of the scope SCS-compatible IaaS against a cloud of `clouds.yaml`, as a program of its own would.
//!
//! VERSION `all` runs every testcase there is, and the advisory checks.
//!
//! `OS_CLOUD=mine cargo run -p kogge-conform-iaas --example check -- [VERSION [TESTS [FORMAT]]]`
#![allow(clippy::print_stdout, reason = "an example talks to the terminal")]

use std::sync::Arc;

use kogge_client::config::Selection;
use kogge_client::{Client, CloudConfig, Environment};
use kogge_conform::exit::exit_code;
use kogge_conform::render::{Format, render, terminal};
use kogge_conform::{CheckResult, Events, Options, Runner};
use kogge_conform_iaas::{Sweeper, Wanted, advisory, select};

struct Live;

impl Events for Live {
    fn finished(&mut self, result: &CheckResult) {
        print!("{}", terminal::result(result, &terminal::Style::default()));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (version, tests, format) = (words.next(), words.next(), words.next());
    let cloud = CloudConfig::load(&Environment::of_process(), &Selection::default())?;
    let now = kogge_clock::Clock::system().now().seconds_z();
    let all = version.as_deref() == Some("all");
    let wanted = Wanted { date: now[..10].parse()?, version: version.filter(|_| !all), tests, all };
    let mut selected = select(&wanted)?;
    if all {
        selected.checks.extend(advisory());
    }
    let options = Options { plan: selected.plan, cleaner: Some(Arc::new(Sweeper)), ..Options::default() };
    let report = Runner::new(Client::new(cloud)?, options).run(selected.checks, &mut Live).await;
    match format {
        Some(format) => print!("{}", render(&report, format.parse::<Format>()?)),
        None => print!("{}", terminal::summary(&report, &terminal::Style::default())),
    }
    std::process::exit(i32::from(exit_code(&report).number()));
}
