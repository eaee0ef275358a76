//! The columns of Aequitas, and how their cells are read.

use crate::evidence::{
    collector::Collector,
    formats::frame::{Cell, Line},
};

/// Aequitas' rates and our names for them.
pub(super) const RATES: [(&str, &str); 13] = [
    ("accuracy", "accuracy"),
    ("tpr", "true_positive_rate"),
    ("tnr", "true_negative_rate"),
    ("fpr", "false_positive_rate"),
    ("fnr", "false_negative_rate"),
    ("for", "false_omission_rate"),
    ("fdr", "false_discovery_rate"),
    ("npv", "negative_predictive_value"),
    ("precision", "precision"),
    ("ppr", "ppr"),
    ("pprev", "selection_rate"),
    ("prev", "prev"),
    ("ppv", "precision"),
];

/// Columns that are read as n, trials and successes, or that name the row.
pub(super) const BESIDES: [&str; 16] = [
    "",
    "index",
    "Unnamed: 0",
    "model_id",
    "score_threshold",
    "attribute_name",
    "attribute_value",
    "k",
    "pp",
    "pn",
    "group_label_pos",
    "group_label_neg",
    "tp",
    "fp",
    "tn",
    "fn",
];

/// Verdicts of `Fairness`, and the disparity that each is based on.
pub(super) const PARITIES: [(&str, &str); 16] = [
    ("Statistical Parity", "ppr_disparity"),
    ("Impact Parity", "pprev_disparity"),
    ("FDR Parity", "fdr_disparity"),
    ("FPR Parity", "fpr_disparity"),
    ("FOR Parity", "for_disparity"),
    ("FNR Parity", "fnr_disparity"),
    ("TPR Parity", "tpr_disparity"),
    ("TNR Parity", "tnr_disparity"),
    ("NPV Parity", "npv_disparity"),
    ("Precision Parity", "precision_disparity"),
    ("TypeI Parity", ""),
    ("TypeII Parity", ""),
    ("Equalized Odds", ""),
    ("Unsupervised Fairness", ""),
    ("Supervised Fairness", ""),
    ("Overall Fairness", ""),
];

pub(super) fn parity(column: &str) -> Option<&'static str> {
    PARITIES.iter().find(|(name, _)| *name == column).map(|(_, disparity)| *disparity)
}

pub(super) fn ours(column: &str) -> Option<&'static str> {
    RATES.iter().find(|(theirs, _)| *theirs == column).map(|(_, ours)| *ours)
}

pub(super) type Model<'c> = (&'c str, &'c str);

pub(super) fn text<'c>(line: &Line<'c>, column: &str) -> &'c str {
    line.get(column).and_then(Cell::name).unwrap_or("")
}

pub(super) fn model<'c>(line: &Line<'c>) -> Model<'c> {
    (text(line, "model_id"), text(line, "score_threshold"))
}

/// Adds a verdict; one that is undefined did not pass.
pub(super) fn verdict_of(
    collector: &mut Collector<'_>,
    column: &str,
    name: &str,
    cell: Cell<'_>,
    detail: Option<String>,
) {
    match cell.flag() {
        Some(passed) => collector.check(name, passed, detail),
        None if cell.is_undefined() || cell.name().is_some_and(|name| name == "Undefined") => {
            collector.check(name, false, Some("undefined: there is no number to judge".to_owned()));
        }
        None => {
            collector.left_out(column);
            collector.check(name, false, Some("neither true nor false".to_owned()));
        }
    }
}
