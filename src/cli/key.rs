//! `modelgate key`: the public keys that others pin to verify what this service signs.

use super::{
    exit::Outcome,
    files,
    output::{self, Format},
    service::{Open, StoreArgs, block_on},
};
use crate::model::Namespace;
use clap::Subcommand;
use std::path::PathBuf;

/// Arguments of `modelgate key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate key show --namespace acme
  modelgate key show --namespace acme --out pinned
  modelgate verify export/ --trust pinned")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the public keys of a namespace, or write them to a folder for `verify --trust`
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    store: StoreArgs,
    /// Namespace of the log
    #[arg(long)]
    namespace: Namespace,
    /// Folder to write the public keys to, as `verify --trust` reads them
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let Command::Show(args) = args.command;
    let settings = args.store.settings(None)?;
    let keys = block_on(async {
        let open = Open::unchecked(&settings).await?;
        let mut keys = open.service.trust(&args.namespace).await?;
        // A log that continues under a new name has the keys of the old names in addition to its
        // own.
        let logs = open.service.log_keys(&args.namespace).await?;
        let lines: Vec<String> = logs.iter().map(ToString::to_string).collect();
        let lines = lines.join("\n") + "\n";
        for (name, bytes) in &mut keys {
            if name == "log.vkey" {
                *bytes = lines.clone().into_bytes();
            }
        }
        open.close().await;
        Ok(keys)
    })?;
    if let Some(folder) = &args.out {
        files::write_all(folder, &keys.iter().cloned().collect())?;
    }
    let text = |name: &str| {
        let found = keys.iter().find(|(file, _)| file == name);
        found
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).trim_end().to_owned())
            .unwrap_or_default()
    };
    match args.format {
        Format::Json => {
            output::json(
                &serde_json::json!({"decision_pem": text("decision.pem"), "log_vkey": text("log.vkey")}),
            )?;
        }
        Format::Text => {
            output::line(&text("decision.pem"));
            output::line(&text("log.vkey"));
        }
    }
    Ok(0)
}
