//! Reads rules with `min` and `max`.

use super::Threshold;
use crate::policy::{
    diagnostic::Collector,
    parse::{
        limits::{self, Lenience},
        rule,
        section::Section,
    },
    schema::Statistics,
};

/// Reads a threshold. `None` if it contains a mistake.
pub(super) fn read(
    found: &mut Collector<'_>,
    section: &Section<'_>,
    statistics: &Statistics,
) -> Option<Threshold> {
    let (metric, mut target) = rule::target(found, section, statistics);
    let slices = rule::slices(found, section);
    let min_samples = section.count(found, "min_samples").map(|c| c.value);
    let min_events = section.count(found, "min_events").map(|c| c.value);
    let metric = metric?;
    let lenience = Lenience {
        claimed_intervals: statistics.claimed_intervals,
        point_estimates: target.point_estimate,
    };
    let limits = limits::read(found, section, metric.value, lenience);
    if !section.has("min") && !section.has("max") {
        let help = "add `min = …` or `max = …`, or compare with `against = \"champion\"`";
        found.help("no-limit", section.span.clone(), "this rule has no limit", help);
        return None;
    }
    target.unit = limits.unit;
    Some(Threshold { target, slices, limits: limits.list, min_samples, min_events })
}
