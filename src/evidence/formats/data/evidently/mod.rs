//! Evidently 0.7 and later: `Snapshot.json()`, `save_json()`, `dict()`, and the whole snapshot of `dumps()`.
//!
//! Every metric is named by its full `metric_name`, as in `MissingValueCount(column=age)`. If the
//! value has parts, the key of each part follows after `#`: `#share`, `#mean`, a label. 0.7.0
//! called the name `metric_id`. A snapshot of `dumps()` has no names: they are built from the
//! metric's parameters, as Evidently builds them.
//!
//! * `RowCount()` is the number of rows of the current data, and n of every metric of the same
//!   report. Evidently silently drops rows without a label or a prediction, so accuracy has this n
//!   only if it is a count of these rows.
//! * `Precision`, `Recall` and `F1Score` are those of the positive class if there are two classes,
//!   and averages over all classes otherwise. They get our names only if TPR or two labels show
//!   that there are two classes.
//! * MAPE is a percentage. A low drift score means drift if the method is a p-value.
//! * A test passes only with SUCCESS: WARNING is a failed test that was not critical, ERROR a test
//!   that could not run. If `RowCount()` is 0, no test passes: there was no data to check.
//! * A metric below `GroupBy` has the slice of its group, and no n.

mod name;
#[cfg(test)]
mod tests;

use super::common::{
    first_line, leaves, list, nothing_ran, object, of_no_row, producer, text_at, vacuous,
};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    counts::only_count,
    json::{Json, Object, Value},
    precision::Precision,
    quoted,
};
use crate::model::{Evidence, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "evidently",
    title: "Evidently 0.7 and later: a report's metrics and tests as JSON",
    family: Family::Data,
    written_by: "Report([…]).run(current, reference).save_json(file)",
    reads: "every metric by its full name, parts of a value behind `#`; n from `RowCount()`; every test as a check. Only \
            the status SUCCESS passes.",
    carries: &[Carries::Metrics, Carries::SampleSize, Carries::Checks],
    recognised_by: "`metrics` with `value` and `config.type` that starts with `evidently:`",
    rule: "id = \"no-drift\"\nmetric = \"DriftedColumnsCount(drift_share=0.5)#share\"\nsource = \"evidently\"\nmax = 0.3\n\
           point_estimate = \"allow\"",
    detect,
    read,
};

/// A metric: its parameters, its name, and its value.
struct Entry<'j> {
    params: Option<&'j Object<'j>>,
    name: String,
    value: Option<&'j Json<'j>>,
}

impl<'j> Entry<'j> {
    fn of(json: &'j Json<'j>) -> Option<Self> {
        let metric = json.as_object()?;
        let params = metric.get("config").and_then(Json::as_object);
        let written = ["metric_id", "metric_name"].iter().find_map(|key| metric.text(key));
        let name = written.map(str::to_owned).or_else(|| params.and_then(name::of));
        let name = name.or_else(|| metric.text("id").map(str::to_owned))?;
        Some(Self { params, name, value: metric.get("value") })
    }

    /// The metric's class: `Accuracy`.
    fn kind(&self) -> &str {
        let kind = self.params.and_then(|params| params.text("type"));
        kind.and_then(|kind| kind.rsplit(':').next())
            .or_else(|| self.name.split('(').next())
            .unwrap_or("")
    }

    /// The class of the metric that is calculated for every group, and the group, if this is a
    /// `GroupByMetric`.
    fn group(&self) -> Option<(&str, Slice)> {
        let params = self.params.filter(|_| self.kind() == "GroupByMetric")?;
        let inner = params
            .get("metric")
            .and_then(|metric| text_at(metric, &["type"]))?
            .rsplit(':')
            .next()?;
        let label = params.get("label")?;
        let label = label
            .as_str()
            .map(str::to_owned)
            .or_else(|| label.as_number().map(|n| n.text().to_owned()))?;
        Some((inner, Slice::one(params.text("column_name")?, label)))
    }
}

