//! How far columns have moved from the reference data: numeric columns by quantiles and distances,
//! names by shares.

use super::{
    PredictionsError,
    block::{Block, Kind, Values, Wanted},
    class::float_text,
    draw::{cell_state, poisson},
    hash::key_of,
    job::{Job, Source},
    refusal,
    scores::MOST_RESAMPLED,
    sink::{Sink, clamp, interval},
};
use crate::{
    model::{Interval, Plan, Slice, is_missing_word},
    stats::{
        drift,
        quantile::type7,
        resample::{row_state, weight},
        unseen,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The least share of a bin, so that an empty bin has a logarithm.
const FLOOR: f64 = 1e-4;

/// Up to this many distinct values get one bin each.
const FEW: usize = 10;

/// One column over all rows: the values that a reader gave as numbers, and how often each text
/// occurred.
#[derive(Debug, Default)]
struct Column {
    numbers: Vec<f64>,
    names: BTreeMap<String, u64>,
}

impl Column {
    /// Whether all values are numbers, including numbers written as text, as in CSV.
    fn is_numeric(&self) -> bool {
        self.names.keys().all(|name| name.trim().parse::<f64>().is_ok_and(f64::is_finite))
    }

    /// The names that mean a missing value: the empty text, and words such as `NA`.
    fn missing<'c>(&'c self, keep: &[String]) -> Vec<&'c str> {
        let kept = |name: &str| keep.iter().any(|word| word == name);
        let names = self.names.keys().map(|name| name.trim());
        names.filter(|name| name.is_empty() || is_missing_word(name) && !kept(name)).collect()
    }

    /// Whether all values are numbers except some that are missing.
    fn is_numeric_with_gaps(&self, missing: &[&str]) -> bool {
        let mut names = self.names.keys().map(|name| name.trim()).filter(|n| !missing.contains(n));
        let numeric = names.clone().all(|name| name.parse::<f64>().is_ok_and(f64::is_finite));
        numeric && !missing.is_empty() && (names.next().is_some() || !self.numbers.is_empty())
    }

    fn into_numbers(self) -> Vec<f64> {
        let mut numbers = self.numbers;
        for (name, rows) in self.names {
            let value = name.trim().parse().unwrap_or(f64::NAN);
            numbers.extend(std::iter::repeat_n(value, usize::try_from(rows).unwrap_or(0)));
        }
        numbers
    }

    fn into_names(self) -> BTreeMap<String, u64> {
        let mut names = self.names;
        for x in self.numbers {
            *names.entry(float_text(x)).or_insert(0) += 1;
        }
        names
    }
}

/// Writes the drift of every column that the plan names.
pub(super) fn measure(sink: &mut Sink, job: &Job) -> Result<(), PredictionsError> {
    if job.plan.drift.is_empty() {
        return Ok(());
    }
    let Some(reference) = job.drift_reference else {
        return Err(PredictionsError::new(
            "predictions-no-drift-reference",
            "drift is measured from reference data: hand them in with `--drift-reference`",
        ));
    };
    let before = read(reference, &job.plan.drift)?;
    let now = read(job.predictions, &job.plan.drift)?;
    for ((name, before), now) in job.plan.drift.iter().zip(before).zip(now) {
        let slice = Slice::one("feature", name.clone());
        gaps(sink, job, name, [&before, &now])?;
        if before.is_numeric() && now.is_numeric() {
            numbers(sink, &slice, before.into_numbers(), now.into_numbers());
        } else {
            names(sink, &slice, &before.into_names(), &now.into_names());
        }
    }
    Ok(())
}

/// Refuses a column of numbers in which some are missing, and warns of words for missing values
/// among names.
fn gaps(
    sink: &mut Sink,
    job: &Job,
    name: &str,
    columns: [&Column; 2],
) -> Result<(), PredictionsError> {
    let mut words = BTreeSet::new();
    for column in columns {
        let missing = column.missing(&job.columns.na_keep);
        if column.is_numeric_with_gaps(&missing) {
            return Err(refusal::missing_feature(name, &missing));
        }
        words.extend(missing.into_iter().filter(|word| !word.is_empty()));
    }
    if !words.is_empty() {
        let words: Vec<&str> = words.into_iter().collect();
        sink.warn(refusal::missing_name(name, &words));
    }
    Ok(())
}

