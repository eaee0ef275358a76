//! Reads the tables other than rules: `applies_to`, `[evidence]`, `[statistics]`, `[groups]`,
//! `[[approval]]`.

use super::{
    rule,
    section::{At, Section, texts},
};
use crate::{
    model::Age,
    policy::{
        diagnostic::{Collector, quote},
        glob::Glob,
        schema::{AppliesTo, ApprovalRule, IntervalMethod, Requirements, Statistics},
    },
};
use std::collections::BTreeMap;

/// Reads `applies_to`.
pub(super) fn applies_to(found: &mut Collector<'_>, top: &Section<'_>) -> AppliesTo {
    let Some(section) = top.table(found, "applies_to", "`applies_to`") else {
        return AppliesTo::default();
    };
    section.only(found, &["models", "environments"]);
    AppliesTo {
        models: globs(found, &section, "models"),
        environments: globs(found, &section, "environments"),
    }
}

fn globs(found: &mut Collector<'_>, section: &Section<'_>, key: &str) -> Vec<Glob> {
    let mut out = Vec::new();
    for text in section.texts(found, key).unwrap_or_default() {
        match Glob::new(text.value) {
            Ok(glob) => out.push(glob),
            Err(error) => {
                found.add("bad-pattern", text.span, format!("{}: {error}", quote(text.value)));
            }
        }
    }
    out
}

/// Reads `[evidence]`.
pub(super) fn evidence(found: &mut Collector<'_>, top: &Section<'_>) -> Requirements {
    let Some(section) = top.table(found, "evidence", "`[evidence]`") else {
        return Requirements::default();
    };
    section.only(found, &["max_age", "datasets", "require"]);
    Requirements {
        max_age: duration(found, &section, "max_age"),
        datasets: owned(section.texts(found, "datasets")),
        require: owned(section.texts(found, "require")),
    }
}

fn owned(list: Option<Vec<At<&str>>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().map(|t| t.value.to_owned()).collect()
}

/// A duration above zero.
fn duration(found: &mut Collector<'_>, section: &Section<'_>, key: &str) -> Option<Age> {
    let text = section.text(found, key)?;
    match text.value.parse::<Age>() {
        Ok(age) if age.secs() > 0 => Some(age),
        Ok(_) => {
            found.add("bad-duration", text.span, format!("`{key}` must be longer than zero"));
            None
        }
        Err(error) => {
            found.add("bad-duration", text.span, format!("`{key}`: {error}"));
            None
        }
    }
}

/// Reads `[statistics]`.
pub(super) fn statistics(found: &mut Collector<'_>, top: &Section<'_>) -> Statistics {
    let mut statistics = Statistics::default();
    let Some(section) = top.table(found, "statistics", "`[statistics]`") else { return statistics };
    section.only(
        found,
        &[
            "confidence",
            "interval",
            "claimed_intervals",
            "point_estimates",
            "inconclusive",
            "reuse",
        ],
    );
    if let Some(confidence) = section.number(found, "confidence") {
        if confidence.value > 0.5 && confidence.value < 1.0 {
            statistics.confidence = confidence.value;
        } else {
            let help = if confidence.value > 50.0 && confidence.value < 100.0 {
                format!(
                    "did you mean `{}`?",
                    crate::model::number::round12(confidence.value / 100.0)
                )
            } else {
                "0.95 is usual".to_owned()
            };
            found.help(
                "out-of-range",
                confidence.span,
                "`confidence` must be between 0.5 and 1",
                help,
            );
        }
    }
    statistics.interval =
        match section.word(found, "interval", &["clopper-pearson", "wilson", "jeffreys"]) {
            Some("wilson") => IntervalMethod::Wilson,
            Some("jeffreys") => IntervalMethod::Jeffreys,
            _ => IntervalMethod::ClopperPearson,
        };
    statistics.spend = section.word(found, "reuse", &["report", "spend"]) == Some("spend");
    let allowed = |found: &mut Collector<'_>, key| {
        section.word(found, key, &["refuse", "allow"]) == Some("allow")
    };
    statistics.claimed_intervals = allowed(found, "claimed_intervals");
    statistics.point_estimates = allowed(found, "point_estimates");
    statistics.inconclusive_warns =
        section.word(found, "inconclusive", &["deny", "warn"]) == Some("warn");
    statistics
}

/// Reads `[groups]`.
pub(super) fn groups(
    found: &mut Collector<'_>,
    top: &Section<'_>,
) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    let Some(section) = top.table(found, "groups", "`[groups]`") else { return out };
    for (key, value) in section.entries() {
        let Some(list) = texts(found, key.value, value) else { continue };
        if list.is_empty() {
            let message = format!("the attribute {} declares no group", quote(key.value));
            found.help("empty", value.span(), message, "name its groups, or remove the attribute");
        }
        out.insert(key.value.to_owned(), list.into_iter().map(|t| t.value.to_owned()).collect());
    }
    out
}

/// Reads `[[approval]]`.
pub(super) fn approvals(found: &mut Collector<'_>, top: &Section<'_>) -> Vec<ApprovalRule> {
    let mut out: Vec<ApprovalRule> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for section in top.tables(found, "approval", "this approval") {
        section.only(found, &["id", "role", "count", "expires"]);
        let id = rule::identifier(found, &section, "an approval");
        if let Some(id) = &id {
            if seen.contains(&id.value) {
                let message = format!("the approval id {} is used twice", quote(id.value));
                found.help(
                    "duplicate-approval",
                    id.span.clone(),
                    message,
                    "give each approval its own id",
                );
            }
            seen.push(id.value);
        }
        let role = section.required(found, "role", "\"…\"");
        let count = match section.count(found, "count") {
            Some(count) if !(1..=100).contains(&count.value) => {
                found.help(
                    "out-of-range",
                    count.span,
                    "`count` must be from 1 to 100",
                    "1 is the default",
                );
                None
            }
            count => Some(count.map_or(1, |c| c.value)),
        };
        let expires = duration(found, &section, "expires");
        if let (Some(id), Some(role), Some(count)) = (id, role, count) {
            out.push(ApprovalRule {
                id: id.value.to_owned(),
                role: role.value.to_owned(),
                count,
                expires,
            });
        }
    }
    out
}
