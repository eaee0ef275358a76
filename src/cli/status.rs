//! `modelgate status`: the state of a release.

use super::{
    client::{Client, ServerArgs},
    exit::{Failure, Outcome},
    gate,
    output::{self, Format, plain},
    service::block_on,
    verdict_text,
};
use crate::{
    model::{ApprovalCount, Digest, Environment, ModelId, ReleaseId, Vote},
    wire::release::{DecidedV1, GateV1, ReleaseV1},
};

/// Arguments of `modelgate status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: those of the verdict (0 allow, 1 or 4 deny, 3 pending, 1 revoked); 3 also when the approvals of an allow have
expired; 4 also when no release was ever requested; 2 the call is wrong; 5 the service failed or cannot be reached.

Examples:
  modelgate status 01K…
  modelgate status --model acme/credit-risk --digest sha256:… --environment production --format json")]
pub struct Args {
    /// The release
    #[arg(required_unless_present = "model", conflicts_with_all = ["model", "digest", "environment"])]
    release: Option<ReleaseId>,
    /// The model, `namespace/name`, for its latest release
    #[arg(long, requires_all = ["digest", "environment"])]
    model: Option<ModelId>,
    /// The artifact's digest, `sha256:…`
    #[arg(long, requires = "model")]
    digest: Option<Digest>,
    /// The environment that it is for, such as `production`
    #[arg(long, requires = "model")]
    environment: Option<Environment>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to print the state
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let client = args.server.client()?;
    let release = block_on(async {
        let id = match (args.release, args.model, args.digest, args.environment) {
            (Some(id), ..) => id,
            (None, Some(model), Some(digest), Some(environment)) => {
                asked(&client, &model, &digest, &environment).await?
            }
            _ => {
                return Err(Failure::input(
                    "usage",
                    "name a release, or a model, a digest and an environment",
                ));
            }
        };
        client.get::<ReleaseV1>(&format!("/api/v1/releases/{id}")).await
    })?;
    let Some(latest) = release.decisions.last() else {
        return Err(Failure::service(
            "answer-not-understood",
            "the service answered a release without a decision",
        ));
    };
    let decided = DecidedV1 {
        release: release.summary.release.clone(),
        decision: latest.decision.clone(),
        url: format!("{}/releases/{}", client.base(), release.summary.release),
        verdict: latest.verdict.clone(),
        log: latest.log,
        repeated: false,
        ended: release.standing.as_ref().and_then(|s| s.ended),
        left_out: Vec::new(),
        warnings: Vec::new(),
    };
    let code = gate::exit_code(&decided);
    if args.format == Format::Json {
        output::json(&decided)?;
        return Ok(code);
    }
    verdict_text::print(&latest.verdict.to_verdict());
    output::line("");
    for remark in standing(&release) {
        output::line(&remark);
    }
    print(&release);
    output::line(&format!(
        "page     {}/releases/{}",
        plain(client.base()),
        release.summary.release
    ));
    Ok(code)
}

/// The latest release of an artifact to an environment.
async fn asked(
    client: &Client,
    model: &ModelId,
    digest: &Digest,
    environment: &Environment,
) -> Result<ReleaseId, Failure> {
    // None of these has a character with a meaning in a query.
    let path = format!("/api/v1/gate?model={model}&digest={digest}&environment={environment}");
    let answer: GateV1 = client.get(&path).await?;
    answer.data.release.ok_or_else(|| {
        let message = "no release of this artifact to this environment was ever requested; ask with `modelgate gate`";
        Failure::with_exit(4, "not-requested", message)
    })
}

/// The present state, in addition to what was decided.
fn standing(release: &ReleaseV1) -> Vec<String> {
    let Some(standing) = &release.standing else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(at) = standing.ended {
        all.push(format!("its approvals expired at {at}: it must be approved again"));
    }
    if standing.open {
        all.extend(
            standing
                .approvals
                .iter()
                .filter(|a| a.given < a.needed)
                .map(|a| format!("now {}", plain(&ApprovalCount::from(a.clone()).sentence()))),
        );
    }
    match (&standing.obstacle, &standing.superseded_by) {
        (Some(obstacle), _) => {
            all.push(format!("it cannot be approved as it is: {}", plain(&obstacle.message)));
        }
        (None, Some(newer)) => {
            all.push(format!("a newer release of this artifact has replaced this one: {newer}"));
        }
        (None, None) => {}
    }
    if !all.is_empty() {
        all.push(String::new());
    }
    all
}

fn print(release: &ReleaseV1) {
    let s = &release.summary;
    let version =
        s.version.as_deref().map(|v| format!(", version {}", plain(v))).unwrap_or_default();
    output::line(&format!("release  {}{version}", s.release));
    output::line(&format!("requested by {} at {}", plain(&s.submitter.name), s.requested_at));
    for approval in &release.approvals {
        let word = match approval.vote {
            Vote::Approve => "approved",
            Vote::Reject => "rejected",
        };
        let comment = if approval.comment.is_empty() {
            String::new()
        } else {
            format!(": {}", plain(&approval.comment))
        };
        output::line(&format!(
            "{word} by {} at {}{comment}",
            plain(&approval.by.name),
            approval.at
        ));
    }
    if let Some(latest) = release.decisions.last() {
        output::line(&format!("decision {} at {}", latest.decision, latest.decided_at));
    }
}
