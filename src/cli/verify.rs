//! `modelgate verify`: checks an exported decision, offline, with keys that were obtained
//! elsewhere.

mod read;

pub(in crate::cli) use read::pinned;

use super::{
    artifact::{self, Artifact},
    exit::{Failure, Outcome},
    output::{self, Format, plain},
};
use crate::{
    app::core::env::Env,
    ledger::verify::{self, Expected, Pinned, Report, Status},
    model::{Age, Digest, Environment},
};
use anstyle::{AnsiColor, Style};
use std::path::{Path, PathBuf};

/// Arguments of `modelgate verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Keys inside an export are data, not trust. Get them from the service once, by a way you trust, and keep \
them: a decision key (PEM) and the key of the namespace's log (name+hash+key). Both are needed to prove a \
decision.

Examples:
  modelgate verify export/ --trust pinned/
  modelgate verify export/ --key decision.pem --key log.vkey --artifact model.bin
  modelgate verify decision.sigstore.json --trust pinned/ --format json
  modelgate verify export/ --trust pinned/ --max-age 7d

Exit codes:
  2  unreadable
  1  invalid, not about this artifact or environment, or older than --max-age
  4  nothing is wrong, but a key was not pinned or a step could not be checked
     else that of the proved decision: 0 allow, 1 or 4 deny, 3 pending, 1 revoked")]
pub struct Args {
    /// Exported decisions: directories, envelopes (*.dsse.json) or bundles (*.sigstore.json)
    #[arg(value_name = "F|DIR", required = true)]
    paths: Vec<PathBuf>,
    /// A key you trust: a PEM file, a vkey file, or a vkey itself; may be given many times
    #[arg(long = "key", value_name = "K")]
    keys: Vec<String>,
    /// A directory of keys you trust: its decision.pem and log.vkey
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// The artifact in hand; the decision must be about it
    #[arg(long, value_name = "PATH")]
    artifact: Option<PathBuf>,
    /// The digest of the artifact in hand
    #[arg(long, value_name = "sha256:…", conflicts_with = "artifact")]
    digest: Option<Digest>,
    /// The environment of the artifact; the decision must be for it
    #[arg(long, value_name = "E")]
    environment: Option<Environment>,
    /// How old a decision may be, such as 7d; an older one is refused, and so is an allow whose
    /// approvals have expired
    #[arg(long, value_name = "TIME")]
    max_age: Option<Age>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// When a path, a key or the artifact cannot be read.
pub fn run(args: Args) -> Outcome {
    let Args { paths, keys, trust, artifact, digest, environment, max_age, format } = args;
    let pinned = read::pinned(&keys, trust.as_deref())?;
    if read::is_own_key(&keys, trust.as_deref(), &paths) {
        output::note(
            "note: a pinned key is in the export itself; a person who forged the export would have put it there",
        );
    }
    let now = Env::default().now();
    let read = artifact.as_deref().map(artifact::read).transpose()?;
    let expected =
        Expected { artifact: read.as_ref().map(|read| read.digest).or(digest), environment };
    let whole = match (&artifact, &read) {
        (Some(path), Some(read)) if !read.left_out.is_empty() => {
            artifact::whole_digest_of(path).ok()
        }
        _ => None,
    };
    let judge = |path| {
        one(path, &pinned, &expected)
            .and_then(|report| earlier(path, report, whole, &pinned, &expected))
            .map(|report| report.as_of(now, max_age))
    };
    let reports: Vec<Done<'_>> = paths.iter().map(|path| (path, judge(path))).collect();
    let codes = reports
        .iter()
        .map(|(_, report)| report.as_ref().map_or_else(|f| f.exit, Report::exit_code));
    let code = codes.max_by_key(|code| precedence(*code));
    match format {
        Format::Json => output::json(&document(&reports, read.as_ref()))?,
        Format::Text => reports.iter().for_each(|(path, report)| text(path, report)),
    }
    Ok(code.unwrap_or(super::exit::USAGE))
}

/// The precedence of exit codes: 2, 5, 1, 4, 3, 0.
fn precedence(code: u8) -> u8 {
    match code {
        0 => 0,
        3 => 1,
        4 => 2,
        1 => 3,
        5 => 4,
        _ => 5,
    }
}

fn one(path: &Path, pinned: &Pinned, expected: &Expected) -> Result<Report, Failure> {
    let shown = || plain(&path.display().to_string());
    if read::is_directory(path)? {
        let files = read::files(path)?;
        return verify::directory(&files, pinned, expected).ok_or_else(|| {
            Failure::input(
                "verify-not-an-export",
                format!("`{}` is not an exported decision: it has no record.dsse.json", shown()),
            )
        });
    }
    let bytes = read::file(path)?;
    let error = |e| Failure::input("verify-unreadable", format!("cannot read `{}`: {e}", shown()));
    verify::file(&bytes, pinned, expected).map_err(error)
}

/// The same decision, if modelgate 0.1 made it about the whole folder of the artifact: that version
/// left nothing out.
fn earlier(
    path: &Path,
    report: Report,
    whole: Option<Digest>,
    pinned: &Pinned,
    expected: &Expected,
) -> Result<Report, Failure> {
    let about = report.decision.as_ref().and_then(|decision| decision.artifact);
    if whole.is_none() || about != whole {
        return Ok(report);
    }
    output::note("note: this decision is about the whole folder, with what is left out today");
    one(path, pinned, &Expected { artifact: whole, ..expected.clone() })
}

type Done<'a> = (&'a PathBuf, Result<Report, Failure>);

