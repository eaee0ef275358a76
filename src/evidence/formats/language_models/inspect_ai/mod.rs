//! Inspect AI's eval logs: one JSON document, or the `.eval` zip with the same parts as members.
//!
//! `status` is `success`, `error`, `cancelled` or `started`; only a success has complete results. A
//! zip whose run never ended has no `header.json`, only `_journal/start.json`. `results.scores[]`
//! gives each scorer's `metrics` by name.
//!
//! * `results.completed_samples` counts samples times epochs, without those that ended in an error:
//!   this is n, if each sample was run once. Repeated samples are not more rows, so then n is
//!   unknown. A metric is computed over samples whose epochs were reduced to one score;
//!   `scored_samples`, if present, is their number: the trials of an accuracy. No rule can use the
//!   metrics if the run did not succeed, or if more than 1 of 100 samples were not completed or not
//!   scored by a scorer. A scorer may mark an answer as partly right: then the accuracy is a mean
//!   of marks and keeps its own name.
//! * A metric of `grouped(…)` is named by its group; `params` says by which key and of which
//!   metric. The number of a group's rows is never written, so n is unknown. If the log contains
//!   its samples (in a zip: `summaries.json`), those that were scored are counted, and are the
//!   trials of an accuracy. `all` is the whole, or with `all="groups"` an average over groups.
//! * Names repeat over scorers: `source_name` is `scorer/metric`, followed by `[reducer]` if
//!   several are used.
//! * Logs of version 1 have one `scorer` and its `metrics` in `results`.
//!
//! Doubles are written in full; NaN is bare. The values of single samples are not read.

mod groups;
mod scores;
#[cfg(test)]
mod tests;

use super::common::{brief, count, joined, moment};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    archive::{self, Member},
    json::{self, Json},
    precision::Precision,
};
use crate::model::{DatasetRef, Evidence, Producer, Slice};
use scores::{too_few, unfit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "inspect-ai",
    title: "Inspect AI eval log, JSON or .eval",
    family: Family::LanguageModels,
    written_by: "inspect eval task.py --log-format eval",
    reads: "every metric of every scorer as `scorer/metric`, completed samples as n; metrics by group as slices; the \
            run's status as a check, which fails for a run that broke off, was cancelled or never ended, and for one \
            that scored nothing. A rule on a metric of such a run, or of one that left out more than 1 of 100 samples, \
            is an error.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
    ],
    recognised_by: "`status` beside `eval` with `task` and `model`; a zip with `header.json` or `_journal/start.json`",
    rule: "id = \"match-accuracy\"\nmetric = \"match/accuracy\"\nmin = 0.8",
    detect,
    read,
};

/// The members of a `.eval` zip that contain the parts of a log, the complete one first.
const HEADERS: [&str; 2] = ["header.json", "_journal/start.json"];

/// The member with a summary of every sample.
const SUMMARIES: &str = "summaries.json";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if archive::kind(document.bytes()) == Some("zip") {
        let members = parts(document).map_err(|error| Declined::because(error.to_string()))?;
        let header = header(&members).ok_or_else(no_header)?;
        return match json::parse(&header.bytes) {
            Ok(log) => is_log(&log),
            // A broken header still shows that the zip is Inspect's. The error is reported when it
            // is read.
            Err(_) if members.iter().any(|member| member.name == "_journal/start.json") => Ok(()),
            Err(error) => Err(Declined::because(format!("`header.json` is no JSON: {error}"))),
        };
    }
    let object = document.object()?;
    if !object.has("status") {
        return Err(Declined::because("no key `status`"));
    }
    is_log(document.json().map_err(|error| Declined::because(error.to_string()))?)
}

fn no_header() -> Declined {
    Declined::because("no `header.json` and no `_journal/start.json` in the zip")
}

/// The members that are read. The other members, the samples, may be larger than the limit of a
/// document.
fn parts(document: &Document<'_>) -> Result<Vec<Member>, EvidenceError> {
    archive::picked(document.bytes(), |name| HEADERS.contains(&name) || name == SUMMARIES)
}

fn is_log(log: &Json<'_>) -> Result<(), Declined> {
    let spec =
        log.get("eval").filter(|eval| eval.get("task").is_some() && eval.get("model").is_some());
    if spec.is_none() || log.get("version").is_none() && log.get("plan").is_none() {
        return Err(Declined::because(
            "no `eval` with `task` and `model` beside `version` or `plan`",
        ));
    }
    Ok(())
}

