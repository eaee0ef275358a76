//! Rules that cannot mean what they say: conditions with a constant result, a looser rule next to a
//! stricter one, data sets that the policy does not accept.

use super::super::{
    diagnostic::{Collector, quote},
    schema::{Policy, Rule, Target},
};

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
    for rule in &policy.rules {
        let stricter = policy.rules.iter().find(|other| {
            other.id != rule.id
                && other.severity <= rule.severity
                && other.when.is_none()
                && other.kind.is_stricter(&*rule.kind)
        });
        if let Some(stricter) = stricter {
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
