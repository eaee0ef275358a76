//! The counts that the rates of a group determine: how many rows are positive, and how many are
//! predicted positive.
//!
//! Fairness tools write rates and the group's rows, but seldom its positives. The rates share one
//! confusion matrix, however: with P positives among n rows, `selection_rate` · n =
//! `true_positive_rate` · P + `false_positive_rate` · (n − P). Similar equations hold for accuracy
//! and precision. P is stated only if exactly one whole number fits all the rates, within the
//! rounding they are written with.

use crate::evidence::counts::{only_count, only_denominator, whole};
use crate::model::{Measurement, evidence::MIN_ROUNDING};
use crate::stats::proportion::{counts_of, float};

/// The most whole numbers that are tried: if the rates leave more possibilities, they determine
/// nothing.
const TRIED: f64 = 200.0;

/// A rate and how exact it is.
#[derive(Debug, Clone, Copy)]
struct Rate {
    value: f64,
    rounding: f64,
}

/// The rates of one group of `n` rows.
#[derive(Debug, Clone, Copy, Default)]
struct Rates {
    prevalence: Option<Rate>,
    selected: Option<Rate>,
    accuracy: Option<Rate>,
    true_positives: Option<Rate>,
    false_positives: Option<Rate>,
    precision: Option<Rate>,
}

/// The rows of a group, those that are positive and those that are predicted positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Margins {
    n: u64,
    positives: Option<u64>,
    predicted: Option<u64>,
}

impl Margins {
    /// The trials of `metric`; `None` if it is not a proportion of a confusion matrix.
    fn trials(self, metric: &str) -> Option<u64> {
        match metric {
            "accuracy" | "error_rate" | "selection_rate" | "base_rate" | "prev" => Some(self.n),
            "recall" | "true_positive_rate" | "false_negative_rate" => self.positives,
            "specificity" | "true_negative_rate" | "false_positive_rate" => {
                self.n.checked_sub(self.positives?)
            }
            "precision" | "positive_predictive_value" | "false_discovery_rate" => self.predicted,
            "negative_predictive_value" | "false_omission_rate" => {
                self.n.checked_sub(self.predicted?)
            }
            _ => None,
        }
    }

    /// States n, trials and, if only one count fits, successes.
    fn state(self, m: &mut Measurement) {
        m.n = Some(self.n);
        m.trials = self.trials(&m.metric);
        m.successes =
            m.value.zip(m.trials).and_then(|(value, trials)| only_count(value, trials, m.rounding));
        if let (Some(successes), Some(trials)) = (m.successes, m.trials) {
            sharpen(m, float(successes) / float(trials));
        }
    }
}

/// States n, trials and successes of the measurements of a group of `n` rows, as far as all of them
/// together determine these.
pub(super) fn state(measured: &mut [Measurement], n: u64) {
    let mut rates = Rates::default();
    for m in measured.iter() {
        rates.add(m);
    }
    let margins = rates.margins(n);
    for m in measured {
        margins.state(m);
    }
}

/// Replaces a rounded value by the exact one that counts of the same document determine. pandas'
/// JSON keeps ten decimal places, which for a small rate is seven digits. A value that was rounded
/// further stays as it was written.
pub(super) fn sharpen(m: &mut Measurement, exact: f64) {
    const PANDAS: f64 = 5e-9;
    let near =
        m.value.is_some_and(|value| (value - exact).abs() <= m.rounding + 4.0 * f64::EPSILON);
    if near && m.rounding <= PANDAS && m.rounding > MIN_ROUNDING {
        m.value = Some(exact);
        m.rounding = MIN_ROUNDING;
    }
}

impl Rates {
    /// Adds a rate by our name of it; others are ignored.
    fn add(&mut self, m: &Measurement) {
        let Some(value) = m.value.filter(|value| (0.0..=1.0).contains(value)) else { return };
        let (rate, value) = match m.metric.as_str() {
            "base_rate" | "prev" => (&mut self.prevalence, value),
            "selection_rate" => (&mut self.selected, value),
            "accuracy" => (&mut self.accuracy, value),
            "error_rate" => (&mut self.accuracy, 1.0 - value),
            "true_positive_rate" | "recall" => (&mut self.true_positives, value),
            "false_negative_rate" => (&mut self.true_positives, 1.0 - value),
            "false_positive_rate" => (&mut self.false_positives, value),
            "true_negative_rate" | "specificity" => (&mut self.false_positives, 1.0 - value),
            "precision" => (&mut self.precision, value),
            "false_discovery_rate" => (&mut self.precision, 1.0 - value),
            _ => return,
        };
        rate.get_or_insert(Rate { value, rounding: m.rounding });
    }

