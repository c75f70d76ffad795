//! `kogge restore`.

use kogge_clock::Clock;

use crate::backup::{self, Restored};
use crate::cli::Restore;
use crate::commands::{private, settings};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// Brings a backup back and says what to do next.
///
/// # Errors
/// Where a cloud runs, or the backup cannot be brought back.
pub async fn run(arguments: Restore) -> Result<Exit, Failure> {
    private();
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    data.create()?;
    let from = std::path::absolute(&arguments.from).map_err(|error| Failure::outside("DIR", error))?;
    let backup = backup::newest(&from)?;
    // an empty directory takes its configuration from the backup
    let kept = backup.join("files").join("kogge.toml");
    let file = arguments.config.or_else(|| settings::own(&data)).or_else(|| kept.exists().then_some(kept));
    let config = settings::load(file.as_deref(), &data)?;
    let restored = backup::restore(&data, &config, &backup, Clock::system().now()).await?;
    show(arguments.place.output, &restored, |restored| told(restored, &data))?;
    Ok(Exit::Pass)
}

fn told(restored: &Restored, data: &DataDir) -> String {
    let Restored { made_at, images, .. } = restored;
    let place = data.path().display();
    let mut text = format!("The backup of {made_at} is back in {place}, with {images} images copied.");
    if let Some(replaced) = &restored.replaced {
        text.push_str(&format!(" What had been there is in {}.", replaced.display()));
    }
    text.push_str(&format!("\n  kogge up --data {place}"));
    text
}
