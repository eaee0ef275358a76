//! The numbers of `metrics`, whatever schema they follow.

use super::super::plain::{field, measure};
use crate::evidence::{
    Collector,
    confusion::Confusion,
    counts::whole,
    json::{Json, Number, Object, Value},
};
use crate::model::{Metric, Slice, Unit, evidence::Measurement};
use crate::stats::proportion::float;

/// Vertex's names, and ours for them.
const NAMES: &[(&str, &str)] = &[
    ("accuracy", "accuracy"),
    ("f1Score", "f1"),
    ("falsePositiveRate", "false_positive_rate"),
    ("logLoss", "log_loss"),
    ("meanAbsoluteError", "mean_absolute_error"),
    ("meanAbsolutePercentageError", "mean_absolute_percentage_error"),
    ("meanSquaredError", "mean_squared_error"),
    ("rootMeanSquaredError", "root_mean_squared_error"),
];

/// Keys that distinguish the elements of a list, and are not metrics.
const THRESHOLDS: [&str; 4] =
    ["confidence_threshold", "iou_threshold", "quantile", "precision_window_length"];
const LIMITS: [&str; 2] = ["max_predictions", "position_threshold"];

/// The metrics of one evaluation.
pub(in super::super) struct Walk<'w, 'd, 'j, 'a> {
    collector: &'w mut Collector<'d>,
    slice: Slice,
    scope: Option<String>,
    metrics: &'j Json<'a>,
    /// The sum of the confusion matrix.
    n: Option<u64>,
    classes: usize,
}

/// Facts about the numbers of one element.
#[derive(Clone, Copy, Default)]
struct Beside {
    counts: Option<Confusion>,
    aggregate: bool,
}

impl<'w, 'd, 'j, 'a> Walk<'w, 'd, 'j, 'a> {
    pub(in super::super) fn new(
        collector: &'w mut Collector<'d>,
        slice: Slice,
        scope: Option<String>,
        metrics: &'j Json<'a>,
    ) -> Self {
        let matrix = field(metrics, "confusion_matrix");
        let classes =
            matrix.and_then(|matrix| field(matrix, "annotation_specs")).and_then(Json::as_array);
        Self {
            collector,
            slice,
            scope,
            metrics,
            n: matrix.and_then(total),
            classes: classes.map_or(0, <[_]>::len),
        }
    }

    /// Reads all numbers. None at a threshold is the metric itself.
    pub(in super::super) fn points(mut self) {
        let Some(metrics) = self.metrics.as_object() else { return };
        self.object(metrics, "", Beside::default(), None);
    }

    /// Reads all numbers. Those at threshold 0.5 have plain names.
    pub(in super::super) fn all(mut self) {
        let Some(metrics) = self.metrics.as_object() else { return };
        let plain =
            field(self.metrics, "confidence_metrics").and_then(Json::as_array).and_then(plain);
        self.object(metrics, "", Beside::default(), plain);
    }

    /// Reads every number below `object`, whose path is `path`; `plain` is the element whose
    /// numbers have plain names.
    fn object(&mut self, object: &Object<'_>, path: &str, beside: Beside, plain: Option<usize>) {
        for member in object {
            let key = &*member.key;
            let is =
                |names: &[&str]| names.iter().any(|name| super::super::plain::spelled(name, key));
            match &member.value.value {
                _ if is(&["confusion_matrix"]) => {
                    if path.is_empty() && self.n.is_none() {
                        self.collector.left_out("confusionMatrix");
                    }
                }
                _ if !path.is_empty() && (is(&THRESHOLDS) || is(&LIMITS)) => {}
                _ if path.is_empty() && is(&["annotation_specs", "name"]) => {}
                Value::Object(inner) => {
                    self.object(inner, &format!("{path}{key}."), Beside::default(), None);
                }
                Value::Array(list) => {
                    let plain = plain.filter(|_| is(&["confidence_metrics"]));
                    self.list(list, &format!("{path}{key}"), plain);
                }
                Value::Bool(_) => self.collector.left_out(&format!("{path}{key}")),
                Value::String(text) if crate::evidence::undefined::reading_text(text).is_none() => {
                    self.collector.left_out(&format!("{path}{key}"));
                }
                _ => self.number(key, path, beside, &member.value),
            }
        }
    }

