//! `modelgate evidence compute`: metrics with their bounds from raw predictions.

use super::{
    inspect::{dash, section},
    table::Table,
};
use crate::{
    app::{
        offline::compute::{self, Request},
        offline::inspect,
    },
    cli::{
        exit::{Failure, Outcome},
        output::{self, plain},
    },
    evidence::native,
    model::{
        Against, Columns, Contrast, Evidence, MISSING_WORDS, Metric, Plan, Slice, Task, Timed,
        Unit, is_missing_word,
        number::{round12, short},
        unit::Dimension,
    },
    wire::inspect::InspectV1,
};
use std::{collections::BTreeSet, fmt::Write as _, io::IsTerminal as _, path::PathBuf};

/// Arguments of `modelgate evidence compute`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  modelgate evidence compute predictions.parquet --label y --prediction yhat --score p --group sex --group region
  modelgate evidence compute part-*.csv.gz --label y --prediction yhat --positive churned --format json
  modelgate evidence compute new.parquet --champion old.parquet --id row --label y --prediction yhat --score p
  modelgate evidence compute answers.jsonl --label truth.class --prediction answer --latency latency_ms --format native")]
pub struct Args {
    /// Files of predictions, one row each: Parquet, CSV or TSV, JSON Lines, Arrow; many are one set
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The column of the true label or value; a dotted path reaches into nested JSON
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The column of the predicted label or value
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// The column of the score or probability of the positive class
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The positive class; not needed for 0 and 1 or false and true
    #[arg(long, value_name = "CLASS")]
    positive: Option<String>,
    /// A column of groups to measure one by one; may be repeated
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    group: Vec<String>,
    /// Cross all group columns too, and every two of them
    #[arg(long)]
    intersections: bool,
    /// The column of latencies
    #[arg(long, value_name = "COLUMN")]
    latency: Option<String>,
    /// The unit of latencies, if the column's name does not end in it as in `_ms`
    #[arg(long, value_name = "UNIT", requires = "latency")]
    latency_unit: Option<Unit>,
    /// The column of energy for one inference
    #[arg(long, value_name = "COLUMN")]
    energy: Option<String>,
    /// The unit of energy, if the column's name does not end in it as in `_wh`
    #[arg(long, value_name = "UNIT", requires = "energy")]
    energy_unit: Option<Unit>,
    /// The column that identifies a row: joins labels, pairs the champion's predictions
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column of users or sessions whose rows belong together
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    /// Files of labels and groups, joined on the id
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "id")]
    labels: Vec<PathBuf>,
    /// Predictions of the champion on the same rows, to compare with
    #[arg(long, value_name = "FILE", num_args = 1..)]
    champion: Vec<PathBuf>,
    /// The data that drift is measured from
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "feature")]
    drift_reference: Vec<PathBuf>,
    /// A column whose drift is measured; may be repeated
    #[arg(long, value_name = "COLUMN", num_args = 1.., requires = "drift_reference")]
    feature: Vec<String>,
    /// A metric to compute, by modelgate's name; may be repeated [default: all that the columns
    /// allow]
    #[arg(long, value_name = "METRIC", num_args = 1.., value_parser = known)]
    metric: Vec<String>,
    /// A quantile of latency, such as 0.99; may be repeated
    #[arg(long, value_name = "Q", num_args = 1..)]
    quantile: Vec<f64>,
    /// The confidence of each one-sided bound
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// How many bootstrap replicates to draw if there is no closed form
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    replicates: u32,
    /// The seed of all resampling
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The kind of the labels, if it does not follow from their values
    #[arg(long, value_enum)]
    task: Option<TaskArg>,
    /// A word that otherwise means a missing value, such as `NA` or `None`, but is a class or a
    /// group here; may be repeated
    #[arg(long, value_name = "WORD", num_args = 1.., value_parser = missing_word)]
    na_keep: Vec<String>,
    /// How many threads to use [default: one for each processor]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// How to print what was computed; `native` is evidence that `modelgate check` reads
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TaskArg {
    Binary,
    Multiclass,
    Regression,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// Exactly one JSON document
    Json,
    /// Evidence in our own format
    Native,
}

pub(super) fn run(args: Args) -> Outcome {
    let format = args.format;
    let request = request(args)?;
    let terminal = std::io::stderr().is_terminal();
    if terminal {
        output::note_over("computing …");
    }
    let computed = compute::compute(&request);
    if terminal {
        output::note_over("");
    }
    let evidence = computed?;
    match format {
        Format::Json => output::json(&inspect::inspect(&evidence))?,
        Format::Native => output::json(&native::write(&evidence))?,
        Format::Text => output::raw(&text(&evidence, &inspect::inspect(&evidence))),
    }
    Ok(0)
}

