//! `kogge fix`: what would have to change so that the cloud passes, and changing exactly that.

mod apply;
mod recheck;
mod record;
mod show;

use kogge_client::Client;
use kogge_clock::Clock;
use kogge_conform::Problem;
use kogge_conform::report_file;
use kogge_conform_iaas::fix::{Settings, StoredPlan, Wishes, look, plan};
use kogge_conform_iaas::select;

use crate::cli::fix::{Fix, FixCommand, FixPlan};
use crate::commands::check::{selection, target};
use crate::exit::{Exit, Failure};
use crate::output::{show as print, tell};

/// Plans, or makes what was planned.
///
/// # Errors
/// Where the command line is wrong, there is no such cloud, or its user is no administrator.
pub async fn run(arguments: Fix) -> Result<Exit, Failure> {
    match arguments.command {
        FixCommand::Plan(what) => plan_only(&what).await,
        FixCommand::Apply(what) => apply::run(&what).await,
    }
}

/// Shows what would have to change. Nothing is changed.
async fn plan_only(arguments: &FixPlan) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let wishes = wishes(arguments, &clock)?;
    if let Some(file) = &arguments.out {
        let failed = |error| Failure::outside(&format!("writing {}", file.display()), error);
        report_file::can_be_replaced(file).map_err(failed)?;
    }
    let client = target::client(&arguments.target)?;
    let user = administrator(&client).await?;
    let inventory = look(&client, clock.now(), &wishes).await.map_err(outside)?;
    let config = client.config();
    let stored = StoredPlan::new(
        (&config.name, config.auth_url.as_str()),
        clock.now().seconds_z(),
        user,
        wishes.testcases.clone(),
        plan(&inventory, &wishes),
    );
    print(arguments.output, &stored, |stored| show::plan(&stored.cloud, &stored.plan))?;
    if let Some(file) = &arguments.out {
        let text = serde_json::to_string_pretty(&stored).map_err(|error| Failure::Bug(error.to_string()))?;
        let failed = |error| Failure::outside(&format!("writing {}", file.display()), error);
        report_file::replace(file, format!("{text}\n").as_bytes()).map_err(failed)?;
        if !stored.plan.changes.is_empty() {
            tell!("make these changes with: kogge fix apply {}", file.display());
        }
    }
    let whole = stored.plan.changes.is_empty() && stored.plan.advice.is_empty();
    Ok(if whole { Exit::Pass } else { Exit::ChecksFailed })
}

fn outside(problem: Problem) -> Failure {
    Failure::Outside(problem.to_string())
}

fn wishes(arguments: &FixPlan, clock: &Clock) -> Result<Wishes, Failure> {
    let wanted = selection::wanted(arguments.scope.as_deref(), &arguments.which, clock)?;
    let selected = select(&wanted).map_err(|error| Failure::Usage(error.to_string()))?;
    if let (true, Some(text)) = (selected.checks.is_empty(), &wanted.tests) {
        let words = "names only what decides nothing; `kogge fix` mends test cases of the scope";
        return Err(Failure::Usage(format!("--tests {text:?} {words}")));
    }
    let settings = Settings::parse(arguments.set.iter().map(String::as_str))
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Wishes {
        testcases: selected.checks.iter().map(|check| check.description().id.clone()).collect(),
        settings,
        replace_flavors: arguments.replace_flavors,
        images: arguments.images,
    })
}

/// The user's name, if it is an administrator's.
async fn administrator(client: &Client) -> Result<String, Failure> {
    let token = client.token().await.map_err(|error| Failure::Outside(kogge_client::chain(&error)))?;
    if token.roles.iter().any(|role| role.eq_ignore_ascii_case("admin")) {
        return Ok(token.user.name.clone());
    }
    Err(Failure::Outside(format!(
        "`kogge fix` is about what every project sees and needs role admin; user {:?} has the roles: {}. Name the \
         cloud of an administrator with --cloud (kogge-admin is that of `kogge up`)",
        token.user.name,
        token.roles.join(", ")
    )))
}
