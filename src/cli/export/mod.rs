//! `modelgate export`: the files that prove decisions without the service.

mod decision;

pub(in crate::cli) use decision::decoded;

use super::exit::Outcome;
use clap::Subcommand;

/// Arguments of `modelgate export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write everything that is needed to verify and replay one decision
    Decision(decision::Args),
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Decision(args) => decision::run(&args),
    }
}
