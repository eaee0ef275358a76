//! `modelgate demo`: a complete example that runs the real commands.

mod files;
mod stage;
mod story;

use super::exit::{Failure, Outcome};
use std::path::PathBuf;

/// Arguments of `modelgate demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A bad credit model is refused, a good one waits for two reviewers, is approved, signed, exported, and verified with the
service switched off. Everything happens in one folder and on this machine only.

Exit codes: 0 every step ended as it should; 1 one did not; 5 the service could not be started.

Examples:
  modelgate demo
  modelgate demo --once --keep ./story")]
pub struct Args {
    /// End after the story instead of continuing to serve
    #[arg(long)]
    once: bool,
    /// Address to listen at [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder for the story; it is created, or must be empty [default: a new temporary folder]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::service("runtime", e))?;
    let stage = stage::Stage::new(args.keep, args.listen)?;
    story::tell(&runtime, &stage, args.once)
}
