//! `modelgate completions`: the script with which a shell completes our commands.

use super::{
    exit::{Failure, Outcome},
    output,
};
use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

/// Arguments of `modelgate completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate completions bash > /etc/bash_completion.d/modelgate
  modelgate completions zsh > ~/.zfunc/_modelgate
  modelgate completions fish > ~/.config/fish/completions/modelgate.fish")]
pub struct Args {
    /// The shell
    #[arg(value_parser = shell)]
    shell: Shell,
}

fn shell(text: &str) -> Result<Shell, String> {
    Shell::from_str(text, false).map_err(|_| "expected bash, zsh or fish".to_owned())
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "modelgate", &mut script);
    output::raw(&String::from_utf8(script).map_err(|e| Failure::service("output", e))?);
    Ok(0)
}
