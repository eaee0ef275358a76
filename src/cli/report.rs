//! `modelgate report`: documents for people who do not use the service.

use super::{
    client::ServerArgs,
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::block_on,
};
use crate::model::{Age, ReleaseId, Timestamp};
use clap::Subcommand;
use std::path::PathBuf;

/// Arguments of `modelgate report`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate report release 01K… --out release.html
  modelgate report audit --from 2026-11-01 --to 2026-11-30 --out november.html
  modelgate report audit --from 2026-11-01 --to 2026-11-30 --as csv > november.csv")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The report of one release, as HTML that prints well
    Release(Release),
    /// The audit report of your namespace for a period, with control totals
    Audit(Audit),
}

#[derive(Debug, clap::Args)]
struct Release {
    /// The release
    release: ReleaseId,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Audit {
    /// First day, such as 2026-11-01, in UTC
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Timestamp,
    /// Last day, included
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Timestamp,
    /// How it is written
    #[arg(long = "as", value_enum, default_value_t = Kind::Html)]
    kind: Kind,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, clap::Args)]
struct Target {
    /// File to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to say what was written; JSON needs `--out`
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Html,
    Csv,
}

const DAY: Age = Age::from_secs(86_400);

fn day(text: &str) -> Result<Timestamp, String> {
    format!("{text}T00:00:00Z").parse().map_err(|_| "expected a day, such as 2026-11-01".to_owned())
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    let (path, target) = match args.command {
        Command::Release(args) => (format!("/api/v1/reports/releases/{}", args.release), args.target),
        Command::Audit(args) => {
            let kind = match args.kind {
                Kind::Html => "html",
                Kind::Csv => "csv",
            };
            let (from, to) = (args.from, args.to.plus(DAY));
            (format!("/api/v1/reports/audit?from={from}&to={to}&format={kind}"), args.target)
        }
    };
    if target.format == Format::Json && target.out.is_none() {
        return Err(Failure::input("usage", "name a file with `--out`: stdout cannot hold the report and JSON"));
    }
    let client = target.server.client()?;
    let bytes = block_on(client.download(&path))?;
    let Some(out) = target.out else {
        output::raw(&String::from_utf8_lossy(&bytes));
        return Ok(0);
    };
    let shown = plain(&out.display().to_string());
    std::fs::write(&out, &bytes).map_err(|e| Failure::input("unwritable", format!("cannot write `{shown}`: {e}")))?;
    match target.format {
        Format::Json => output::json(&serde_json::json!({"path": out.display().to_string(), "bytes": bytes.len()}))?,
        Format::Text => output::line(&format!("{shown}: {} bytes", bytes.len())),
    }
    Ok(0)
}
