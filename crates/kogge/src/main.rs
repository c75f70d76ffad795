//! The `kogge` command.

use std::process::ExitCode;

// an answer is many small texts: taking and giving them back was a quarter of what a list costs
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kogge::run(std::env::args_os())
}