    /// The counts that `n` rows with these rates determine.
    fn margins(self, n: u64) -> Margins {
        let predicted = self.selected.and_then(|s| only_count(s.value, n, s.rounding));
        let positives = self.positives(n, predicted);
        Margins { n, positives, predicted: predicted.or_else(|| self.predicted(n, positives?)) }
    }

    /// How many rows are predicted positive, if the number of positives is known: from the true
    /// positives and a precision, or from the true and the false positives.
    fn predicted(self, n: u64, positives: u64) -> Option<u64> {
        let count = |rate: Option<Rate>, trials| {
            rate.and_then(|rate| only_count(rate.value, trials, rate.rounding))
        };
        let tp = count(self.true_positives, positives)?;
        match self.precision.and_then(|p| only_denominator(tp, p.value, p.rounding)) {
            Some(predicted) => Some(predicted),
            None => tp.checked_add(count(self.false_positives, n.checked_sub(positives)?)?),
        }
    }

    fn positives(self, n: u64, predicted: Option<u64>) -> Option<u64> {
        if let Some(rate) = self.prevalence {
            return only_count(rate.value, n, rate.rounding).filter(|p| self.fits(n, *p));
        }
        let (near, within) = self
            .estimates(n, predicted)
            .into_iter()
            .flatten()
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        if within > TRIED || !near.is_finite() {
            return None;
        }
        let low = whole((near - within).ceil().max(0.0))?;
        let high = whole((near + within).floor().clamp(0.0, float(n)))?;
        let mut fitting = (low..=high).filter(|p| self.fits(n, *p));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Estimates of P: a number and how far P may be from it, for each set of rates that determines
    /// it.
    fn estimates(self, n: u64, predicted: Option<u64>) -> [Option<(f64, f64)>; 7] {
        let rows = float(n);
        let right = self.accuracy.and_then(|a| only_count(a.value, n, a.rounding)).map(float);
        let true_positives = self
            .precision
            .zip(predicted)
            .and_then(|(p, predicted)| only_count(p.value, predicted, p.rounding));
        let predicted = predicted.map(float);
        let (tpr, fpr) = (self.true_positives, self.false_positives);
        // n, minus the predicted positives, minus the correct predictions, is P − 2 · true
        // positives.
        let rest = predicted.zip(right).map(|(s, a)| (s, a, rows - s - a));
        let solved = |over: f64, under: f64, rounding: f64| {
            (under.abs() > 1e-9)
                .then(|| (over / under, 1.0 + 8.0 * rows * rounding / (under * under)))
        };
        [
            tpr.zip(fpr).zip(self.selected).and_then(|((t, f), s)| {
                solved(
                    rows * (s.value - f.value),
                    t.value - f.value,
                    t.rounding.max(f.rounding).max(s.rounding),
                )
            }),
            tpr.zip(fpr).zip(self.accuracy).and_then(|((t, f), a)| {
                let rounding = t.rounding.max(f.rounding).max(a.rounding);
                solved(rows * (a.value - 1.0 + f.value), t.value + f.value - 1.0, rounding)
            }),
            tpr.zip(rest).and_then(|(t, (_, _, rest))| {
                let (tp, within) = solved(t.value * rest, 1.0 - 2.0 * t.value, t.rounding)?;
                Some((rest + 2.0 * tp, 2.0 * within))
            }),
            fpr.zip(rest).and_then(|(f, (s, a, rest))| {
                let (tp, within) = solved(s - f.value * (s + a), 1.0 - 2.0 * f.value, f.rounding)?;
                Some((rest + 2.0 * tp, 2.0 * within))
            }),
            true_positives.zip(rest).map(|(tp, (_, _, rest))| (rest + 2.0 * float(tp), 0.4)),
            tpr.zip(self.precision)
                .zip(self.accuracy)
                .filter(|((_, p), _)| p.value > 0.0)
                .and_then(|((t, p), a)| {
                    let rounding = t.rounding.max(a.rounding).max(p.rounding / (p.value * p.value));
                    solved(
                        rows * (a.value - 1.0),
                        2.0 * t.value - 1.0 - t.value / p.value,
                        rounding,
                    )
                }),
            true_positives
                .zip(tpr)
                .and_then(|(tp, t)| Some((float(only_denominator(tp, t.value, t.rounding)?), 0.4))),
        ]
    }

    /// Whether some confusion matrix with `positives` of `n` rows has these rates.
    fn fits(self, n: u64, positives: u64) -> bool {
        let Some(negatives) = n.checked_sub(positives) else { return false };
        let counts = (
            counted(self.true_positives, positives),
            counted(self.false_positives, negatives),
            counted(self.selected, n),
            counted(self.accuracy, n),
        );
        let (Some(tp), Some(mut fp), Some(mut selected), Some(right)) = counts else {
            return false;
        };
        if let (None, Some(p)) =
            (self.selected, self.precision.filter(|_| tp.0 == tp.1 && tp.0 > 0))
        {
            let Some(all) = denominators(tp.0, p, n) else { return false };
            selected = all;
            fp = (fp.0.max(all.0.saturating_sub(tp.0)), fp.1.min(all.1.saturating_sub(tp.0)));
            if fp.0 > fp.1 {
                return false;
            }
        }
        let called = (tp.0.saturating_add(fp.0), tp.1.saturating_add(fp.1));
        let agreed = (
            tp.0.saturating_add(negatives.saturating_sub(fp.1)),
            tp.1.saturating_add(negatives.saturating_sub(fp.0)),
        );
        let precise = match self.precision {
            Some(_) if selected.0 == selected.1 => {
                counted(self.precision, selected.0).is_some_and(|counts| overlap(counts, tp))
            }
            _ => true,
        };
        overlap(called, selected) && overlap(agreed, right) && precise
    }
}

/// The least and the greatest count that the rate may represent. A rate over 0 rows gives no
/// information, whatever is written: fairlearn and scikit-learn write 0.
fn counted(rate: Option<Rate>, trials: u64) -> Option<(u64, u64)> {
    match rate {
        Some(rate) if trials > 0 => counts_of(rate.value, trials, rate.rounding),
        _ => Some((0, trials)),
    }
}

/// The least and the greatest denominator that a rate with these successes may have.
fn denominators(successes: u64, rate: Rate, most: u64) -> Option<(u64, u64)> {
    let over = |rate: f64| if rate > 0.0 { float(successes) / rate } else { float(most) };
    let low = whole(over(rate.value + rate.rounding).ceil().max(float(successes)))?;
    let high = whole(over(rate.value - rate.rounding).floor().min(float(most)))?;
    (low <= high).then_some((low, high))
}

const fn overlap(a: (u64, u64), b: (u64, u64)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margins(n: u64, rates: &[(&str, f64)]) -> Margins {
        let mut all = Rates::default();
        for (name, value) in rates {
            all.add(&Measurement::new(*name, *name, Some(*value)));
        }
        all.margins(n)
    }

    /// 44 of 301 positives and 5 of 768 negatives are predicted positive.
    const WOMEN: [(&str, f64); 4] = [
        ("accuracy", 807.0 / 1069.0),
        ("selection_rate", 49.0 / 1069.0),
        ("true_positive_rate", 44.0 / 301.0),
        ("false_positive_rate", 5.0 / 768.0),
    ];

    #[test]
    fn three_rates_determine_the_positives() {
        let want = Margins { n: 1069, positives: Some(301), predicted: Some(49) };
        assert_eq!(margins(1069, &WOMEN), want);
        for left_out in ["accuracy", "true_positive_rate", "false_positive_rate"] {
            let rates: Vec<_> = WOMEN.into_iter().filter(|(name, _)| *name != left_out).collect();
            assert_eq!(margins(1069, &rates), want, "without {left_out}");
        }
        assert_eq!(margins(1069, &[WOMEN[0], WOMEN[2], WOMEN[3]]).positives, Some(301));
        assert_eq!(margins(1069, &[("base_rate", 301.0 / 1069.0)]).positives, Some(301));
        assert_eq!(
            margins(1069, &[WOMEN[0], WOMEN[1], ("precision", 44.0 / 49.0)]).positives,
            Some(301)
        );
        assert_eq!(
            margins(1069, &[WOMEN[1], WOMEN[2], ("precision", 44.0 / 49.0)]).positives,
            Some(301)
        );
        assert_eq!(margins(1069, &[WOMEN[0], WOMEN[2], ("precision", 44.0 / 49.0)]), want);
    }

    #[test]
    fn what_is_open_stays_open() {
        assert_eq!(margins(1069, &WOMEN[..2]).positives, None);
        assert_eq!(
            margins(1069, &[WOMEN[2], WOMEN[3]]),
            Margins { n: 1069, positives: None, predicted: None }
        );
        // No row is predicted positive: any number of rows may be positive.
        let none =
            [("selection_rate", 0.0), ("true_positive_rate", 0.0), ("false_positive_rate", 0.0)];
        assert_eq!(margins(20, &none).positives, None);
        // Rates of weighted rows fit no count.
        assert_eq!(margins(1000, &WOMEN).positives, None);
    }

    #[test]
    fn a_group_without_positives_has_no_trials() {
        let rates = [
            ("accuracy", 1.0),
            ("selection_rate", 0.0),
            ("true_positive_rate", 0.0),
            ("false_positive_rate", 0.0),
        ];
        let margins = margins(3, &rates);
        assert_eq!(margins.positives, Some(0));
        let mut m = Measurement::new("true_positive_rate", "tpr", Some(0.0));
        margins.state(&mut m);
        assert_eq!((m.n, m.trials, m.successes), (Some(3), Some(0), None));
    }
}
