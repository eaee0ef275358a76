//! The limits on what a policy can ask for, so that no evaluation takes long. A policy over its
//! budget is refused when it is linted or published; if it is evaluated anyway, the result is an
//! `error`.

use super::{
    diagnostic::{Collector, Mistakes},
    schema::Policy,
};
use crate::model::number::grouped;
use std::ops::Range;

/// The maximum number of rule findings in one decision: rules × groups.
pub const MOST_FINDINGS: usize = 100_000;
/// The maximum size of a policy, in bytes.
pub const MOST_BYTES: usize = 512 << 10;
/// The maximum number of rules.
pub const MOST_RULES: usize = 1_000;
/// The maximum number of declared groups, over all attributes.
pub const MOST_GROUPS: usize = 20_000;
/// The maximum number of approval requirements.
pub const MOST_APPROVALS: usize = 100;
/// The maximum number of patterns in `applies_to`.
pub const MOST_PATTERNS: usize = 1_000;
/// The maximum length of a pattern, in bytes.
pub const LONGEST_PATTERN: usize = 256;
/// The maximum number of rules with a condition that joins texts or matches patterns.
const MOST_COSTLY: usize = 100;

/// The limit on its size, if a text exceeds it.
pub(super) fn too_large(text: &str) -> Option<Mistakes> {
    let mut found = Collector::new(text);
    most(&mut found, "policy-too-large", 0..0, "bytes", (text.len(), MOST_BYTES));
    Some(found.finish()).filter(|found| !found.list.is_empty())
}

fn most(
    found: &mut Collector<'_>,
    code: &'static str,
    place: Range<usize>,
    what: &str,
    (has, most): (usize, usize),
) {
    if has > most {
        let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
        let message =
            format!("this policy has {} {what}, and {} is the most", count(has), count(most));
        found.help(
            code,
            place,
            message,
            "split it into several policies; every one that applies must allow",
        );
    }
}

/// All limits that a policy exceeds.
pub(super) fn over(policy: &Policy) -> Mistakes {
    let mut found = Collector::new(&policy.source);
    let top = policy.source.find("name").map_or(0..0, |at| at..at + 4);
    let groups = policy.groups.values().map(Vec::len).sum();
    let patterns = policy.applies_to.models.len() + policy.applies_to.environments.len();
    let costly = policy
        .rules
        .iter()
        .filter(|r| r.when.as_ref().is_some_and(super::Condition::is_costly))
        .count();
    for (code, what, has, limit) in [
        ("policy-too-large", "bytes", policy.source.len(), MOST_BYTES),
        ("too-many-rules", "rules", policy.rules.len(), MOST_RULES),
        ("too-many-groups", "declared groups", groups, MOST_GROUPS),
        ("too-many-approvals", "requirements of approval", policy.approvals.len(), MOST_APPROVALS),
        ("too-many-patterns", "patterns in `applies_to`", patterns, MOST_PATTERNS),
        (
            "condition-too-costly",
            "conditions that join texts or match patterns",
            costly,
            MOST_COSTLY,
        ),
    ] {
        most(&mut found, code, top.clone(), what, (has, limit));
    }
    let globs = policy
        .applies_to
        .models
        .iter()
        .chain(&policy.applies_to.environments)
        .map(|g| (top.clone(), g));
    let checks = policy.rules.iter().filter_map(|r| Some((r.span.clone(), r.kind.pattern()?)));
    for (place, pattern) in
        globs.chain(checks).filter(|(_, glob)| glob.as_str().len() > LONGEST_PATTERN)
    {
        let message = format!(
            "a pattern of {} bytes is longer than {LONGEST_PATTERN}",
            pattern.as_str().len()
        );
        found.help("pattern-too-long", place, message, "write `*` for what may be anything");
    }
    for rule in &policy.rules {
        if let Some(why) = rule.when.as_ref().and_then(super::Condition::too_costly) {
            let message = format!("the condition of this rule costs too much: {why}");
            found.help(
                "condition-too-costly",
                rule.span.clone(),
                message,
                "compare single values, or split the rule",
            );
        }
    }
    found.finish()
}