fn is_metric(json: &Json<'_>) -> bool {
    let named = |object: &Object<'_>| {
        ["metric_name", "metric_id"]
            .iter()
            .any(|key| object.text(key).is_some_and(|name| name.ends_with(')')))
    };
    let typed =
        text_at(json, &["config", "type"]).is_some_and(|kind| kind.starts_with("evidently:"));
    json.as_object().is_some_and(|object| object.has("value") && (typed || named(object)))
}

fn is_test(json: &Json<'_>) -> bool {
    json.as_object()
        .is_some_and(|test| test.has("status") && test.has("metric_config") && test.has("name"))
}

fn is_snapshot(object: &Object<'_>) -> bool {
    object.has("top_level_metrics")
        && object.get("metric_results").is_some_and(|results| results.as_object().is_some())
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    if is_snapshot(object) {
        return Ok(());
    }
    let list = |key: &str| object.get(key).and_then(Json::as_array).unwrap_or_default();
    if list("metrics").iter().any(is_metric) || list("tests").iter().any(is_test) {
        return Ok(());
    }
    Err(Declined::because(
        "no `metrics` with `metric_name`, `value` and a `config.type` of Evidently",
    ))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let top = object(&ADAPTER, document)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    producer(&mut collector, "evidently", None);
    let tests;
    let entries: Vec<Option<Entry<'_>>> = if is_snapshot(top) {
        let results = collector.members(top.get("metric_results"));
        tests = results.flat_map(|result| collector.list(result.value.get("tests"))).collect();
        snapshot(&mut collector, top)
    } else {
        // A report may have no tests. One whose `tests` cannot be read must not pass as one without
        // tests.
        tests = collector.list(top.get("tests")).iter().collect::<Vec<_>>();
        list(&ADAPTER, document, top, "metrics")?.iter().map(Entry::of).collect()
    };
    let known: Vec<&Entry<'_>> = entries.iter().flatten().collect();
    let file = File { rows: rows(&known), two_classes: two_classes(&known) };
    for entry in &known {
        file.measure(&mut collector, entry);
    }
    if known.len() < entries.len() {
        collector.check(
            "metrics",
            false,
            Some(format!("{} metrics have no result", entries.len() - known.len())),
        );
    }
    let from = collector.evidence.checks.len();
    for test in &tests {
        check(&mut collector, test);
    }
    if file.rows == Some(0) {
        vacuous(&mut collector, from, "the current data has no row");
        of_no_row(&mut collector, 0, |name| name == "RowCount()");
    }
    if entries.is_empty() && tests.is_empty() {
        nothing_ran(&mut collector, "metrics", "the report has no metric and no test");
    }
    collector.finish()
}

/// The metrics of a whole snapshot, in the order of the report.
fn snapshot<'j>(collector: &mut Collector<'_>, top: &'j Object<'j>) -> Vec<Option<Entry<'j>>> {
    let results = top.get("metric_results").and_then(Json::as_object);
    let order = collector.list(top.get("top_level_metrics"));
    let find = |id: &str| results.and_then(|results| results.get(id));
    order
        .iter()
        .map(|id| {
            let result = find(id.as_str()?)?;
            let params =
                result.at_path(&["metric_value_location", "metric", "params"])?.as_object()?;
            // A value with parts has them as members of the result instead of below `value`.
            Some(Entry {
                params: Some(params),
                name: name::of(params)?,
                value: result.get("value").or(Some(result)),
            })
        })
        .collect()
}

