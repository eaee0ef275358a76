//! `modelgate gate`: submit evidence to the service and get its verdict on the artifact.

mod evidence;
mod github;
mod markdown;
mod proof;
mod wait;

pub(super) use github::failed;

use super::{
    artifact::{self, Artifact},
    check,
    client::{Body, Client, ServerArgs},
    evidence_arg::EvidenceArg,
    exit::{Failure, Outcome},
    output,
    service::block_on,
    verdict_text,
};
use crate::{
    app::core::env::Env,
    model::{Age, Digest, Environment, ModelId, Outcome as Verdict},
    wire::release::{DecidedV1, SubmitV1},
};
use evidence::Document;
use serde::Serialize;
use std::{path::PathBuf, time::Duration};
use tokio::time::Instant;

/// How long the service may compute evidence from predictions.
const COMPUTING: Duration = Duration::from_hours(1);

/// Arguments of `modelgate gate`.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("subject").required(true),
    after_help = "\
Exit codes: 0 allow; 1 denied by a fail, an error or a rejection; 3 pending approval, also when --wait runs out;
4 denied for any other reason (missing, inconclusive, no policy); 2 the call or an input is wrong; 5 the service failed,
cannot be reached, or its answer is not what was signed with the keys that you pinned.

A submission with the same inputs as the newest release of the artifact in this environment keeps that release's decision,
so that a rerun removes no approval; --again requests approvals again.

The digest of a folder is that of a manifest: path, size and SHA-256 of every file in it. Links within it, and those of a
Hugging Face snapshot into its own cache, are read through. .git, .cache/, .DS_Store and what the file .modelgateignore names
(as .gitignore does) are left out, and listed on stderr.

Examples:
  modelgate gate --model acme/credit-risk --artifact model.onnx --environment production --evidence report.json
  modelgate gate --model acme/credit-risk --digest sha256:… --environment production \\
    --evidence 'reports/*.json' dataset=holdout-2026q3:latency.json --wait 30m
  modelgate gate --model acme/credit-risk --artifact model.onnx --environment production --evidence report.json \\
    --predictions 'predictions/*.parquet'
  modelgate gate --model acme/credit-risk --artifact model.onnx --environment production --evidence report.json \\
    --trust pinned/
  modelgate gate --model acme/credit-risk --artifact model/ --environment staging --evidence r.json --format json"
)]
pub struct Args {
    /// The model, `namespace/name`
    #[arg(long)]
    model: ModelId,
    /// The artifact, a file or a folder; its digest is computed
    #[arg(long, value_name = "PATH", group = "subject")]
    artifact: Option<PathBuf>,
    /// The artifact's digest, `sha256:…`
    #[arg(long, group = "subject")]
    digest: Option<Digest>,
    /// The environment that it is for, such as `production`
    #[arg(long)]
    environment: Environment,
    /// Evidence files or patterns, each `[format=…,dataset=…,produced-at=…,mapping=…:]PATH`
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "predictions")]
    evidence: Vec<EvidenceArg>,
    /// Files of raw predictions or patterns; they are uploaded, and policies have evidence computed from them
    #[arg(long, value_name = "FILE", num_args = 1..)]
    predictions: Vec<PathBuf>,
    /// The data set of the predictions, if no policy names one
    #[arg(long, value_name = "NAME", requires = "predictions")]
    dataset: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// How long to wait for approvals, such as 30m, and for a service that cannot be reached
    /// meanwhile
    #[arg(long, value_name = "TIME")]
    wait: Option<Age>,
    /// The version, a label for people
    #[arg(long, value_name = "VERSION")]
    version_label: Option<String>,
    /// What reviewers should know
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
    /// What `when` reads, as `key=value`
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = check::pair)]
    context: Vec<(String, String)>,
    /// Makes it safe to repeat this request, such as the id of the run. In a step of GitHub Actions
    /// the default is made from the run, the attempt, the step and the request
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Evaluate and request approvals again, even if the same inputs were decided before, such as
    /// after a rejection
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    trust: proof::TrustArgs,
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Exactly one JSON document
    Json,
    /// For a step of GitHub Actions: annotations, step summary and outputs
    Github,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let format = args.format;
    match decide(args) {
        Ok(told) => {
            match format {
                Format::Json => output::json(&told)?,
                Format::Text => text(&told.decided),
                Format::Github => github::report(&told.decided)?,
            }
            Ok(exit_code(&told.decided))
        }
        Err(failure) if format == Format::Github => failed(&failure),
        Err(failure) => Err(failure),
    }
}

/// The exit code of an answer: an allow whose approvals have expired waits for approval again.
pub(super) fn exit_code(decided: &DecidedV1) -> u8 {
    if decided.ended.is_some() { PENDING } else { decided.verdict.to_verdict().exit_code() }
}

