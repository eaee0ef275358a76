//! Compares a metric with limits. A bound decides, not the point estimate: `pass` if the bound
//! clears the limit, `fail` if the opposite bound breaks it, otherwise `inconclusive`.

mod lint;
mod read;

use super::{
    Findings, Kind, Limits, METRIC_EXAMPLE, METRIC_SUBJECT, Needs, Reader, View, as_kind, blank,
    bound::{bound, meets},
    choose, digests, groups,
    hint::Hint,
    judging::{Judging, judging},
    kind, select,
    weigh::{Method, Weighed, misread, weigh},
};
use crate::{
    model::{Metric, Op, Quantity, Required, Severity, Slice, Status},
    policy::{
        diagnostic::Collector,
        explain::{percent, rules},
        judged::Judged,
        parse::rule,
        phrase::Reason,
        schema::{Limit, Policy, Rule, Target},
    },
    stats::quantile,
};
use std::{borrow::Cow, fmt::Write as _};

/// A rule that compares a metric with limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The number it is about.
    pub target: Target,
    /// The attributes whose groups must all hold; empty for a rule about one slice.
    pub slices: Vec<String>,
    /// The limits, `min` first; never empty.
    pub limits: Vec<Limit>,
    /// The least number of samples.
    pub min_samples: Option<u64>,
    /// The least number of events.
    pub min_events: Option<u64>,
}

/// How such a rule is written.
pub(super) const READER: Reader = Reader {
    subject: METRIC_SUBJECT,
    example: METRIC_EXAMPLE,
    name: "a rule with a limit",
    keys: &[&rule::METRIC, &rule::CHOICE, &rule::LIMITS],
    is: |_| true,
    read: |found, rule, statistics| Some(Box::new(read::read(found, rule, statistics)?)),
};

impl Kind for Threshold {
    fn about(&self) -> &str {
        &self.target.metric
    }

    fn judge<'a>(&'a self, view: &View<'a>, rule: &'a Rule, out: &mut Findings<'a>) {
        judge(view, rule, self, out);
    }

    fn explain(&self, policy: &Policy) -> String {
        let limits: Vec<String> = self
            .limits
            .iter()
            .map(|l| {
                let value = Quantity { value: l.value, unit: self.target.unit };
                match l.op {
                    Op::AtLeast => format!("at least {value}"),
                    Op::AtMost => format!("at most {value}"),
                }
            })
            .collect();
        let mut text = format!(
            "{}{} must be {}",
            rules::metric(&self.target),
            rules::selected(&self.target.selector),
            limits.join(" and ")
        );
        let exact = Metric::find(&self.target.metric).is_some_and(Metric::is_proportion);
        if exact {
            let _ = write!(
                text,
                ", and shown to be so at {} confidence",
                percent(policy.statistics.confidence)
            );
        } else if self.target.point_estimate && policy.statistics.claimed_intervals {
            text.push_str(", by the interval that the evidence states, else by the bare number");
        } else if self.target.point_estimate {
            text.push_str(" by the bare number, whose uncertainty is unknown");
        } else if policy.statistics.claimed_intervals {
            text.push_str(" by the interval that the evidence states");
        }
        text + &rules::where_and_on(&self.slices, self.min_samples, self.min_events)
    }

    fn same(&self, other: &dyn Kind) -> bool {
        kind::same(self, other)
    }

    fn lint(&self, found: &mut Collector<'_>, policy: &Policy, rule: &Rule) {
        crate::policy::lint::number(found, policy, rule, &self.target, &self.slices);
        lint::direction(found, rule, self);
        for limit in &self.limits {
            lint::vacuous(found, rule, self, *limit);
            lint::samples(found, policy, rule, self, *limit);
        }
    }

    fn is_stricter(&self, other: &dyn Kind) -> bool {
        as_kind::<Self>(other).is_some_and(|other| implies(self, other))
    }

    fn attributes(&self) -> &[String] {
        &self.slices
    }

    fn limits(&self) -> Option<Limits<'_>> {
        let Self { target, limits, min_samples, .. } = self;
        Some(Limits { target, list: limits, min_samples: *min_samples })
    }

    fn plan(&self, needs: &mut Needs<'_>) {
        needs.selected(&self.target.selector);
        needs.quantile(&self.target.selector);
    }
}

