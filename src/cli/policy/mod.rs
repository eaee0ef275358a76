//! `modelgate policy`: one file per subcommand.

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
    /// Draw how likely a rule passes, fails or does not have enough data, by the true value
    OperatingCurve(operating_curve::Args),
    /// Run the test cases of a policy
    Test(test::Args),
    /// Publish policies to the service
    Publish(publish::Args),
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Lint(args) => lint::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::OperatingCurve(args) => operating_curve::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Publish(args) => publish::run(&args),
    }
}

/// A file of test cases is in the folder of its policy, so a shell pattern matches both.
fn is_cases(path: &std::path::Path) -> bool {
    path.to_string_lossy().ends_with(".cases.toml")
}
