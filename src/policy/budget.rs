//! What a policy may ask for at most, so that no judgement takes long: refused when it is linted or published, and an
//! `error` where it is judged all the same.

use super::{
    diagnostic::{Collector, Mistakes},
    parse::parse,
    schema::{Policy, RuleKind},
};
use crate::model::number::grouped;
use std::ops::Range;

/// The most findings of the rules of one decision: rules × groups.
pub const MOST_FINDINGS: usize = 100_000;
/// The largest policy, in bytes.
pub const MOST_BYTES: usize = 512 << 10;
/// The most rules.
pub const MOST_RULES: usize = 1_000;
/// The most declared groups, of all attributes together.
pub const MOST_GROUPS: usize = 20_000;
/// The most requirements of approval.
pub const MOST_APPROVALS: usize = 100;
/// The most patterns of `applies_to`.
pub const MOST_PATTERNS: usize = 1_000;
/// The longest pattern, in bytes.
pub const LONGEST_PATTERN: usize = 256;
/// The most rules with a condition that joins texts or matches patterns.
const MOST_COSTLY: usize = 100;

/// Reads a policy that is to be used from now on: as [`parse`], and within its budget. What was published before is
/// only parsed: it is in error where it is judged.
///
/// # Errors
/// Every mistake in it, else everything that it asks for too much of.
pub fn admit(text: &str) -> Result<Policy, Mistakes> {
    if let Some(mistakes) = too_large(text) {
        return Err(mistakes);
    }
    let policy = parse(text)?;
    let over = over(&policy);
    if over.list.is_empty() { Ok(policy) } else { Err(over) }
}

fn too_large(text: &str) -> Option<Mistakes> {
    let mut found = Collector::new(text);
    most(&mut found, "policy-too-large", 0..0, "bytes", (text.len(), MOST_BYTES));
    Some(found.finish()).filter(|found| !found.list.is_empty())
}

fn most(found: &mut Collector<'_>, code: &'static str, place: Range<usize>, what: &str, (has, most): (usize, usize)) {
    if has > most {
        let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
        let message = format!("this policy has {} {what}, and {} is the most", count(has), count(most));
        found.help(code, place, message, "split it into several policies; every one that applies must allow");
    }
}

/// Everything that a policy asks for too much of.
pub(super) fn over(policy: &Policy) -> Mistakes {
    let mut found = Collector::new(&policy.source);
    let top = policy.source.find("name").map_or(0..0, |at| at..at + 4);
    let groups = policy.groups.values().map(Vec::len).sum();
    let patterns = policy.applies_to.models.len() + policy.applies_to.environments.len();
    let costly = policy.rules.iter().filter(|r| r.when.as_ref().is_some_and(super::Condition::is_costly)).count();
    for (code, what, has, limit) in [
        ("policy-too-large", "bytes", policy.source.len(), MOST_BYTES),
        ("too-many-rules", "rules", policy.rules.len(), MOST_RULES),
        ("too-many-groups", "declared groups", groups, MOST_GROUPS),
        ("too-many-approvals", "requirements of approval", policy.approvals.len(), MOST_APPROVALS),
        ("too-many-patterns", "patterns in `applies_to`", patterns, MOST_PATTERNS),
        ("condition-too-costly", "conditions that join texts or match patterns", costly, MOST_COSTLY),
    ] {
        most(&mut found, code, top.clone(), what, (has, limit));
    }
    let globs = policy.applies_to.models.iter().chain(&policy.applies_to.environments).map(|g| (top.clone(), g));
    let checks = policy.rules.iter().filter_map(|r| match &r.kind {
        RuleKind::Check(check) => Some((r.span.clone(), &check.pattern)),
        _ => None,
    });
    for (place, pattern) in globs.chain(checks).filter(|(_, glob)| glob.as_str().len() > LONGEST_PATTERN) {
        let message = format!("a pattern of {} bytes is longer than {LONGEST_PATTERN}", pattern.as_str().len());
        found.help("pattern-too-long", place, message, "write `*` for what may be anything");
    }
    for rule in &policy.rules {
        if let Some(why) = rule.when.as_ref().and_then(super::Condition::too_costly) {
            let message = format!("the condition of this rule costs too much: {why}");
            found.help("condition-too-costly", rule.span.clone(), message, "compare single values, or split the rule");
        }
    }
    found.finish()
}