fn request(args: Args) -> Result<Request, Failure> {
    let latency = timed(args.latency, args.latency_unit, Dimension::Time, "--latency-unit ms")?;
    let energy = timed(args.energy, args.energy_unit, Dimension::Energy, "--energy-unit Wh")?;
    let mut quantiles =
        if args.quantile.is_empty() { Plan::default().quantiles } else { args.quantile };
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup();
    let columns = Columns {
        label: args.label,
        prediction: args.prediction,
        score: args.score,
        positive: args.positive,
        groups: args.group,
        latency,
        energy,
        id: args.id,
        cluster: args.cluster,
        task: args.task.map(|task| match task {
            TaskArg::Binary => Task::Binary,
            TaskArg::Multiclass => Task::Multiclass,
            TaskArg::Regression => Task::Regression,
        }),
        na_keep: BTreeSet::from_iter(args.na_keep).into_iter().collect(),
    };
    let mut plan = Plan {
        seed: args.seed,
        replicates: args.replicates,
        confidences: vec![args.confidence],
        slices: slices(&columns.groups, args.intersections),
        quantiles,
        metrics: args.metric.into_iter().collect(),
        drift: args.feature,
        ..Plan::default()
    };
    if !args.champion.is_empty() {
        plan.contrasts = contrasts(&columns, &plan.quantiles);
    }
    Ok(Request {
        predictions: args.files,
        labels: args.labels,
        champion: args.champion,
        reference: Vec::new(),
        drift_reference: args.drift_reference,
        columns,
        plan,
        threads: args.threads,
    })
}

/// The name of a metric that we know.
fn known(text: &str) -> Result<String, String> {
    Metric::find(text)
        .map(|m| m.name.to_owned())
        .ok_or_else(|| "modelgate has no metric of that name".to_owned())
}

/// A word for missing values.
fn missing_word(text: &str) -> Result<String, String> {
    if is_missing_word(text) {
        return Ok(text.to_owned());
    }
    Err(format!("it is not a word for a missing value; the words are {}", MISSING_WORDS.join(" ")))
}

/// Each attribute alone; with intersections also every two and all of them.
fn slices(groups: &[String], intersections: bool) -> Vec<Vec<String>> {
    let mut sets: Vec<Vec<String>> = groups.iter().map(|g| vec![g.clone()]).collect();
    if intersections {
        for (i, first) in groups.iter().enumerate() {
            sets.extend(
                groups.iter().skip(i + 1).map(|second| vec![first.clone(), second.clone()]),
            );
        }
        if groups.len() > 2 {
            sets.push(groups.to_vec());
        }
    }
    sets
}

/// The comparisons with a champion if no policy gives them.
fn contrasts(columns: &Columns, quantiles: &[f64]) -> Vec<Contrast> {
    let mut metrics = Vec::new();
    let regression = columns.task == Some(Task::Regression);
    if columns.prediction.is_some() && !regression {
        metrics.extend(["accuracy", "f1", "balanced_accuracy"]);
    }
    if regression {
        metrics.extend(["mean_absolute_error", "root_mean_squared_error", "r2"]);
    }
    if columns.score.is_some() {
        metrics.extend(["roc_auc", "log_loss", "brier_score_loss"]);
    }
    let contrast = |metric: &str, quantile| Contrast {
        against: Against::Champion,
        metric: metric.to_owned(),
        quantile,
        slices: Vec::new(),
        factor: 1.0,
    };
    let mut all: Vec<Contrast> = metrics.into_iter().map(|metric| contrast(metric, None)).collect();
    if columns.latency.is_some() {
        all.extend(quantiles.iter().map(|q| contrast("latency", Some(*q))));
    }
    all
}

