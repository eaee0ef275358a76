//! `modelgate db restore`: restores an older state, and reports what that loses.

use super::{
    super::{
        exit::{Failure, Outcome},
        output::{self, Format, plain},
        service::{Open, StoreArgs, block_on, database, head_folders},
    },
    backup::DATABASE,
};
use crate::{
    app::transparency::continued::{Continued, Loss, keep_heads},
    config::Settings,
    model::Namespace,
    store::{Existing, sqlite_path},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Backup to put in place of the SQLite database; without it, the database is checked as it is
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Continue without the lost entries, under a new name of the log
    #[arg(long)]
    accept_loss: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

type Decisions = BTreeMap<Namespace, u64>;

/// The path at which the restored state is prepared, and its final path.
struct Place {
    draft: PathBuf,
    file: PathBuf,
}

pub(super) fn run(args: Args) -> Outcome {
    let settings = args.store.clone().settings(None)?;
    block_on(async {
        let replaced = Replaced::read(&settings).await?;
        let place = match &args.from {
            None => None,
            Some(folder) => Some(draft(&settings, folder).await?),
        };
        let mut target = settings.clone();
        if let Some(place) = &place {
            target.database = place.draft.to_string_lossy().into_owned();
        }
        let outcome = restore(&args, &settings, &target, &replaced, place.as_ref()).await;
        if outcome.is_err()
            && let Some(place) = &place
        {
            remove(&place.draft);
        }
        outcome
    })
}

async fn restore(
    args: &Args,
    settings: &Settings,
    target: &Settings,
    replaced: &Replaced,
    place: Option<&Place>,
) -> Outcome {
    let open = Open::unchecked(target).await?;
    let losses = open.service.losses(&replaced.heads).await?;
    let decisions =
        if place.is_some() { decisions_lost(settings, &losses).await } else { BTreeMap::new() };
    if !losses.is_empty() && !args.accept_loss {
        open.close().await;
        return Err(refused(&losses, &decisions));
    }
    let continued = open.service.continue_logs(&losses).await?;
    open.close().await;
    if let Some(place) = place {
        let failed =
            |e| Failure::service("restore", format!("cannot put the backup in place: {e}"));
        put(place).map_err(failed)?;
    }
    let heads =
        continued.iter().map(|log| (log.namespace.clone(), log.checkpoint.clone())).collect();
    keep_heads(&head_folders(settings), heads)?;
    // The restore succeeds only if the whole state passes the checks.
    Open::with(settings).await?.close().await;
    tell(args.format, place.is_some(), &losses, &continued, &decisions)
}

/// The database that a backup replaces, as far as it can be read.
#[derive(Default)]
struct Replaced {
    heads: Vec<(Namespace, String)>,
}

impl Replaced {
    async fn read(settings: &Settings) -> Result<Self, Failure> {
        // A damaged database may be the reason for the restore: then only the kept heads say what
        // it contained.
        let Ok(Some(mut existing)) = Existing::open(&settings.database).await else {
            return Ok(Self::default());
        };
        if existing.in_use().await.map_err(database)? {
            let message =
                format!("`{}` is in use: stop the service first", plain(&settings.database));
            return Err(Failure::input("database-in-use", message));
        }
        let heads = existing.log_heads().await.unwrap_or_default();
        let _ = existing.close().await;
        Ok(Self {
            heads: heads.into_iter().map(|head| (head.namespace, head.checkpoint)).collect(),
        })
    }
}

/// How many decisions of each log are lost, if the replaced database can still be read.
async fn decisions_lost(settings: &Settings, losses: &[Loss]) -> Decisions {
    let mut decisions = Decisions::new();
    let Ok(Some(mut existing)) = Existing::open(&settings.database).await else { return decisions };
    for loss in losses {
        if let Ok(count) = existing.decisions_from(&loss.namespace, loss.found).await {
            decisions.insert(loss.namespace.clone(), count);
        }
    }
    let _ = existing.close().await;
    decisions
}

/// A checked copy of the backup, in the folder of the database.
async fn draft(settings: &Settings, folder: &Path) -> Result<Place, Failure> {
    let from = folder.join(DATABASE);
    let Some(file) = sqlite_path(&settings.database).map_err(database)? else {
        let message =
            "a PostgreSQL database is restored with `pg_restore`; then run this without --from";
        return Err(Failure::input("restore-with-pg-restore", message));
    };
    let unreadable = || {
        Failure::input(
            "no-backup",
            format!("there is no backup in `{}`", plain(&folder.display().to_string())),
        )
    };
    let mut backup =
        Existing::open(&from.to_string_lossy()).await.map_err(database)?.ok_or_else(unreadable)?;
    backup.integrity_check().await.map_err(database)?;
    let draft = file.with_extension("restoring");
    remove(&draft);
    let parent = file.parent().unwrap_or(Path::new("."));
    let failed = |e| Failure::service("restore", format!("{}: {e}", parent.display()));
    fs::create_dir_all(parent).map_err(failed)?;
    backup.copy_to(&draft).await.map_err(database)?;
    backup.close().await.map_err(database)?;
    Ok(Place { draft, file })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(draft: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(draft, suffix));
    }
}

