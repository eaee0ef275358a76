//! Metrics stored by MLflow: the `metrics.json` of an evaluation, and the answers of its REST API.
//!
//! * `EvaluationResult.save()`: one flat object of numbers. `example_count` is n of all of them,
//!   `val_example_count` of those with that prefix. Metrics of language models carry a version and
//!   a statistic (`toxicity/v1/mean`);
//! * `runs/get`, and `mlflow runs describe`, which makes an object of its metrics: one run. `n` is
//!   known only for metrics that were logged in one batch with an `example_count`;
//! * `runs/search`: several runs, of which the first is read, and a warning counts the others;
//! * `metrics/get-history`: the last step is the value;
//! * `logged-models/{id}` and `logged-models/search` of MLflow 3, of which again the first is read;
//! * `model-versions/get`: no metrics, only which version it is.
//!
//! MLflow writes NaN as the text `"NaN"` and infinities as ±1.7976931348623157e308: both are
//! undefined here. A metric keeps its own path as its name (`val/loss`,
//! `accuracy.slice:sex:Female`); paths never become slices. If the four counts of a binary
//! classifier were logged with the metrics, they give the exact trials and successes, unless they
//! contradict the value. Without them the evaluator's recall, precision and f1 are averages over
//! classes, and keep its names (`f1_score`). The moment of the document is that of its oldest
//! metric.

mod entry;
mod shape;
#[cfg(test)]
mod tests;

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    confusion::Confusion,
    counts::only_count,
    json::{Json, Number},
    names,
    precision::Precision,
    quoted,
    undefined::{Reading, reading},
};
use crate::model::{Evidence, Measurement, Timestamp, Unit};
use crate::stats::proportion::float;
use entry::{Batch, Entry, ROWS};
use shape::Shape;
use std::collections::{HashMap, HashSet};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "mlflow-metrics",
    title: "MLflow: metrics.json of an evaluation; runs, metric histories, logged models and model versions of the REST API",
    family: Family::Evaluation,
    written_by: "mlflow.models.evaluate(…).save(folder), or `curl …/api/2.0/mlflow/runs/get?run_id=…`",
    reads: "metrics with step and data set; n and exact counts where `example_count` and the four counts were logged in \
            the same call; whether the run finished.",
    carries: &[
        Carries::Metrics,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Checks,
        Carries::Links,
    ],
    recognised_by: "`example_count`, metrics with a version; `run`, `runs`, `metrics`, `model` or `model_version` of the REST API",
    rule: "id = \"accuracy-floor\"\nmetric = \"accuracy\"\nsource = \"mlflow-metrics\"\nmin = 0.9",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    document.object()?;
    document.json().map_or_else(
        |_| Err(Declined::because("not JSON")),
        |json| Shape::of(json).map(|_| ()).map_err(Declined::because),
    )
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let refuse = |why: String| document.invalid(ADAPTER.id, json.at, why);
    let object = document.require(ADAPTER.id, document.object())?;
    // A submission that names this format may contain metrics with any names.
    let shape = Shape::of(json).or_else(|why| shape::flat(object).ok_or(why)).map_err(refuse)?;
    let mut evidence = document.evidence(ADAPTER.id);
    let entries = shape.read(&mut evidence).map_err(refuse)?;
    measure(&entries, &mut evidence);
    broke_off(&mut evidence);
    Ok(evidence)
}

/// Marks the metrics of a run that failed or was killed: the last values that it logged might
/// not be those of its model.
fn broke_off(evidence: &mut Evidence) {
    let run = evidence.checks.iter().find(|check| check.name == "mlflow/run-finished");
    let status = run.and_then(|run| run.detail.as_deref()?.strip_prefix("status "));
    let Some(status) =
        status.filter(|status| status.starts_with("FAILED") || status.starts_with("KILLED"))
    else {
        return;
    };
    let why = format!("the run broke off, its status is {status}");
    evidence.measurements.iter_mut().for_each(|m| m.unfit = Some(why.clone()));
}

/// The metrics that the evaluator averages over classes, weighted by their rows unless configured
/// otherwise.
const AVERAGED: [&str; 3] = ["recall_score", "precision_score", "f1_score"];

