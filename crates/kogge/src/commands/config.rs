//! `kogge config`.

use crate::cli::{Config, ConfigFile};
use crate::commands::{doctor, settings};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::{line, show};

/// Prints an example, the settings in force, or a verdict on a file.
///
/// # Errors
/// Where the file is wrong.
pub async fn run(command: Config) -> Result<Exit, Failure> {
    match command {
        Config::Example => line(kogge_config::example().trim_end()),
        Config::Show(file) => {
            let config = settings::load(file.file.as_deref(), &data(&file)?)?;
            show(file.place.output, &config, kogge_config::shown)?;
        }
        Config::Check(file) => {
            let data = data(&file)?;
            let config = settings::load(file.file.as_deref(), &data)?;
            if !config.database.url.is_empty() {
                let tried = doctor::state::try_url(&config).await;
                tried.map_err(|because| Failure::outside("database.url does not answer", because))?;
            }
            match settings::file(file.file.as_deref(), &data) {
                Some(path) => line(&format!("{} is right.", path.display())),
                None => line("There is no file; the defaults hold."),
            }
        }
    }
    Ok(Exit::Pass)
}

fn data(file: &ConfigFile) -> Result<DataDir, Failure> {
    DataDir::chosen(file.place.data.as_deref())
}
