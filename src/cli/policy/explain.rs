//! `modelgate policy explain`.

use super::load;
use crate::{
    cli::{
        exit::Outcome,
        output::{self, Format, plain},
    },
    policy,
};
use std::path::PathBuf;

/// Arguments of `modelgate policy explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modelgate policy explain policies/credit-risk.toml")]
pub struct Args {
    /// The policy file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    let read = load::policy(&args.file)?;
    let explained = policy::explain(&read);
    match args.format {
        Format::Json => output::json(&explained)?,
        Format::Text => explained.to_string().lines().for_each(|line| output::line(&plain(line))),
    }
    Ok(0)
}
