//! Disparities between groups, as fairlearn defines them, computed from the groups' counts.
//!
//! A rate with an empty denominator is undefined and makes the disparity undefined: it is not 0.
//! Bounds are those of the worst of all pairs of groups.

use super::{
    cells::Set,
    confusion::Sums,
    limited::{Limited, MELDED},
    sink::{Sink, clamp},
};
use crate::{
    model::Slice,
    stats::{
        pairs::{self, Group, Measure},
        proportion::{clopper_pearson_lower, clopper_pearson_upper, float},
    },
};

/// A rate as its successes and trials.
type Rate = fn(&Sums) -> (u64, u64);

fn selection(s: &Sums) -> (u64, u64) {
    (s.classes[1][1], s.n)
}

fn true_positives(s: &Sums) -> (u64, u64) {
    (s.classes[1][2], s.classes[1][0])
}

fn false_positives(s: &Sums) -> (u64, u64) {
    (s.classes[1][1] - s.classes[1][2], s.classes[0][0])
}

fn precision(s: &Sums) -> (u64, u64) {
    (s.classes[1][2], s.classes[1][1])
}

fn accuracy(s: &Sums) -> (u64, u64) {
    (s.right, s.n)
}

/// How rates are compared.
#[derive(Clone, Copy)]
enum Compare {
    Difference,
    Ratio,
    Worst,
}

const DISPARITIES: [(&str, Compare, &[Rate]); 9] = [
    ("demographic_parity_difference", Compare::Difference, &[selection]),
    ("demographic_parity_ratio", Compare::Ratio, &[selection]),
    ("equalized_odds_difference", Compare::Difference, &[true_positives, false_positives]),
    ("equalized_odds_ratio", Compare::Ratio, &[true_positives, false_positives]),
    ("equal_opportunity_difference", Compare::Difference, &[true_positives]),
    ("equal_opportunity_ratio", Compare::Ratio, &[true_positives]),
    ("predictive_parity_difference", Compare::Difference, &[precision]),
    ("predictive_parity_ratio", Compare::Ratio, &[precision]),
    ("worst_group_accuracy", Compare::Worst, &[accuracy]),
];

impl Compare {
    /// The disparity of one rate; undefined if a group's rate is, or all are 0.
    fn value(self, groups: &[Sums], rate: Rate) -> Option<f64> {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for (hits, trials) in groups.iter().map(rate) {
            let x = (trials > 0).then(|| float(hits) / float(trials))?;
            (least, most) = (least.min(x), most.max(x));
        }
        match self {
            _ if groups.len() < 2 => None,
            Self::Difference => Some(most - least),
            Self::Ratio => (most > 0.0).then(|| least / most),
            Self::Worst => Some(least),
        }
    }

    /// The worse of two disparities.
    fn worse(self, a: f64, b: f64) -> f64 {
        if matches!(self, Self::Difference) { a.max(b) } else { a.min(b) }
    }

    /// Bounds of the disparity. That it is at least as good as the first end holds for every group,
    /// or pair of them, at once; that it is at most as good as the second, for one of several.
    fn bounds(self, groups: &[Sums], rates: &[Rate], alpha: f64) -> Option<(f64, f64)> {
        let share = alpha / float(rates.len() as u64);
        let mut ends: Option<(f64, f64)> = None;
        for rate in rates {
            let counts: Vec<(u64, u64)> = groups.iter().map(rate).collect();
            let (lower, upper) = self.of_rate(&counts, alpha, share)?;
            ends = Some(
                ends.map_or((lower, upper), |(l, u)| (self.worse(l, lower), self.worse(u, upper))),
            );
        }
        ends
    }

    fn of_rate(self, counts: &[(u64, u64)], alpha: f64, share: f64) -> Option<(f64, f64)> {
        let group =
            |(hits, trials): &(u64, u64)| Group { least: *hits, most: *hits, trials: *trials };
        let groups: Vec<Group> = counts.iter().map(group).collect();
        match self {
            Self::Difference => Some((
                pairs::greatest(&groups, Measure::Difference, share)?.bound.max(0.0),
                -pairs::least(&groups, Measure::Difference, alpha)?.bound,
            )),
            Self::Ratio => Some((
                pairs::least(&groups, Measure::Ratio, alpha)?.bound,
                (1.0 / pairs::greatest(&groups, Measure::Ratio, share)?.bound).min(1.0),
            )),
            Self::Worst => {
                let share = share / float(counts.len() as u64);
                let each = |of: fn(u64, u64, f64) -> Option<f64>, alpha| {
                    counts
                        .iter()
                        .map(|(x, n)| of(*x, *n, alpha))
                        .try_fold(1.0_f64, |least, x| Some(least.min(x?)))
                };
                each(clopper_pearson_lower, alpha).zip(each(clopper_pearson_upper, share))
            }
        }
    }
}

/// The disparities between the groups of one set. For more than two classes only the worst group's
/// accuracy exists.
pub(super) fn disparities(sink: &mut Sink, set: &Set, sums: &[Sums], binary: bool) {
    let groups = &sums[set.slices()];
    let n = sums[0].n;
    let why = if groups.len() < 2 {
        "there is a single group, and nothing to compare it with"
    } else {
        "the rate it compares is undefined for one of the groups, or 0 for all"
    };
    for (metric, compare, rates) in DISPARITIES {
        if !sink.wants(metric) || !(binary || metric == "worst_group_accuracy") {
            continue;
        }
        let values: Option<Vec<f64>> = rates.iter().map(|r| compare.value(groups, *r)).collect();
        let value = values.and_then(|v| v.into_iter().reduce(|a, b| compare.worse(a, b)));
        let smallest =
            rates.iter().flat_map(|rate| groups.iter().map(|g| rate(g).1)).min().unwrap_or(0);
        let mut limited = if value.is_some() {
            Limited::each(sink.plan, MELDED, smallest as f64, |alpha| {
                compare.bounds(groups, rates, alpha)
            })
        } else {
            Limited::default()
        };
        clamp(metric, &mut limited.intervals);
        let by = format!("{metric} by {}", set.name());
        if value.is_none() {
            sink.undefined(&by, &Slice::overall(), why);
        }
        if let Some(m) = sink.aggregate(metric, value, n, Vec::new()) {
            m.source_name = by;
            m.scope = Some(set.name());
            limited.write(Some(m));
        }
    }
}
