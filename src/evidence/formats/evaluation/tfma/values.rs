//! What the documents of TFMA share: slices, names of metrics, and the types of value that a metric
//! can have.
//!
//! * A slice value is bytes, a float or an integer; class ids of binarized metrics become `class`.
//! * An average over classes keeps TFMA's name and is marked as an average; a top-k metric is
//!   `recall[topK:3]`, an element of a list `precision[0]`, a threshold
//!   `confusion_matrix_at_thresholds[0.5].precision`, a cutoff `ndcg@5`.
//! * A difference to a baseline, or across slices, is `difference:auc`: never the metric itself.
//! * `auc` stays `auc`: TFMA sums trapezoids between thresholds, and the file does not say whether
//!   the curve is ROC or precision and recall.
//! * An interval with a standard error is TFMA's 95 % interval of Student's t. Bounds without one
//!   are those of the sum of trapezoids, so they become separate measurements.
//! * Weighted metrics have no n, because their denominator is a sum of weights.

use super::key::{Group, Key};
use super::proto::Node;
use super::record::{MOST, Mistake};
use super::wire::Field;
use crate::evidence::{
    Collector,
    confusion::Confusion,
    counts::{only_count, whole},
};
use crate::model::{Interval, Measurement, Metric, Unit, metric::Kind};
use crate::stats::proportion::float;
use std::collections::HashMap;

type Read<T> = Result<T, Mistake>;

/// TFMA's names, and ours for them.
const NAMES: &[(&str, &str)] = &[
    ("binary_accuracy", "accuracy"),
    ("categorical_accuracy", "accuracy"),
    ("f1_score", "f1"),
    ("fall_out", "false_positive_rate"),
    ("fnr", "false_negative_rate"),
    ("fpr", "false_positive_rate"),
    ("matthews_correlation_coefficient", "matthews_corrcoef"),
    ("miss_rate", "false_negative_rate"),
    ("npv", "negative_predictive_value"),
    ("ppv", "precision"),
    ("predicted_positive_rate", "selection_rate"),
    ("sparse_categorical_accuracy", "accuracy"),
    ("tnr", "true_negative_rate"),
    ("tpr", "true_positive_rate"),
];

/// The rows of a slice, and the four counts, by TFMA's names.
const EXAMPLES: [&str; 2] = ["example_count", "post_export_metrics/example_count"];
const CELLS: [(&str, &str); 4] = [
    ("true_positives", "tp"),
    ("false_positives", "fp"),
    ("true_negatives", "tn"),
    ("false_negatives", "fn"),
];

/// What the other metrics of the same slice say about the rows.
#[derive(Default)]
pub(in super::super) struct Context {
    rows: HashMap<Option<String>, Option<u64>>,
    cells: HashMap<Key, [Option<u64>; 4]>,
}

