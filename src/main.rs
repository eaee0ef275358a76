//! Parse, run, exit code.

use std::process::ExitCode;

// Many short-lived strings on two cores: this allocator takes a good part off every decision.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    modelgate::cli::main(std::env::args_os())
}
