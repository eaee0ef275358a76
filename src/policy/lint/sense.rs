//! Rules that cannot mean what they say: conditions without a choice, a looser rule beside a stricter one, data sets
//! that are not let in.

use super::super::{
    diagnostic::{Collector, quote},
    schema::{Policy, Rule, RuleKind, Target, Threshold},
};
use crate::model::Op;

/// A condition that says the same whatever is submitted.
pub(super) fn condition(found: &mut Collector<'_>, rule: &Rule) {
    let Some(when) = &rule.when else { return };
    let text = quote(when.text());
    match when.constant() {
        Some(Ok(false)) => {
            let message = format!("{text} never holds, so that this rule is never asked");
            found.help(
                "never-asked",
                rule.span.clone(),
                message,
                "compare with what the submission says, or remove the rule",
            );
        }
        Some(Ok(true)) => {
            let message = format!("{text} always holds");
            found.help(
                "always-asked",
                rule.span.clone(),
                message,
                "remove `when`, or compare with what the submission says",
            );
        }
        Some(Err(why)) => {
            let message = format!("{text} can never be read: {why}");
            found.help("condition-never-read", rule.span.clone(), message, "write an expression that is true or false");
        }
        None => {}
    }
}

/// A rule beside one that asks for more of the same: it never decides anything.
pub(super) fn shadowed(found: &mut Collector<'_>, policy: &Policy) {
    let thresholds: Vec<(&Rule, &Threshold)> = policy
        .rules
        .iter()
        .filter_map(|rule| match &rule.kind {
            RuleKind::Threshold(threshold) => Some((rule, threshold)),
            _ => None,
        })
        .collect();
    for (rule, threshold) in &thresholds {
        let stricter = thresholds.iter().find(|(other, asks)| {
            other.id != rule.id && other.severity <= rule.severity && other.when.is_none() && implies(asks, threshold)
        });
        if let Some((stricter, _)) = stricter {
            let message = format!("{} asks for more of the same, so that this rule never decides", quote(&stricter.id));
            found.help("shadowed-rule", rule.span.clone(), message, "remove it, or make it the stricter one");
        }
    }
}

/// Whether what meets `strict` always meets `loose`, and is not the same.
fn implies(strict: &Threshold, loose: &Threshold) -> bool {
    let same = strict.target == loose.target && strict.slices == loose.slices;
    let samples = strict.min_samples.unwrap_or(0) >= loose.min_samples.unwrap_or(0);
    let limit = |rule: &Threshold, op: Op| rule.limits.iter().find(|l| l.op == op).map(|l| l.value);
    let covered = |op: Op| match (limit(strict, op), limit(loose, op), op) {
        (_, None, _) => true,
        (None, Some(_), _) => false,
        (Some(strict), Some(loose), Op::AtLeast) => strict >= loose,
        (Some(strict), Some(loose), Op::AtMost) => strict <= loose,
    };
    same && samples && covered(Op::AtLeast) && covered(Op::AtMost) && strict.limits != loose.limits
}

/// A group or a data set that the policy itself does not know.
pub(super) fn unknown(found: &mut Collector<'_>, policy: &Policy, rule: &Rule, target: &Target) {
    for (key, group) in &target.selector.slice.0 {
        if policy.groups.get(key).is_some_and(|declared| !declared.contains(group)) {
            let message = format!("{} is none of the declared groups of {}", quote(group), quote(key));
            found.help("undeclared-group", rule.span.clone(), message, "correct it, or declare it in `[groups]`");
        }
    }
    let allowed = &policy.evidence.datasets;
    if let Some(dataset) = target.selector.dataset.as_ref().filter(|d| !allowed.is_empty() && !allowed.contains(d)) {
        let message = format!(
            "{} is none of the data sets that `[evidence]` lets in, so that this rule never holds",
            quote(dataset)
        );
        found.help("dataset-not-allowed", rule.span.clone(), message, "add it to `datasets`, or select another");
    }
}