/// The rows of the current data, if the report counts them.
fn rows(entries: &[&Entry<'_>]) -> Option<u64> {
    let counts =
        entries.iter().filter(|entry| entry.kind() == "RowCount" && entry.name == "RowCount()");
    let mut counts = counts.filter_map(|entry| entry.value?.as_number()?.count());
    let first = counts.next()?;
    counts.all(|count| count == first).then_some(first)
}

/// Whether there are two classes: rates of the positive class were calculated, or two labels have a
/// precision.
fn two_classes(entries: &[&Entry<'_>]) -> bool {
    entries.iter().any(|entry| match entry.kind() {
        "TPR" | "TNR" | "FPR" | "FNR" => {
            entry.value.is_some_and(|value| value.as_number().is_some())
        }
        "F1ByLabel" | "PrecisionByLabel" | "RecallByLabel" => {
            entry.value.and_then(Json::as_object).is_some_and(|labels| labels.len() == 2)
        }
        _ => false,
    })
}

/// Facts about the whole report that apply to each of its metrics.
struct File {
    rows: Option<u64>,
    two_classes: bool,
}

impl File {
    /// Our name for a metric of this class, or for a part of its value.
    fn ours(&self, kind: &str, part: &str) -> Option<&'static str> {
        Some(match (kind, part) {
            ("Accuracy", "") => "accuracy",
            ("Precision", "") if self.two_classes => "precision",
            ("Recall", "") if self.two_classes => "recall",
            ("F1Score", "") if self.two_classes => "f1",
            ("RocAuc", "") if self.two_classes => "roc_auc",
            ("LogLoss", "") => "log_loss",
            ("TPR", "") => "true_positive_rate",
            ("TNR", "") => "true_negative_rate",
            ("FPR", "") => "false_positive_rate",
            ("FNR", "") => "false_negative_rate",
            ("MAE", "mean") => "mean_absolute_error",
            ("MAPE", "mean") => "mean_absolute_percentage_error",
            ("RMSE", "") => "root_mean_squared_error",
            ("R2Score", "") => "r2",
            ("AbsMaxError", "") => "max_error",
            _ => return None,
        })
    }

    fn measure(&self, collector: &mut Collector<'_>, entry: &Entry<'_>) {
        let Some(value) = entry.value else {
            collector.check(&entry.name, false, Some("the metric has no value".to_owned()));
            return;
        };
        match &value.value {
            Value::Object(_) => {
                leaves(value, &mut |path, leaf| self.part(collector, entry, path, leaf));
            }
            Value::Array(_) | Value::Bool(_) => collector.left_out(&entry.name),
            _ => self.part(collector, entry, &[], value),
        }
    }

    fn part(
        &self,
        collector: &mut Collector<'_>,
        entry: &Entry<'_>,
        path: &[String],
        json: &Json<'_>,
    ) {
        let mut path = path;
        // In a whole snapshot every part is an object with its own `value`, next to a picture.
        if entry.value.is_some_and(|value| value.get("metric_value_location").is_some()) {
            match path.split_last() {
                Some((last, rest))
                    if last == "value"
                        && !rest.iter().any(|key| key == "widget" || key == "tests") =>
                {
                    path = rest.strip_prefix(&["values".to_owned()]).unwrap_or(rest);
                }
                _ => return,
            }
        }
        let part = path.join(".");
        let name =
            if part.is_empty() { entry.name.clone() } else { format!("{}#{part}", entry.name) };
        if !matches!(json.value, Value::Number(_) | Value::NonFinite(_) | Value::Null) {
            return collector.left_out(&name);
        }
        let group = entry.group();
        let kind = group.as_ref().map_or_else(|| entry.kind(), |(kind, _)| kind);
        let ours = self.ours(kind, &part);
        let slice = group.as_ref().map_or_else(Slice::overall, |(_, slice)| slice.clone());
        let Some(m) = collector.measure(ours.unwrap_or(&name), &name, slice, json) else { return };
        m.n = self.rows.filter(|_| group.is_none());
        m.unit = (kind == "MAPE").then_some(Unit::Percent);
        if let (Some("accuracy"), Some(n), Some(value)) = (ours, m.n, m.value) {
            m.n = only_count(value, n, m.rounding).map(|_| n);
        }
    }
}

fn check(collector: &mut Collector<'_>, json: &Json<'_>) {
    let Some(test) = json.as_object() else {
        collector.check("tests", false, Some(format!("a test is no object but {}", json.kind())));
        return;
    };
    let name = test.text("name").or_else(|| test.text("id")).unwrap_or("a test without a name");
    let status = test.text("status");
    let mut detail = status.map_or_else(|| "no status".to_owned(), str::to_owned);
    if let Some(said) = test.text("description") {
        detail.push_str(": ");
        detail.push_str(&first_line(said, 300));
    }
    if !matches!(status, Some("SUCCESS" | "FAIL" | "WARNING" | "ERROR" | "SKIPPED")) {
        collector.warn(format!("the test {} has no status that we know", quoted(name)));
    }
    collector.check(name, status == Some("SUCCESS"), Some(detail));
}