/// Adds a measurement for each entry, with the counts of its batch.
fn measure(entries: &[Entry<'_>], evidence: &mut Evidence) {
    let precision = Precision::of(entries.iter().filter_map(|entry| entry.value.as_number()));
    let prefixes: HashSet<&str> =
        entries.iter().filter_map(|entry| entry.name.strip_suffix(ROWS)).collect();
    let mut batches: HashMap<_, Batch> = HashMap::new();
    for entry in entries {
        let prefix = entry.prefix(&prefixes);
        batches.entry((entry.batch(), prefix)).or_default().add(entry, prefix);
    }
    if let Some((examples, tested)) = batches.values().filter_map(Batch::contradiction).min() {
        let why = format!(
            "`example_count` is {examples}, and {tested} rows are stated as tested (`n_test`)"
        );
        evidence.warnings.push(format!("{why}; n is taken as unknown"));
    }
    for entry in entries {
        let batch =
            batches.get(&(entry.batch(), entry.prefix(&prefixes))).copied().unwrap_or_default();
        let mut m = Measurement::new(names::of_sklearn(entry.name), entry.name, None);
        m.n = batch.rows();
        if batch.averages() && AVERAGED.contains(&entry.name) {
            entry.name.clone_into(&mut m.metric);
            m.aggregate = true;
        }
        unit(&mut m);
        m.step = entry.step;
        m.dataset = entry.dataset.map(str::to_owned);
        match number(entry.value) {
            Ok(number) => {
                m.value = Some(number.value());
                m.rounding = precision.rounding(number);
                count(&mut m, batch.confusion(), &mut evidence.warnings);
            }
            Err(said) => {
                let name = quoted(entry.name);
                evidence.warnings.push(format!("{name} is {said}: undefined, and never a pass"));
            }
        }
        evidence.measurements.push(m);
    }
    let oldest = entries.iter().filter_map(|entry| entry.logged_at).min();
    evidence.produced_at =
        oldest.map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000)));
}

/// The units of metrics that MLflow names itself.
fn unit(m: &mut Measurement) {
    if m.source_name.starts_with("system/") && m.source_name.ends_with("_percentage") {
        m.unit = Some(Unit::Percent);
    }
    // How long each prediction of `mlflow.metrics.latency()` took.
    let Some(statistic) = m.source_name.strip_prefix("latency/").filter(|name| *name != "variance")
    else {
        return;
    };
    m.unit = Some(Unit::Seconds);
    if let Some(percent) = statistic
        .strip_prefix('p')
        .and_then(|digits| digits.parse::<u8>().ok())
        .filter(|p| (1..100).contains(p))
    {
        m.quantile = Some(f64::from(percent) / 100.0);
        "latency".clone_into(&mut m.metric);
    }
}

/// The finite number of a metric, or what MLflow wrote instead.
fn number<'j>(json: &'j Json<'_>) -> Result<Number<'j>, String> {
    match reading(json) {
        Some(Reading::Number(number)) if number.value().abs() >= f64::MAX => {
            Err(format!("{}, which stands for an infinity", number.text()))
        }
        Some(Reading::Number(number)) => Ok(number),
        Some(Reading::Percent(_, text) | Reading::Undefined(text)) => Err(text.to_owned()),
        None => Err(format!("{} instead of a number", json.kind())),
    }
}

/// Trials and successes of a proportion, from the four counts or from n.
fn count(m: &mut Measurement, confusion: Option<Confusion>, warnings: &mut Vec<String>) {
    let Some(value) = m.value else { return };
    if let Some((successes, trials)) = confusion.and_then(|counts| counts.of(&m.metric)) {
        if trials > 0 && (float(successes) / float(trials) - value).abs() > m.rounding {
            let name = quoted(&m.source_name);
            warnings.push(format!(
                "{name} is {value}, but the counts say {successes} of {trials}; its n is taken as unknown"
            ));
            m.n = None;
            return;
        }
        m.trials = Some(trials);
        m.successes = (trials > 0).then_some(successes);
    } else if let Some(trials) = m.known_trials() {
        m.trials = Some(trials);
        m.successes = only_count(value, trials, m.rounding);
    }
}
