//! Compares a metric with that of the champion or the reference: paired if both predicted the same
//! rows, otherwise from the bounds of each. The bound of the difference decides.

mod phrase;
mod read;
mod weighed;

use super::{
    Findings, Kind, METRIC_EXAMPLE, METRIC_SUBJECT, Needs, Reader, View, blank, choose, digests,
    groups, hint::Hint, kind, select, threshold, threshold::Ruling,
};
use crate::{
    model::{
        Against, Contrast, Op, Quantity, Range, Required, Severity, Slice, Status, Unit,
        metric::Better, number::round12,
    },
    policy::{
        diagnostic::{Collector, quote},
        explain::{percent, rules},
        judged::{Judged, Numbers, Versus},
        lint,
        lint::direction::{better, words},
        parse::rule,
        phrase::Reason,
        schema::{Limit, Policy, Rule, Target},
    },
};
use phrase::{Compared, Why};
use std::borrow::Cow;
use weighed::{Difference, Problem};

/// A rule that compares a metric with that of another artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRule {
    /// The number it is about.
    pub target: Target,
    /// The attributes whose groups must all hold; empty for a rule about one slice.
    pub slices: Vec<String>,
    /// The artifact to compare with.
    pub against: Against,
    /// What may be lost or must be gained; never empty.
    pub margins: Vec<Margin>,
    /// The direction in which the metric improves.
    pub better: Better,
    /// The result while there is no baseline.
    pub first_release: FirstRelease,
    /// The least number of samples.
    pub min_samples: Option<u64>,
    /// The least number of events, of the smaller side.
    pub min_events: Option<u64>,
}

/// What may be lost compared with a baseline, or must be gained. Never negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// At most this much worse, in the rule's unit.
    Loss(f64),
    /// Worse by at most this share of the baseline's value.
    LossRatio(f64),
    /// At least this much better, in the rule's unit.
    Gain(f64),
}

/// The result of a comparison while there is no baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstRelease {
    /// The approvals of the policy decide.
    Review,
    /// The release passes.
    Allow,
    /// The release is blocked.
    Deny,
}

/// How such a rule is written.
pub(super) const READER: Reader = Reader {
    subject: METRIC_SUBJECT,
    example: METRIC_EXAMPLE,
    name: "a rule that compares with a baseline",
    keys: &[&rule::METRIC, &rule::CHOICE, &read::KEYS],
    is: |rule| read::KEYS.iter().any(|key| rule.has(key)),
    read: |found, rule, statistics| Some(Box::new(read::read(found, rule, statistics)?)),
};

impl Kind for ComparisonRule {
    fn about(&self) -> &str {
        &self.target.metric
    }

    fn judge<'a>(&'a self, view: &View<'a>, rule: &'a Rule, out: &mut Findings<'a>) {
        judge(view, rule, self, out);
    }

    fn explain(&self, policy: &Policy) -> String {
        let margins: Vec<String> =
            self.margins.iter().map(|m| explained(m, self.target.unit)).collect();
        let first = match self.first_release {
            FirstRelease::Review => "the approvals decide",
            FirstRelease::Allow => "it passes",
            FirstRelease::Deny => "it blocks the release",
        };
        let text = format!(
            "{}{} must be compared with that of the {}: {}, shown at {} confidence{}",
            rules::metric(&self.target),
            rules::selected(&self.target.selector),
            self.against,
            margins.join(" and "),
            percent(policy.statistics.confidence),
            rules::where_and_on(&self.slices, self.min_samples, self.min_events)
        );
        format!("{text}; while there is no {}, {first}", self.against)
    }

    fn same(&self, other: &dyn Kind) -> bool {
        kind::same(self, other)
    }

    fn lint(&self, found: &mut Collector<'_>, policy: &Policy, rule: &Rule) {
        lint::number(found, policy, rule, &self.target, &self.slices);
        direction(found, rule, self);
    }

    fn attributes(&self) -> &[String] {
        &self.slices
    }

    fn baseline(&self) -> Option<Against> {
        Some(self.against)
    }

    fn needs_review(&self) -> bool {
        self.first_release == FirstRelease::Review
    }

    fn plan(&self, needs: &mut Needs<'_>) {
        needs.quantile(&self.target.selector);
        needs.plan.contrasts.extend(contrasts(self));
    }
}

