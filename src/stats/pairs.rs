//! The worst pair of many groups: bounds of the least difference, or the least ratio, of the rates of
//! any two.

use super::{
    meld::{self, Rate},
    proportion::{clopper_pearson_lower, clopper_pearson_upper, counted, float},
};

use std::collections::BTreeMap;

/// A group with the least and the greatest number of successes that it can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The least number of successes.
    pub least: u64,
    /// The greatest number of successes.
    pub most: u64,
    /// The trials.
    pub trials: u64,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The first rate minus the second.
    Difference,
    /// The first rate divided by the second.
    Ratio,
}

/// A lower bound, and the groups that it compares, by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// The bound.
    pub bound: f64,
    /// The first group.
    pub first: usize,
    /// The second group.
    pub second: usize,
}

/// How many pairs are integrated: the worst ones by an approximation in closed form, whose order is
/// that of the bounds but for the last digits.
const MOST: usize = 6;
/// The same for the pair that breaks a limit most clearly, where any pair's bound holds.
const FEW: usize = 2;

/// The least of the lower bounds of all ordered pairs of groups, each one-sided at `alpha`. All of
/// them hold at once in the sense of an intersection–union test: the worst pair errs no more often.
///
/// `None` if a pair has no bound, or there are fewer than two groups.
pub fn least(groups: &[Group], measure: Measure, alpha: f64) -> Option<Worst> {
    let mut rough = rough(groups, measure, alpha)?;
    rough.sort_unstable_by(order);
    best(groups, measure, rough.get(..MOST).unwrap_or(&rough), alpha, |a, b| a < b)
}

/// The greatest of the lower bounds of all ordered pairs, with the error `alpha` divided among them.
///
/// `None` in the cases of [`least`].
pub fn greatest(groups: &[Group], measure: Measure, alpha: f64) -> Option<Worst> {
    let count = float(counted(groups.len()));
    let share = alpha / (count * (count - 1.0)).max(1.0);
    let mut rough = rough(groups, measure, share)?;
    rough.sort_unstable_by(|a, b| order(b, a));
    best(groups, measure, rough.get(..FEW).unwrap_or(&rough), share, |a, b| a > b)
}

fn best(
    groups: &[Group],
    measure: Measure,
    rough: &[Worst],
    alpha: f64,
    better: fn(f64, f64) -> bool,
) -> Option<Worst> {
    let mut best: Option<Worst> = None;
    // The quantiles of a group are the same in every pair that it is the second one of.
    let mut quantiles: BTreeMap<(usize, i32), Vec<(f64, f64)>> = BTreeMap::new();
    for pair in rough {
        let (first, second) = (groups.get(pair.first)?, groups.get(pair.second)?);
        let finer = meld::finer((first.least, first.trials), (second.most, second.trials));
        let others = quantiles
            .entry((pair.second, finer))
            .or_insert_with(|| meld::quantiles(second.most, second.trials, finer));
        let exact = exact(groups, measure, pair, others, alpha)?;
        if best.is_none_or(|b| better(exact.bound, b.bound)) {
            best = Some(exact);
        }
    }
    best
}

fn order(a: &Worst, b: &Worst) -> std::cmp::Ordering {
    a.bound.total_cmp(&b.bound).then((a.first, a.second).cmp(&(b.first, b.second)))
}

fn exact(
    groups: &[Group],
    measure: Measure,
    pair: &Worst,
    others: &[(f64, f64)],
    alpha: f64,
) -> Option<Worst> {
    let (g, h) = (groups.get(pair.first)?, groups.get(pair.second)?);
    let (first, second) = ((g.least, g.trials), (h.most, h.trials));
    meld::check(first, second, alpha)?;
    let rate = Rate { x: g.least, n: g.trials };
    let bound = match measure {
        // At the ends there is nothing to integrate.
        Measure::Difference if g.least == 0 || h.most == h.trials => {
            meld::least_difference(first, second, 1.0, alpha)?
        }
        Measure::Ratio if g.least == 0 || h.most == h.trials => {
            meld::least_ratio(first, second, alpha)?
        }
        Measure::Difference => meld::difference_of(rate, others, 1.0, alpha),
        Measure::Ratio => meld::ratio_of(rate, others, alpha),
    };
    Some(Worst { bound, ..*pair })
}

/// Nearly the lower bound of every pair: the distances of the rates from their own exact bounds, or
/// of the logarithms, added in quadrature (Zou and Donner 2008).
fn rough(groups: &[Group], measure: Measure, alpha: f64) -> Option<Vec<Worst>> {
    if groups.len() < 2 {
        return None;
    }
    let scale = |x: f64| match measure {
        Measure::Difference => x,
        Measure::Ratio => libm::log(x),
    };
    let mut ends = Vec::with_capacity(groups.len());
    for Group { least, most, trials } in groups {
        let share = |count: u64| scale(float(count) / float(*trials));
        let low = scale(clopper_pearson_lower(*least, *trials, alpha)?);
        let high = scale(clopper_pearson_upper(*most, *trials, alpha)?);
        let below = if *least == 0 { 0.0 } else { share(*least) - low };
        let above = if *most == 0 && measure == Measure::Ratio {
            f64::INFINITY
        } else {
            high - share(*most)
        };
        ends.push([share(*least), below, share(*most), above, high]);
    }
    let mut rough = Vec::with_capacity(ends.len() * (ends.len() - 1));
    for (first, [value, below, ..]) in ends.iter().enumerate() {
        for (second, [.., other, above, high]) in ends.iter().enumerate() {
            if first == second {
                continue;
            }
            // The logarithm of no success has no distance from its bound.
            let bound = if above.is_finite() {
                value - other - libm::hypot(*below, *above)
            } else {
                value - below - high
            };
            rough.push(Worst { bound, first, second });
        }
    }
    Some(rough)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::meld::{least_difference, least_ratio};

    fn group(hits: u64, trials: u64) -> Group {
        Group { least: hits, most: hits, trials }
    }

    /// Every pair by itself gives the same worst one.
    #[test]
    fn the_worst_pair_is_the_worst_of_all() {
        let groups = [(40, 50), (300, 400), (9, 12), (70, 90), (3, 3)].map(|(x, n)| group(x, n));
        for measure in [Measure::Difference, Measure::Ratio] {
            let got = least(&groups, measure, 0.05).unwrap();
            let mut want = f64::INFINITY;
            for g in groups {
                for h in groups.iter().filter(|h| **h != g) {
                    let (first, second) = ((g.least, g.trials), (h.most, h.trials));
                    want = want.min(match measure {
                        Measure::Difference => least_difference(first, second, 1.0, 0.05).unwrap(),
                        Measure::Ratio => least_ratio(first, second, 0.05).unwrap(),
                    });
                }
            }
            assert!((got.bound - want).abs() < 1e-9, "{measure:?}: {got:?} against {want}");
        }
    }

    #[test]
    fn many_alike_groups_take_bounded_time() {
        let groups = vec![group(80, 100); 128];
        let worst = least(&groups, Measure::Ratio, 0.05).unwrap();
        let pair = least_ratio((80, 100), (80, 100), 0.05).unwrap();
        assert!((worst.bound - pair).abs() < 1e-12, "{worst:?} against {pair}");
        assert_eq!(least(&groups[..1], Measure::Ratio, 0.05), None);
    }
}
