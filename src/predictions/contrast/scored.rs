//! Comparisons of scores: areas, average precision, losses, calibration.

use super::{
    super::{
        limited::{self, Limited},
        paired::{Both, Seen},
        pool,
        rows::{Resampled, Sample, Wanted},
        scores::MOST_RESAMPLED,
        sum::Sum,
        sweep::{Kept, log_loss},
        values,
    },
    INFLATED, Part,
};
use crate::{
    model::Comparison,
    stats::{
        proportion::float,
        ranking::Ranked,
        unseen::{self, Moments},
        weights::Weights,
    },
};

impl Part<'_> {
    /// Compares areas: both are drawn with the same weights, or, for many independent rows, bounded
    /// by the moments of the differences of placements (DeLong and others 1988).
    pub(super) fn area(&self) -> Comparison {
        let places = |of: fn(&Both) -> f64| placements(&self.rows, of);
        let (candidate, baseline) = (places(|r| r.candidate.score), places(|r| r.baseline.score));
        let labels: Vec<usize> = self.rows.iter().map(|r| usize::from(r.label == 1)).collect();
        let count = |class: usize| labels.iter().filter(|l| **l == class).count() as f64;
        let counts = [count(0), count(1)];
        let known = counts[0] > 0.0 && counts[1] > 0.0;
        let mean = |of: &dyn Fn(usize) -> f64, class: usize| {
            Sum::of((0..labels.len()).filter(|i| labels[*i] == class).map(of)) / counts[class]
        };
        let value = known.then(|| mean(&|i| candidate[i], 1));
        let base = known.then(|| mean(&|i| baseline[i], 1));
        let factor = self.contrast.factor;
        let smaller = self.independent(Some(0)).min(self.independent(Some(1)));
        if self.clustered || self.n() <= MOST_RESAMPLED {
            let sample =
                |side: fn(&Both) -> f64| Sample::new(&self.kept(side), self.plan.seed, true);
            let (c, b) = (sample(|r| r.candidate.score), sample(|r| r.baseline.score));
            let weights = Weights::default();
            let area = |of: &Sample, r| {
                of.replicate(&weights, r, Wanted::ALL).ranked.map(|ranked| ranked.area)
            };
            let drawn = self.drawn(|r| Some(area(&c, r)? - factor * area(&b, r)?));
            return self.made(value, base, self.one_more(&drawn, smaller));
        }
        let moved = |i: usize| candidate[i] - factor * baseline[i];
        let moments = |sign: f64, unseen: f64| -> Option<Moments> {
            let difference = self.difference(value, base)?;
            let of = |class: usize| {
                let rows = (0..labels.len()).filter(|i| labels[*i] == class);
                let sums = limited::powers(rows.map(|i| sign * (moved(i) - difference)));
                // The unseen row is one of the smaller class.
                let fewer = class == usize::from(counts[1] <= counts[0]);
                if fewer {
                    unseen::of_sums(counts[class] as u64, sums, unseen - sign * difference)
                } else {
                    unseen::of_sums(counts[class] as u64 - 1, sums, 0.0)
                }
            };
            let mut all = limited::together(&[of(0)?, of(1)?]);
            all.mean += sign * difference;
            Some(all)
        };
        let bounds = Limited::each(self.plan, limited::ROWS, smaller, |alpha| {
            let (low, high) = (moments(1.0, -factor)?, moments(-1.0, -1.0)?);
            Some((unseen::fitted(&low, alpha), -unseen::fitted(&high, alpha)))
        });
        self.made(value, base, bounds)
    }

    fn kept(&self, of: fn(&Both) -> f64) -> Vec<Kept> {
        let mut kept: Vec<Kept> = self
            .rows
            .iter()
            .map(|r| Kept { score: of(r), positive: r.label == 1, key: r.key })
            .collect();
        kept.sort_by(|a, b| {
            a.score.total_cmp(&b.score).then(a.positive.cmp(&b.positive)).then(a.key.cmp(&b.key))
        });
        kept
    }

    pub(super) fn losses(&self, logarithm: bool) -> Comparison {
        let probabilities = self
            .rows
            .iter()
            .all(|r| [r.candidate, r.baseline].iter().all(|s| (0.0..=1.0).contains(&s.score)));
        if !probabilities {
            return self.made(None, None, Limited::default());
        }
        let loss = |score: f64, label: u32| {
            let given = if label == 1 { score } else { 1.0 - score };
            if logarithm { log_loss(given) } else { (1.0 - given) * (1.0 - given) }
        };
        let n = self.rows.len() as f64;
        let mean = |of: &dyn Fn(&Both) -> f64| {
            (n > 0.0).then(|| Sum::of(self.rows.iter().map(|r| of(r))) / n)
        };
        let value = mean(&|r| loss(r.candidate.score, r.label));
        let baseline = mean(&|r| loss(r.baseline.score, r.label));
        let factor = self.contrast.factor;
        let moved: Vec<f64> = self
            .rows
            .iter()
            .map(|r| loss(r.candidate.score, r.label) - factor * loss(r.baseline.score, r.label))
            .collect();
        // The greatest loss that a score of either model could have, with the other label.
        let worst = |of: fn(&Seen) -> f64, side: fn(&Both) -> Seen| {
            self.rows.iter().map(|r| of(&side(r))).fold(0.0, f64::max)
        };
        let other = |seen: &Seen| seen.score.max(1.0 - seen.score);
        let most = [worst(other, |r| r.candidate), worst(other, |r| r.baseline)]
            .map(|given| if logarithm { log_loss(1.0 - given) } else { 1.0 });
        let bounds = self.mean_bounds(&moved, -factor * most[1], most[0]);
        self.made(value, baseline, bounds)
    }

    /// Bounds of the mean of each row's contribution to the difference, which is at least `least`
    /// and at most `most`.
    pub(super) fn mean_bounds(&self, moved: &[f64], least: f64, most: f64) -> Limited {
        let drawn = if self.clustered || self.n() <= MOST_RESAMPLED {
            let (states, weights) = (self.states(), Weights::default());
            self.drawn(|r| values::weighted_mean(moved, &states, (&weights, r)))
        } else {
            Vec::new()
        };
        let rows = self.independent(None);
        Limited::each(self.plan, limited::MEAN, rows, |alpha| {
            let sums = limited::powers(moved.iter().copied());
            limited::mean(&drawn, self.n(), sums, limited::Row { least, most, rows }, alpha)
        })
    }

    fn samples(&self) -> [Sample; 2] {
        let sample = |side: fn(&Both) -> f64| Sample::new(&self.kept(side), self.plan.seed, true);
        [sample(|r| r.candidate.score), sample(|r| r.baseline.score)]
    }

    /// Compares average precision. The unseen row is a positive that one model misses and the other
    /// finds first, or a negative that one model puts first and the other last.
    pub(super) fn precision(&self) -> Comparison {
        let (samples, weights, factor) = (self.samples(), Weights::default(), self.contrast.factor);
        let whole = samples.each_ref().map(|s| s.whole().ranked.map(|ranked| ranked.precision));
        let replicates = self.plan.replicates as usize;
        let drawn: Vec<[Ranked; 2]> = pool::each(self.pool, replicates, |r| {
            let of = |s: &Sample| s.replicate(&weights, r as u64, Wanted::ALL).ranked;
            Some([of(&samples[0])?, of(&samples[1])?])
        })
        .into_iter()
        .flatten()
        .collect();
        let each = |of: &dyn Fn(&Ranked, &Ranked) -> f64| -> Vec<f64> {
            drawn.iter().map(|[c, b]| of(c, b)).collect()
        };
        let positives = self.independent(Some(1));
        let bounds = Limited::each(self.plan, limited::ROWS, positives, |alpha| {
            let low =
                |of: &dyn Fn(&Ranked, &Ranked) -> f64| unseen::quantile(&mut each(of), alpha).ok();
            let high = |of: &dyn Fn(&Ranked, &Ranked) -> f64| {
                unseen::upper_quantile(&mut each(of), alpha).ok()
            };
            let lower = low(&|c, b| c.precision_lost - factor * b.precision_more)?
                .min(low(&|c, b| c.precision_less - factor * b.precision)?);
            let upper = high(&|c, b| c.precision_more - factor * b.precision_lost)?
                .max(high(&|c, b| c.precision - factor * b.precision_less)?);
            Some((lower, upper))
        });
        self.made(whole[0], whole[1], bounds)
    }

    pub(super) fn distance(&self) -> Comparison {
        let of: fn(&Resampled) -> Option<f64> = match self.contrast.metric.as_str() {
            "ks_statistic" => |r| r.gap,
            "maximum_calibration_error" => |r| r.maximum,
            _ => |r| r.expected,
        };
        let [value, base] = self.samples().map(|s| of(&s.whole()));
        self.made(value, base, Limited::refused(INFLATED))
    }
}

/// For each row, the share of the other class's rows that its score ranks correctly, with ties as a
/// half.
fn placements(rows: &[&Both], of: fn(&Both) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| of(rows[*a]).total_cmp(&of(rows[*b])));
    let class = |i: usize| usize::from(rows[i].label == 1);
    let mut totals = [0_u64; 2];
    for i in &order {
        totals[class(*i)] += 1;
    }
    let mut passed = [0_u64; 2];
    let mut placed = vec![0.0; rows.len()];
    for ties in order.chunk_by(|a, b| of(rows[*a]).total_cmp(&of(rows[*b])).is_eq()) {
        let mut tied = [0_u64; 2];
        for i in ties {
            tied[class(*i)] += 1;
        }
        for i in ties {
            let other = 1 - class(*i);
            let below = float(2 * passed[other] + tied[other]) / float(2 * totals[other]);
            placed[*i] = if class(*i) == 1 { below } else { 1.0 - below };
        }
        passed = [passed[0] + tied[0], passed[1] + tied[1]];
    }
    placed
}
