//! `modelgate evidence`: what modelgate reads from a file.

mod compute;
mod formats;
mod inspect;
mod table;

use super::exit::Outcome;

/// Arguments of `modelgate evidence`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show what is read from a file: its measurements, checks, links and what was not understood
    Inspect(inspect::Args),
    /// Compute metrics with their bounds from files of raw predictions
    Compute(Box<compute::Args>),
    /// List the formats that are recognised
    Formats(formats::Args),
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Compute(args) => compute::run(*args),
        Command::Formats(args) => formats::run(&args),
    }
}
