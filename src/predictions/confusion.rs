//! Metrics of counts of labels against predictions, as scikit-learn computes them.

use super::{limited::Limited, sink};
use crate::{
    model::Interval,
    stats::proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
};

/// Rows by (label, prediction), each pair once, classes numbered from 0.
pub(super) type Pairs = [(u32, u32, u64)];

/// The sums of a confusion matrix.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sums {
    /// All rows.
    pub(super) n: u64,
    /// Rows whose prediction equals the label.
    pub(super) right: u64,
    /// For each class: rows with this label, rows with this prediction, rows with both.
    pub(super) classes: Vec<[u64; 3]>,
}

impl Sums {
    /// The sums of no rows, for `classes` classes.
    pub(super) fn new(classes: usize) -> Self {
        Self { n: 0, right: 0, classes: vec![[0; 3]; classes] }
    }

    /// The sums of those counts.
    pub(super) fn of(pairs: &Pairs, classes: usize) -> Self {
        let mut sums = Self::new(classes);
        for (label, prediction, rows) in pairs {
            sums.add(*label, *prediction, *rows);
        }
        sums
    }

    /// Counts `rows` more.
    pub(super) fn add(&mut self, label: u32, prediction: u32, rows: u64) {
        self.n += rows;
        self.classes[label as usize][0] += rows;
        self.classes[prediction as usize][1] += rows;
        if label == prediction {
            self.right += rows;
            self.classes[label as usize][2] += rows;
        }
    }

    /// Counts `rows` less, which must have been counted.
    pub(super) fn remove(&mut self, label: u32, prediction: u32, rows: u64) {
        self.n -= rows;
        self.classes[label as usize][0] -= rows;
        self.classes[prediction as usize][1] -= rows;
        if label == prediction {
            self.right -= rows;
            self.classes[label as usize][2] -= rows;
        }
    }

    /// Removes all rows.
    pub(super) fn clear(&mut self) {
        (self.n, self.right) = (0, 0);
        self.classes.fill([0; 3]);
    }

    /// The mean recall of the classes that have rows; with two classes, both must have rows.
    pub(super) fn balanced_accuracy(&self) -> Option<f64> {
        if self.classes.len() == 2 && self.classes.iter().any(|c| c[0] == 0) {
            return None;
        }
        let present = self.classes.iter().filter(|c| c[0] > 0);
        let (sum, count) =
            present.fold((0.0, 0_u64), |(s, n), c| (s + float(c[2]) / float(c[0]), n + 1));
        (count > 0).then(|| sum / float(count))
    }

    /// Matthews' correlation (Gorodkin 2004 for many classes); 0 if labels or predictions are
    /// constant, as in scikit-learn.
    pub(super) fn matthews_corrcoef(&self) -> Option<f64> {
        if self.n == 0 {
            return None;
        }
        let wide = |x: u64| i128::from(x);
        let sum = |f: fn(&[u64; 3]) -> i128| self.classes.iter().map(f).sum::<i128>();
        let square = wide(self.n) * wide(self.n);
        let both = wide(self.right) * wide(self.n) - sum(|c| i128::from(c[0]) * i128::from(c[1]));
        let labels = square - sum(|c| i128::from(c[0]) * i128::from(c[0]));
        let predictions = square - sum(|c| i128::from(c[1]) * i128::from(c[1]));
        if labels == 0 || predictions == 0 {
            return Some(0.0);
        }
        Some(both as f64 / ((labels as f64).sqrt() * (predictions as f64).sqrt()))
    }

    /// Cohen's kappa (1960); undefined if agreement by chance is certain.
    pub(super) fn cohen_kappa(&self) -> Option<f64> {
        let square = i128::from(self.n) * i128::from(self.n);
        let chance: i128 = self.classes.iter().map(|c| i128::from(c[0]) * i128::from(c[1])).sum();
        let wrong = i128::from(self.n - self.right) * i128::from(self.n);
        (square != chance).then(|| 1.0 - wrong as f64 / (square - chance) as f64)
    }

    /// F1 of one class: 2 tp / (2 tp + fp + fn).
    pub(super) fn f1(&self, class: usize) -> Option<f64> {
        let [labels, predictions, both] = self.classes[class];
        (labels + predictions > 0).then(|| 2.0 * float(both) / float(labels + predictions))
    }

    /// Precision of one class.
    pub(super) fn precision(&self, class: usize) -> Option<f64> {
        let [_, predictions, both] = self.classes[class];
        (predictions > 0).then(|| float(both) / float(predictions))
    }

    /// Recall of one class.
    pub(super) fn recall(&self, class: usize) -> Option<f64> {
        let [labels, _, both] = self.classes[class];
        (labels > 0).then(|| float(both) / float(labels))
    }