/// The exit code of a release that waits for approval.
const PENDING: u8 = 3;

/// The JSON output: the answer of the service, and the files that were left out of the artifact.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    decided: DecidedV1,
    /// The files in the artifact's folder that are not part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    artifact_left_out: Vec<String>,
}

fn decide(args: Args) -> Result<Told, Failure> {
    let client = args.server.client()?;
    let pinned = args.trust.pinned()?;
    if args.format == Format::Github {
        github::mask(client.token());
    }
    let documents = evidence::read(&args.evidence)?;
    let files = evidence::predictions(&args.predictions)?;
    let Artifact { digest: artifact, left_out } = match (&args.artifact, args.digest) {
        (Some(path), _) => artifact::read(path)?,
        (None, Some(digest)) => Artifact { digest, left_out: Vec::new() },
        (None, None) => return Err(Failure::input("usage", "give the artifact, or its digest")),
    };
    let mut request = SubmitV1 {
        model: args.model,
        version: args.version_label,
        artifact,
        environment: args.environment,
        comment: args.comment,
        context: check::context(args.context)?,
        evidence: Vec::new(),
        predictions: Vec::new(),
        dataset: args.dataset,
        again: args.again,
    };
    block_on(async {
        // With `--wait`, the command also waits for a service that is being restarted.
        let end = args.wait.map(|limit| Instant::now() + Duration::from_secs(limit.secs()));
        for file in &files {
            request.predictions.push(client.upload(file, end).await?.digest);
        }
        let own = args
            .idempotency_key
            .or_else(|| github::key(args.format == Format::Github, &request, &documents));
        let question = pinned.as_ref().map(|_| proof::Question::new(&request, &documents));
        let form = form(request, &documents)?.once(own);
        let form = if files.is_empty() { form } else { form.within(COMPUTING) };
        drop(documents);
        let decided: DecidedV1 = client.post_until("/api/v1/releases", form, end).await?;
        // In a step of GitHub Actions a line may be a command; there `github::report` prints them
        // while commands are off.
        if args.format != Format::Github {
            output::left_out(&decided.left_out);
            output::warnings(&decided.warnings);
        }
        let decided = wait(&client, decided, args.wait).await?;
        if let (Some(pinned), Some(question)) = (&pinned, &question) {
            proof::check(&client, &decided, pinned, question).await?;
        }
        Ok(Told { decided, artifact_left_out: left_out })
    })
}

async fn wait(
    client: &Client,
    decided: DecidedV1,
    limit: Option<Age>,
) -> Result<DecidedV1, Failure> {
    match limit {
        Some(limit) => wait::until_decided(client, decided, limit).await,
        None => Ok(decided),
    }
}

/// The request as a multipart form (RFC 7578): a part `request`, and a part `evidence` for each
/// document. Names need no escape, and the boundary is random, so that no document contains it.
fn form(mut request: SubmitV1, documents: &[Document]) -> Result<Body, Failure> {
    request.evidence = documents.iter().map(|d| d.said.clone()).collect();
    let json = serde_json::to_vec(&request).map_err(|e| Failure::service("output", e))?;
    let boundary = hex::encode(&Env::default().random()[..16]);
    let mut form = Vec::new();
    let mut part = |disposition: &str, kind: &str, bytes: &[u8]| {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {kind}\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    };
    part("name=\"request\"", "application/json", &json);
    for Document { said, bytes } in documents {
        let name = said.name.as_deref().unwrap_or_default();
        part(&format!("name=\"evidence\"; filename=\"{name}\""), "application/octet-stream", bytes);
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Body::new(format!("multipart/form-data; boundary={boundary}"), form))
}

/// What an answer says in addition to its verdict, in sentences.
fn standing(decided: &DecidedV1) -> Vec<String> {
    let repeated = "the same inputs were decided before, and this is that decision; `--again` requests approvals again";
    let ended = |at| format!("its approvals expired at {at}: it must be approved again");
    let mut all: Vec<String> = decided.repeated.then(|| repeated.to_owned()).into_iter().collect();
    all.extend(decided.ended.map(ended));
    if decided.ended.is_none() && decided.verdict.verdict == Verdict::Allow {
        all.extend(
            decided
                .verdict
                .to_verdict()
                .until()
                .map(|at| format!("the approvals are valid until {at}")),
        );
    }
    all
}

fn text(decided: &DecidedV1) {
    verdict_text::print(&decided.verdict.to_verdict());
    for remark in standing(decided) {
        output::line(&remark);
    }
    output::line("");
    output::line(&format!("release  {}", decided.release));
    output::line(&format!("decision {}", decided.decision));
    output::line(&format!("page     {}", output::plain(&decided.url)));
}
