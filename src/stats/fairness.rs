//! Rates by group, and the disparities between groups, from whole counts. A rate with a denominator
//! of 0 is undefined, not 0.

use super::{Undefined, proportion::float};
use std::collections::BTreeMap;

/// The four cells of one group's confusion matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cells {
    /// Positive rows predicted positive.
    pub tp: u64,
    /// Negative rows predicted positive.
    pub fp: u64,
    /// Negative rows predicted negative.
    pub tn: u64,
    /// Positive rows predicted negative.
    pub fn_: u64,
}

/// The rates of one group; `None` if the denominator is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The number of rows in the group.
    pub n: u64,
    /// (tp + fp) / n.
    pub selection_rate: Option<f64>,
    /// tp / (tp + fn).
    pub tpr: Option<f64>,
    /// fp / (fp + tn).
    pub fpr: Option<f64>,
    /// tp / (tp + fp).
    pub precision: Option<f64>,
    /// (tp + tn) / n.
    pub accuracy: Option<f64>,
}

impl Cells {
    /// The rates of these counts.
    pub fn rates(self) -> Rates {
        let Self { tp, fp, tn, fn_ } = self;
        let [tp, fp, tn, fn_] = [tp, fp, tn, fn_].map(float);
        let n = tp + fp + tn + fn_;
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        Rates {
            n: self.tp.saturating_add(self.fp).saturating_add(self.tn).saturating_add(self.fn_),
            selection_rate: share(tp + fp, n),
            tpr: share(tp, tp + fn_),
            fpr: share(fp, fp + tn),
            precision: share(tp, tp + fp),
            accuracy: share(tp + tn, n),
        }
    }
}

/// The disparities between groups, as fairlearn defines them. If a rate is undefined for a group,
/// its disparity is `None`, and a flag names the rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Fairness {
    /// The groups, sorted by name.
    pub groups: Vec<(String, Rates)>,
    /// The highest selection rate minus the lowest.
    pub demographic_parity_difference: Option<f64>,
    /// The lowest selection rate divided by the highest.
    pub demographic_parity_ratio: Option<f64>,
    /// The highest true positive rate minus the lowest (Hardt, Price and Srebro 2016).
    pub equal_opportunity_difference: Option<f64>,
    /// The highest precision minus the lowest.
    pub predictive_parity_difference: Option<f64>,
    /// The larger of the differences in true and in false positive rates (Hardt, Price and Srebro
    /// 2016).
    pub equalized_odds_difference: Option<f64>,
    /// The lowest accuracy of a group.
    pub worst_group_accuracy: Option<f64>,
    /// `single_group`, `undefined:<rate>`, `zero_rates:<rate>`, in the order in which they
    /// occurred.
    pub flags: Vec<String>,
}

/// The disparities between groups with these counts; groups with the same name are merged.
pub fn of_cells<'a>(
    groups: impl IntoIterator<Item = (&'a str, Cells)>,
) -> Result<Fairness, Undefined> {
    let mut cells = BTreeMap::<&str, Cells>::new();
    for (name, more) in groups {
        let sum = cells.entry(name).or_default();
        sum.tp = sum.tp.saturating_add(more.tp);
        sum.fp = sum.fp.saturating_add(more.fp);
        sum.tn = sum.tn.saturating_add(more.tn);
        sum.fn_ = sum.fn_.saturating_add(more.fn_);
    }
    let groups: Vec<(String, Rates)> =
        cells.into_iter().map(|(name, c)| (name.to_owned(), c.rates())).collect();
    if groups.iter().all(|(_, rates)| rates.n == 0) {
        return Err(Undefined::EmptySample);
    }
    let mut flags = Vec::new();
    if groups.len() == 1 {
        flags.push(Undefined::SingleGroup.code().to_owned());
    }
    let selection = range(&groups, "selection_rate", |r| r.selection_rate, &mut flags);
    let ratio = selection.and_then(|(low, high)| {
        if high == 0.0 {
            flags.push("zero_rates:selection_rate".to_owned());
        }
        (high > 0.0).then(|| low / high)
    });
    let opportunity = range(&groups, "tpr", |r| r.tpr, &mut flags).map(apart);
    let precision = range(&groups, "precision", |r| r.precision, &mut flags).map(apart);
    let false_alarms = range(&groups, "fpr", |r| r.fpr, &mut flags).map(apart);
    let worst = groups.iter().map(|(_, r)| r.accuracy).collect::<Option<Vec<f64>>>();
    Ok(Fairness {
        demographic_parity_difference: selection.map(apart),
        demographic_parity_ratio: ratio,
        equal_opportunity_difference: opportunity,
        predictive_parity_difference: precision,
        equalized_odds_difference: opportunity.zip(false_alarms).map(|(a, b)| a.max(b)),
        worst_group_accuracy: worst.map(|all| all.into_iter().fold(f64::INFINITY, f64::min)),
        groups,
        flags,
    })
}

/// The disparities between groups from rows: the true label, the prediction and the group of each.
pub fn of_rows(truth: &[bool], predicted: &[bool], group: &[&str]) -> Result<Fairness, Undefined> {
    if truth.len() != predicted.len() || truth.len() != group.len() {
        return Err(Undefined::InvalidInput);
    }
    let mut cells = BTreeMap::<&str, Cells>::new();
    for ((truth, predicted), group) in truth.iter().zip(predicted).zip(group) {
        let cell = cells.entry(group).or_default();
        match (truth, predicted) {
            (true, true) => cell.tp += 1,
            (false, true) => cell.fp += 1,
            (false, false) => cell.tn += 1,
            (true, false) => cell.fn_ += 1,
        }
    }
    of_cells(cells)
}

/// The lowest and the highest value of a rate; sets a flag if the rate is undefined for a group.
fn range(
    groups: &[(String, Rates)],
    name: &str,
    rate: impl Fn(&Rates) -> Option<f64>,
    flags: &mut Vec<String>,
) -> Option<(f64, f64)> {
    let all = groups.iter().map(|(_, rates)| rate(rates)).collect::<Option<Vec<f64>>>();
    let Some(all) = all else {
        flags.push(format!("undefined:{name}"));
        return None;
    };
    Some(
        all.iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), r| (low.min(*r), high.max(*r))),
    )
}

fn apart((low, high): (f64, f64)) -> f64 {
    high - low
}
