//! `modelgate report`: documents for people who do not use the service.

use super::{
    client::ServerArgs,
    exit::{Failure, Outcome},
    files,
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

const AUDIT_HELP: &str = "\
An entry belongs to the day on which it went into the log. The report of a period that has not ended says `so far` and when it
was made; a period that has ended always has the same decisions. The last line of a report, in JSON its key `end`, says
whether it is complete. A report that breaks off ends with exit code 5, and no file is left.

Examples:
  modelgate report audit --from 2026-11-01 --to 2026-11-30 --out november.html
  modelgate report audit --from 2026-11-01 --to 2026-11-30 --as csv > november.csv
  modelgate report audit --from 2026-11-01 --to 2026-11-30 --as json | jq .end";

#[derive(Debug, Subcommand)]
enum Command {
    /// The report of one release, as HTML that prints well
    Release(Release),
    /// The audit report of your namespace for a period, with control totals
    #[command(after_help = AUDIT_HELP)]
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
    /// The format of the report
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
    /// How to print what was written; JSON needs `--out`
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Html,
    Csv,
    Json,
}

const DAY: Age = Age::from_secs(86_400);

fn day(text: &str) -> Result<Timestamp, String> {
    format!("{text}T00:00:00Z").parse().map_err(|_| "expected a day, such as 2026-11-01".to_owned())
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let (path, target) = match args.command {
        Command::Release(args) => {
            (format!("/api/v1/reports/releases/{}", args.release), args.target)
        }
        Command::Audit(args) => {
            let kind = match args.kind {
                Kind::Html => "html",
                Kind::Csv => "csv",
                Kind::Json => "json",
            };
            let (from, to) = (args.from, args.to.plus(DAY));
            (format!("/api/v1/reports/audit?from={from}&to={to}&format={kind}"), args.target)
        }
    };
    if target.format == Format::Json && target.out.is_none() {
        return Err(Failure::input(
            "usage",
            "name a file with `--out`: stdout cannot have both the report and JSON",
        ));
    }
    let client = target.server.client()?;
    let Some(out) = &target.out else {
        block_on(client.stream(&path, |piece| {
            // The reader may have closed the pipe; other errors are reported at the end of the
            // command.
            if output::bytes(piece) { Ok(()) } else { Err(enough()) }
        }))
        .or_else(|failure| if failure.code == ENOUGH { Ok(0) } else { Err(failure) })?;
        return Ok(0);
    };
    let mut draft = files::Draft::create(out)?;
    let bytes = block_on(client.stream(&path, |piece| draft.write(piece)))?;
    draft.finish()?;
    let shown = plain(&out.display().to_string());
    match target.format {
        Format::Json => {
            output::json(&serde_json::json!({"path": out.display().to_string(), "bytes": bytes}))?;
        }
        Format::Text => output::line(&format!("{shown}: {bytes} bytes")),
    }
    Ok(0)
}

/// The code of the failure that ends a document when its reader has closed the pipe.
const ENOUGH: &str = "stdout-takes-no-more";

fn enough() -> Failure {
    Failure::service(ENOUGH, "stdout accepts no more")
}