fn read(source: &dyn Source, columns: &[String]) -> Result<Vec<Column>, PredictionsError> {
    let wanted: Vec<Wanted> =
        columns.iter().map(|name| Wanted { name: name.clone(), kind: Kind::Any }).collect();
    let reader = source.open(&wanted)?;
    let mut worker = reader.worker()?;
    let mut block = Block::default();
    let mut numbers = vec![Vec::new(); columns.len()];
    let mut names: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); columns.len()];
    while worker.next(&mut block)? {
        for ((values, numbers), names) in block.columns.iter().zip(&mut numbers).zip(&mut names) {
            match values {
                Values::F32(list) => numbers.extend(list.iter().map(|x| f64::from(*x))),
                Values::F64(list) => numbers.extend_from_slice(list),
                Values::Int(list) => numbers.extend(list.iter().map(|x| *x as f64)),
                Values::Bool(list) => {
                    for x in list {
                        *names.entry(x.to_string()).or_insert(0) += 1;
                    }
                }
                Values::Text { dictionary, codes } => {
                    let mut counts = vec![0; dictionary.len()];
                    for code in codes {
                        counts[*code as usize] += 1;
                    }
                    for (name, rows) in dictionary.iter().zip(counts).filter(|(_, rows)| *rows > 0)
                    {
                        *names.entry(name.to_string()).or_insert(0) += rows;
                    }
                }
            }
        }
    }
    Ok(numbers.into_iter().zip(names).map(|(numbers, names)| Column { numbers, names }).collect())
}

const EMPTY: &str = "one side has no rows";

fn numbers(sink: &mut Sink, slice: &Slice, mut before: Vec<f64>, mut now: Vec<f64>) {
    before.sort_unstable_by(f64::total_cmp);
    now.sort_unstable_by(f64::total_cmp);
    let (n, m) = (now.len() as u64, before.len() as u64);
    let inner = edges(&before, &now);
    let [expected, actual] = [&before, &now].map(|sorted: &Vec<f64>| {
        let mut counts = vec![0_u64; inner.len() + 1];
        for x in sorted {
            counts[inner.partition_point(|edge| edge <= x)] += 1;
        }
        counts
    });
    stability(sink, slice, &expected, &actual, n);
    let distance = drift::kolmogorov_smirnov(&before, &now).ok().map(|ks| ks.d);
    let bounds = distance.map(|d| dvoretzky(d, n, m, sink.plan)).unwrap_or_default();
    sink.number("ks_statistic", slice, distance, n, bounds, EMPTY);
    let moved = drift::wasserstein(&before, &now).ok();
    let bounds = match moved {
        Some(moved) if n.max(m) <= MOST_RESAMPLED => earth_bounds(moved, &before, &now, sink.plan),
        _ => Vec::new(),
    };
    sink.number("wasserstein_distance", slice, moved, n, bounds, EMPTY);
}

/// The lower edges of the bins, for sorted values: the reference's deciles, each once. Few distinct
/// values get one bin each. If a single value makes up nine tenths of the reference, it gets its
/// own bin, because otherwise rows that leave it would not show.
fn edges(before: &[f64], now: &[f64]) -> Vec<f64> {
    let mut distinct: Vec<f64> = Vec::new();
    for x in before.iter().chain(now) {
        if !distinct.contains(x) {
            distinct.push(*x);
        }
        if distinct.len() > FEW {
            break;
        }
    }
    let least = before.first().copied().unwrap_or(0.0);
    if distinct.len() <= FEW {
        distinct.sort_unstable_by(f64::total_cmp);
        return distinct.split_off(1.min(distinct.len()));
    }
    let mut edges: Vec<f64> =
        (1..10).filter_map(|i| type7(before, f64::from(i) * 0.1)).filter(|e| *e > least).collect();
    edges.dedup();
    if edges.is_empty() {
        let above = |side: &[f64]| side.iter().copied().find(|x| *x > least);
        let below = now.first().is_some_and(|x| *x < least).then_some(least);
        edges.extend(below.into_iter().chain(above(before).or_else(|| above(now))));
    }
    edges
}

