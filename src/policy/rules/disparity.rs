//! Compares the rates of groups, always from the counts of each group and never from a claimed
//! disparity. The rule holds if it is shown for every ordered pair of groups. Each pair is tested
//! at the policy's confidence, because all of them must hold (an intersection–union test, Berger
//! 1982).

mod measure;
mod phrase;
mod rates;
mod read;

use super::{
    Findings, Kind, METRIC_EXAMPLE, METRIC_SUBJECT, Needs, Reader, View, blank, digests, groups,
    hint::Hint, judging::Judging, kind, threshold, threshold::Ruling,
};
use crate::{
    model::{GroupRate, Op, Required, Severity, Status, number::grouped},
    policy::{
        diagnostic::Collector,
        explain::percent,
        judged::{Groups, Judged},
        lint,
        parse::rule,
        phrase::Reason,
        schema::{Limit, Policy, Rule, Selector},
    },
};
use measure::Measured;
use phrase::Why;
use rates::{Problem, Rates};

/// A rule that compares the rates of groups with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct DisparityRule {
    /// The metric's name, as written.
    pub metric: String,
    /// The comparison.
    pub measure: Disparity,
    /// The attributes; each is evaluated separately.
    pub by: Vec<String>,
    /// Whether the attributes are crossed instead.
    pub intersection: bool,
    /// The documents to read; the slice is overall and there is no quantile.
    pub selector: Selector,
    /// The limit: `min` for ratios and worst groups, `max` for differences.
    pub limit: Limit,
    /// The least number of trials in each group.
    pub min_samples: Option<u64>,
    /// The least number of the rarer outcome in each group: of the rate's successes or failures.
    pub min_events: Option<u64>,
    /// Groups below this share of all rows have no separate ratio (impact ratios only).
    pub exclude_below: Option<f64>,
}

/// The kinds of comparisons between groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disparity {
    /// The greatest difference between the rates of any two groups, over all of these rates.
    Difference(Vec<Rate>),
    /// The least ratio of the rates of any two groups, over all of these rates.
    Ratio(Vec<Rate>),
    /// Each group's selection rate divided by the highest one, as in New York City's rule for
    /// hiring tools.
    Impact,
    /// The rate of the worst group, by our name of the metric.
    Worst(String),
}

/// A rate of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Predicted positives among all.
    Selection,
    /// Predicted positives among positives.
    TruePositive,
    /// Predicted positives among negatives.
    FalsePositive,
    /// Positives among predicted positives.
    Precision,
}

/// How such a rule is written.
pub(super) const READER: Reader = Reader {
    subject: METRIC_SUBJECT,
    example: METRIC_EXAMPLE,
    name: "a rule that compares groups (`by`)",
    keys: &[&rule::METRIC, &rule::LIMITS, &read::KEYS],
    is: |rule| rule.has("by") || read::is_one(rule),
    read: |found, rule, statistics| Some(Box::new(read::read(found, rule, statistics)?)),
};

impl Kind for DisparityRule {
    fn about(&self) -> &str {
        &self.metric
    }

    fn judge<'a>(&'a self, view: &View<'a>, rule: &'a Rule, out: &mut Findings<'a>) {
        judge(view, rule, self, out);
    }

    fn explain(&self, policy: &Policy) -> String {
        let limit = match self.limit.op {
            Op::AtLeast => format!("at least {}", self.limit.value),
            Op::AtMost => format!("at most {}", self.limit.value),
        };
        let by = if self.intersection { self.by.join(" × ") } else { self.by.join(" and by ") };
        let shown = match self.measure {
            Disparity::Impact => ", in whole numbers and without a statistical bound".to_owned(),
            Disparity::Worst(_) => {
                format!(
                    ", shown for every group at {} confidence",
                    percent(policy.statistics.confidence)
                )
            }
            Disparity::Difference(_) | Disparity::Ratio(_) => {
                format!(
                    ", shown for every pair of groups at {} confidence",
                    percent(policy.statistics.confidence)
                )
            }
        };
        let out = self.exclude_below.map_or_else(String::new, |share| {
            format!("; groups below {} of all have no ratio", percent(share))
        });
        format!(
            "{} by {by} must be {limit}{shown}{out}{}{}",
            self.metric,
            each_on(self.min_samples),
            each_counts(self.min_events)
        )
    }

    fn same(&self, other: &dyn Kind) -> bool {
        kind::same(self, other)
    }

    fn lint(&self, found: &mut Collector<'_>, policy: &Policy, rule: &Rule) {
        let undeclared = |key: &&String| !self.intersection && !policy.groups.contains_key(*key);
        for key in self.by.iter().filter(undeclared) {
            lint::undeclared(found, rule, key);
        }
    }

    fn attributes(&self) -> &[String] {
        &self.by
    }

    fn plan(&self, needs: &mut Needs<'_>) {
        if self.intersection {
            needs.slices.insert(self.by.clone());
        }
    }
}

fn each_on(min_samples: Option<u64>) -> String {
    min_samples.map_or_else(String::new, |least| {
        format!(", on at least {} samples in each group", grouped(least))
    })
}

fn each_counts(min_events: Option<u64>) -> String {
    min_events.map_or_else(String::new, |least| {
        format!(", with at least {} of each outcome in each group", grouped(least))
    })
}

/// The maximum number of groups, because every pair of them is compared.
const MOST_GROUPS: usize = 128;

