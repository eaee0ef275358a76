//! Parses TOML text into a [`Policy`], or into a list of all its mistakes.

pub(super) mod limits;
mod recompute;
pub(super) mod rule;
pub(super) mod section;
mod tables;

use super::{
    budget,
    diagnostic::{Collector, Mistakes, quote},
    schema::{Policy, Rule, Statistics},
};
use crate::model::{Digest, verdict::Mode};
use section::{At, Section};
use std::collections::BTreeSet;
use toml::de::DeTable;

const KEYS: [&str; 10] = [
    "name",
    "description",
    "applies_to",
    "mode",
    "evidence",
    "statistics",
    "groups",
    "rule",
    "recompute",
    "approval",
];

/// Reads a policy for use from now on: like [`parse`], and it must be within its budget. A policy
/// that was published earlier is only parsed; if it is over its budget, its evaluation is an
/// `error`.
///
/// # Errors
/// All mistakes in the policy; if there are none, all limits that it exceeds.
pub fn admit(text: &str) -> Result<Policy, Mistakes> {
    if let Some(mistakes) = budget::too_large(text) {
        return Err(mistakes);
    }
    let policy = parse(text)?;
    let over = budget::over(&policy);
    if over.list.is_empty() { Ok(policy) } else { Err(over) }
}

/// Reads a policy. The digest of the policy is the digest of exactly these bytes.
///
/// # Errors
/// All mistakes in the policy, at once.
pub fn parse(text: &str) -> Result<Policy, Mistakes> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let mut found = Collector::new(text);
    for error in &syntax {
        let span = error.span().unwrap_or(0..0);
        found.help(
            "syntax",
            span,
            format!("not TOML: {}", error.message()),
            "see https://toml.io for the syntax",
        );
    }
    let top = Section::new(table.get_ref(), 0..0, "a policy");
    let policy = read(&mut found, &top, text);
    match policy {
        Some(policy) if found.is_empty() => Ok(policy),
        _ => Err(told(found.finish())),
    }
}

/// Removes mistakes about missing parts from an invalid TOML text: the parts may only be after the
/// syntax error.
fn told(mut mistakes: Mistakes) -> Mistakes {
    if mistakes.list.iter().any(|m| m.code == "syntax") {
        mistakes
            .list
            .retain(|m| !matches!(m.code, "missing-key" | "no-rule" | "no-limit" | "rule-kind"));
    }
    mistakes
}

fn read(found: &mut Collector<'_>, top: &Section<'_>, text: &str) -> Option<Policy> {
    top.only(found, &KEYS);
    let name = name(found, top);
    let description = top.text(found, "description").map(|t| t.value.to_owned());
    let mode = match top.word(found, "mode", &["enforce", "observe"]) {
        Some("observe") => Mode::Observe,
        _ => Mode::Enforce,
    };
    let applies_to = tables::applies_to(found, top);
    let evidence = tables::evidence(found, top);
    let statistics = tables::statistics(found, top);
    let groups = tables::groups(found, top);
    let recompute =
        top.table(found, "recompute", "`[recompute]`").map(|s| recompute::read(found, &s));
    let rules = rules(found, top, &statistics);
    let approvals = tables::approvals(found, top);
    reviewed(found, top, &rules);
    let mut policy = Policy {
        name: name?.value.to_owned(),
        description,
        digest: Digest::of(text.as_bytes()),
        mode,
        applies_to,
        evidence,
        statistics,
        groups,
        rules,
        recompute,
        approvals,
        over_budget: None,
        source: text.into(),
    };
    policy.over_budget = budget::over(&policy).list.into_iter().next().map(|first| first.message);
    Some(policy)
}

fn name<'t>(found: &mut Collector<'_>, top: &Section<'t>) -> Option<At<&'t str>> {
    let name = top.required(found, "name", "\"credit-risk\"")?;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.value.len() > 100
        || !name.value.chars().all(fine)
        || !name.value.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        let message = format!("{} cannot be the name of a policy", quote(name.value));
        found.help("bad-id", name.span, message, "use up to 100 letters, digits, `-`, `_` and `.`");
        return None;
    }
    Some(name)
}

fn rules(found: &mut Collector<'_>, top: &Section<'_>, statistics: &Statistics) -> Vec<Rule> {
    let sections = top.tables(found, "rule", "this rule");
    if sections.is_empty() && (!top.has("rule") || is_list(top)) {
        let help = "add `[[rule]]` with an id, a metric and a limit";
        found.help(
            "no-rule",
            top.place("rule"),
            "a policy without any rule allows everything",
            help,
        );
    }
    let mut out = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for section in &sections {
        if let Some(toml::de::DeValue::String(id)) = section.get("id").map(toml::Spanned::get_ref)
            && !seen.insert(id)
        {
            let span = section.get("id").map_or_else(|| section.span.clone(), toml::Spanned::span);
            let message = format!("the rule id {} is used twice", quote(id));
            found.help("duplicate-rule", span, message, "give each rule its own id");
        }
        out.extend(rule::read(found, section, statistics));
    }
    out
}

/// Checks that a first release can be reviewed: if "approvals decide", the policy must require
/// approvals.
fn reviewed(found: &mut Collector<'_>, top: &Section<'_>, rules: &[Rule]) {
    if top.has("approval") {
        return;
    }
    for rule in rules {
        if let Some(against) = rule.kind.baseline().filter(|_| rule.kind.needs_review()) {
            let message = format!(
                "while there is no {against}, approvals decide this rule, but this policy requires no approval"
            );
            let help = "add `first_release = \"deny\"` or `\"allow\"` to the rule, or an `[[approval]]` to the policy";
            found.help("review-without-approval", rule.span.clone(), message, help);
        }
    }
}

fn is_list(top: &Section<'_>) -> bool {
    matches!(top.get("rule").map(toml::Spanned::get_ref), Some(toml::de::DeValue::Array(_)))
}

#[cfg(test)]
mod tests;
