//! Starts the command line: parses the arguments, runs the command, and exits with its code.

use std::process::ExitCode;

// A decision allocates many short-lived strings. On two cores, this allocator makes every decision
// noticeably faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    modelgate::cli::main(std::env::args_os())
}
