//! The metrics we know by name: scikit-learn's and fairlearn's names where those exist.

/// The direction in which a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Accuracy and similar metrics.
    Higher,
    /// Losses, errors, latencies.
    Lower,
}

/// The values a metric can have, and whether it counts trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A proportion in [0, 1] whose trials are all rows: `trials` defaults to `n`.
    ProportionOfRows,
    /// A proportion in [0, 1] with a separate denominator: its trials are never guessed.
    Proportion,
    /// A number in [0, 1] that is not a proportion of counted trials (f1, AUC): counts give no
    /// exact bound.
    Score,
    /// Any number at or above zero.
    NonNegative,
    /// Any number.
    Real,
    /// A time, always with a unit and usually with a quantile.
    Latency,
}

/// A metric we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    /// The values it can have.
    pub kind: Kind,
    /// The direction in which it improves.
    pub better: Better,
}

const fn metric(name: &'static str, kind: Kind, better: Better) -> Metric {
    Metric { name, kind, better }
}

use Better::{Higher, Lower};
use Kind::{Latency, NonNegative, Proportion, ProportionOfRows, Real, Score};

/// Every metric we know, by name.
pub const METRICS: &[Metric] = &[
    metric("accuracy", ProportionOfRows, Higher),
    metric("average_precision", Score, Higher),
    metric("balanced_accuracy", Score, Higher),
    metric("brier_score_loss", Score, Lower),
    // The probability that a calibrated model would look as uncalibrated as this one.
    metric("calibration_p_value", Score, Higher),
    metric("chi_square", NonNegative, Lower),
    metric("cohen_kappa", Real, Higher),
    metric("cramers_v", Score, Lower),
    metric("debiased_calibration_error", Score, Lower),
    metric("demographic_parity_difference", Score, Lower),
    metric("demographic_parity_ratio", Score, Higher),
    metric("energy", NonNegative, Lower),
    metric("energy_per_1000", NonNegative, Lower),
    metric("equal_opportunity_difference", Score, Lower),
    metric("equal_opportunity_ratio", Score, Higher),
    metric("equalized_odds_difference", Score, Lower),
    metric("equalized_odds_ratio", Score, Higher),
    metric("error_rate", ProportionOfRows, Lower),
    metric("expected_calibration_error", Score, Lower),
    metric("explained_variance", Real, Higher),
    metric("f1", Score, Higher),
    metric("false_negative_rate", Proportion, Lower),
    metric("false_positive_rate", Proportion, Lower),
    metric("jensen_shannon_distance", Score, Lower),
    // Higher is better for scores by class. For a feature against its reference, the rule states
    // the bound that it wants.
    metric("ks_statistic", Score, Higher),
    metric("latency", Latency, Lower),
    metric("log_loss", NonNegative, Lower),
    metric("matthews_corrcoef", Real, Higher),
    metric("max_error", NonNegative, Lower),
    metric("maximum_calibration_error", Score, Lower),
    metric("mean_absolute_error", NonNegative, Lower),
    metric("mean_absolute_percentage_error", NonNegative, Lower),
    metric("mean_squared_error", NonNegative, Lower),
    metric("median_absolute_error", NonNegative, Lower),
    metric("negative_predictive_value", Proportion, Higher),
    metric("pass_rate", ProportionOfRows, Higher),
    metric("precision", Proportion, Higher),
    metric("predictive_parity_difference", Score, Lower),
    metric("predictive_parity_ratio", Score, Higher),
    metric("psi", NonNegative, Lower),
    metric("psi_critical", NonNegative, Lower),
    metric("r2", Real, Higher),
    metric("recall", Proportion, Higher),
    metric("roc_auc", Score, Higher),
    metric("root_mean_squared_error", NonNegative, Lower),
    // Neither direction is better in itself: the rule states the bound that it wants.
    metric("selection_rate", ProportionOfRows, Higher),
    metric("specificity", Proportion, Higher),
    metric("true_negative_rate", Proportion, Higher),
    metric("true_positive_rate", Proportion, Higher),
    metric("wasserstein_distance", NonNegative, Lower),
    metric("worst_group_accuracy", Score, Higher),
];

/// Every metric at its place, or at the next one that was empty.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static PLACES: [Option<&Metric>; 256] = {
    let mut places = [None; 256];
    let mut rest = METRICS;
    while let Some((metric, others)) = rest.split_first() {
        let mut at = place(metric.name.as_bytes());
        while places[at].is_some() {
            at = (at + 1) % places.len();
        }
        places[at] = Some(metric);
        rest = others;
    }
    places
};

/// The place of a name in the table, from its length and three of its letters.
#[expect(clippy::as_conversions, reason = "constant code cannot call a conversion, and bytes fit")]
const fn place(name: &[u8]) -> usize {
    let (Some(first), Some((_, [middle, ..])), Some(last)) =
        (name.first(), name.split_at_checked(name.len() / 2), name.last())
    else {
        return 0;
    };
    let letters = (*first as usize) ^ ((*middle as usize) * 5) ^ ((*last as usize) * 17);
    (letters ^ (name.len() * 7)) % 256
}

impl Metric {
    /// The metric of this name, if we know it.
    pub fn find(name: &str) -> Option<&'static Self> {
        let mut place = place(name.as_bytes());
        // Every evaluation asks several times for each number, so this is a hash table: a few
        // metrics share a place, and the last of them is followed by an empty one.
        while let Some(Some(metric)) = PLACES.get(place) {
            if metric.name == name {
                return Some(metric);
            }
            place = (place + 1) % PLACES.len();
        }
        None
    }

    /// Whether counts give an exact bound.
    pub fn is_proportion(&self) -> bool {
        matches!(self.kind, Proportion | ProportionOfRows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_found() {
        assert!(METRICS.windows(2).all(|w| w[0].name < w[1].name));
        assert!(METRICS.iter().all(|m| Metric::find(m.name) == Some(m)));
        assert!(
            ["", "Accuracy", "accuracz", "recall ", "é"].iter().all(|n| Metric::find(n).is_none())
        );
        assert_eq!(Metric::find("recall").map(|m| m.kind), Some(Proportion));
        assert_eq!(Metric::find("Recall"), None);
    }

    #[test]
    fn a_nan_is_never_a_value() {
        assert!(METRICS.iter().all(|m| !m.allows(f64::NAN)));
    }
}