fn header(members: &[Member]) -> Option<&Member> {
    HEADERS.iter().find_map(|name| members.iter().find(|member| member.name == *name))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    if archive::kind(document.bytes()) != Some("zip") {
        let log = document.json().map_err(Clone::clone)?;
        document.require(ADAPTER.id, detect(document))?;
        let status = log.get("status").and_then(Json::as_str).unwrap_or("no status");
        return log_evidence(document, log, status, log.get("samples"));
    }
    let members = parts(document)?;
    let header = header(&members).ok_or_else(|| document.refuse(ADAPTER.id, no_header()))?;
    let log = json::parse(&header.bytes)?;
    document.require(ADAPTER.id, is_log(&log))?;
    let status = log.get("status").and_then(Json::as_str).unwrap_or("started");
    let summaries = members.iter().find(|member| member.name == SUMMARIES);
    let summaries = summaries.map(|member| json::parse(&member.bytes)).transpose()?;
    log_evidence(document, &log, status, summaries.as_ref())
}

fn log_evidence(
    document: &Document<'_>,
    log: &Json<'_>,
    status: &str,
    samples: Option<&Json<'_>>,
) -> Result<Evidence, EvidenceError> {
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let samples = collector.list(samples);
    about(&mut collector, log);
    let error = log.at_path(&["error", "message"]).and_then(Json::as_str).map(brief);
    collector.check("status", status == "success", joined([Some(status.to_owned()), error]));
    if log.get("invalidated").is_some_and(|json| json.kind() == "true") {
        collector.check(
            "invalidated",
            false,
            Some("samples of this log were invalidated".to_owned()),
        );
    }
    let results = log.get("results").filter(|results| results.as_object().is_some());
    match results {
        Some(results) => read_results(&mut collector, document, log, results, samples)?,
        None if status == "success" => {
            collector.check("results", false, Some("the log has no results".to_owned()));
        }
        None => {}
    }
    // The scores of a run that broke off may differ from those of the complete run.
    if status != "success" {
        unfit(&mut collector, 0, &format!("the run did not succeed, its status is {status}"));
    }
    if !samples.is_empty() {
        collector.left_out("samples");
    }
    collector.finish()
}

fn about(collector: &mut Collector<'_>, log: &Json<'_>) {
    let Some(eval) = log.get("eval") else { return };
    let own = |text: &str| text.to_owned();
    collector.evidence.producer = Some(Producer {
        tool: Some(own("inspect-ai")),
        version: eval.get("packages").and_then(|packages| packages.text("inspect_ai")).map(own),
        run: eval.text("run_id").map(own),
    });
    let dataset = eval.get("dataset").and_then(|dataset| dataset.text("name"));
    collector.evidence.dataset =
        dataset.map(|name| DatasetRef { name: Some(own(name)), digest: None });
    let ended = log.get("stats").and_then(|stats| moment(stats, "completed_at"));
    collector.evidence.produced_at = ended.or_else(|| moment(eval, "created"));
}

fn read_results(
    collector: &mut Collector<'_>,
    document: &Document<'_>,
    log: &Json<'_>,
    results: &Json<'_>,
    samples: &[Json<'_>],
) -> Result<(), EvidenceError> {
    let (total, completed) = (count(results, "total_samples"), count(results, "completed_samples"));
    for key in ["total_samples", "completed_samples"] {
        if let Some(json) = results.get(key) {
            collector.measure(key, key, Slice::overall(), json);
        }
    }
    if completed == Some(0) {
        collector.check("completed_samples", false, Some("no sample was completed".to_owned()));
    } else if let Some((some, all)) = completed.zip(total).filter(|(some, all)| some < all) {
        let said =
            format!("{some} of {all} samples were completed, and the metrics leave the others out");
        collector.warn(said.as_str());
        collector.check("completed_samples", false, Some(said));
    }
    let epochs = log
        .at_path(&["eval", "config", "epochs"])
        .and_then(Json::as_number)
        .and_then(json::Number::count);
    let epochs = epochs.unwrap_or(1).max(1);
    let run = scores::Run { completed, total, epochs, samples: groups::Samples::new(samples) };
    let scored = if let Some(scores) = results.get("scores") {
        let Some(scores) = scores.as_array() else {
            let message = format!("`results.scores` is no list but {}", scores.kind());
            return Err(document.invalid(ADAPTER.id, scores.at, message));
        };
        scores.iter().map(|score| run.score(collector, score, score.text("name"))).sum()
    } else {
        let scorer = results.get("scorer").and_then(|scorer| scorer.text("name"));
        run.score(collector, results, scorer)
    };
    if scored == 0_usize {
        collector.check("results", false, Some("no metric was computed".to_owned()));
    }
    if let Some((some, all)) = completed.zip(total).filter(|(some, all)| too_few(*some, *all)) {
        let why =
            format!("{some} of {all} samples were completed, and the value leaves the others out");
        unfit(collector, 0, &why);
    }
    Ok(())
}
