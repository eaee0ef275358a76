//! `modelgate db`: the database as such.

use super::{
    exit::Outcome,
    output::{self, Format},
    service::{Open, StoreArgs, block_on},
};
use clap::Subcommand;

/// Arguments of `modelgate db`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate db migrate --database postgres://gate@db.internal/gate
  modelgate db check")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the schema up to date
    Migrate(One),
    /// Hash every entry of every log anew and compare with the heads that were signed
    Check(One),
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    let (one, checks) = match args.command {
        Command::Migrate(one) => (one, false),
        Command::Check(one) => (one, true),
    };
    let settings = one.store.settings(None)?;
    block_on(async {
        // Opening migrates, and refuses a log that is not the one that was signed.
        let open = Open::with(&settings).await?;
        let entries = if checks { open.service.check_all().await? } else { 0 };
        open.close().await;
        match (one.format, checks) {
            (Format::Json, true) => output::json(&serde_json::json!({"ok": true, "entries": entries}))?,
            (Format::Json, false) => output::json(&serde_json::json!({"ok": true}))?,
            (Format::Text, true) => output::line(&format!("ok: {entries} entries, every head as it was signed")),
            (Format::Text, false) => output::line("ok: the schema is up to date"),
        }
        Ok(0)
    })
}
