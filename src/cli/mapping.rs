//! `modelgate mapping`: how a team's own files are read.

use super::{
    client::{Body, ServerArgs},
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::block_on,
};
use crate::{evidence::Mapping, wire::policy::PublishedV1};
use clap::Subcommand;

/// Arguments of `modelgate mapping`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find the mistakes in mapping files
    Lint(Lint),
    /// Publish mappings to the service
    Publish(Publish),
    /// List the published mappings
    List(List),
}

/// Arguments of `modelgate mapping lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
`modelgate evidence inspect FILE --mapping MAPPING` shows what a mapping reads from a file.

Examples:
  modelgate mapping lint mappings/*.toml

Exit codes: 0 no mistake, 2 a mistake or an unreadable file.")]
struct Lint {
    /// Mapping files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `modelgate mapping publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Evidence may then name it: `gate --evidence mapping=acme-eval:report.json`. A name means the newest version; a file means
its own digest, which must have been published. What was read with an older version does not change. The token needs the
scope policy. Nothing is published if one of the files has a mistake.

Examples:
  modelgate mapping publish mappings/acme-eval.toml
  modelgate mapping publish mappings/*.toml --server https://gate.example.com --format json")]
struct Publish {
    /// Mapping files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print what was published
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `modelgate mapping list`.
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
        Command::Lint(args) => lint(&args),
        Command::Publish(args) => publish(&args),
        Command::List(args) => list(&args),
    }
}

/// Reads a mapping file.
///
/// # Errors
/// `mapping-unreadable` when the file cannot be read, `mapping-invalid` with every mistake in it.
pub fn load(path: &str) -> Result<Mapping, Failure> {
    read(path).map(|(mapping, _)| mapping)
}

fn read(path: &str) -> Result<(Mapping, Vec<u8>), Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::input(
            "mapping-unreadable",
            format!("cannot read the mapping `{}`: {error}", plain(path)),
        )
    })?;
    let mapping = Mapping::parse(&bytes)
        .map_err(|error| Failure::input(error.code(), plain_lines(&format!("{path}: {error}"))))?;
    Ok((mapping, bytes))
}

/// Text of several lines for a terminal.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// All files; the mistakes of all are reported at once.
fn all(files: &[String]) -> Result<Vec<(Mapping, Vec<u8>)>, Failure> {
    let mut read_files = Vec::new();
    let mut failed: Option<Failure> = None;
    for path in files {
        match (read(path), &mut failed) {
            (Ok(one), _) => read_files.push(one),
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => {
                first.message.push('\n');
                first.message.push_str(&failure.message);
            }
        }
    }
    failed.map_or(Ok(read_files), Err)
}

fn lint(args: &Lint) -> Outcome {
    let mappings = all(&args.files)?;
    if args.format == Format::Json {
        let list: Vec<_> = mappings
            .iter()
            .zip(&args.files)
            .map(|((m, _), file)| serde_json::json!({ "file": file, "name": m.name, "digest": m.digest }))
            .collect();
        output::json(&serde_json::json!({ "ok": true, "mappings": list }))?;
        return Ok(0);
    }
    for ((mapping, _), file) in mappings.iter().zip(&args.files) {
        output::line(&format!("{}: {} is fine", plain(file), mapping.name));
    }
    Ok(0)
}

fn publish(args: &Publish) -> Outcome {
    let mappings = all(&args.files)?;
    let client = args.server.client()?;
    let published = block_on(async {
        let mut published: Vec<PublishedV1> = Vec::new();
        for (_, bytes) in mappings {
            // Publishing the same bytes twice changes nothing, so the request can be sent again.
            let body = Body::new("application/toml", bytes).once(None);
            published.push(client.post("/api/v1/mappings", body).await?);
        }
        Ok(published)
    })?;
    print(&published, args.format)
}

fn list(args: &List) -> Outcome {
    let client = args.server.client()?;
    let list: Vec<PublishedV1> = block_on(client.all("/api/v1/mappings"))?;
    print(&list, args.format)
}

fn print(mappings: &[PublishedV1], format: Format) -> Outcome {
    if format == Format::Json {
        output::json(&mappings)?;
        return Ok(0);
    }
    for mapping in mappings {
        output::line(&format!(
            "{} version {}  {}",
            plain(&mapping.name),
            mapping.version,
            mapping.digest
        ));
    }
    Ok(0)
}
