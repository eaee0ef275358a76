//! `modelgate policy`: one file a subcommand.

mod explain;
mod lint;
mod load;
mod operating_curve;
mod publish;
mod render;
mod test;

use super::exit::Outcome;
use clap::Subcommand;

pub(super) use load::policies;

/// Arguments of `modelgate policy`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find every mistake in policy files, all at once
    Lint(lint::Args),
    /// Say in plain sentences what a policy requires
    Explain(explain::Args),
    /// Draw how likely a rule passes, fails or stays unsettled, by the true value
    OperatingCurve(operating_curve::Args),
    /// Run the cases beside a policy
    Test(test::Args),
    /// Publish policies to the service
    Publish(publish::Args),
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Lint(args) => lint::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::OperatingCurve(args) => operating_curve::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Publish(args) => publish::run(&args),
    }
}

/// A file of test cases stands beside its policy, and a shell pattern names both.
fn is_cases(path: &std::path::Path) -> bool {
    path.to_string_lossy().ends_with(".cases.toml")
}
