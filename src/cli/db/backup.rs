//! `modelgate db backup`: a complete copy, also while the service runs.

use super::super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{StoreArgs, block_on, database},
};
use crate::{
    app::{self, core::env::Env},
    ledger::Checkpoint,
    store::{Engine, Existing, LogHead},
};
use serde_json::json;
use std::{
    fs::{self, DirBuilder, File},
    io::Write as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// The database in a backup.
pub(super) const DATABASE: &str = "modelgate.db";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// New folder to write the backup to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Copy the private keys, too: anyone who has the backup can then sign as this service
    #[arg(long)]
    with_keys: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: Args) -> Outcome {
    let settings = args.store.clone().settings(None)?;
    let unwritable = |e: std::io::Error| {
        let message =
            format!("cannot write the backup to `{}`: {e}", plain(&args.out.display().to_string()));
        Failure::service("backup-unwritable", message)
    };
    block_on(async {
        let none = || {
            Failure::input(
                "no-database",
                format!("there is no database at `{}`", plain(&settings.database)),
            )
        };
        let mut source =
            Existing::open(&settings.database).await.map_err(database)?.ok_or_else(none)?;
        if source.engine() == Engine::Postgres {
            let message = "PostgreSQL has its own tools for this: `pg_dump --format=custom`, or the backup of the whole \
                           cluster with its write-ahead log. Keep the folder of keys and heads with it, and after \
                           `pg_restore` run `modelgate db restore`, which says what is lost";
            return Err(Failure::input("backup-with-pg-dump", message));
        }
        DirBuilder::new().mode(0o700).create(&args.out).map_err(unwritable)?;
        let file = args.out.join(DATABASE);
        // Created first with its mode, so that others can never read the copy.
        private(&file, b"").map_err(unwritable)?;
        source.copy_to(&file).await.map_err(database)?;
        source.close().await.map_err(database)?;
        let heads = checked(&file).await?;
        write_heads(&args.out, &heads).map_err(unwritable)?;
        if args.with_keys {
            copy_keys(&settings.data.join("keys"), &args.out.join("keys")).map_err(unwritable)?;
        }
        let logs: Vec<_> = heads
            .iter()
            .map(|head| json!({"namespace": head.namespace, "entries": head.size}))
            .collect();
        let said = json!({
            "format": "modelgate.backup/v1", "made_at": Env::default().now().to_string(),
            "keys": args.with_keys, "logs": logs,
        });
        private(&args.out.join("backup.json"), format!("{said:#}\n").as_bytes())
            .map_err(unwritable)?;
        sync(&args.out).map_err(unwritable)?;
        match args.format {
            Format::Json => output::json(&said)?,
            Format::Text => {
                let entries: u64 = heads.iter().map(|head| head.size).sum();
                output::line(&format!(
                    "ok: {} logs with {entries} entries, checked after they were copied",
                    heads.len()
                ));
                if !args.with_keys {
                    output::note(
                        "The keys are not in it: without them nothing can be signed; keep them elsewhere.",
                    );
                }
                output::note(
                    "Uploaded files are not in it: copy the folder of blobs, whose files never change.",
                );
            }
        }
        Ok(0)
    })
}

/// A backup that was never read cannot be relied on.
async fn checked(file: &Path) -> Result<Vec<LogHead>, Failure> {
    let wrong = |why: &str| {
        Failure::service("backup-wrong", format!("the copy is not what it should be: {why}"))
    };
    let copy = Existing::open(&file.to_string_lossy()).await.map_err(database)?;
    let mut copy = copy.ok_or_else(|| wrong("it is not there"))?;
    copy.integrity_check().await.map_err(database)?;
    let heads = copy.log_heads().await.map_err(database)?;
    for head in &heads {
        let signed = Checkpoint::unverified(&head.checkpoint).map_err(|e| wrong(&e.to_string()))?;
        let root = copy.root(&head.namespace, head.size).await.map_err(database)?;
        if (signed.size, signed.root) != (head.size, root) {
            return Err(wrong("a log does not lead to its head"));
        }
    }
    copy.close().await.map_err(database)?;
    Ok(heads)
}

fn write_heads(folder: &Path, heads: &[LogHead]) -> std::io::Result<()> {
    let folder = folder.join("heads");
    DirBuilder::new().mode(0o700).create(&folder)?;
    for head in heads {
        private(&folder.join(head.namespace.as_str()), head.checkpoint.as_bytes())?;
    }
    sync(&folder)
}

fn copy_keys(from: &Path, to: &Path) -> std::io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "key")
            && let Some(name) = path.file_name()
        {
            private(&to.join(name), &fs::read(&path)?)?;
        }
    }
    sync(to)
}

/// A new file for this user alone, durable with its bytes.
fn private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = app::core::private::new_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