fn document(reports: &[Done<'_>], artifact: Option<&Artifact>) -> serde_json::Value {
    let one = |(path, report): &Done<'_>| {
        let path = path.display().to_string();
        match report {
            Ok(report) => serde_json::json!({
                "path": path, "result": result(report), "exit_code": report.exit_code(),
                "decision": report.decision, "steps": report.steps,
            }),
            Err(failure) => serde_json::json!({
                "path": path, "result": "unreadable", "exit_code": failure.exit, "decision": null, "steps": [],
                "error": {"code": failure.code, "message": failure.message},
            }),
        }
    };
    let mut all = serde_json::json!({"results": reports.iter().map(one).collect::<Vec<_>>()});
    if let (Some(artifact), Some(all)) = (artifact, all.as_object_mut()) {
        all.insert(
            "artifact".into(),
            serde_json::json!({"digest": artifact.digest, "left_out": artifact.left_out}),
        );
    }
    all
}

fn result(report: &Report) -> &'static str {
    match (report.is_proved(), report.is_refuted()) {
        (true, _) => "proved",
        (false, false) => "not-pinned",
        (false, true) => "invalid",
    }
}

fn text(path: &Path, report: &Result<Report, Failure>) {
    let path = plain(&path.display().to_string());
    let report = match report {
        Ok(report) => report,
        Err(failure) => return output::note(&format!("error: {}", failure.message)),
    };
    output::line(&path);
    for step in &report.steps {
        let (colour, word) = match step.status {
            Status::Ok => (AnsiColor::Green, "ok"),
            Status::Failed => (AnsiColor::Red, "FAILED"),
            Status::Unchecked => (AnsiColor::Yellow, "not checked"),
        };
        let style = Style::new().fg_color(Some(colour.into()));
        output::line(&format!(
            "  {style}{word:<11}{style:#}  {:<20}  {}",
            step.name,
            plain(&step.detail)
        ));
    }
    output::line(&format!("  {}", conclusion(report)));
}

fn conclusion(report: &Report) -> String {
    let Some(decision) = &report.decision else { return "Invalid: nothing is proved.".into() };
    let unknown = || "?".to_owned();
    let model = decision.model.as_ref().map_or_else(unknown, ToString::to_string);
    let environment = decision.environment.as_ref().map_or_else(unknown, ToString::to_string);
    let artifact = decision.artifact.map_or_else(unknown, |digest| digest.to_string());
    let what = format!(
        "{} for {model} in {environment}, {artifact}, at {}",
        decision.verdict, decision.decided_at
    );
    let what = plain(&what);
    match result(report) {
        "proved" => format!("Proved: {what}."),
        "invalid" => format!("Invalid: it does not prove the decision it claims ({what})."),
        _ => format!(
            "Not proved: nothing contradicts it, but not every step could be checked with pinned keys ({what})."
        ),
    }
}
