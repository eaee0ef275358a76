//! Metrics of classes that are computed from counts: for two classes, and for many.

use super::{
    bootstrap::{Resampling, Statistic},
    confusion::{Pairs, Sums, balanced_intervals, f1_intervals},
    sink::{Sink, clamp},
};
use crate::model::Slice;

/// A slice and its counts by (label, prediction), with the classes in their final order.
pub(super) struct Part<'a> {
    pub(super) slice: &'a Slice,
    pub(super) pairs: &'a Pairs,
    pub(super) sums: &'a Sums,
}

const NO_ROWS: &str = "it has no rows";
const NO_POSITIVES: &str = "no row has the positive class";
const NO_NEGATIVES: &str = "no row has the negative class";
const NONE_SELECTED: &str = "no row is predicted positive";
const ALL_SELECTED: &str = "every row is predicted positive";
const NOT_BOTH: &str = "it needs rows of both classes";

/// Writes the metrics of two classes, of which the second is positive.
pub(super) fn binary(sink: &mut Sink, part: &Part, names: &[String]) {
    let (slice, n) = (part.slice, part.sums.n);
    let [negatives, unselected, true_negatives] = part.sums.classes[0];
    let [positives, selected, true_positives] = part.sums.classes[1];
    let false_positives = selected - true_positives;
    let false_negatives = positives - true_positives;
    sink.proportion("accuracy", slice, (part.sums.right, n), n, NO_ROWS);
    sink.proportion("error_rate", slice, (n - part.sums.right, n), n, NO_ROWS);
    sink.proportion("selection_rate", slice, (selected, n), n, NO_ROWS);
    sink.proportion("precision", slice, (true_positives, selected), n, NONE_SELECTED);
    sink.proportion("recall", slice, (true_positives, positives), n, NO_POSITIVES);
    sink.proportion("specificity", slice, (true_negatives, negatives), n, NO_NEGATIVES);
    sink.proportion("true_positive_rate", slice, (true_positives, positives), n, NO_POSITIVES);
    sink.proportion("false_positive_rate", slice, (false_positives, negatives), n, NO_NEGATIVES);
    sink.proportion("true_negative_rate", slice, (true_negatives, negatives), n, NO_NEGATIVES);
    sink.proportion("false_negative_rate", slice, (false_negatives, positives), n, NO_POSITIVES);
    sink.proportion(
        "negative_predictive_value",
        slice,
        (true_negatives, unselected),
        n,
        ALL_SELECTED,
    );
    if sink.wants("f1") {
        let bounds = f1_intervals(part.sums.classes[1], &sink.plan.confidences);
        sink.number(
            "f1",
            slice,
            part.sums.f1(1),
            n,
            bounds,
            "no row has the positive class or is predicted to",
        );
    }
    balanced(sink, part, NOT_BOTH);
    resampled(sink, part, names, &OVER_ALL, "both sides are constant");
}

/// Writes the metrics of many classes together.
pub(super) fn multiclass(sink: &mut Sink, part: &Part, names: &[String]) {
    let (slice, n) = (part.slice, part.sums.n);
    sink.proportion("accuracy", slice, (part.sums.right, n), n, NO_ROWS);
    sink.proportion("error_rate", slice, (n - part.sums.right, n), n, NO_ROWS);
    balanced(sink, part, NO_ROWS);
    resampled(sink, part, names, &OVER_ALL, "both sides are constant");
}

/// Writes precision, recall and F1 of each class, as in scikit-learn's report; `n` is the class's
/// own rows.
pub(super) fn by_class(sink: &mut Sink, sums: &Sums, names: &[String]) {
    for (class, name) in names.iter().enumerate() {
        let slice = Slice::one("class", name.clone());
        let [labels, predictions, both] = sums.classes[class];
        sink.proportion(
            "precision",
            &slice,
            (both, predictions),
            predictions,
            "no row is predicted to have the class",
        );
        sink.proportion("recall", &slice, (both, labels), labels, "no row has the class");
        if sink.wants("f1") {
            let bounds = f1_intervals(sums.classes[class], &sink.plan.confidences);
            sink.number(
                "f1",
                &slice,
                sums.f1(class),
                labels,
                bounds,
                "no row has the class or is predicted to",
            );
        }
    }
}

const OVER_ALL: [(&str, Statistic); 2] =
    [("matthews_corrcoef", Sums::matthews_corrcoef), ("cohen_kappa", Sums::cohen_kappa)];

const AVERAGES: [(&str, &str, Statistic); 6] = [
    ("macro avg", "precision", |s| s.macro_average(Sums::precision)),
    ("macro avg", "recall", |s| s.macro_average(Sums::recall)),
    ("macro avg", "f1", |s| s.macro_average(Sums::f1)),
    ("weighted avg", "precision", |s| s.weighted_average(Sums::precision)),
    ("weighted avg", "recall", |s| s.weighted_average(Sums::recall)),
    ("weighted avg", "f1", |s| s.weighted_average(Sums::f1)),
];

/// Writes the averages over classes, which are never groups themselves.
pub(super) fn averages(sink: &mut Sink, part: &Part, names: &[String]) {
    let wanted: Vec<_> = AVERAGES.iter().filter(|(_, metric, _)| sink.wants(metric)).collect();
    let resampling = Resampling::new(part.pairs, names, part.slice, sink.plan);
    for (average, metric, statistic) in wanted {
        let value = statistic(part.sums);
        let bounds = resampling.bounds(*statistic, sink.plan);
        let slice = Slice::one("class", *average);
        let why = "it is for one of the classes";
        let made = sink.number(metric, &slice, value, part.sums.n, Vec::new(), why);
        if let Some(m) = made {
            m.aggregate = true;
            bounds.write(Some(m));
        }
    }
}

fn balanced(sink: &mut Sink, part: &Part, why: &'static str) {
    if sink.wants("balanced_accuracy") {
        let bounds = balanced_intervals(part.sums, &sink.plan.confidences);
        let (value, n) = (part.sums.balanced_accuracy(), part.sums.n);
        bounds.write(sink.number("balanced_accuracy", part.slice, value, n, Vec::new(), why));
    }
}

fn resampled(
    sink: &mut Sink,
    part: &Part,
    names: &[String],
    metrics: &[(&str, Statistic)],
    why: &'static str,
) {
    let wanted: Vec<_> = metrics.iter().filter(|(metric, _)| sink.wants(metric)).collect();
    if wanted.is_empty() {
        return;
    }
    let resampling = Resampling::new(part.pairs, names, part.slice, sink.plan);
    for (metric, statistic) in wanted {
        let value = statistic(part.sums);
        let mut bounds = resampling.bounds(*statistic, sink.plan);
        clamp(metric, &mut bounds.intervals);
        bounds.write(sink.number(metric, part.slice, value, part.sums.n, Vec::new(), why));
    }
}
