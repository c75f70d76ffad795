//! Chores of the project: `cargo xtask tidy`.

mod layers;
mod rooms;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let chore = std::env::args().nth(1).unwrap_or_default();
    let found = match chore.as_str() {
        "tidy" => tidy::run(),
        _ => Err(anyhow::anyhow!("usage: cargo xtask tidy")),
    };
    match found {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            for complaint in &complaints {
                eprintln!("{complaint}");
            }
            eprintln!("tidy: {} to mend", complaints.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}