/// Evaluates the rule: one finding for each attribute, or one for all attributes crossed.
fn judge<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    disparity: &'a DisparityRule,
    out: &mut Findings<'a>,
) {
    let keys: Vec<&str> = disparity.by.iter().map(String::as_str).collect();
    if disparity.intersection {
        attribute(view, rule, disparity, &keys, out);
    } else {
        for key in keys {
            attribute(view, rule, disparity, &[key], out);
        }
    }
}

fn attribute<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    disparity: &'a DisparityRule,
    keys: &[&str],
    out: &mut Findings<'a>,
) {
    let by = keys.join(" × ");
    let limit = disparity.limit;
    let found = rates::read(view, disparity, keys);
    for rates in &found {
        out.note(&rates.entries);
    }
    let documents = found.iter().flat_map(|r| r.entries.iter().map(|e| e.document));
    let many = !view.case.is_first() && found.iter().any(|rates| rates.groups.len() > MOST_GROUPS);
    let mut rates = if many { Vec::new() } else { shown(&found) };
    let blank = Judged {
        required: Some(Required { op: limit.op, value: limit.value }),
        evidence: digests(view, documents),
        ..blank(view, rule, Status::Missing)
    };
    let (mut finding, reason) = match said(view, disparity, &found, &by) {
        Ok((measured, judging)) => {
            let ruling = hold(view, disparity, &mut rates, &measured, &judging);
            let finding = Judged {
                status: ruling.status,
                severity: ruling.severity.unwrap_or(rule.severity),
                tries: judging.tries,
                samples_needed: ruling.hint.samples_needed,
                numbers: measured.weighed.told(&judging),
                ..blank
            };
            (finding, ruling.reason)
        }
        Err(problem) => (Judged { status: problem.status, ..blank }, problem.reason),
    };
    finding.groups = Some(Box::new(Groups { by, rates }));
    out.say(finding, reason);
    for rates in &found {
        groups::everybody(view, rule, &rates.target, keys, &rates.found, out);
    }
}

fn shown(found: &[Rates<'_>]) -> Vec<GroupRate> {
    let one = |rates: &Rates<'_>| -> Vec<GroupRate> {
        let group = |g: &rates::Group| GroupRate {
            metric: rates.name.to_owned(),
            slice: g.slice.clone(),
            rate: g.value,
            trials: g.trials,
            successes: g.counts.filter(|(least, most)| least == most).map(|(least, _)| least),
            ratio: None,
        };
        rates.groups.iter().map(group).collect()
    };
    found.iter().flat_map(one).collect()
}

fn said(
    view: &View<'_>,
    disparity: &DisparityRule,
    found: &[Rates<'_>],
    by: &str,
) -> Result<(Measured, Judging), Problem> {
    for rates in found {
        if let Some(problem) = &rates.problem {
            return Err(problem.clone());
        }
        match rates.groups.len() {
            0 => return Err(Problem::new(Status::Missing, Reason::NoGroups(by.to_owned()))),
            1 => {
                return Err(Problem::new(
                    Status::Inconclusive,
                    Reason::own(Why::SingleGroup(by.to_owned())),
                ));
            }
            n if n > MOST_GROUPS => {
                return Err(Problem::new(
                    Status::Error,
                    Reason::own(Why::TooManyGroups { by: by.to_owned(), most: MOST_GROUPS }),
                ));
            }
            _ => {}
        }
    }
    let judging = found
        .first()
        .map(|r| r.judging(view))
        .ok_or_else(|| Problem::new(Status::Missing, Reason::NoGroups(by.to_owned())))?;
    let measured = measure::measure(disparity, found, &judging)?;
    Ok((measured, judging))
}

/// Compares the disparity with the limit. Adds the ratios to the rates.
fn hold(
    view: &View<'_>,
    disparity: &DisparityRule,
    rates: &mut [GroupRate],
    measured: &Measured,
    judging: &Judging,
) -> Ruling {
    let (status, reason) = threshold::answer(&measured.weighed, disparity.limit);
    for (rate, ratio) in rates.iter_mut().zip(&measured.ratios) {
        rate.ratio = *ratio;
    }
    let reason = if measured.weighed.method.bounds() {
        Reason::own(Why::Pair(measured.pair.clone()))
    } else {
        reason
    };
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let least = disparity.min_samples.unwrap_or(0);
    let small = rates.iter().filter(|g| g.ratio.is_some() || measured.ratios.is_empty());
    let small = small.filter(|g| g.trials.unwrap_or(0) < least).min_by_key(|g| g.trials);
    if let Some(small) = small {
        ruling.reason = Reason::own(Why::SmallGroup {
            group: small.slice.clone(),
            trials: small.trials.unwrap_or(0),
            least,
        });
        ruling.status = Status::Inconclusive;
    } else if let Some(few) = few_events(disparity, measured) {
        ruling.reason = few;
        ruling.status = Status::Inconclusive;
    } else if status == Status::Inconclusive {
        ruling.hint = Hint::by_width(judging, disparity.limit, &measured.weighed).shown(judging);
        let counted = measured.weighed.n.is_some_and(|n| n > 0);
        if view.policy.statistics.inconclusive_warns && counted {
            ruling.severity = Some(Severity::Warn);
        }
    }
    ruling
}

/// The reason why the rule's number of events is not reached, if so.
fn few_events(disparity: &DisparityRule, measured: &Measured) -> Option<Reason> {
    let least = disparity.min_events?;
    let events = measured.weighed.events;
    (events.unwrap_or(0) < least).then_some(Reason::FewEvents { events, least, method: None })
}