/// A margin as a part of a sentence.
fn explained(margin: &Margin, unit: Option<Unit>) -> String {
    let quantity = |value: f64| Quantity { value, unit };
    match margin {
        Margin::Loss(most) if *most > 0.0 => format!("it may be at most {} worse", quantity(*most)),
        Margin::Loss(_) => "it must not be worse".to_owned(),
        Margin::LossRatio(share) => {
            format!("it may be at most {} of that value worse", percent(*share))
        }
        Margin::Gain(least) => format!("it must be at least {} better", quantity(*least)),
    }
}

/// Warns about a comparison that contradicts the known direction of its metric.
fn direction(found: &mut Collector<'_>, rule: &Rule, comparison: &ComparisonRule) {
    let name = &comparison.target.metric;
    if let Some(known) = better(name).filter(|known| *known != comparison.better) {
        let (way, ..) = words(known);
        let message =
            format!("{} is better when {way}, but this rule says the opposite", quote(name));
        found.help(
            "wrong-direction",
            rule.span.clone(),
            message,
            format!("write `better = \"{way}\"`"),
        );
    }
}

/// The differences to compute from raw predictions.
fn contrasts(rule: &ComparisonRule) -> Vec<Contrast> {
    let sign = if rule.better == Better::Higher { 1.0 } else { -1.0 };
    let mut factors: Vec<f64> = Vec::new();
    for margin in &rule.margins {
        let factor = match margin {
            Margin::LossRatio(share) => round12(1.0 - sign * share),
            Margin::Loss(_) | Margin::Gain(_) => 1.0,
        };
        if !factors.iter().any(|f| f.to_bits() == factor.to_bits()) {
            factors.push(factor);
        }
    }
    let mut keys: Vec<Vec<String>> = rule.slices.iter().map(|key| vec![key.clone()]).collect();
    if keys.is_empty() {
        keys.push(rule.target.selector.slice.0.keys().cloned().collect());
    }
    let one = |(slices, factor): (Vec<String>, f64)| Contrast {
        against: rule.against,
        metric: rule.target.metric.clone(),
        quantile: rule.target.selector.quantile,
        slices,
        factor,
    };
    keys.iter().flat_map(|k| factors.iter().map(|f| (k.clone(), *f))).map(one).collect()
}

/// Evaluates the rule: one finding for each slice and margin.
fn judge<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    out: &mut Findings<'a>,
) {
    let baseline = match comparison.against {
        Against::Champion => view.champion,
        Against::Reference => view.reference,
    };
    let Some(index) = baseline else {
        first_release(view, rule, comparison, out);
        return;
    };
    let baseline = View { index, ..*view };
    if comparison.slices.is_empty() {
        let of = Cow::Borrowed(&comparison.target.selector.slice);
        slice(view, &baseline, rule, comparison, of, out);
    }
    for key in &comparison.slices {
        groups::each(view, rule, &comparison.target, key, out, |group, out| {
            slice(view, &baseline, rule, comparison, Cow::Owned(group), out);
        });
    }
}

/// The finding if there is no baseline; its status depends on the rule's `first_release`.
fn first_release<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    out: &mut Findings<'a>,
) {
    let status = match comparison.first_release {
        FirstRelease::Review | FirstRelease::Allow => Status::Skipped,
        FirstRelease::Deny => Status::Missing,
    };
    let versus =
        |value, baseline| Some(Box::new(Versus { against: comparison.against, value, baseline }));
    let finding = Judged {
        versus: versus(None, None),
        unit: comparison.target.unit,
        quantile: comparison.target.selector.quantile,
        slice: Cow::Borrowed(&comparison.target.selector.slice),
        ..blank(view, rule, status)
    };
    out.say(finding, Reason::own(Why::FirstRelease(comparison.first_release)));
}

/// A margin as a limit of `value − factor · baseline`.
fn limit(margin: Margin, better: Better) -> (Limit, f64) {
    let (op, sign) = match better {
        Better::Higher => (Op::AtLeast, 1.0),
        Better::Lower => (Op::AtMost, -1.0),
    };
    match margin {
        Margin::Loss(most) => (Limit { op, value: 0.0 - sign * most }, 1.0),
        Margin::Gain(least) => (Limit { op, value: sign * least }, 1.0),
        Margin::LossRatio(share) => (Limit { op, value: 0.0 }, round12(1.0 - sign * share)),
    }
}

