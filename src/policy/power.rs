//! The power of a rule: how good an observed value must be, at each sample size, to pass.

use super::schema::{Limit, Policy, Rule};
use crate::{
    model::{
        Metric, Op,
        number::{grouped, round12},
    },
    stats::{
        operating::{Chances, Gate},
        quantile,
        sample_size::Side,
    },
};

/// The sample sizes in a table, in addition to the one that a rule requires.
const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];

/// A limit of a rule about a proportion. The power depends on nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Proportion<'p> {
    /// The rule's id.
    pub rule: &'p str,
    /// The metric.
    pub metric: &'p str,
    /// The limit.
    pub limit: Limit,
    /// The least number of samples that the rule requires.
    pub min_samples: Option<u64>,
    /// The one-sided error probability of its bound.
    pub alpha: f64,
}

/// The observed values that decide at one sample size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needed {
    /// The sample size.
    pub n: u64,
    /// The value nearest to the limit that passes; `None` if even a perfect one does not.
    pub passes: Option<f64>,
    /// The value nearest to the limit that fails; `None` if even the worst one does not.
    pub fails: Option<f64>,
}

/// The limits on proportions in a policy, in the order of the file.
pub fn proportions(policy: &Policy) -> Vec<Proportion<'_>> {
    policy.rules.iter().flat_map(|rule| of_rule(policy, rule)).collect()
}

fn of_rule<'p>(policy: &'p Policy, rule: &'p Rule) -> Vec<Proportion<'p>> {
    let Some(limits) = rule.kind.limits() else { return Vec::new() };
    if !Metric::find(&limits.target.metric).is_some_and(Metric::is_proportion) {
        return Vec::new();
    }
    let one = |limit: &Limit| Proportion {
        rule: &rule.id,
        metric: &limits.target.metric,
        limit: *limit,
        min_samples: limits.min_samples,
        alpha: round12(1.0 - policy.statistics.confidence),
    };
    limits.list.iter().map(one).collect()
}

impl Proportion<'_> {
    fn side(&self) -> Side {
        match self.limit.op {
            Op::AtLeast => Side::AtLeast,
            Op::AtMost => Side::AtMost,
        }
    }

    /// The observed values that decide on `n` samples.
    pub fn needed(&self, n: u64) -> Needed {
        let gate = Gate::new(n, self.limit.value, self.side(), self.alpha);
        let opposite = match self.side() {
            Side::AtLeast => Side::AtMost,
            Side::AtMost => Side::AtLeast,
        };
        let breaks = Gate::new(n, self.limit.value, opposite, self.alpha);
        Needed { n, passes: gate.passing(), fails: breaks.passing() }
    }

    /// The table of needed values, at the rule's sample size and at common ones.
    pub fn table(&self) -> Vec<Needed> {
        let mut sizes: Vec<u64> =
            SIZES.into_iter().chain(self.min_samples).filter(|n| *n > 0).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.into_iter().map(|n| self.needed(n)).collect()
    }

    /// The probability of each result on `n` samples if the true value is `rate`.
    pub fn chances(&self, n: u64, rate: f64) -> Chances {
        Gate::new(n, self.limit.value, self.side(), self.alpha).chances(rate)
    }
}

/// The tables of a policy, as sentences.
pub(super) fn sentences(policy: &Policy) -> Vec<String> {
    let mut out: Vec<String> =
        proportions(policy).iter().map(|p| sentence(p, policy.statistics.spend)).collect();
    for rule in &policy.rules {
        let Some(q) = rule.kind.limits().and_then(|l| l.target.selector.quantile) else { continue };
        let alpha = round12(1.0 - policy.statistics.confidence);
        if let Some(least) = quantile::least_samples(q, alpha) {
            out.push(format!(
                "{}: the {} quantile has an upper bound from {} samples on; with fewer there is not enough data.",
                rule.id,
                round12(q),
                grouped(least)
            ));
        }
    }
    out
}

/// A value rounded to four decimals, or to more if it would otherwise equal the limit, 0 or 1.
fn told(value: f64, limit: f64) -> f64 {
    let rounded =
        |decimals: i32| round12((value * 10_f64.powi(decimals)).round() / 10_f64.powi(decimals));
    let fits = |shown: &f64| {
        let certain = (*shown >= 1.0 && value < 1.0) || (*shown <= 0.0 && value > 0.0);
        shown.partial_cmp(&limit) == value.partial_cmp(&limit) && !certain
    };
    (4..=12).map(rounded).find(fits).unwrap_or(value)
}

fn sentence(proportion: &Proportion<'_>, spends: bool) -> String {
    let word = match proportion.limit.op {
        Op::AtLeast => "at least",
        Op::AtMost => "at most",
    };
    let least = proportion.min_samples.unwrap_or(0);
    let table: Vec<Needed> =
        proportion.table().into_iter().filter(|needed| needed.n >= least).collect();
    let cell = |needed: &Needed| {
        let value = told(needed.passes?, proportion.limit.value);
        Some(format!("{word} {value} on {} samples", grouped(needed.n)))
    };
    let cells: Vec<String> = table.iter().filter_map(cell).collect();
    let never = table.iter().rev().find(|needed| needed.passes.is_none());
    let never = never.map_or_else(String::new, |n| {
        format!("; on {} not even a perfect value passes", grouped(n.n))
    });
    let first = if spends { " at the first try" } else { "" };
    format!(
        "{}: to pass{first}, {} must be observed as {}{never}.",
        proportion.rule,
        proportion.metric,
        cells.join(", ")
    )
}