/// A column with its unit: as given, or from the end of its name.
fn timed(
    column: Option<String>,
    told: Option<Unit>,
    dimension: Dimension,
    hint: &str,
) -> Result<Option<Timed>, Failure> {
    let Some(column) = column else { return Ok(None) };
    let ending = column.rsplit(['_', '.', '-']).next().filter(|ending| ending.len() < column.len());
    let named = || match ending?.to_ascii_lowercase().as_str() {
        "j" | "joule" | "joules" => Some(Unit::Joules),
        "wh" => Some(Unit::WattHours),
        "kwh" => Some(Unit::KilowattHours),
        "millis" | "milliseconds" | "msec" => Some(Unit::Milliseconds),
        "micros" | "microseconds" | "usec" => Some(Unit::Microseconds),
        "nanos" | "nanoseconds" | "nsec" => Some(Unit::Nanoseconds),
        "sec" | "secs" | "second" | "seconds" => Some(Unit::Seconds),
        other => other.parse().ok(),
    };
    let unit = told.or_else(|| named().filter(|unit| unit.dimension() == dimension));
    match unit {
        Some(unit) if unit.dimension() == dimension => Ok(Some(Timed { column, unit })),
        Some(unit) => Err(Failure::input(
            "wrong-unit",
            format!("`{unit}` is not a unit of `{}`; use `{hint}`", plain(&column)),
        )),
        None => Err(Failure::input(
            "no-unit",
            format!("the name `{}` has no unit; add `{hint}`", plain(&column)),
        )),
    }
}

fn text(evidence: &Evidence, report: &InspectV1) -> String {
    let mut out = String::new();
    if let Some(computed) = &evidence.computed {
        let _ = writeln!(out, "rows      {}", crate::model::number::grouped(computed.rows));
        for source in &computed.sources {
            let role = serde_json::to_value(source.role).ok();
            let role = role.as_ref().and_then(|r| r.as_str()).unwrap_or_default();
            let _ = writeln!(out, "from      {} ({role})", source.digest);
        }
    }
    let mut table = Table::new(
        &["metric", "slice", "value", "n", "trials", "lower", "upper", "bounds"],
        &[2, 3, 4, 5, 6],
    );
    for m in &report.measurements {
        let interval = m.interval.as_ref();
        let bound = |end: Option<f64>| end.map_or_else(dash, short);
        table.row([
            match (m.quantile, &m.scope) {
                (Some(q), _) => format!("{} p{}", m.metric, round12(q * 100.0)),
                (None, Some(scope)) => format!("{} by {scope}", m.metric),
                (None, None) => m.metric.clone(),
            },
            Slice(m.slice.clone()).to_string(),
            m.shown(),
            m.n.map_or_else(dash, |n| n.to_string()),
            m.trials.map_or_else(dash, |n| n.to_string()),
            bound(interval.and_then(|i| i.lower)),
            bound(interval.and_then(|i| i.upper)),
            interval.map_or_else(dash, |i| i.method.clone()),
        ]);
    }
    let _ = write!(out, "\n{}", table.text());
    comparisons(&mut out, report);
    section(&mut out, "warnings", report.warnings.iter().cloned());
    if let Some(confidence) = evidence.computed.as_ref().and_then(|c| c.plan.confidences.first()) {
        let _ = writeln!(
            out,
            "\nlower and upper are each a one-sided bound at {}%",
            round12(confidence * 100.0)
        );
    }
    out
}

fn comparisons(out: &mut String, report: &InspectV1) {
    if report.comparisons.is_empty() {
        return;
    }
    let heading =
        ["metric", "slice", "candidate", "baseline", "lower", "upper", "bounds of the difference"];
    let mut table = Table::new(&heading, &[2, 3, 4, 5]);
    for c in &report.comparisons {
        let interval = c.bounds.first();
        let shown = |x: Option<f64>| x.map_or_else(dash, short);
        table.row([
            c.quantile.map_or_else(
                || c.metric.clone(),
                |q| format!("{} p{}", c.metric, round12(q * 100.0)),
            ),
            c.slice.to_string(),
            shown(c.value),
            shown(c.baseline),
            shown(interval.and_then(|i| i.lower)),
            shown(interval.and_then(|i| i.upper)),
            interval.map_or_else(dash, |i| i.method.clone()),
        ]);
    }
    let _ = write!(out, "\n{}", table.text());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_said_or_stands_in_the_name() {
        let unit = |column: &str, told| {
            timed(Some(column.to_owned()), told, Dimension::Time, "")
                .map(|t| t.map(|t| t.unit))
                .map_err(|e| e.code)
        };
        assert_eq!(unit("latency_ms", None), Ok(Some(Unit::Milliseconds)));
        assert_eq!(unit("timing.total_seconds", None), Ok(Some(Unit::Seconds)));
        assert_eq!(unit("t", Some(Unit::Nanoseconds)), Ok(Some(Unit::Nanoseconds)));
        assert_eq!(unit("ms", None).unwrap_err(), "no-unit");
        assert_eq!(unit("latency", None).unwrap_err(), "no-unit");
        assert_eq!(unit("latency_ms", Some(Unit::Joules)).unwrap_err(), "wrong-unit");
    }
}