impl Context {
    /// Collects the counts from the metrics of one slice.
    pub(in super::super) fn of(entries: &[(Key, Node<'_>)]) -> Read<Self> {
        let mut out = Self::default();
        for (key, value) in entries.iter().filter(|(key, _)| !key.weighted && !key.difference) {
            let place =
                CELLS.iter().position(|(long, short)| key.name == *long || key.name == *short);
            if place.is_none() && !EXAMPLES.contains(&key.name.as_str()) {
                continue;
            }
            let count = plain(*value)?.and_then(|text| text.parse().ok()).and_then(whole);
            match place {
                None => {
                    out.rows.insert(key.scope.clone(), count);
                }
                Some(place) => {
                    if let Some(cell) = out.cells.entry(key.context()).or_default().get_mut(place) {
                        *cell = count;
                    }
                }
            }
        }
        Ok(out)
    }

    fn confusion(&self, key: &Key) -> Option<Confusion> {
        let [tp, fp, tn, fn_] = *self.cells.get(&key.context())?;
        Some(Confusion {
            true_positives: tp?,
            false_positives: fp?,
            true_negatives: tn?,
            false_negatives: fn_?,
        })
    }

    /// The rows, if an unweighted count of them accompanies the metric, or the four counts add up
    /// to them.
    fn n(&self, key: &Key) -> Option<u64> {
        if key.weighted {
            return None;
        }
        // A count of rows does not depend on a model, so it may be written without one.
        let rows = self.rows.get(&key.scope).or_else(|| self.rows.get(&None)).copied().flatten();
        rows.or_else(|| self.confusion(key).map(Confusion::total))
    }
}

/// The number of a value that is a single number.
fn plain(value: Node<'_>) -> Read<Option<String>> {
    if let Some(number) = value.wrapped_double(&Field("double_value", 1))? {
        return Ok(Some(number));
    }
    match value.message(&Field("bounded_value", 2))? {
        Some(bounded) => bounded.wrapped_double(&Field("value", 3)),
        None => Ok(None),
    }
}

const BOOTSTRAP: &str = "POISSON_BOOTSTRAP";

/// The number types that a list of values can have.
const LISTS: [Field; 4] = [
    Field("float64_values", 7),
    Field("float32_values", 6),
    Field("int64_values", 5),
    Field("int32_values", 4),
];

/// The counts at one threshold. Each is always known: the file omits a count that is zero.
const COUNTS: [Field; 4] = [
    Field("true_positives", 5),
    Field("false_positives", 4),
    Field("true_negatives", 3),
    Field("false_negatives", 2),
];

/// The rates at one threshold. Older versions do not write all of them, so an absent rate is
/// unknown.
const RATES: [Field; 6] = [
    Field("precision", 6),
    Field("recall", 7),
    Field("false_positive_rate", 20),
    Field("f1", 21),
    Field("accuracy", 22),
    Field("false_omission_rate", 23),
];

/// Adds measurements of one slice.
pub(in super::super) struct Writer<'w, 'd> {
    pub(in super::super) collector: &'w mut Collector<'d>,
    pub(in super::super) group: &'w Group,
    pub(in super::super) context: &'w Context,
}

impl Writer<'_, '_> {
    /// Adds the number or numbers of `value` for the metric, and its interval.
    pub(in super::super) fn metric(
        &mut self,
        key: &Key,
        value: Node<'_>,
        interval: Option<Node<'_>>,
    ) -> Read<()> {
        if let Some(bounded) = value.message(&Field("bounded_value", 2))? {
            self.one(key, "", bounded.wrapped_double(&Field("value", 3))?, value.at())?;
            return self.bounds(key, bounded);
        }
        if let Some(student) = value.message(&Field("t_distribution_value", 9))? {
            let unsampled = student.wrapped_double(&Field("unsampled_value", 4))?;
            let mean = student.wrapped_double(&Field("sample_mean", 1))?;
            self.one(key, "", unsampled.or_else(|| mean.clone()), value.at())?;
            let deviation = student.wrapped_double(&Field("sample_standard_deviation", 2))?;
            for (name, number) in
                [(".sample_mean", mean), (".sample_standard_deviation", deviation)]
            {
                if number.is_some() {
                    self.one(key, name, number, value.at())?;
                }
            }
            return Ok(());
        }
        if let Some(cutoffs) = value.message(&Field("value_at_cutoffs", 4))? {
            return self.cutoffs(key, cutoffs);
        }
        if let Some(matrices) = value.message(&Field("confusion_matrix_at_thresholds", 5))? {
            return self.matrices(key, matrices);
        }
        if let Some(array) = value.message(&Field("array_value", 7))? {
            return self.array(key, array);
        }
        if self.nothing(key, value)? {
            return Ok(());
        }
        self.one(key, "", value.wrapped_double(&Field("double_value", 1))?, value.at())?;
        interval.map_or(Ok(()), |interval| self.interval(key, interval))
    }

    /// Handles a value that is not a number: a table, text, or the reason why there is no number.
    /// Returns whether it was one.
    fn nothing(&mut self, key: &Key, value: Node<'_>) -> Read<bool> {
        if let Some(why) = value.text(&Field("debug_message", 10))? {
            let slice = &self.group.slice;
            self.collector.check(format!("{} [{slice}]", key.name), false, Some(why));
            return Ok(true);
        }
        let others = [
            Field("multi_class_confusion_matrix_at_thresholds", 11),
            Field("unknown_type", 3),
            Field("bytes_value", 6),
        ];
        for field in others {
            if value.has(&field)? {
                self.collector.left_out(&format!("{} ({})", key.name, field.0));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds one number; `part` follows the metric's name.
    fn one(&mut self, key: &Key, part: &str, number: Option<String>, at: usize) -> Read<()> {
        if self.collector.evidence.measurements.len() >= MOST {
            return Err(Mistake::new(at, format!("more than {MOST} values; split the file")));
        }
        let difference = key.difference || self.group.baseline.is_some();
        let mut theirs =
            format!("{}{}{part}", if difference { "difference:" } else { "" }, key.name);
        if let Some(top) = &key.top {
            theirs.push_str(&format!("[{top}]"));
        }
        let mut slice = self.group.slice.clone();
        if let Some(class) = key.class {
            let class = class.to_string();
            if slice.0.contains_key("class") {
                theirs.push_str(&format!("[classId:{class}]"));
            } else {
                slice.0.insert("class".to_owned(), class);
            }
        }
        let ours = match key.average {
            Some(average) => format!("{theirs}[{average}]"),
            None => NAMES
                .iter()
                .find(|(name, _)| *name == theirs)
                .map_or(theirs.as_str(), |(_, ours)| *ours)
                .to_owned(),
        };
        let Some(m) =
            self.collector.measure_text(&ours, &theirs, slice, number.as_deref().unwrap_or(""))
        else {
            return Ok(());
        };
        let against = self.group.baseline.as_ref().map(|baseline| format!("against {baseline}"));
        m.scope =
            [key.scope.clone(), against].into_iter().flatten().reduce(|a, b| format!("{a} {b}"));
        m.aggregate = key.average.is_some();
        m.unit = (key.name == "mean_absolute_percentage_error" && part.is_empty())
            .then_some(Unit::Percent);
        if !difference {
            m.n = self.context.n(key);
            counted(m, self.context.confusion(key));
        }
        Ok(())
    }

    /// Adds the bounds of a bounded value: those of a bootstrap are an interval, those of a sum of
    /// trapezoids are not.
    fn bounds(&mut self, key: &Key, bounded: Node<'_>) -> Read<()> {
        let lower = bounded.wrapped_double(&Field("lower_bound", 1))?;
        let upper = bounded.wrapped_double(&Field("upper_bound", 2))?;
        let bootstrap = bounded
            .choice(&Field("methodology", 4), &["UNKNOWN", "RIEMANN_SUM", BOOTSTRAP])?
            == Some(BOOTSTRAP);
        self.ends(key, bootstrap.then_some("poisson-bootstrap"), lower, upper, bounded.at())
    }

    /// Adds the interval of the measurement that was added last.
    fn interval(&mut self, key: &Key, interval: Node<'_>) -> Read<()> {
        let end = |field: Field| -> Read<Option<String>> {
            interval.message(&field)?.map_or(Ok(None), plain)
        };
        let (upper, lower) = (end(Field("upper_bound", 1))?, end(Field("lower_bound", 2))?);
        let student = interval.has(&Field("standard_error", 3))?
            || interval.has(&Field("degrees_of_freedom", 4))?;
        self.ends(key, student.then_some("t-distribution"), lower, upper, interval.at())
    }

    /// Adds both ends as an interval of this method; without a method, as separate measurements.
    fn ends(
        &mut self,
        key: &Key,
        method: Option<&str>,
        lower: Option<String>,
        upper: Option<String>,
        at: usize,
    ) -> Read<()> {
        let Some(method) = method else {
            for (name, bound) in [(".lower_bound", lower), (".upper_bound", upper)] {
                if bound.is_some() {
                    self.one(key, name, bound, at)?;
                }
            }
            return Ok(());
        };
        let number = |text: Option<String>| {
            text.and_then(|text| text.parse::<f64>().ok()).filter(|end| end.is_finite())
        };
        let ends = number(lower).zip(number(upper)).filter(|(lower, upper)| lower <= upper);
        match (ends, self.collector.evidence.measurements.last_mut()) {
            (Some((lower, upper)), Some(m)) => m.intervals.push(Interval {
                method: method.to_owned(),
                confidence: 0.95,
                sides: 2,
                lower: Some(lower),
                upper: Some(upper),
            }),
            _ => self.collector.left_out(&format!("{} (its interval has no two ends)", key.name)),
        }
        Ok(())
    }

    fn cutoffs(&mut self, key: &Key, cutoffs: Node<'_>) -> Read<()> {
        for pair in cutoffs.messages(&Field("values", 1))? {
            let cutoff = pair.integer(&Field("cutoff", 1))?.unwrap_or(0);
            let bounded = pair.message(&Field("bounded_value", 3))?;
            let number = match bounded {
                Some(bounded) => bounded.wrapped_double(&Field("value", 3))?,
                None => Some(pair.double(&Field("value", 2))?.unwrap_or_else(|| "0.0".to_owned())),
            };
            self.one(key, &format!("@{cutoff}"), number, pair.at())?;
        }
        Ok(())
    }

    fn matrices(&mut self, key: &Key, matrices: Node<'_>) -> Read<()> {
        for matrix in matrices.messages(&Field("matrices", 1))? {
            let threshold =
                matrix.double(&Field("threshold", 1))?.unwrap_or_else(|| "0.0".to_owned());
            for field in &COUNTS {
                let number = matrix.double(field)?.unwrap_or_else(|| "0.0".to_owned());
                self.one(key, &format!("[{threshold}].{}", field.0), Some(number), matrix.at())?;
            }
            for field in &RATES {
                let number = matrix.double(field)?;
                if number.is_some() {
                    self.one(key, &format!("[{threshold}].{}", field.0), number, matrix.at())?;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, key: &Key, array: Node<'_>) -> Read<()> {
        for field in &LISTS {
            for (place, number) in array.numbers(field)?.into_iter().enumerate() {
                self.one(key, &format!("[{place}]"), Some(number), array.at())?;
            }
        }
        if array.has(&Field("bytes_values", 3))? {
            self.collector.left_out(&format!("{} (text)", key.name));
        }
        Ok(())
    }
}

/// Fills the trials of a proportion: from the four counts if they give its value, else from the
/// rows.
fn counted(m: &mut Measurement, confusion: Option<Confusion>) {
    let known = Metric::find(&m.metric).filter(|metric| metric.is_proportion() && !m.aggregate);
    let (Some(metric), Some(value)) = (known, m.value) else { return };
    let fits = |(k, of): &(u64, u64)| {
        *of > 0 && (float(*k) / float(*of) - value).abs() <= 1e-9 + m.rounding
    };
    if let Some((successes, trials)) =
        confusion.and_then(|counts| counts.of(metric.name)).filter(fits)
    {
        (m.successes, m.trials) = (Some(successes), Some(trials));
    } else if metric.kind == Kind::ProportionOfRows
        && let Some(n) = m.n
    {
        m.trials = Some(n);
        m.successes = only_count(value, n, m.rounding);
    }
}
