//! Prints `docs/CHECKS.md` (`make docs`).

use std::io::Write;

fn main() -> std::io::Result<()> {
    write!(std::io::stdout(), "{}", kogge::checks::page())
}