/// Whether every value that meets `strict` also meets `loose`, and the two differ.
fn implies(strict: &Threshold, loose: &Threshold) -> bool {
    let same = strict.target == loose.target && strict.slices == loose.slices;
    let samples = strict.min_samples.unwrap_or(0) >= loose.min_samples.unwrap_or(0)
        && strict.min_events.unwrap_or(0) >= loose.min_events.unwrap_or(0);
    let limit = |rule: &Threshold, op: Op| rule.limits.iter().find(|l| l.op == op).map(|l| l.value);
    let covered = |op: Op| match (limit(strict, op), limit(loose, op), op) {
        (_, None, _) => true,
        (None, Some(_), _) => false,
        (Some(strict), Some(loose), Op::AtLeast) => strict >= loose,
        (Some(strict), Some(loose), Op::AtMost) => strict <= loose,
    };
    same && samples && covered(Op::AtLeast) && covered(Op::AtMost) && strict.limits != loose.limits
}

/// Evaluates the rule: one finding for each slice and limit.
fn judge<'a>(view: &View<'a>, rule: &'a Rule, threshold: &'a Threshold, out: &mut Findings<'a>) {
    if threshold.slices.is_empty() {
        let of = Cow::Borrowed(&threshold.target.selector.slice);
        slice(view, rule, threshold, of, out);
    }
    for key in &threshold.slices {
        groups::each(view, rule, &threshold.target, key, out, |group, out| {
            slice(view, rule, threshold, Cow::Owned(group), out);
        });
    }
}

/// Evaluates the rule on one slice.
fn slice<'a>(
    view: &View<'a>,
    rule: &'a Rule,
    threshold: &'a Threshold,
    slice: Cow<'a, Slice>,
    out: &mut Findings<'a>,
) {
    let target = &threshold.target;
    let entries = select::of_slice(view, target, &slice);
    out.note(&entries);
    let evidence = digests(view, entries.iter().map(|e| e.document));
    let finding = |limit: &Limit, status| Judged {
        slice: slice.clone(),
        unit: target.unit,
        quantile: target.selector.quantile,
        evidence: evidence.clone(),
        required: Some(Required { op: limit.op, value: limit.value }),
        ..blank(view, rule, status)
    };
    let (status, reason) = match choose::one(view, target, &entries) {
        Ok(Some(chosen)) => {
            let judging = judging(view, chosen.document, chosen.dataset);
            let computed = choose::computed(view, chosen.document);
            let weighed = weigh(target, &judging, &chosen.measurement, computed);
            for limit in &threshold.limits {
                let ruling = hold(view, threshold, &judging, *limit, &weighed);
                let finding = Judged {
                    severity: ruling.severity.unwrap_or(rule.severity),
                    tries: judging.tries,
                    samples_needed: ruling.hint.samples_needed,
                    allowed_failures: ruling.hint.allowed_failures,
                    numbers: weighed.told(&judging),
                    ..finding(limit, ruling.status)
                };
                out.say(finding, ruling.reason);
            }
            return;
        }
        Ok(None) => {
            let near = select::near(view, target, &slice);
            (Status::Missing, Reason::NoMeasurement(near))
        }
        Err(places) => (Status::Error, Reason::Conflict(places)),
    };
    for limit in &threshold.limits {
        out.say(finding(limit, status), reason.clone());
    }
}

/// What a limit decides.
pub(super) struct Ruling {
    pub(super) status: Status,
    /// The severity, if it is not that of the rule.
    pub(super) severity: Option<Severity>,
    pub(super) hint: Hint,
    pub(super) reason: Reason,
}

