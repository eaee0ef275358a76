//! Compares the rates of groups, always from the counts of each group and never from a claimed
//! disparity. The rule holds if it is shown for every ordered pair of groups. Each pair is tested
//! at the policy's confidence, because all of them must hold (an intersection–union test, Berger
//! 1982).

mod measure;
mod rates;

use super::{
    Findings, View, blank, digests, groups, hint::Hint, judging::Judging, threshold,
    threshold::Ruling,
};
use crate::{
    model::{GroupRate, Required, Severity, Status},
    policy::{
        judged::{Groups, Judged},
        phrase::Reason,
        schema::{DisparityRule, Rule},
    },
};
use measure::Measured;
use rates::{Problem, Rates};

/// The maximum number of groups, because every pair of them is compared.
const MOST_GROUPS: usize = 128;

/// Evaluates the rule: one finding for each attribute, or one for all attributes crossed.
pub(super) fn judge<'a>(
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
                numbers: measured.weighed.numbers(),
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
) -> Result<(Measured, Judging), Box<Problem>> {
    for rates in found {
        if let Some(problem) = &rates.problem {
            return Err(Box::new(problem.clone()));
        }
        match rates.groups.len() {
            0 => return Err(Problem::boxed(Status::Missing, Reason::NoGroups(by.to_owned()))),
            1 => {
                return Err(Problem::boxed(
                    Status::Inconclusive,
                    Reason::SingleGroup(by.to_owned()),
                ));
            }
            n if n > MOST_GROUPS => {
                return Err(Problem::boxed(
                    Status::Error,
                    Reason::TooManyGroups { by: by.to_owned(), most: MOST_GROUPS },
                ));
            }
            _ => {}
        }
    }
    let judging = found
        .first()
        .map(|r| r.judging(view))
        .ok_or_else(|| Problem::boxed(Status::Missing, Reason::NoGroups(by.to_owned())))?;
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
    let (status, _) = threshold::answer(&measured.weighed, disparity.limit);
    for (rate, ratio) in rates.iter_mut().zip(&measured.ratios) {
        rate.ratio = *ratio;
    }
    let reason = Reason::Pair(Box::new(measured.pair.clone()));
    let mut ruling = Ruling { status, severity: None, hint: Hint::default(), reason };
    let least = disparity.min_samples.unwrap_or(0);
    let small = rates.iter().filter(|g| g.ratio.is_some() || measured.ratios.is_empty());
    let small = small.filter(|g| g.trials.unwrap_or(0) < least).min_by_key(|g| g.trials);
    if let Some(small) = small {
        ruling.reason = Reason::SmallGroup {
            group: small.slice.clone(),
            trials: small.trials.unwrap_or(0),
            least,
        };
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
