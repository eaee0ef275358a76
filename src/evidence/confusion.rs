//! The four counts of a binary classifier, and the proportions that follow from them.

/// The four counts of a binary classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confusion {
    /// Positives that were predicted positive.
    pub true_positives: u64,
    /// Negatives that were predicted positive.
    pub false_positives: u64,
    /// Negatives that were predicted negative.
    pub true_negatives: u64,
    /// Positives that were predicted negative.
    pub false_negatives: u64,
}

impl Confusion {
    /// All rows.
    pub fn total(self) -> u64 {
        self.true_positives
            .saturating_add(self.false_positives)
            .saturating_add(self.true_negatives)
            .saturating_add(self.false_negatives)
    }

    /// Successes and trials of the proportion `metric`; `None` if it is not a proportion of these
    /// counts.
    pub fn of(self, metric: &str) -> Option<(u64, u64)> {
        let Self {
            true_positives: tp,
            false_positives: fp,
            true_negatives: tn,
            false_negatives: fn_,
        } = self;
        let (successes, failures) = match metric {
            "accuracy" => (tp.saturating_add(tn), fp.saturating_add(fn_)),
            "error_rate" => (fp.saturating_add(fn_), tp.saturating_add(tn)),
            "selection_rate" => (tp.saturating_add(fp), tn.saturating_add(fn_)),
            "recall" | "true_positive_rate" => (tp, fn_),
            "false_negative_rate" => (fn_, tp),
            "precision" => (tp, fp),
            "specificity" | "true_negative_rate" => (tn, fp),
            "false_positive_rate" => (fp, tn),
            "negative_predictive_value" => (tn, fn_),
            _ => return None,
        };
        Some((successes, successes.saturating_add(failures)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Metric;

    #[test]
    fn every_rate_of_a_confusion_matrix_is_a_proportion_we_know() {
        let counts = Confusion {
            true_positives: 103,
            false_positives: 3,
            true_negatives: 61,
            false_negatives: 4,
        };
        let want = [
            ("accuracy", (164, 171)),
            ("error_rate", (7, 171)),
            ("selection_rate", (106, 171)),
            ("recall", (103, 107)),
            ("true_positive_rate", (103, 107)),
            ("false_negative_rate", (4, 107)),
            ("precision", (103, 106)),
            ("specificity", (61, 64)),
            ("true_negative_rate", (61, 64)),
            ("false_positive_rate", (3, 64)),
            ("negative_predictive_value", (61, 65)),
        ];
        for (metric, counted) in want {
            assert_eq!(counts.of(metric), Some(counted), "{metric}");
            assert!(Metric::find(metric).is_some_and(Metric::is_proportion), "{metric}");
        }
        assert_eq!(counts.of("f1"), None);
    }
}