/// Moves the draft to its final path. The old database is kept in the same folder.
fn put(place: &Place) -> std::io::Result<()> {
    let old = (1..10_000)
        .map(|n| beside(&place.file, &format!(".replaced-{n}")))
        .find(|path| !path.exists());
    if let Some(old) = old {
        for suffix in ["-wal", "-shm", ""] {
            let file = beside(&place.file, suffix);
            if file.exists() {
                fs::rename(&file, beside(&old, suffix))?;
            }
        }
    }
    // If the draft's write-ahead log is not merged yet, it must be renamed with the draft.
    let log = beside(&place.draft, "-wal");
    if log.exists() {
        File::open(&log)?.sync_all()?;
        fs::rename(&log, beside(&place.file, "-wal"))?;
    }
    File::open(&place.draft)?.sync_all()?;
    fs::rename(&place.draft, &place.file)?;
    let _ = fs::remove_file(beside(&place.draft, "-shm"));
    File::open(place.file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn lost(loss: &Loss) -> u64 {
    loss.signed.saturating_sub(loss.found)
}

fn sentence(loss: &Loss, decisions: &Decisions) -> String {
    let (namespace, count, signed) = (&loss.namespace, lost(loss), loss.signed);
    let among = match decisions.get(namespace) {
        Some(1) => ", 1 decision among them".to_owned(),
        Some(decisions) => format!(", {decisions} decisions among them"),
        None => String::new(),
    };
    format!("{namespace}: {count} of the {signed} entries that were signed are not there{among}")
}

fn refused(losses: &[Loss], decisions: &Decisions) -> Failure {
    let list: Vec<String> =
        losses.iter().map(|loss| format!("  {}", sentence(loss, decisions))).collect();
    let message = format!(
        "this state is older than what was signed, and what came after it would be lost:\n{}\nA newer backup loses less. \
         With --accept-loss the log continues under a new name, which others must pin; what was exported before stays \
         valid under the old one. Nothing was changed",
        list.join("\n")
    );
    Failure::input("restore-loses-entries", message)
}

fn tell(
    format: Format,
    backup: bool,
    losses: &[Loss],
    continued: &[Continued],
    decisions: &Decisions,
) -> Outcome {
    if format == Format::Json {
        let logs: Vec<_> = losses
            .iter()
            .zip(continued)
            .map(|(loss, log)| {
                json!({"namespace": loss.namespace, "entries_lost": lost(loss),
                       "decisions_lost": decisions.get(&loss.namespace), "entries_signed": loss.signed,
                       "entries_restored": loss.found, "old_origin": loss.origin, "origin": log.origin,
                       "log_vkey": log.key.to_string()})
            })
            .collect();
        output::json(&json!({"ok": true, "continued": logs}))?;
        return Ok(0);
    }
    if continued.is_empty() {
        output::line("ok: nothing that was signed is lost");
    }
    if backup {
        output::line(
            "tokens, users, webhook secrets and sessions are those of the backup: revoke again what was revoked since",
        );
    }
    for (loss, log) in losses.iter().zip(continued) {
        output::line(&format!("{}; the log goes on as {}", sentence(loss, decisions), log.origin));
        output::line(&format!("  {}", log.key));
    }
    Ok(0)
}
