//! `modelgate dataset`: labels and groups that CI never sees.

use super::{
    client::{Body, ServerArgs},
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::block_on,
};
use crate::{
    model::Digest,
    wire::predictions::{DatasetV1, RegisterV1},
};
use clap::Subcommand;
use std::path::PathBuf;

/// Arguments of `modelgate dataset`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register labels and groups under a name that policies give
    Register(Register),
    /// List registered data sets
    List(List),
}

/// Arguments of `modelgate dataset register`.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("rows").required(true),
    after_help = "\
Policies name the data set in [recompute] as `labels`, with the column names of the file. The rows cannot be read back.
A name always means the same rows: register the next data set under another name. The token needs the scope admin, and
submit to upload the file.

Examples:
  modelgate dataset register holdout-2026q3 --file labels.parquet --id row_id --label y_true --group sex --group age_band
  modelgate dataset register holdout-2026q3 --digest sha256:… --id row_id --label y_true"
)]
struct Register {
    /// The name of the data set
    name: String,
    /// The file of its rows, which is uploaded
    #[arg(long, value_name = "FILE", group = "rows")]
    file: Option<PathBuf>,
    /// The digest of a file that was uploaded before
    #[arg(long, group = "rows")]
    digest: Option<Digest>,
    /// The column on which its rows are joined to predictions
    #[arg(long, value_name = "COLUMN")]
    id: String,
    /// The column of true labels or values
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// A column of groups; repeat for several
    #[arg(long = "group", value_name = "COLUMN")]
    groups: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print what was registered
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `modelgate dataset list`.
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    server: ServerArgs,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Register(args) => register(args),
        Command::List(args) => list(&args),
    }
}

fn register(args: Register) -> Outcome {
    let client = args.server.client()?;
    let dataset = block_on(async {
        let digest = match (&args.file, args.digest) {
            (Some(file), _) => client.upload(file, None).await?.digest,
            (None, Some(digest)) => digest,
            (None, None) => return Err(Failure::input("usage", "give the file, or its digest")),
        };
        let new = RegisterV1 {
            name: args.name,
            digest,
            id: args.id,
            label: args.label,
            groups: args.groups,
        };
        // Registering the same again changes nothing, so the request can be sent again.
        client.post::<DatasetV1>("/api/v1/datasets", Body::json(&new)?.once(None)).await
    })?;
    match args.format {
        Format::Json => output::json(&dataset)?,
        Format::Text => output::line(&line(&dataset)),
    }
    Ok(0)
}

fn list(args: &List) -> Outcome {
    let client = args.server.client()?;
    let list: Vec<DatasetV1> = block_on(client.all("/api/v1/datasets"))?;
    if args.format == Format::Json {
        output::json(&list)?;
        return Ok(0);
    }
    for dataset in &list {
        output::line(&line(dataset));
    }
    Ok(0)
}

fn line(dataset: &DatasetV1) -> String {
    let label = dataset.label.as_ref().map(|l| format!("  label {}", plain(l))).unwrap_or_default();
    let groups: Vec<String> = dataset.groups.iter().map(|g| plain(g)).collect();
    let groups =
        if groups.is_empty() { String::new() } else { format!("  groups {}", groups.join(", ")) };
    format!(
        "{}  {}  id {}{label}{groups}",
        plain(&dataset.name),
        dataset.digest,
        plain(&dataset.id)
    )
}
