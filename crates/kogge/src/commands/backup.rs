//! `kogge backup`.

use kogge_clock::Clock;

use crate::backup::{self, Made};
use crate::cli::Backup;
use crate::commands::{private, settings, status};
use crate::data_dir::DataDir;
use crate::exit::{Exit, Failure};
use crate::output::show;

/// Makes a backup and says what it holds. Exit code 3 where an image is damaged: the backup is without it.
///
/// # Errors
/// Where no backup could be made.
pub async fn run(arguments: Backup) -> Result<Exit, Failure> {
    private();
    let data = DataDir::chosen(arguments.place.data.as_deref())?;
    data.trusted()?;
    // a running cloud knows best which database is its own
    let running = status::ask(&data).await?;
    let file = settings::file_of(arguments.config.as_deref(), &data, running.as_ref());
    let config = settings::load(file.as_deref(), &data)?;
    let to = std::path::absolute(&arguments.to).map_err(|error| Failure::outside("DIR", error))?;
    let made = backup::make(&data, &config, &to, Clock::system().now()).await?;
    show(arguments.place.output, &made, told)?;
    Ok(if made.damaged.is_empty() { Exit::Pass } else { Exit::ChecksFailed })
}

fn told(made: &Made) -> String {
    let Made { images, copied, damaged, .. } = made;
    let backup = made.backup.display();
    let mut text = format!(
        "{backup}: database, keys, accounts and {images} images ({copied} copied, the others were there). It holds \
         secrets, and no disks of guests.\n  kogge restore {backup}"
    );
    for image in damaged {
        text.push_str(&format!("\nNOT in it: {image}"));
    }
    text
}
