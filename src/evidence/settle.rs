//! The steps that every format but the native one needs, done once for all of them.

use super::message::quoted;
use crate::model::{Evidence, Measurement, Metric, Range, Slice};
use std::collections::BTreeMap;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Normalises the spelling of names, and warns of values that their metric cannot have.
pub(super) fn settle(evidence: &mut Evidence) {
    let Evidence { measurements, checks, links, warnings, .. } = evidence;
    let mut cleaned = Cleaned::default();
    for measurement in measurements.iter_mut() {
        cleaned.name(&mut measurement.metric);
        cleaned.name(&mut measurement.source_name);
        cleaned.slice(&mut measurement.slice);
        for name in [&mut measurement.dataset, &mut measurement.scope].into_iter().flatten() {
            cleaned.name(name);
        }
    }
    impossible(measurements, warnings);
    for check in checks {
        cleaned.name(&mut check.name);
    }
    for link in links {
        cleaned.name(&mut link.href);
    }
    warnings.extend(cleaned.warning());
}

/// Warns of values that their metric cannot have. An accuracy of 95.9 is on another scale than its
/// name says: it stays as the file has it, the counts next to it are discarded, and a rule on it is
/// an error.
pub(super) fn impossible(measurements: &mut [Measurement], warnings: &mut Vec<String>) {
    const TOLD: usize = 20;
    let mut count = 0;
    let mut ranges: BTreeMap<String, Option<Range>> = BTreeMap::new();
    for measurement in measurements {
        // A metric occurs in a document once for each of its groups.
        let range = match ranges.get(&measurement.metric) {
            Some(range) => *range,
            None => *ranges.entry(measurement.metric.clone()).or_insert(measurement.range()),
        };
        let Some(found) = range.and_then(|_| measurement.impossible()) else { continue };
        (measurement.n, measurement.trials, measurement.successes) = (None, None, None);
        count += 1;
        if count <= TOLD {
            let what =
                Metric::find(&measurement.metric).map_or(said(found.range), |metric| metric.name);
            let name = quoted(&measurement.source_name);
            let (value, advice) = (measurement.value.unwrap_or(found.value), found.advice());
            warnings.push(format!(
                "{name} is {value}, which {what} cannot be; a rule on it is an error: {advice}"
            ));
        }
    }
    if count > TOLD {
        warnings.push(format!("{} more values are none that their metrics can have", count - TOLD));
    }
}

/// How a warning describes a metric of which only the range is known.
const fn said(range: Range) -> &'static str {
    match range {
        Range::Fraction => "a proportion",
        Range::Percent => "a percentage",
        Range::Signed => "a correlation",
        Range::AtMostOne => "a share of what is explained",
        _ => "such a metric",
    }
}

/// Names that were changed.
#[derive(Default)]
struct Cleaned {
    first: Option<String>,
    count: usize,
}

impl Cleaned {
    /// Rewrites `name` in Unicode's composed form, without control characters or characters that
    /// change the direction of the text: two names that look the same on a page become one.
    fn name(&mut self, name: &mut String) {
        if name.is_ascii() && !name.bytes().any(|b| b.is_ascii_control()) {
            return;
        }
        if !is_nfc(name) {
            *name = name.nfc().collect();
        }
        if name.contains(hidden) {
            self.count += 1;
            self.first.get_or_insert_with(|| name.clone());
            *name = name.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect();
        }
    }

    fn slice(&mut self, slice: &mut Slice) {
        let plain = |text: &str| text.is_ascii() && !text.bytes().any(|b| b.is_ascii_control());
        if slice.0.iter().all(|(key, value)| plain(key) && plain(value)) {
            return;
        }
        let groups = std::mem::take(&mut slice.0).into_iter().map(|(mut key, mut value)| {
            self.name(&mut key);
            self.name(&mut value);
            (key, value)
        });
        slice.0 = groups.collect::<BTreeMap<_, _>>();
    }

    fn warning(self) -> Option<String> {
        let first = quoted(&self.first?);
        let others =
            if self.count > 1 { format!(" and {} more", self.count - 1) } else { String::new() };
        Some(format!("control characters in {first}{others} are shown as `\u{fffd}`"))
    }
}

/// Characters that a page or a terminal does not show, or that change how the text around them reads.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Check, Digest, Unit};

    #[test]
    fn names_are_composed_and_show_what_they_hold() {
        let mut evidence = Evidence::new(Digest::of(b""), "x");
        let mut m = Measurement::new("accuracy", "Zu\u{308}rich", Some(0.5));
        m.slice = Slice::one("sex\u{202e}", "a\tb\u{1b}[2J");
        evidence.measurements.push(m);
        evidence.checks.push(Check { name: "e\u{301}".to_owned(), passed: true, detail: None });
        settle(&mut evidence);
        assert_eq!(evidence.measurements[0].source_name, "Zürich");
        assert_eq!(
            evidence.measurements[0].slice,
            Slice::one("sex\u{fffd}", "a\u{fffd}b\u{fffd}[2J")
        );
        assert_eq!(evidence.checks[0].name, "é");
        assert_eq!(evidence.warnings.len(), 1);
    }

    #[test]
    fn what_a_metric_cannot_be_is_warned_of() {
        let mut evidence = Evidence::new(Digest::of(b""), "x");
        evidence.measurements.push(Measurement::new("accuracy", "acc", Some(95.9)));
        let mut percent = Measurement::new("accuracy", "acc", Some(95.9));
        percent.unit = Some(Unit::Percent);
        evidence.measurements.push(percent);
        settle(&mut evidence);
        assert_eq!(evidence.measurements[0].value, Some(95.9));
        assert_eq!(evidence.warnings.len(), 1, "{:?}", evidence.warnings);
    }
}
