//! Disparities between groups, as fairlearn defines them, computed from the groups' counts.
//!
//! A rate with an empty denominator is undefined and makes the disparity undefined: it is not 0.

use super::{
    bootstrap,
    cells::{Layout, Set},
    confusion::Sums,
    draw::{cell_state, poisson},
    hash::{key_from, key_of},
    sink::{Sink, clamp},
};
use crate::{model::Slice, stats::proportion::float};

type Rate = fn(&Sums) -> Option<f64>;

fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| float(part) / float(of))
}

fn selection(s: &Sums) -> Option<f64> {
    share(s.classes[1][1], s.n)
}

fn true_positives(s: &Sums) -> Option<f64> {
    share(s.classes[1][2], s.classes[1][0])
}

fn false_positives(s: &Sums) -> Option<f64> {
    share(s.classes[1][1] - s.classes[1][2], s.classes[0][0])
}

fn precision(s: &Sums) -> Option<f64> {
    s.precision(1)
}

fn accuracy(s: &Sums) -> Option<f64> {
    share(s.right, s.n)
}

/// The lowest and the highest rate of the groups; undefined if one of the rates is.
fn extremes(groups: &[Sums], rate: Rate) -> Option<(f64, f64)> {
    let mut all = (f64::INFINITY, f64::NEG_INFINITY);
    for group in groups {
        let x = rate(group)?;
        all = (all.0.min(x), all.1.max(x));
    }
    (groups.len() > 1).then_some(all)
}

fn difference(groups: &[Sums], rate: Rate) -> Option<f64> {
    extremes(groups, rate).map(|(least, most)| most - least)
}

fn ratio(groups: &[Sums], rate: Rate) -> Option<f64> {
    extremes(groups, rate).filter(|(_, most)| *most > 0.0).map(|(least, most)| least / most)
}

type Disparity = fn(&[Sums]) -> Option<f64>;

const DISPARITIES: [(&str, Disparity); 9] = [
    ("demographic_parity_difference", |g| difference(g, selection)),
    ("demographic_parity_ratio", |g| ratio(g, selection)),
    ("equalized_odds_difference", |g| {
        Some(difference(g, true_positives)?.max(difference(g, false_positives)?))
    }),
    ("equalized_odds_ratio", |g| Some(ratio(g, true_positives)?.min(ratio(g, false_positives)?))),
    ("equal_opportunity_difference", |g| difference(g, true_positives)),
    ("equal_opportunity_ratio", |g| ratio(g, true_positives)),
    ("predictive_parity_difference", |g| difference(g, precision)),
    ("predictive_parity_ratio", |g| ratio(g, precision)),
    ("worst_group_accuracy", |g| extremes(g, accuracy).map(|(least, _)| least)),
];

/// The disparities between the groups of one set. For more than two classes only the worst group's
/// accuracy exists.
pub(super) fn disparities(
    sink: &mut Sink,
    set: &Set,
    layout: &Layout,
    pairs: &[Vec<(u32, u32, u64)>],
    sums: &[Sums],
    names: &[String],
    binary: bool,
) {
    let wanted: Vec<_> = DISPARITIES
        .iter()
        .filter(|(m, _)| sink.wants(m) && (binary || *m == "worst_group_accuracy"))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let groups = &sums[set.slices()];
    let states: Vec<Vec<(u32, u32, u64, u64)>> = set
        .slices()
        .map(|slice| {
            let place =
                key_of(layout.slices[slice].0.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]));
            let state = |label: u32, prediction: u32| {
                let key = key_from(
                    key_from(place, names[label as usize].as_bytes()),
                    names[prediction as usize].as_bytes(),
                );
                cell_state(sink.plan.seed, key)
            };
            pairs[slice].iter().map(|(l, p, rows)| (*l, *p, *rows, state(*l, *p))).collect()
        })
        .collect();
    let mut drawn = vec![Vec::with_capacity(sink.plan.replicates as usize); wanted.len()];
    let mut replicate_of: Vec<Sums> = vec![Sums::new(names.len()); groups.len()];
    for replicate in 0..u64::from(sink.plan.replicates) {
        for (sums, cells) in replicate_of.iter_mut().zip(&states) {
            sums.clear();
            for (label, prediction, rows, state) in cells {
                sums.add(*label, *prediction, poisson(*state, replicate, *rows));
            }
        }
        for (values, (_, disparity)) in drawn.iter_mut().zip(&wanted) {
            values.extend(disparity(&replicate_of));
        }
    }
    let n = sums[0].n;
    let why = if groups.len() < 2 {
        "there is a single group, and nothing to compare it with"
    } else {
        "the rate it compares is undefined for one of the groups, or 0 for all"
    };
    for ((metric, disparity), drawn) in wanted.into_iter().zip(&mut drawn) {
        let value = disparity(groups);
        let mut bounds =
            value.map(|v| bootstrap::bounds(v, drawn, None, sink.plan)).unwrap_or_default();
        clamp(metric, &mut bounds);
        let by = format!("{metric} by {}", set.name());
        if value.is_none() {
            sink.undefined(&by, &Slice::overall(), why);
        }
        if let Some(m) = sink.aggregate(metric, value, n, bounds) {
            m.source_name = by;
            m.scope = Some(set.name());
        }
    }
}
