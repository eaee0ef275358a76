//! Rules that cannot mean what they say: conditions with a constant result, a looser rule next to a
//! stricter one, data sets that the policy does not accept.

use super::super::{
    diagnostic::{Collector, quote},
    schema::{Policy, Rule, RuleKind, Target, Threshold},
};
use crate::model::Op;

/// Warns about a condition whose result does not depend on the submission.
pub(super) fn condition(found: &mut Collector<'_>, rule: &Rule) {
    let Some(when) = &rule.when else { return };
    let text = quote(when.text());
    match when.constant() {
        Some(Ok(false)) => {
            let message = format!("{text} is never true, so this rule is never evaluated");
            found.help(
                "never-asked",
                rule.span.clone(),
                message,
                "compare with a value from the submission, or remove the rule",
            );
        }
        Some(Ok(true)) => {
            let message = format!("{text} is always true");
            found.help(
                "always-asked",
                rule.span.clone(),
                message,
                "remove `when`, or compare with a value from the submission",
            );
        }
        Some(Err(why)) => {
            let message = format!("{text} can never be evaluated: {why}");
            found.help(
                "condition-never-read",
                rule.span.clone(),
                message,
                "write an expression that is true or false",
            );
        }
        None => {}
    }
}

/// Warns about a rule next to a stricter rule about the same: it never decides anything.
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
            other.id != rule.id
                && other.severity <= rule.severity
                && other.when.is_none()
                && implies(asks, threshold)
        });
        if let Some((stricter, _)) = stricter {
            let message = format!(
                "{} is stricter about the same, so this rule never decides",
                quote(&stricter.id)
            );
            found.help(
                "shadowed-rule",
                rule.span.clone(),
                message,
                "remove it, or make it the stricter one",
            );
        }
    }
}

/// Whether every value that meets `strict` also meets `loose`, and the two differ.
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

/// Warns about a group or a data set that the policy itself does not list.
pub(super) fn unknown(found: &mut Collector<'_>, policy: &Policy, rule: &Rule, target: &Target) {
    for (key, group) in &target.selector.slice.0 {
        if policy.groups.get(key).is_some_and(|declared| !declared.contains(group)) {
            let message = format!("{} is not a declared group of {}", quote(group), quote(key));
            found.help(
                "undeclared-group",
                rule.span.clone(),
                message,
                "correct it, or declare it in `[groups]`",
            );
        }
    }
    let allowed = &policy.evidence.datasets;
    if let Some(dataset) =
        target.selector.dataset.as_ref().filter(|d| !allowed.is_empty() && !allowed.contains(d))
    {
        let message = format!(
            "{} is not among the data sets that `[evidence]` accepts, so this rule never holds",
            quote(dataset)
        );
        found.help(
            "dataset-not-allowed",
            rule.span.clone(),
            message,
            "add it to `datasets`, or select another",
        );
    }
}
