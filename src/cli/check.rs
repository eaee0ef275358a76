//! `modelgate check`: evaluate evidence against exactly the given policies, offline, storing
//! nothing.

use super::{
    artifact,
    evidence_arg::EvidenceArg,
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    policy, verdict_text,
};
use crate::{
    app::{
        core::env::{Clock as _, SystemClock},
        offline::predictions::{self, Files},
    },
    model::{Approval, Digest, Environment, ModelId, ObserveOnly, Submitted, Timestamp},
    policy::{Dossier, Request, Side},
    wire::{approval::ApprovalV1, verdict::VerdictV1},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Arguments of `modelgate check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 allow; 1 denied by a fail, an error or a rejection; 3 pending approval; 4 denied for any other reason
(missing, inconclusive, no policy); 2 the call or an input is wrong.

Examples:
  modelgate check --policy credit-risk.toml --evidence report.json
  modelgate check --policy a.toml --policy b.toml --evidence format=native:latency.json,report.json
  modelgate check --policy a.toml --evidence dataset=holdout-2026q3,produced-at=2026-11-20T12:00:00Z:report.json \\
    --model acme/credit-risk --environment production --context tier=high --format json
  modelgate check --policy observing.toml --evidence report.json --observe-only allow
  modelgate check --policy a.toml --predictions holdout.parquet --champion-predictions champion.parquet")]
pub struct Args {
    /// Policy files; every one must allow
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    policy: Vec<PathBuf>,
    /// Evidence files, each `[format=…,dataset=…,produced-at=…,mapping=…:]PATH`
    #[arg(long, value_name = "FILE", num_args = 1..)]
    evidence: Vec<EvidenceArg>,
    /// The model, `namespace/name`
    #[arg(long)]
    model: Option<ModelId>,
    /// The environment that it is for, such as `production`
    #[arg(long)]
    environment: Option<Environment>,
    /// The artifact; its digest is computed
    #[arg(long, value_name = "PATH", conflicts_with = "digest")]
    artifact: Option<PathBuf>,
    /// The artifact's digest, `sha256:…`
    #[arg(long)]
    digest: Option<Digest>,
    /// The stable id of the submitter, who cannot approve
    #[arg(long, value_name = "ID")]
    submitter: Option<String>,
    /// Approvals, a JSON list
    #[arg(long, value_name = "FILE")]
    approvals: Option<PathBuf>,
    /// What `when` reads, as `key=value`
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = pair)]
    context: Vec<(String, String)>,
    /// The time of the evaluation, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Raw predictions, which are read as `[recompute]` of a policy says
    #[arg(long, value_name = "FILE", num_args = 1..)]
    predictions: Vec<PathBuf>,
    /// Labels and groups kept apart from the predictions, joined on the id that the policy names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    labels: Vec<PathBuf>,
    /// Evidence of the champion; without it there is no champion to compare with
    #[arg(long, value_name = "FILE", num_args = 1..)]
    champion: Vec<EvidenceArg>,
    /// Raw predictions of the champion on the same rows
    #[arg(long, value_name = "FILE", num_args = 1..)]
    champion_predictions: Vec<PathBuf>,
    /// Evidence of the reference; without it there is no reference to compare with
    #[arg(long, value_name = "FILE", num_args = 1..)]
    reference: Vec<EvidenceArg>,
    /// Raw predictions of the reference on the same rows
    #[arg(long, value_name = "FILE", num_args = 1..)]
    reference_predictions: Vec<PathBuf>,
    /// The data that drift is measured from
    #[arg(long, value_name = "FILE", num_args = 1..)]
    drift_reference: Vec<PathBuf>,
    /// What happens if policies only observe: `allow` lets the artifact through, as the service
    /// does in an environment that its configuration names in `[observe_only]`
    #[arg(long, value_name = "deny|allow", value_parser = observe_only)]
    observe_only: Option<ObserveOnly>,
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn observe_only(text: &str) -> Result<ObserveOnly, String> {
    match text {
        "allow" => Ok(ObserveOnly::Allow),
        "deny" => Ok(ObserveOnly::Deny),
        _ => Err("expected `deny` or `allow`".to_owned()),
    }
}

/// One pair of `--context`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected `key=value`".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    let policies = policy::policies(&args.policy)?;
    let files = Files {
        predictions: args.predictions,
        labels: args.labels,
        champion: args.champion_predictions,
        reference: args.reference_predictions,
        drift_reference: args.drift_reference,
    };
    let computed = predictions::compute(&policies, &files)
        .map_err(|e| Failure::input(e.code, plain(&e.to_string())))?;
    let mut evidence = load(&args.evidence)?;
    evidence.extend(computed.evidence);
    let approvals = args.approvals.as_deref().map(approvals).transpose()?.unwrap_or_default();
    let artifact = match &args.artifact {
        Some(path) => Some(artifact::digest_of(path)?),
        None => args.digest,
    };
    let request = Request {
        model: args.model,
        artifact,
        environment: args.environment,
        submitter: args.submitter,
        context: context(args.context)?,
        observe_only: args.observe_only,
    };
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let dossier = Dossier {
        request,
        policies,
        evidence: Arc::new(evidence),
        champion: baseline(&args.champion, computed.champion)?,
        reference: baseline(&args.reference, computed.reference)?,
        attempts: Vec::new(),
    };
    let (frozen, _) = dossier.freeze().map_err(|e| Failure::input(e.code(), e))?;
    let verdict = frozen.judge(&approvals, now);
    match args.format {
        Format::Json => output::json(&VerdictV1::from(verdict.clone()))?,
        Format::Text => verdict_text::print(&verdict),
    }
    Ok(verdict.exit_code())
}

fn load(files: &[EvidenceArg]) -> Result<Vec<Submitted>, Failure> {
    let mut all = Vec::new();
    for file in files {
        all.extend(file.load()?.submitted(&file.path));
    }
    Ok(all)
}

/// `None`, which means no baseline, unless evidence of one is given.
fn baseline(files: &[EvidenceArg], computed: Vec<Submitted>) -> Result<Option<Side>, Failure> {
    let mut all = load(files)?;
    all.extend(computed);
    Ok((!all.is_empty()).then(|| Side { artifact: None, evidence: Arc::new(all) }))
}

/// The pairs of `--context`, each key once.
///
/// # Errors
/// `usage` when a key is given twice.
pub(super) fn context(pairs: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Failure> {
    let mut out = BTreeMap::new();
    for (key, value) in pairs {
        if out.insert(key.clone(), value).is_some() {
            return Err(Failure::input(
                "usage",
                format!("`--context {}` is given twice", plain(&key)),
            ));
        }
    }
    Ok(out)
}

fn approvals(path: &Path) -> Result<Vec<Approval>, Failure> {
    let name = plain(&path.display().to_string());
    let wrong = |why: String| {
        Failure::input("approvals-unreadable", format!("cannot read the approvals `{name}`: {why}"))
    };
    let bytes = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
    let read: Vec<ApprovalV1> =
        serde_json::from_slice(&bytes).map_err(|e| wrong(plain(&e.to_string())))?;
    Ok(read.into_iter().map(Into::into).collect())
}
