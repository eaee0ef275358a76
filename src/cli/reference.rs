//! `modelgate reference`: the pinned artifact that other artifacts are compared with.

use super::{
    client::{Body, ServerArgs},
    exit::Outcome,
    output::{self, Format, plain},
    service::block_on,
};
use crate::{
    model::{Digest, Environment, ModelId},
    wire::reference::{ApproveReferenceV1, ProposeV1, ReferenceV1, ReferencesV1},
};
use clap::Subcommand;

/// Arguments of `modelgate reference`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The reference is what rules with `against = \"reference\"` compare with. It moves only when one person proposes an artifact
that is allowed there and another person approves, so that many small losses cannot add up unnoticed.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Propose to pin an artifact
    Propose(Propose),
    /// Approve the proposal of another person
    Approve(Approve),
    /// Show the reference in force, and the proposals
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Propose {
    /// The model, `namespace/name`
    #[arg(long)]
    model: ModelId,
    /// The environment in which it is the reference, such as `production`
    #[arg(long)]
    environment: Environment,
    /// The artifact's digest, `sha256:…`; it must be allowed there
    #[arg(long)]
    digest: Digest,
    /// Why you propose it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
    /// Makes it safe to repeat this request
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print the proposal
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Approve {
    /// The proposal, as `reference show` lists it
    reference: String,
    /// A comment
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// The model, `namespace/name`
    #[arg(long)]
    model: ModelId,
    /// The environment in which it is the reference
    #[arg(long)]
    environment: Environment,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Propose(args) => propose(args),
        Command::Approve(args) => approve(args),
        Command::Show(args) => show(&args),
    }
}

fn propose(args: Propose) -> Outcome {
    let client = args.server.client()?;
    let body = ProposeV1 {
        model: args.model,
        environment: args.environment,
        artifact: args.digest,
        comment: args.comment,
    };
    let body = Body::json(&body)?.once(args.idempotency_key);
    print(&block_on(client.post("/api/v1/references", body))?, args.format)
}

fn approve(args: Approve) -> Outcome {
    let client = args.server.client()?;
    // An id has only letters and digits; other characters must not change the address.
    let id: String = args.reference.chars().filter(char::is_ascii_alphanumeric).collect();
    let body = Body::json(&ApproveReferenceV1 { comment: args.comment })?.once(None);
    print(&block_on(client.post(&format!("/api/v1/references/{id}/approvals"), body))?, args.format)
}

fn show(args: &Show) -> Outcome {
    let client = args.server.client()?;
    let path = format!("/api/v1/references?model={}&environment={}", args.model, args.environment);
    let found: ReferencesV1 = block_on(client.get(&path))?;
    if args.format == Format::Json {
        output::json(&found)?;
        return Ok(0);
    }
    match &found.in_force {
        Some(reference) => output::line(&format!("in force: {}", line(reference))),
        None => output::line("no reference was pinned yet"),
    }
    for proposal in &found.data {
        output::line(&line(proposal));
    }
    Ok(0)
}

fn print(reference: &ReferenceV1, format: Format) -> Outcome {
    match format {
        Format::Json => output::json(reference)?,
        Format::Text => output::line(&line(reference)),
    }
    Ok(0)
}

fn line(r: &ReferenceV1) -> String {
    let state = match &r.approval {
        Some(approval) => format!("approved by {}", plain(&approval.by.name)),
        None => "waits for another person to approve".to_owned(),
    };
    format!("{}  {}  proposed by {}, {state}", r.reference, r.artifact, plain(&r.proposed_by.name))
}
