//! The metrics of a report.

use super::counts::{self, Counts};
use crate::evidence::{
    Collector,
    formats::data::common::{flag, of_no_row, vacuous},
    json::{Json, Member, Number, Object, Value},
};
use crate::model::{Slice, Unit};

/// Keys that contain only pictures, names and parameters.
const ASIDE: [&str; 17] = [
    "rate_plots_data",
    "columns",
    "small_distribution",
    "distribution",
    "most_common",
    "top_error",
    "hist_for_plot",
    "vals_for_plots",
    "plot_data",
    "scatter",
    "labels",
    "error_normality",
    "error_bias",
    "values_in_list_dist",
    "values_not_in_list_dist",
    "table_of_matched",
    "table_of_not_matched",
];

/// The quantity at `rmse`, by Evidently's version: before 0.4 the root was missing. `None` if the
/// version is not known.
pub(super) fn rmse(version: Option<&str>) -> Option<&'static str> {
    let minor: u32 = version?.strip_prefix("0.")?.split('.').next()?.parse().ok()?;
    Some(if minor < 4 { "mean_squared_error" } else { "root_mean_squared_error" })
}

/// Reads the metrics of a report: objects with `metric` and `result`.
pub(super) fn read(
    collector: &mut Collector<'_>,
    metrics: &[Json<'_>],
    rmse: Option<&'static str>,
) {
    let class = |metric: &'_ Json<'_>| {
        metric.get("metric").and_then(Json::as_str).unwrap_or("metric").to_owned()
    };
    let named: Vec<_> =
        metrics.iter().map(|metric| (class(metric), metric.get("result"))).collect();
    results(collector, &named, rmse);
}

/// Reads the results of metrics, each with the class of its metric.
pub(super) fn results(
    collector: &mut Collector<'_>,
    results: &[(String, Option<&Json<'_>>)],
    rmse: Option<&'static str>,
) {
    if rmse == Some("mean_squared_error")
        && results.iter().any(|(class, _)| class == "RegressionQualityMetric")
    {
        collector.warn("Evidently before 0.4 writes the mean squared error as `rmse`");
    }
    let all: Vec<&Json<'_>> = results.iter().filter_map(|(_, result)| *result).collect();
    let (current, reference) = (Counts::of(&all, "current"), Counts::of(&all, "reference"));
    let from = collector.evidence.checks.len();
    let values = collector.evidence.measurements.len();
    for (class, result) in results {
        let Some(result) = result.filter(|result| result.as_object().is_some()) else {
            collector.check(class, false, Some("the metric has no result".to_owned()));
            continue;
        };
        let at = At {
            class,
            data: Data::Neither,
            path: Vec::new(),
            slice: column(result),
            n: None,
            counts: [&current, &reference],
            row: None,
            in_column: false,
            rmse,
            method: None,
        };
        at.read(collector, result);
    }
    let rows = |result: &Json<'_>| {
        Some(result.at_path(&["current", "number_of_rows"])?.as_number()?.value())
    };
    if all.iter().filter_map(|result| rows(result)).any(|rows| rows == 0.0) {
        vacuous(collector, from, "the current data has no row");
        of_no_row(collector, values, |name| {
            name.contains("reference") || name.ends_with("number_of_rows")
        });
    }
}

fn column(result: &Json<'_>) -> Slice {
    let name = result.get("column_name").and_then(Json::as_str);
    name.map_or_else(Slice::overall, |name| Slice::one("column", name))
}

/// Which data a number is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    /// A number about both data sets, or about neither.
    Neither,
    Current,
    Reference,
}

/// A place in the result of a metric.
#[derive(Clone)]
struct At<'r> {
    class: &'r str,
    data: Data,
    path: Vec<&'r str>,
    slice: Slice,
    n: Option<u64>,
    counts: [&'r Counts; 2],
    /// The numbers of the class, if this is below one.
    row: Option<&'r Json<'r>>,
    /// Whether this is below one column of many: the next keys are then not columns.
    in_column: bool,
    /// The quantity at `rmse`.
    rmse: Option<&'static str>,
    /// The method that the drift was scored with.
    method: Option<&'r str>,
}

fn by_column(key: &str) -> bool {
    key.ends_with("_by_column") || key.ends_with("_by_columns")
}

/// How many rows an object says its numbers were computed on.
fn rows(object: &Object<'_>) -> Option<u64> {
    let keys = ["number_of_rows", "rows_count", "all_num", "number_of_values"];
    keys.iter().find_map(|key| object.get(key)?.as_number()?.count())
}

impl<'r> At<'r> {
    fn counts(&self) -> &'r Counts {
        let [current, reference] = self.counts;
        if self.data == Data::Reference { reference } else { current }
    }

    /// The place of `member` below this one.
    fn below(&self, member: &'r Member<'r>) -> Self {
        let mut at = self.clone();
        let key: &'r str = &member.key;
        match key {
            _ if self.is_columns() => {
                at.in_column = true;
                at.slice = Slice::one("column", key);
                if self.path.last() == Some(&"drift_by_columns") {
                    at.path.pop();
                }
            }
            "current" | "current_characteristics" if self.data == Data::Neither => {
                at.data = Data::Current;
            }
            "reference" | "reference_characteristics" if self.data == Data::Neither => {
                at.data = Data::Reference;
            }
            _ if self.is_classes() => {
                at.slice = Slice::one("class", key);
                at.row = Some(&member.value);
                at.path.clear();
            }
            _ => at.path.push(key),
        }
        at
    }

    /// Whether the members here are columns, which can have any name.
    fn is_columns(&self) -> bool {
        !self.in_column && self.path.last().is_some_and(|last| by_column(last))
    }

    /// Whether the members here are classes.
    fn is_classes(&self) -> bool {
        self.class == "ClassificationQualityByClass" && self.path == ["metrics"]
    }

    fn read(&self, collector: &mut Collector<'_>, json: &'r Json<'r>) {
        match &json.value {
            Value::Object(object) => self.object(collector, object),
            Value::Number(_) | Value::NonFinite(_) => self.number(collector, json),
            Value::Array(list)
                if !list.is_empty()
                    && list
                        .iter()
                        .any(|one| one.as_number().is_some() || one.as_array().is_some()) =>
            {
                collector.left_out(&format!("{}.{}", self.class, self.path.join(".")));
            }
            _ => {}
        }
    }

    fn object(&self, collector: &mut Collector<'_>, object: &'r Object<'r>) {
        if self.is_columns() || self.is_classes() {
            let verdicts = self.path.last() == Some(&"drift_by_columns");
            for member in object {
                if matches!(member.value.value, Value::String(_) | Value::Bool(_)) || verdicts {
                    collector.object(Some(&member.value));
                }
                self.below(member).read(collector, &member.value);
            }
            return;
        }
        let plotted = |key: &str| {
            object
                .get(key)
                .is_some_and(|axis| axis.as_array().is_some() || axis.as_object().is_some())
        };
        if plotted("x") && (plotted("y") || plotted("count")) {
            return collector.left_out("distributions");
        }
        let mut here = self.clone();
        here.n = rows(object).or(self.n);
        here.method = object.text("stattest_name").or(self.method);
        if self.path.is_empty() && self.data == Data::Neither && self.slice.is_overall() {
            here.slice = object
                .text("column_name")
                .map_or_else(Slice::overall, |name| Slice::one("column", name));
        }
        Self::verdicts(collector, object);
        if object.has("accuracy")
            && matches!(self.class, "ClassificationQualityMetric" | "ClassificationDummyMetric")
        {
            return here.quality(collector, object);
        }
        for member in object {
            let key = &*member.key;
            // The matrix is read as counts; the areas are listed again with their classes.
            let elsewhere = matches!(key, "current_matrix" | "reference_matrix" | "roc_aucs");
            if !elsewhere && !ASIDE.contains(&key) {
                if by_column(key) {
                    collector.object(Some(&member.value));
                }
                here.below(member).read(collector, &member.value);
            }
        }
    }

    /// Adds the tool's own verdicts on drift.
    fn verdicts(collector: &mut Collector<'_>, object: &Object<'_>) {
        if object.has("dataset_drift") {
            let none = object
                .get("number_of_columns")
                .and_then(Json::as_number)
                .is_some_and(|n| n.value() == 0.0);
            // Without a column nothing was compared, so "no drift" is not a pass.
            let drift = flag(object, "dataset_drift") != Some(false) || none;
            let said =
                |key: &str| object.get(key).and_then(Json::as_number).map_or("?", Number::text);
            let detail = format!(
                "{} of {} columns drifted",
                said("number_of_drifted_columns"),
                said("number_of_columns")
            );
            collector.check("dataset_drift", !drift, Some(detail));
        }
        if object.has("drift_detected") {
            let drift = flag(object, "drift_detected") != Some(false);
            let column = object.text("column_name").unwrap_or("");
            let said =
                |key: &str| object.get(key).and_then(Json::as_number).map_or("?", Number::text);
            let method = object.text("stattest_name").unwrap_or("an unknown method");
            let threshold =
                if object.has("stattest_threshold") { "stattest_threshold" } else { "threshold" };
            let detail =
                format!("{method}: {}, threshold {}", said("drift_score"), said(threshold));
            // A score that is NaN cannot show that there is no drift.
            let scored = object.get("drift_score").is_none_or(|score| score.as_number().is_some());
            collector.check(format!("drift_detected [{column}]"), !drift && scored, Some(detail));
        }
    }

    /// Reads the quality of a classifier on all rows.
    fn quality(&self, collector: &mut Collector<'_>, object: &'r Object<'r>) {
        let number = |key: &str| object.get(key).and_then(Json::as_number);
        let two = number("tpr").is_some();
        // Numbers of a dummy model, or of the reference, do not get our names.
        let own = self.data == Data::Current && self.path.is_empty();
        let counts = self.counts();
        let confusion =
            number("accuracy").zip(number("recall")).filter(|_| two && self.path.is_empty());
        let confusion = confusion
            .and_then(|(accuracy, recall)| counts.confusion(accuracy, recall, number("precision")));
        for member in object {
            let theirs = self.name(&member.key);
            let ours = if own { canonical(&member.key, two) } else { None };
            let specific = format!("{}.{theirs}", self.class);
            let rate = matches!(&*member.key, "tpr" | "tnr" | "fpr" | "fnr");
            match member.value.value {
                Value::Number(_) | Value::NonFinite(_) => {}
                Value::Null if !rate && !ASIDE.contains(&&*member.key) => {}
                _ => continue,
            }
            let Some(m) = collector.measure(
                ours.unwrap_or(&specific),
                &theirs,
                self.slice.clone(),
                &member.value,
            ) else {
                continue;
            };
            m.aggregate = !two && matches!(&*member.key, "precision" | "recall" | "f1");
            if self.path.is_empty() {
                counts.whole(m, confusion);
            }
        }
    }

    fn name(&self, key: &str) -> String {
        let mut path: Vec<&str> =
            if self.data == Data::Reference { vec!["reference"] } else { Vec::new() };
        path.extend(&self.path);
        path.push(key);
        path.join(".")
    }

    fn number(&self, collector: &mut Collector<'_>, json: &Json<'_>) {
        let Some((key, rest)) = self.path.split_last() else { return };
        let theirs = Self { path: rest.to_vec(), ..self.clone() }.name(key);
        let own = self.data != Data::Reference && rest.is_empty();
        let ours = match (own, self.row, self.class) {
            (true, Some(_), _) => of_class(key),
            (true, None, "RegressionQualityMetric") if *key == "rmse" => self.rmse,
            (true, None, "RegressionQualityMetric") => of_regression(key),
            (true, None, _) if *key == "drift_score" && self.method == Some("PSI") => Some("psi"),
            _ => None,
        };
        let specific = format!("{}.{theirs}", self.class);
        let Some(m) =
            collector.measure(ours.unwrap_or(&specific), &theirs, self.slice.clone(), json)
        else {
            return;
        };
        m.n = self.n;
        m.unit = is_percent(key).then_some(Unit::Percent);
        if let Some(row) = self.row {
            counts::class(m, row);
        }
    }
}

fn is_percent(key: &str) -> bool {
    key.ends_with("_percentage") || key.contains("_perc_error")
}

/// Our name for a number over all rows; `two` says that there are two classes.
fn canonical(key: &str, two: bool) -> Option<&'static str> {
    Some(match key {
        "accuracy" => "accuracy",
        "log_loss" => "log_loss",
        "precision" if two => "precision",
        "recall" if two => "recall",
        "f1" if two => "f1",
        "roc_auc" if two => "roc_auc",
        "tpr" => "true_positive_rate",
        "tnr" => "true_negative_rate",
        "fpr" => "false_positive_rate",
        "fnr" => "false_negative_rate",
        _ => return None,
    })
}

fn of_class(key: &str) -> Option<&'static str> {
    Some(match key {
        "precision" => "precision",
        "recall" => "recall",
        "f1" => "f1",
        "roc_auc" => "roc_auc",
        _ => return None,
    })
}

fn of_regression(key: &str) -> Option<&'static str> {
    Some(match key {
        "r2_score" => "r2",
        "mean_abs_error" => "mean_absolute_error",
        "mean_abs_perc_error" => "mean_absolute_percentage_error",
        "abs_error_max" => "max_error",
        _ => return None,
    })
}
