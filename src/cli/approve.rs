//! `modelgate approve` and `modelgate reject`: a person's vote on a release.

use super::{
    client::{Body, ServerArgs},
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::block_on,
    verdict_text,
};
use crate::{
    model::{Digest, ReleaseId, Vote},
    wire::release::{DecidedV1, ReleaseV1, VoteV1},
};

/// Arguments of `modelgate approve` and `modelgate reject`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The vote is valid for exactly the inputs that were seen. With --inputs-digest, it is for those inputs only: if the release
has others, the vote is refused. The token must belong to a person who did not request the release.

Exit codes: 0 recorded; 2 refused, or the call is wrong; 5 the service failed or cannot be reached.

Examples:
  modelgate approve 01K… --comment 'looked at the groups' --inputs-digest sha256:…
  modelgate reject 01K… --comment 'the drop for men needs a reason'")]
pub struct Args {
    /// The release
    release: ReleaseId,
    /// A comment
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
    /// The inputs that you saw [default: the present inputs of the release]
    #[arg(long, value_name = "sha256:…")]
    inputs_digest: Option<Digest>,
    #[command(flatten)]
    server: ServerArgs,
    /// Makes it safe to repeat this request
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// How to print the new state
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command with that vote.
pub fn run(args: Args, vote: Vote) -> Outcome {
    let client = args.server.client()?;
    let path = format!("/api/v1/releases/{}", args.release);
    let decided = block_on(async {
        let seen: ReleaseV1 = client.get(&path).await?;
        if let Some(wanted) = args.inputs_digest.filter(|d| *d != seen.inputs_digest) {
            let message = format!(
                "the release has other inputs: {}, not {wanted}; look at it again",
                seen.inputs_digest
            );
            return Err(Failure::input("inputs-changed", message));
        }
        output::note(&about(&seen, vote));
        let body = VoteV1 { vote, comment: args.comment, inputs_digest: seen.inputs_digest };
        let body = Body::json(&body)?.once(args.idempotency_key);
        client.post::<DecidedV1>(&format!("{path}/approvals"), body).await
    })?;
    match args.format {
        Format::Json => output::json(&decided)?,
        Format::Text => {
            verdict_text::print_brief(&decided.verdict.to_verdict());
            output::line(&format!(
                "\ndecision {}\npage     {}",
                decided.decision,
                plain(&decided.url)
            ));
        }
    }
    Ok(0)
}

fn about(release: &ReleaseV1, vote: Vote) -> String {
    let word = match vote {
        Vote::Approve => "approving",
        Vote::Reject => "rejecting",
    };
    let s = &release.summary;
    let version = s.version.as_deref().map(|v| format!(" ({})", plain(v))).unwrap_or_default();
    format!(
        "{word} {}{version} to {}, requested by {}\nartifact {}\ninputs   {}",
        s.model,
        s.environment,
        plain(&s.submitter.name),
        s.artifact,
        release.inputs_digest
    )
}