fn slice<'a>(
    view: &View<'a>,
    baseline: &View<'a>,
    rule: &'a Rule,
    comparison: &'a ComparisonRule,
    slice: Cow<'a, Slice>,
    out: &mut Findings<'a>,
) {
    let target = &comparison.target;
    let entries = select::of_slice(view, target, &slice);
    let theirs = select::of_slice(baseline, target, &slice);
    out.note(&entries);
    let mut evidence = digests(view, entries.iter().map(|e| e.document)).into_owned();
    evidence.extend_from_slice(&digests(baseline, theirs.iter().map(|e| e.document)));
    evidence.sort_unstable();
    evidence.dedup();
    let versus =
        |value, baseline| Some(Box::new(Versus { against: comparison.against, value, baseline }));
    let finding = |limit: Limit, status| Judged {
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: Cow::Owned(evidence.clone()),
        required: Some(Required { op: limit.op, value: limit.value }),
        ..blank(view, rule, status)
    };
    for margin in &comparison.margins {
        let (limit, factor) = limit(*margin, comparison.better);
        let pairs = (choose::one(view, target, &entries), choose::one(baseline, target, &theirs));
        let difference = match pairs {
            (Err(places), _) | (_, Err(places)) => Err(Problem::Conflict(places)),
            (Ok(ours), Ok(theirs)) => {
                weighed::difference(view, baseline, comparison, &slice, factor, ours, theirs)
            }
        };
        match difference {
            Ok(difference) => {
                let ruling = hold(view, comparison, limit, *margin, &difference);
                let finding = Judged {
                    severity: ruling.severity.unwrap_or(rule.severity),
                    numbers: Numbers {
                        method: difference.method,
                        ..difference.weighed.told(&difference.judging)
                    },
                    versus: versus(difference.value, difference.baseline),
                    tries: difference.judging.tries,
                    samples_needed: ruling.hint.samples_needed,
                    allowed_failures: ruling.hint.allowed_failures,
                    ..finding(limit, ruling.status)
                };
                out.say(finding, ruling.reason);
            }
            Err(problem) => {
                let (status, reason) = problem.said(view, comparison, &slice);
                let finding = Judged { versus: versus(None, None), ..finding(limit, status) };
                out.say(finding, reason);
            }
        }
    }
}

/// The reason why a bare margin does not fit the metric, if so: no proportion can lose more than 1,
/// so a margin of 2 was meant in percent.
fn misread(comparison: &ComparisonRule, margin: Margin) -> Option<String> {
    let target = &comparison.target;
    let fraction = target.unit.is_none() && Range::of(&target.metric) == Some(Range::Fraction);
    let (Margin::Loss(size) | Margin::Gain(size)) = margin else { return None };
    (fraction && size > 1.0).then(|| {
        format!(
            "the margin {size} is none of a number from 0 to 1; write {}, or \"{size}%\"",
            round12(size / 100.0)
        )
    })
}

fn hold(
    view: &View<'_>,
    comparison: &ComparisonRule,
    limit: Limit,
    margin: Margin,
    difference: &Difference,
) -> Ruling {
    let weighed = &difference.weighed;
    let (status, reason) = match misread(comparison, margin) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => threshold::answer(weighed, limit),
    };
    let reason = match reason {
        Reason::Bound | Reason::PointEstimate => {
            Reason::own(Why::Compared(Compared { margin, paired: difference.paired }))
        }
        other => other,
    };
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let least = comparison.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    if decides && weighed.n.unwrap_or(0) < least {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::TooFew { least, clears: status == Status::Pass };
    }
    if let Some(least) = comparison.min_events.filter(|least| weighed.events.unwrap_or(0) < *least)
        && decides
        && ruling.status == status
    {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::FewEvents { events: weighed.events, least, method: None };
    }
    if ruling.status == Status::Inconclusive {
        ruling.hint =
            Hint::by_width(&difference.judging, limit, weighed).shown(&difference.judging);
        let events = comparison.min_events.is_none_or(|least| weighed.events >= Some(least));
        let enough =
            weighed.method.bounds() && weighed.n.is_some_and(|n| n >= least.max(1)) && events;
        if view.policy.statistics.inconclusive_warns && enough {
            ruling.severity = Some(Severity::Warn);
        }
    }
    ruling
}