/// Compares the numbers with one limit.
fn hold(
    view: &View<'_>,
    threshold: &Threshold,
    judging: &Judging,
    limit: Limit,
    weighed: &Weighed,
) -> Ruling {
    let (status, reason) = match misread(&threshold.target, weighed, limit) {
        Some(why) => (Status::Error, Reason::Wrong(why)),
        None => answer(weighed, limit),
    };
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let size = weighed.trials.or(weighed.n);
    let asked = threshold.min_samples.unwrap_or(0);
    let decides = matches!(status, Status::Pass | Status::Fail | Status::Inconclusive);
    let counted = !matches!(weighed.method, Method::NoValue | Method::NoSamples);
    if decides && size.unwrap_or(0) < asked && counted {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::TooFew { least: asked, clears: status == Status::Pass };
    }
    if let Some(least) = threshold.min_events.filter(|least| weighed.events.unwrap_or(0) < *least)
        && decides
        && counted
        && ruling.status == status
    {
        ruling.status = Status::Inconclusive;
        ruling.reason = Reason::FewEvents { events: weighed.events, least, method: None };
    }
    if let Some(least) =
        quantile_needs(threshold, judging, weighed, limit).filter(|_| decides && counted)
    {
        ruling.status = Status::Inconclusive;
        let has = weighed.n.or(weighed.trials).unwrap_or(0);
        ruling.hint.samples_needed = Some(least.saturating_sub(has));
        ruling.reason = Reason::QuantileNeeds(least);
    }
    if ruling.status == Status::Inconclusive {
        if ruling.hint.samples_needed.is_none() {
            let unit = threshold.target.unit;
            ruling.hint = Hint::by_rate(judging, threshold.min_samples, unit, limit, weighed);
        }
        ruling.hint = ruling.hint.shown(judging);
        // A value that is undefined, or that contradicts its own counts, is not merely uncertain.
        let events = threshold.min_events.is_none_or(|least| weighed.events >= Some(least));
        let enough = weighed.method.bounds() && size.is_some_and(|t| t >= asked.max(1)) && events;
        let trials = weighed.trials.is_some() || !matches!(weighed.method, Method::Claimed(_));
        if view.policy.statistics.inconclusive_warns && enough && trials {
            ruling.severity = Some(Severity::Warn);
        }
    }
    ruling
}

/// The least sample size at which a bound of the quantile exists, if this sample is smaller: 40
/// samples do not bound a p99.
fn quantile_needs(
    threshold: &Threshold,
    judging: &Judging,
    weighed: &Weighed,
    limit: Limit,
) -> Option<u64> {
    let q = threshold.target.selector.quantile?;
    let toward = match limit.op {
        Op::AtMost => q,
        Op::AtLeast => 1.0 - q,
    };
    let least = quantile::least_samples(toward, judging.alpha)?;
    let size = weighed.n.or(weighed.trials)?;
    (size < least).then_some(least)
}

pub(super) fn answer(weighed: &Weighed, limit: Limit) -> (Status, Reason) {
    let unsettled = |reason| (Status::Inconclusive, reason);
    match &weighed.method {
        method if method.bounds() => (bound(weighed, limit), Reason::Bound),
        Method::PointEstimate => match weighed.observed {
            Some(value) if meets(value, limit) => (Status::Pass, Reason::PointEstimate),
            Some(_) => (Status::Fail, Reason::PointEstimate),
            None => unsettled(Reason::NoValue),
        },
        Method::NoValue => unsettled(Reason::NoValue),
        Method::NoSamples => unsettled(Reason::NoSamples),
        Method::NoTrials => unsettled(Reason::NoTrials),
        Method::NoCount => unsettled(Reason::NoCount),
        Method::NoBound => unsettled(Reason::NoBound),
        Method::Unbounded(why) => unsettled(Reason::Unbounded(why.clone())),
        Method::FewEvents { method, events, least } => unsettled(Reason::FewEvents {
            events: Some(*events),
            least: *least,
            method: Some(method.to_string()),
        }),
        Method::Weak(confidence) => unsettled(Reason::WeakInterval(*confidence)),
        Method::Wrong(why) => (Status::Error, Reason::Wrong(why.clone())),
        Method::Counts(_) | Method::Computed(_) | Method::OrderStatistics | Method::Claimed(_) => {
            unsettled(Reason::NoBound)
        }
    }
}