    /// The plain mean over classes; undefined if it is undefined for one of them.
    pub(super) fn macro_average(&self, of: impl Fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let values: Option<Vec<f64>> =
            (0..self.classes.len()).map(|class| of(self, class)).collect();
        values.filter(|v| !v.is_empty()).map(|v| v.iter().sum::<f64>() / float(v.len() as u64))
    }

    /// The mean over classes weighted by their rows; undefined if it is undefined for one that has
    /// rows.
    pub(super) fn weighted_average(&self, of: impl Fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let mut sum = 0.0;
        for (class, [labels, ..]) in self.classes.iter().enumerate().filter(|(_, c)| c[0] > 0) {
            sum += of(self, class)? * float(*labels);
        }
        (self.n > 0).then(|| sum / float(self.n))
    }
}

/// Exact bounds of F1. It increases with the share q of hits among the rows that have the class as
/// label or prediction, as 2q / (1 + q), and q is a proportion.
pub(super) fn f1_intervals(
    [labels, predictions, both]: [u64; 3],
    confidences: &[f64],
) -> Vec<Interval> {
    let trials = labels + predictions - both;
    let f1 = |q: f64| 2.0 * q / (1.0 + q);
    let mut bounds = sink::exact(both, trials, confidences);
    for bound in &mut bounds {
        bound.lower = bound.lower.map(|q| crate::model::number::round12(f1(q)));
        bound.upper = bound.upper.map(|q| crate::model::number::round12(f1(q)));
    }
    bounds
}

/// Bounds of balanced accuracy: the exact bounds of each class's recall, with their distances added
/// in quadrature (MOVER; Zou and Donner 2008). Unlike a resampled bound it does not shrink to a
/// point if no row is wrong.
pub(super) fn balanced_intervals(sums: &Sums, confidences: &[f64]) -> Limited {
    let Some(value) = sums.balanced_accuracy() else { return Limited::default() };
    let present: Vec<_> = sums.classes.iter().filter(|c| c[0] > 0).collect();
    let count = float(present.len() as u64);
    let mut intervals = Vec::new();
    for confidence in confidences {
        let alpha = 1.0 - confidence;
        let (mut below, mut above) = (0.0_f64, 0.0_f64);
        for [labels, _, both] in &present {
            let recall = float(*both) / float(*labels);
            let lower = clopper_pearson_lower(*both, *labels, alpha).unwrap_or(0.0);
            let upper = clopper_pearson_upper(*both, *labels, alpha).unwrap_or(1.0);
            below += ((recall - lower) / count).powi(2);
            above += ((upper - recall) / count).powi(2);
        }
        let (lower, upper) = ((value - below.sqrt()).max(0.0), (value + above.sqrt()).min(1.0));
        intervals.push(sink::interval(
            "mover-clopper-pearson",
            *confidence,
            Some(lower),
            Some(upper),
        ));
    }
    Limited::of(intervals, sums.classes.iter().map(|c| c[0]).min().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, want: f64) {
        assert!((got.unwrap() - want).abs() < 1e-12, "{got:?} against {want}");
    }

    /// References: scikit-learn 1.9.1 on the confusion matrix of the table `adult_good`.
    #[test]
    fn agrees_with_scikit_learn() {
        let sums = Sums::of(&[(0, 0, 1885), (0, 1, 203), (1, 0, 434), (1, 1, 478)], 2);
        near(sums.balanced_accuracy(), 0.713_450_292_397_660_9);
        near(sums.matthews_corrcoef(), 0.468_776_126_124_531_73);
        near(sums.cohen_kappa(), 0.459_689_622_647_911);
        near(sums.f1(1), 0.600_125_549_278_091_7);
        near(sums.precision(1), 0.701_908_957_415_565_4);
    }

    #[test]
    fn an_empty_class_is_undefined_and_not_zero() {
        let sums = Sums::of(&[(0, 0, 5), (0, 1, 2)], 2);
        assert_eq!((sums.recall(1), sums.balanced_accuracy()), (None, None));
        assert_eq!(sums.macro_average(Sums::recall), None);
        near(sums.weighted_average(Sums::recall), 5.0 / 7.0);
        assert_eq!(Sums::new(2).matthews_corrcoef(), None);
    }

    #[test]
    fn no_error_is_no_certainty() {
        let sums = Sums::of(&[(0, 0, 30), (1, 1, 20)], 2);
        let bound = balanced_intervals(&sums, &[0.95]).intervals[0].lower.unwrap();
        assert!(bound > 0.8 && bound < 0.95, "{bound}");
        let bound = f1_intervals(sums.classes[1], &[0.95])[0].lower.unwrap();
        let q = 0.05_f64.powf(1.0 / 20.0);
        assert!((bound - 2.0 * q / (1.0 + q)).abs() < 1e-9, "{bound}");
    }
}
