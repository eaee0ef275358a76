//! What parses and is refused as not yet supported: never ignored.

use super::{limits, section::Section};
use crate::policy::diagnostic::{Collector, listed};

const CODE: &str = "not-yet-supported";

/// The keys of a rule that compare with a champion or reference, or compute a disparity.
pub(super) const RULE_KEYS: [&str; 8] =
    ["against", "max_loss", "max_loss_ratio", "min_gain", "first_release", "better", "by", "by_intersection"];

/// Checks the types of the comparing keys of a rule, and refuses them. Whether there are any.
pub(super) fn rule(found: &mut Collector<'_>, rule: &Section<'_>) -> bool {
    rule.word(found, "against", &["champion", "reference"]);
    for key in ["max_loss", "min_gain"] {
        limits::quantity(found, rule, key);
    }
    rule.number(found, "max_loss_ratio");
    rule.word(found, "first_release", &["review", "allow", "deny"]);
    rule.word(found, "better", &["higher", "lower"]);
    rule.texts(found, "by");
    rule.boolean(found, "by_intersection");
    let compares = ["against", "max_loss", "max_loss_ratio", "min_gain", "first_release", "better"];
    let disparity = ["by", "by_intersection"];
    let comparing = refuse(found, rule, &compares, "comparing with a champion or a reference");
    refuse(found, rule, &disparity, "computing a disparity between groups") || comparing
}

fn refuse(found: &mut Collector<'_>, rule: &Section<'_>, keys: &[&str], what: &str) -> bool {
    let present: Vec<&str> = keys.iter().copied().filter(|k| rule.has(k)).collect();
    let Some(first) = present.first() else { return false };
    let message = format!("{what} ({}) is not yet supported", listed(&present));
    let help = "remove the rule until it is; a rule that is ignored would promise what nobody checks";
    found.help(CODE, rule.place(first), message, help);
    true
}

/// `[recompute]`.
pub(super) fn recompute(found: &mut Collector<'_>, section: &Section<'_>) {
    section.only(found, &["label", "prediction", "score", "positive", "groups", "tolerance"]);
    for key in ["label", "prediction"] {
        section.required(found, key, "\"…\"");
    }
    for key in ["score", "positive"] {
        section.text(found, key);
    }
    section.texts(found, "groups");
    if let Some(tolerance) = section.number(found, "tolerance")
        && tolerance.value < 0.0
    {
        found.add("out-of-range", tolerance.span, "`tolerance` cannot be negative");
    }
    let message = "recomputing from raw predictions (`[recompute]`) is not yet supported";
    found.help(CODE, section.span.clone(), message, "remove the table until it is");
}

/// A word of `[statistics]` that is known and not yet supported.
pub(super) fn word(found: &mut Collector<'_>, section: &Section<'_>, key: &str, word: &str, instead: &str) {
    let span = section.get(key).map_or_else(|| section.span.clone(), toml::Spanned::span);
    let message = format!("`{key} = \"{word}\"` is not yet supported");
    found.help(CODE, span, message, format!("write `{key} = \"{instead}\"`, or leave it out"));
}
