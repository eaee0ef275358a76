//! Measures the disparity between the rates of groups, with bounds.

use super::{
    super::{
        judging::Judging,
        weigh::{Method, Weighed},
    },
    Disparity, DisparityRule,
    phrase::{Pair, Why},
    rates::{Group, Problem, Rates},
};
use crate::{
    model::{Metric, Slice, Status, metric::Better, number::round12},
    policy::phrase::Reason,
    stats::{
        impact::{Category, Share, impact_ratio},
        pairs,
        proportion::{counted, float},
        two_proportions::{koopman_ratio, newcombe_difference},
    },
};
use std::borrow::Cow;

/// A disparity with its bounds, and the two groups that cause it.
pub(super) struct Measured {
    pub(super) weighed: Weighed,
    pub(super) pair: Pair,
    /// The ratio of each group to the highest rate, for impact ratios.
    pub(super) ratios: Vec<Option<f64>>,
}

/// Measures the disparity of `rule`.
pub(super) fn measure(
    rule: &DisparityRule,
    found: &[Rates<'_>],
    judging: &Judging,
) -> Result<Measured, Problem> {
    match &rule.measure {
        Disparity::Difference(_) if !judging.trusting => {
            melded(found, judging, pairs::Measure::Difference)
        }
        Disparity::Ratio(_) if !judging.trusting => melded(found, judging, pairs::Measure::Ratio),
        Disparity::Difference(_) => worst_pair(found, judging, difference, "newcombe", false),
        Disparity::Ratio(_) => worst_pair(found, judging, ratio, "koopman", true),
        Disparity::Impact => impact(rule, found),
        Disparity::Worst(metric) => worst_group(metric, found, judging),
    }
}

/// The estimate, the lower and the upper bound of one ordered pair.
type Bounded = (f64, f64, f64);

/// Bounds of `p_g − p_h` at the worst counts that are consistent with the rates.
fn difference(g: &Group, h: &Group, alpha: f64) -> Option<Bounded> {
    let ((g_least, g_most), (h_least, h_most)) = g.counts.zip(h.counts)?;
    let (n, m) = g.trials.zip(h.trials)?;
    let lower = newcombe_difference(g_least, n, h_most, m, alpha)?.lower;
    let upper = newcombe_difference(g_most, n, h_least, m, alpha)?.upper;
    Some((g.value? - h.value?, lower, upper))
}

/// Bounds of `p_g / p_h`, computed the same way.
fn ratio(g: &Group, h: &Group, alpha: f64) -> Option<Bounded> {
    let ((g_least, g_most), (h_least, h_most)) = g.counts.zip(h.counts)?;
    let (n, m) = g.trials.zip(h.trials)?;
    let lower = koopman_ratio(g_least, n, h_most, m, alpha)?.lower;
    let upper = koopman_ratio(g_most, n, h_least, m, alpha)?.upper;
    let (rate, over) = (g.value?, h.value?);
    let estimate = match (rate > 0.0, over > 0.0) {
        (_, true) => rate / over,
        (true, false) => f64::INFINITY,
        (false, false) => return None,
    };
    Some((estimate, lower, upper))
}

/// The worst of all ordered pairs over all rates: the least ratio, or the greatest difference.
fn worst_pair(
    found: &[Rates<'_>],
    judging: &Judging,
    bound: fn(&Group, &Group, f64) -> Option<Bounded>,
    method: &'static str,
    ratio: bool,
) -> Result<Measured, Problem> {
    let worse = |a: f64, b: f64| if ratio { a < b } else { a > b };
    let mut decides: Option<(Bounded, Pair)> = None;
    let (mut estimate, mut lower, mut upper) = (None::<f64>, None::<f64>, None::<f64>);
    let keep = |now: &mut Option<f64>, x: f64| {
        if now.is_none_or(|n| worse(x, n)) {
            *now = Some(x);
        }
    };
    for rates in found {
        for g in &rates.groups {
            for h in rates.groups.iter().filter(|h| h.slice != g.slice) {
                let Some(bounded) = bound(g, h, judging.alpha) else {
                    return Err(zero_rates(rates.name, g, h));
                };
                keep(&mut estimate, bounded.0);
                keep(&mut lower, bounded.1);
                keep(&mut upper, bounded.2);
                let deciding = |b: Bounded| if ratio { b.1 } else { b.2 };
                if decides.as_ref().is_none_or(|(w, _)| worse(deciding(bounded), deciding(*w))) {
                    decides = Some((bounded, pair(rates.name, g, h)));
                }
            }
        }
    }
    let Some((_, pair)) = decides else {
        return Err(Problem::new(
            Status::Inconclusive,
            Reason::own(Why::SingleGroup(String::new())),
        ));
    };
    let end = |x: Option<f64>| x.map(round12).filter(|x| x.is_finite());
    let weighed = Weighed {
        observed: end(estimate),
        lower: end(lower),
        upper: end(upper),
        n: rows(found),
        confidence: Some(judging.confidence),
        method: Method::Computed(Cow::Borrowed(method)),
        ..Weighed::default()
    };
    Ok(Measured { weighed, pair, ratios: Vec::new() })
}

/// The worst of all ordered pairs over all rates, from the exact bounds of every rate. The limit
/// must hold for every pair, each at the policy's error; that it is broken is shown for one of them,
/// so that they share the error.
fn melded(
    found: &[Rates<'_>],
    judging: &Judging,
    measure: pairs::Measure,
) -> Result<Measured, Problem> {
    let ratio = measure == pairs::Measure::Ratio;
    let worse = |a: f64, b: f64| if ratio { a < b } else { a > b };
    let single =
        || Problem::new(Status::Inconclusive, Reason::own(Why::SingleGroup(String::new())));
    let share = judging.alpha / float(counted(found.len().max(1)));
    let mut decides: Option<(f64, Pair)> = None;
    let (mut estimate, mut opposite) = (None::<f64>, None::<f64>);
    let keep = |now: &mut Option<f64>, x: f64| {
        if now.is_none_or(|n| worse(x, n)) {
            *now = Some(x);
        }
    };
    for rates in found {
        let groups = counts(rates).ok_or_else(single)?;
        if let Some(problem) = undefined(rates, &groups, ratio) {
            return Err(problem);
        }
        let known: Vec<f64> = rates.groups.iter().filter_map(|g| g.value).collect();
        let least = known.iter().copied().fold(f64::INFINITY, f64::min);
        let most = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        keep(&mut estimate, if ratio { least / most } else { most - least });
        let weakest = pairs::least(&groups, measure, judging.alpha).ok_or_else(single)?;
        let best = pairs::greatest(&groups, measure, share).ok_or_else(single)?;
        // Of a difference, the least of `g − h` is the greatest of `h − g`.
        let (toward, away) = match measure {
            pairs::Measure::Ratio => (weakest.bound, 1.0 / best.bound),
            pairs::Measure::Difference => (-weakest.bound, best.bound),
        };
        keep(&mut opposite, away);
        if decides.as_ref().is_none_or(|(bound, _)| worse(toward, *bound)) {
            let at = |i: usize| rates.groups.get(i);
            let (first, second) = if ratio {
                (at(weakest.first), at(weakest.second))
            } else {
                (at(weakest.second), at(weakest.first))
            };
            let named = first.zip(second).map(|(g, h)| pair(rates.name, g, h));
            decides = named.map(|pair| (toward, pair));
        }
    }
    let Some((bound, pair)) = decides else { return Err(single()) };
    let end = |x: f64| Some(round12(x)).filter(|x| x.is_finite());
    let (lower, upper) = if ratio {
        (end(bound), opposite.and_then(end))
    } else {
        (opposite.and_then(end), end(bound))
    };
    let rarer = |g: &Group| {
        let ((least, most), n) = g.counts.zip(g.trials)?;
        Some(least.min(n.saturating_sub(most)))
    };
    let events = found.iter().flat_map(|r| r.groups.iter().filter_map(rarer)).min();
    let weighed = Weighed {
        observed: estimate.and_then(end),
        lower,
        upper,
        n: rows(found),
        events,
        confidence: Some(judging.confidence),
        method: Method::Computed(Cow::Borrowed("melded")),
        ..Weighed::default()
    };
    Ok(Measured { weighed, pair, ratios: Vec::new() })
}

fn counts(rates: &Rates<'_>) -> Option<Vec<pairs::Group>> {
    let one = |g: &Group| {
        let ((least, most), trials) = g.counts.zip(g.trials)?;
        Some(pairs::Group { least, most, trials })
    };
    rates.groups.iter().map(one).collect()
}

/// The problem of two groups without any success, of which no ratio exists.
fn undefined(rates: &Rates<'_>, groups: &[pairs::Group], ratio: bool) -> Option<Problem> {
    let zeros: Vec<&Group> = groups
        .iter()
        .zip(&rates.groups)
        .filter(|(counts, _)| ratio && counts.least == 0)
        .map(|(_, group)| group)
        .collect();
    let none = |group: &&Group| group.counts.is_some_and(|(_, most)| most == 0);
    let empty = zeros.iter().copied().find(|g| none(g))?;
    let other = zeros.iter().copied().find(|g| g.slice != empty.slice)?;
    Some(zero_rates(rates.name, other, empty))
}

fn pair(metric: &str, g: &Group, h: &Group) -> Pair {
    let side = |g: &Group| (g.slice.clone(), g.value, g.trials);
    Pair { metric: metric.to_owned(), low: side(g), high: Some(side(h)), left_out: 0 }
}

/// The problem of two groups in which no one was selected: they have no ratio.
fn zero_rates(metric: &str, g: &Group, h: &Group) -> Problem {
    let why = format!("it is 0 there and for {}, and 0 over 0 is undefined", h.slice);
    let reason =
        Reason::own(Why::GroupUnusable { metric: metric.to_owned(), group: g.slice.clone(), why });
    Problem::new(Status::Inconclusive, reason)
}

fn rows(found: &[Rates<'_>]) -> Option<u64> {
    let rates = found.first()?;
    rates.groups.iter().map(|g| g.trials).try_fold(0_u64, |sum, n| Some(sum.saturating_add(n?)))
}

/// The bounds of the worst group. All groups must hold, so each is bounded at the policy's
/// confidence.
fn worst_group(metric: &str, found: &[Rates<'_>], judging: &Judging) -> Result<Measured, Problem> {
    let lower_is_better = Metric::find(metric).is_some_and(|m| m.better == Better::Lower);
    let groups = found.first().map(|r| r.groups.as_slice()).unwrap_or_default();
    let key = |x: f64| if lower_is_better { -x } else { x };
    let least = |pick: fn(&Group) -> Option<f64>| {
        let all: Option<Vec<f64>> = groups.iter().map(pick).collect();
        all?.into_iter().min_by(|a, b| key(*a).total_cmp(&key(*b)))
    };
    let (lower, upper) = (least(|g| g.bounds.map(|b| b.0)), least(|g| g.bounds.map(|b| b.1)));
    let deciding = |g: &Group| {
        g.bounds.map_or(f64::INFINITY, |b| key(if lower_is_better { b.1 } else { b.0 }))
    };
    let worst = groups.iter().min_by(|a, b| deciding(a).total_cmp(&deciding(b)));
    let Some(worst) = worst else {
        return Err(Problem::new(Status::Missing, Reason::NoGroups(metric.to_owned())));
    };
    let weighed = Weighed {
        observed: least(|g| g.value),
        lower,
        upper,
        n: rows(found),
        confidence: Some(judging.confidence),
        method: Method::Counts(judging.interval),
        ..Weighed::default()
    };
    let pair = Pair {
        metric: metric.to_owned(),
        low: (worst.slice.clone(), worst.value, worst.trials),
        high: None,
        left_out: 0,
    };
    Ok(Measured { weighed, pair, ratios: Vec::new() })
}

/// Whether a group contains the people whose category is unknown: they are counted, but have no
/// ratio.
fn unknown(slice: &Slice) -> bool {
    slice.0.values().any(|v| v.is_empty() || v.eq_ignore_ascii_case("unknown"))
}

/// Impact ratios as in 6 RCNY § 5-301: exact, for a whole population, without bounds.
fn impact(rule: &DisparityRule, found: &[Rates<'_>]) -> Result<Measured, Problem> {
    let rates = found
        .first()
        .ok_or_else(|| Problem::new(Status::Missing, Reason::NoGroups(rule.by.join(" × "))))?;
    let known: Vec<&Group> = rates.groups.iter().filter(|g| !unknown(&g.slice)).collect();
    let mut categories = Vec::with_capacity(known.len());
    for group in &known {
        let exact = group.counts.filter(|(least, most)| least == most).zip(group.trials);
        let Some(((selected, _), n)) = exact else {
            let why = "a ratio in whole numbers needs `successes`".to_owned();
            let (metric, group) = (rates.name.to_owned(), group.slice.clone());
            return Err(Problem::new(
                Status::Inconclusive,
                Reason::own(Why::GroupUnusable { metric, group, why }),
            ));
        };
        categories.push(Category { name: group.slice.to_string(), n, selected });
    }
    let least = rule.exclude_below.and_then(Share::of_decimal).unwrap_or(Share { part: 0, of: 1 });
    let lines = impact_ratio(&categories, least).map(|(lines, _)| lines).unwrap_or_default();
    let of = |group: &Group| {
        let at = known.iter().position(|k| k.slice == group.slice)?;
        lines.get(at).and_then(|line| line.impact_ratio).map(round12)
    };
    let with_ratio = known.iter().filter_map(|g| Some((*g, of(g)?)));
    let Some((worst, least)) = with_ratio.min_by(|a, b| a.1.total_cmp(&b.1)) else {
        let why = "nobody was selected, so that there is no highest rate".to_owned();
        let group = known.first().map(|g| g.slice.clone()).unwrap_or_default();
        return Err(Problem::new(
            Status::Inconclusive,
            Reason::own(Why::GroupUnusable { metric: rates.name.to_owned(), group, why }),
        ));
    };
    let best = known
        .iter()
        .filter(|g| of(g).is_some())
        .max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    let left_out = rates.groups.iter().filter(|g| unknown(&g.slice)).filter_map(|g| g.trials).sum();
    let weighed = Weighed {
        observed: Some(least),
        lower: Some(least),
        upper: Some(least),
        n: rows(found),
        method: Method::Computed(Cow::Borrowed("exact-ratio")),
        ..Weighed::default()
    };
    let high = best.map(|b| (b.slice.clone(), b.value, b.trials));
    let pair = Pair {
        metric: rates.name.to_owned(),
        low: (worst.slice.clone(), worst.value, worst.trials),
        high,
        left_out,
    };
    Ok(Measured { weighed, pair, ratios: rates.groups.iter().map(of).collect() })
}