    fn list(&mut self, list: &[Json<'_>], path: &str, plain: Option<usize>) {
        for (place, element) in list.iter().enumerate() {
            let Some(object) = element.as_object() else {
                if matches!(element.value, Value::Number(_) | Value::NonFinite(_)) {
                    self.number(&format!("[{place}]"), path, Beside::default(), element);
                } else {
                    self.collector.left_out(path);
                }
                continue;
            };
            let beside = self.beside(element);
            // A metric that the evaluation itself states keeps its plain name; then the one at
            // threshold 0.5 has its path as its name.
            if plain == Some(place) {
                let stated: Vec<_> = self
                    .collector
                    .members(Some(self.metrics))
                    .map(|member| member.key.as_ref())
                    .collect();
                if !object.iter().any(|member| stated.contains(&&*member.key)) {
                    self.element(object, beside);
                    continue;
                }
            }
            let name = name(element).unwrap_or_else(|| place.to_string());
            self.object(object, &format!("{path}[{name}]."), beside, None);
        }
    }

    /// Reads the element at threshold 0.5.
    fn element(&mut self, object: &Object<'_>, beside: Beside) {
        for member in object {
            let is = |names: &[&str]| {
                names.iter().any(|name| super::super::plain::spelled(name, &member.key))
            };
            match &member.value.value {
                _ if is(&THRESHOLDS) || is(&LIMITS) || is(&["confusion_matrix"]) => {}
                Value::Number(_) | Value::NonFinite(_) | Value::String(_) | Value::Null => {
                    self.number(&member.key, "", beside, &member.value);
                }
                _ => self.collector.left_out(&member.key),
            }
        }
    }

    /// The four counts, if they are counts of rows.
    fn beside(&self, element: &Json<'_>) -> Beside {
        let count = |key| field(element, key).and_then(counted);
        let counts = || {
            Some(Confusion {
                true_positives: count("true_positive_count")?,
                false_positives: count("false_positive_count")?,
                true_negatives: count("true_negative_count")?,
                false_negatives: count("false_negative_count")?,
            })
        };
        match counts() {
            Some(counts) if self.n == Some(counts.total()) => {
                Beside { counts: Some(counts), aggregate: false }
            }
            Some(_) => Beside { counts: None, aggregate: self.n.is_some() },
            None => Beside::default(),
        }
    }

    fn number(&mut self, key: &str, path: &str, beside: Beside, json: &Json<'_>) {
        let theirs = format!("{path}{key}");
        let averaged = ["Macro", "Micro"].iter().any(|average| key.ends_with(average));
        let ours = match key {
            "auRoc" if self.classes <= 2 => "roc_auc",
            _ => NAMES.iter().find(|(name, _)| *name == key).map_or(key, |(_, ours)| *ours),
        };
        let ours = if path.is_empty() { ours } else { &theirs };
        let Some(m) = measure(self.collector, ours, &theirs, self.slice.clone(), json) else {
            return;
        };
        m.n = self.n;
        m.scope.clone_from(&self.scope);
        m.aggregate = beside.aggregate || averaged;
        m.unit = (key == "meanAbsolutePercentageError").then_some(Unit::Percent);
        proportion(m, beside);
    }
}

/// Fills the trials of a proportion from the four counts next to it, if they give its value.
fn proportion(m: &mut Measurement, beside: Beside) {
    let counted = beside.counts.filter(|_| !m.aggregate && Metric::find(&m.metric).is_some());
    let (Some(value), Some(counts)) = (m.value, counted) else { return };
    if let Some((successes, trials)) = counts.of(&m.metric).filter(|(_, trials)| *trials > 0)
        && (float(successes) / float(trials) - value).abs() <= 1e-6 + m.rounding
    {
        (m.successes, m.trials) = (Some(successes), Some(trials));
    }
}

fn counted(json: &Json<'_>) -> Option<u64> {
    let text = json.as_str().map(str::to_owned);
    json.as_number().and_then(Number::count).or_else(|| text?.parse().ok())
}

/// The sum of a confusion matrix, whose rows are lists or objects that contain a list.
fn total(matrix: &Json<'_>) -> Option<u64> {
    let rows = field(matrix, "rows")?.as_array()?;
    let mut sum = 0_u64;
    for row in rows {
        let held = ["row", "data_item_counts"].iter().find_map(|key| field(row, key));
        // A row with a missing cell would give fewer rows than were evaluated.
        let cells = held.unwrap_or(row).as_array().filter(|cells| cells.len() == rows.len())?;
        for cell in cells {
            let count = counted(cell).or_else(|| whole(cell.as_number()?.value()))?;
            sum = sum.checked_add(count)?;
        }
    }
    (!rows.is_empty()).then_some(sum)
}

/// The element of `confidenceMetrics` at threshold 0.5 that allows the most predictions, if there is only one.
fn plain(list: &[Json<'_>]) -> Option<usize> {
    let value =
        |json: &Json<'_>, key: &str| field(json, key).and_then(Json::as_number).map(Number::value);
    let limit =
        |json: &Json<'_>| LIMITS.iter().find_map(|key| value(json, key)).unwrap_or(f64::INFINITY);
    let at: Vec<_> = list
        .iter()
        .enumerate()
        .filter(|(_, json)| value(json, "confidence_threshold") == Some(0.5))
        .map(|(place, json)| (place, limit(json)))
        .collect();
    let most = at.iter().map(|(_, limit)| *limit).max_by(f64::total_cmp)?;
    let mut of_most = at.iter().filter(|(_, limit)| limit.total_cmp(&most).is_eq());
    of_most.next().filter(|_| of_most.next().is_none()).map(|(place, _)| *place)
}

/// The name that distinguishes an element: `0.25`, and `0.25 of 1` if it is limited to one
/// prediction.
fn name(element: &Json<'_>) -> Option<String> {
    let text = |keys: &[&str]| {
        keys.iter().find_map(|key| field(element, key)).and_then(Json::as_number).map(Number::text)
    };
    let threshold = text(&THRESHOLDS)?;
    let limit = text(&LIMITS).filter(|limit| limit.parse::<f64>().is_ok_and(|limit| limit < 100.0));
    Some(limit.map_or_else(|| threshold.to_owned(), |limit| format!("{threshold} of {limit}")))
}
