//! `modelgate check`: judge evidence against exactly the policies given, offline, storing nothing.

use super::{
    artifact,
    evidence_arg::EvidenceArg,
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    policy, verdict_text,
};
use crate::{
    app::{
        check::{self, Handed, Request},
        env::{Clock as _, SystemClock},
    },
    model::{Approval, Digest, Environment, ModelId, Submitted, Timestamp},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
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
    --model acme/credit-risk --environment production --context tier=high --format json")]
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
    /// Where it is to go, such as `production`
    #[arg(long)]
    environment: Option<Environment>,
    /// The artifact; its digest is computed
    #[arg(long, value_name = "PATH", conflicts_with = "digest")]
    artifact: Option<PathBuf>,
    /// The artifact's digest, `sha256:…`
    #[arg(long)]
    digest: Option<Digest>,
    /// The stable id of whoever asks; they cannot approve
    #[arg(long, value_name = "ID")]
    submitter: Option<String>,
    /// Approvals, a JSON list
    #[arg(long, value_name = "FILE")]
    approvals: Option<PathBuf>,
    /// What `when` reads, as `key=value`
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = pair)]
    context: Vec<(String, String)>,
    /// The moment of judgement, RFC 3339; the clock's if absent
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
    /// Raw predictions (not yet supported)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    predictions: Vec<PathBuf>,
    /// Evidence of the champion; without it there is no champion to compare with
    #[arg(long, value_name = "FILE", num_args = 1..)]
    champion: Vec<EvidenceArg>,
    /// Raw predictions of the champion (not yet supported)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    champion_predictions: Vec<PathBuf>,
    /// Evidence of the reference; without it there is no reference to compare with
    #[arg(long, value_name = "FILE", num_args = 1..)]
    reference: Vec<EvidenceArg>,
    /// Waivers (not yet supported)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    waivers: Vec<PathBuf>,
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One pair of `--context`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected `key=value`".to_owned()),
    }
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    supported(&args)?;
    let policies = policy::policies(&args.policy)?;
    let handed = Handed {
        evidence: load(&args.evidence)?,
        champion: baseline(&args.champion)?,
        reference: baseline(&args.reference)?,
        looks: Vec::new(),
    };
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
    };
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    let inputs = check::inputs(request, &policies, &handed);
    let verdict =
        check::decide(&inputs, &policies, &handed, &approvals, now).map_err(|e| Failure::input(e.code(), e))?;
    match args.format {
        Format::Json => output::json(&verdict)?,
        Format::Text => verdict_text::print(&verdict),
    }
    Ok(verdict.exit_code())
}

fn load(files: &[EvidenceArg]) -> Result<Vec<Submitted>, Failure> {
    files.iter().map(|e| e.load().map(|loaded| loaded.submitted)).collect()
}

/// Nobody to compare with, unless evidence of them is given.
fn baseline(files: &[EvidenceArg]) -> Result<Option<Vec<Submitted>>, Failure> {
    if files.is_empty() { Ok(None) } else { load(files).map(Some) }
}

fn supported(args: &Args) -> Result<(), Failure> {
    let later = [
        ("--predictions", &args.predictions),
        ("--champion-predictions", &args.champion_predictions),
        ("--waivers", &args.waivers),
    ];
    match later.iter().find(|(_, given)| !given.is_empty()) {
        Some((name, _)) => {
            Err(Failure::input("not-yet-supported", format!("`{name}` is not yet supported; leave it out")))
        }
        None => Ok(()),
    }
}

/// The pairs of `--context`, each key once.
///
/// # Errors
/// `usage` when a key is given twice.
pub(super) fn context(pairs: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Failure> {
    let mut out = BTreeMap::new();
    for (key, value) in pairs {
        if out.insert(key.clone(), value).is_some() {
            return Err(Failure::input("usage", format!("`--context {}` is given twice", plain(&key))));
        }
    }
    Ok(out)
}

fn approvals(path: &Path) -> Result<Vec<Approval>, Failure> {
    let name = plain(&path.display().to_string());
    let wrong =
        |why: String| Failure::input("approvals-unreadable", format!("cannot read the approvals `{name}`: {why}"));
    let bytes = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| wrong(plain(&e.to_string())))
}
