//! `modelgate db`: maintenance of the database.

mod backup;
mod restore;

use super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{Open, StoreArgs, block_on, database},
};
use crate::{app::transparency::integrity::Checked, store::Existing};
use clap::Subcommand;

/// Arguments of `modelgate db`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate db migrate --database postgres://gate@db.internal/gate
  modelgate db check
  modelgate db backup --out /backup/modelgate-2026-11-28
  modelgate db restore --from /backup/modelgate-2026-11-28
  modelgate db restore --from /backup/modelgate-2026-11-28 --accept-loss")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the schema up to date
    Migrate(One),
    /// Read every page and every entry again, and compare with the signed heads; also while the
    /// service runs
    Check(One),
    /// Copy a SQLite database and its heads to a new folder, also while the service runs
    Backup(backup::Args),
    /// Restore a backup, or check a restored database: report what is lost, and continue under a
    /// new name
    Restore(restore::Args),
}

#[derive(Debug, clap::Args)]
struct One {
    #[command(flatten)]
    store: StoreArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Migrate(one) => migrate(one),
        Command::Check(one) => check(one),
        Command::Backup(args) => backup::run(args),
        Command::Restore(args) => restore::run(args),
    }
}

fn migrate(one: One) -> Outcome {
    let settings = one.store.settings(None)?;
    block_on(async {
        // Opening migrates the schema, and refuses a log that does not match the signed heads.
        Open::with(&settings).await?.close().await;
        match one.format {
            Format::Json => output::json(&serde_json::json!({"ok": true}))?,
            Format::Text => output::line("ok: the schema is up to date"),
        }
        Ok(0)
    })
}

fn check(one: One) -> Outcome {
    let settings = one.store.settings(None)?;
    block_on(async {
        if let Some(mut existing) = Existing::open(&settings.database).await.map_err(database)? {
            existing.integrity_check().await.map_err(database)?;
            existing.close().await.map_err(database)?;
        }
        let open = Open::with(&settings).await?;
        let checked = open.service.check_all().await?;
        open.close().await;
        let (entries, rows) = (checked.entries, checked.rows);
        if checked.wrong_count > 0 {
            return Err(wrong(&checked));
        }
        match one.format {
            Format::Json => {
                output::json(&serde_json::json!({"ok": true, "entries": entries, "rows": rows}))?;
            }
            Format::Text => {
                let said = format!(
                    "ok: {entries} entries, every head as it was signed; {rows} rows as they were logged"
                );
                output::line(&said);
            }
        }
        Ok(0)
    })
}

/// The failure that names the rows that are not what was logged.
fn wrong(checked: &Checked) -> Failure {
    let count = checked.wrong_count;
    let rows = if count == 1 { "1 row is" } else { "rows are" };
    let count = if count == 1 { String::new() } else { format!("{count} ") };
    let named: Vec<String> =
        checked.wrong.iter().map(|what| format!("\n  {}", plain(what))).collect();
    let more = checked.wrong_count.saturating_sub(checked.wrong.len() as u64);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let message = format!(
        "{count}{rows} not what the log states, so they are not served; restore a good copy:{}{more}",
        named.concat()
    );
    Failure::service("row-unproved", message)
}
