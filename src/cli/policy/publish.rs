//! `modelgate policy publish`.

use super::{is_cases, load};
use crate::{
    cli::{
        client::{Body, ServerArgs},
        exit::{Failure, Outcome},
        output::{self, Format, plain},
        service::block_on,
    },
    wire::policy::PublishedV1,
};
use std::path::PathBuf;

/// Arguments of `modelgate policy publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
From then on the newest version of a policy's name applies to new releases. Publishing the same bytes again changes
nothing. Nothing is published if one of the files has a mistake. Warnings are those of `policy lint`, and those that need the
service: whether a pattern can match a model of this namespace, and whether enough people have the roles.

Examples:
  modelgate policy publish policies/credit-risk.toml
  modelgate policy publish policies/*.toml --server https://gate.example.com --format json")]
pub struct Args {
    /// Policy files; files of test cases are left out
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print what was published
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    let files: Vec<&PathBuf> = args.files.iter().filter(|p| !is_cases(p)).collect();
    if files.is_empty() {
        return Err(Failure::input("usage", "only files of test cases are named; name a policy"));
    }
    let policies = load::policies(&files)?;
    let client = args.server.client()?;
    let published = block_on(async {
        let mut published: Vec<PublishedV1> = Vec::new();
        for policy in &policies {
            // Publishing the same bytes twice changes nothing, so the request can be sent again.
            let body = Body::new("application/toml", policy.source.as_bytes().to_vec()).once(None);
            published.push(client.post("/api/v1/policies", body).await?);
        }
        Ok(published)
    })?;
    for (file, policy) in files.iter().zip(&published) {
        for warning in &policy.warnings {
            let place = format!("{}:{}:{}", file.display(), warning.line, warning.column);
            let help = warning.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
            output::note(&plain(&format!(
                "warning: {place}: {} ({}){help}",
                warning.message, warning.code
            )));
        }
    }
    if args.format == Format::Json {
        output::json(&published)?;
        return Ok(0);
    }
    for policy in published {
        output::line(&format!(
            "{} version {}  {}",
            plain(&policy.name),
            policy.version,
            policy.digest
        ));
    }
    Ok(0)
}