/// Writes the population stability index, and its critical value: the index stays below it if
/// nothing has changed (Yurdakul 2018).
fn stability(sink: &mut Sink, slice: &Slice, expected: &[u64], actual: &[u64], n: u64) {
    let alpha = 1.0 - sink.plan.confidences.first().copied().unwrap_or(0.95);
    let psi = drift::psi(expected, actual, FLOOR, alpha).ok();
    let statistic = |e: &[u64], a: &[u64]| drift::psi(e, a, FLOOR, 0.05).ok().map(|p| p.psi);
    let bounds = resampled(slice, "psi", expected, actual, sink.plan, statistic);
    sink.number("psi", slice, psi.map(|p| p.psi), n, bounds, EMPTY);
    if let Some(critical) = psi.and_then(|p| p.critical) {
        sink.number("psi_critical", slice, Some(critical), n, Vec::new(), EMPTY);
    }
}

fn names(
    sink: &mut Sink,
    slice: &Slice,
    before: &BTreeMap<String, u64>,
    now: &BTreeMap<String, u64>,
) {
    let mut all: Vec<&String> = before.keys().chain(now.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let [expected, actual] = [before, now].map(|side| -> Vec<u64> {
        all.iter().map(|name| side.get(*name).copied().unwrap_or(0)).collect()
    });
    let n = actual.iter().sum();
    stability(sink, slice, &expected, &actual, n);
    let test = drift::chi_squared(&expected, &actual).ok();
    sink.number("chi_square", slice, test.as_ref().map(|t| t.statistic), n, Vec::new(), EMPTY);
    let v = |e: &[u64], a: &[u64]| drift::chi_squared(e, a).ok().map(|t| t.cramers_v);
    let bounds = resampled(slice, "cramers_v", &expected, &actual, sink.plan, v);
    sink.number("cramers_v", slice, v(&expected, &actual), n, bounds, EMPTY);
    let distance = |e: &[u64], a: &[u64]| drift::jensen_shannon(e, a).ok().map(|d| d.0);
    let bounds =
        resampled(slice, "jensen_shannon_distance", &expected, &actual, sink.plan, distance);
    sink.number("jensen_shannon_distance", slice, distance(&expected, &actual), n, bounds, EMPTY);
}

/// Bounds of a statistic of two lists of counts: both sides are drawn bin by bin.
fn resampled(
    slice: &Slice,
    metric: &str,
    expected: &[u64],
    actual: &[u64],
    plan: &Plan,
    statistic: impl Fn(&[u64], &[u64]) -> Option<f64>,
) -> Vec<Interval> {
    let Some(value) = statistic(expected, actual) else { return Vec::new() };
    let place = key_of(slice.0.values().map(String::as_str));
    let state = |side: u64, bin: usize| cell_state(plan.seed, row_state(place ^ side, bin as u64));
    let draw = |side: u64, counts: &[u64], replicate: u64| -> Vec<u64> {
        counts
            .iter()
            .enumerate()
            .map(|(bin, rows)| poisson(state(side, bin), replicate, *rows))
            .collect()
    };
    let replicates = |expected: &[u64], actual: &[u64]| -> Vec<f64> {
        (0..u64::from(plan.replicates))
            .filter_map(|r| statistic(&draw(0, expected, r), &draw(1, actual, r)))
            .collect()
    };
    // What two samples of one distribution differ by: both together, in the size of each.
    let (n, m) = (expected.iter().sum::<u64>(), actual.iter().sum::<u64>());
    let pooled = |size: u64| -> Vec<u64> {
        let share =
            |(e, a): (&u64, &u64)| ((e + a) as f64 * size as f64 / (n + m) as f64).round() as u64;
        expected.iter().zip(actual).map(share).collect()
    };
    let chance = replicates(&pooled(n), &pooled(m));
    // The index is of the size of a squared distance.
    let root = if metric == "psi" { 0.5 } else { 1.0 };
    let mut intervals = apart(value, &replicates(expected, actual), &chance, root, plan);
    clamp(metric, &mut intervals);
    intervals
}

/// Bounds of a distance that chance adds to, never takes from: replicates bound it from above, since
/// chance is added to them once more; from below, what chance alone reaches is subtracted, after
/// raising both to the power `root` that makes it a distance.
fn apart(value: f64, drawn: &[f64], chance: &[f64], root: f64, plan: &Plan) -> Vec<Interval> {
    let one = |confidence: &f64| {
        let alpha = 1.0 - confidence;
        let upper = unseen::upper_quantile(&mut drawn.to_vec(), alpha).ok();
        let added = unseen::upper_quantile(&mut chance.to_vec(), alpha).ok();
        let lower = added
            .map(|added| (value.powf(root) - added.max(0.0).powf(root)).max(0.0).powf(1.0 / root));
        interval("chance-subtracted", *confidence, lower, upper.map(|u| u.max(value)))
    };
    plan.confidences.iter().map(one).collect()
}

/// Bounds of a distance between two distributions: neither sample is further from its own
/// distribution than the inequality of Dvoretzky, Kiefer and Wolfowitz allows, with Massart's
/// constant (1990).
fn dvoretzky(distance: f64, n: u64, m: u64, plan: &Plan) -> Vec<Interval> {
    let one = |confidence: &f64| {
        let stray = |rows: u64| (libm::log(4.0 / (1.0 - confidence)) / (2.0 * rows as f64)).sqrt();
        let reach = stray(n) + stray(m);
        interval(
            "dkw",
            *confidence,
            Some((distance - reach).max(0.0)),
            Some((distance + reach).min(1.0)),
        )
    };
    plan.confidences.iter().map(one).collect()
}

/// A row of either side (its value, its side and the state of its weights) as the weight that it has
/// on each side.
type Weighing<'w> = dyn Fn(usize, &(f64, usize, u64)) -> [f64; 2] + 'w;

/// Bounds of the area between two distributions, each side resampled row by row.
fn earth_bounds(value: f64, before: &[f64], now: &[f64], plan: &Plan) -> Vec<Interval> {
    let side = |list: &[f64], side: u64| -> Vec<(f64, usize, u64)> {
        let state = |i: usize| row_state(plan.seed.wrapping_add(side), i as u64);
        list.iter().enumerate().map(|(i, x)| (*x, side as usize, state(i))).collect()
    };
    let mut rows = side(before, 0);
    rows.extend(side(now, 1));
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let distance = |weights: &Weighing<'_>| {
        let mut totals = [0.0; 2];
        let weighed: Vec<[f64; 2]> =
            rows.iter().enumerate().map(|(i, row)| weights(i, row)).collect();
        for [before, now] in &weighed {
            totals = [totals[0] + before, totals[1] + now];
        }
        let (mut passed, mut area) = ([0.0; 2], 0.0);
        for (i, (row, [before, now])) in rows.iter().zip(&weighed).enumerate() {
            passed = [passed[0] + before, passed[1] + now];
            let next = rows.get(i + 1).map_or(row.0, |next| next.0);
            area += (passed[0] / totals[0] - passed[1] / totals[1]).abs() * (next - row.0);
        }
        (totals[0] > 0.0 && totals[1] > 0.0).then_some(area)
    };
    let (n, m) = (before.len() as f64, now.len() as f64);
    // Of one distribution, both sides would be samples of all rows together; each of them is
    // smaller, so that chance moves it more.
    let smaller = (n + m) / (2.0 * n * m).sqrt();
    let replicates = 0..u64::from(plan.replicates);
    let drawn = replicates.clone().filter_map(|r| {
        distance(&|_, row| {
            let w = f64::from(weight(row.2, r));
            if row.1 == 0 { [w, 0.0] } else { [0.0, w] }
        })
    });
    let chance = replicates.filter_map(|r| {
        distance(&|_, row| [weight(row.2, r), weight(!row.2, r)].map(f64::from))
            .map(|area| area * smaller)
    });
    let (drawn, chance): (Vec<f64>, Vec<f64>) = (drawn.collect(), chance.collect());
    apart(value, &drawn, &chance, 1.0, plan)
}
