//! What holds for every format but our own, done once for all of them.

use super::quoted;
use crate::model::{Evidence, Metric, Slice, Unit};
use std::collections::BTreeMap;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Names in one spelling, and a word on values that their metric cannot have.
pub(super) fn settle(evidence: &mut Evidence) {
    let Evidence { measurements, checks, links, warnings, .. } = evidence;
    let mut cleaned = Cleaned::default();
    for measurement in measurements {
        cleaned.name(&mut measurement.metric);
        cleaned.name(&mut measurement.source_name);
        cleaned.slice(&mut measurement.slice);
        for name in [&mut measurement.dataset, &mut measurement.scope].into_iter().flatten() {
            cleaned.name(name);
        }
        let (Some(value), Some(metric)) = (measurement.value, Metric::find(&measurement.metric)) else { continue };
        let scale = if measurement.unit == Some(Unit::Percent) { 0.01 } else { 1.0 };
        // An accuracy of 95.9 has another scale than we know. It stays as the file has it, and a rule on it is an error;
        // our own format refuses such a value instead.
        if !metric.allows(value * scale) {
            let name = quoted(&measurement.source_name);
            warnings.push(format!("{name} is {value}, which {} cannot be; a rule on it is an error", metric.name));
            measurement.successes = None;
        }
    }
    for check in checks {
        cleaned.name(&mut check.name);
    }
    for link in links {
        cleaned.name(&mut link.href);
    }
    warnings.extend(cleaned.warning());
}

/// Names that were changed.
#[derive(Default)]
struct Cleaned {
    first: Option<String>,
    count: usize,
}

impl Cleaned {
    /// Unicode's composed form, without control characters or characters that turn the direction of writing: two names
    /// that look alike on a page are one.
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
        let others = if self.count > 1 { format!(" and {} more", self.count - 1) } else { String::new() };
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
    use crate::model::{Check, Digest, Measurement};

    #[test]
    fn names_are_composed_and_show_what_they_hold() {
        let mut evidence = Evidence::new(Digest::of(b""), "x");
        let mut m = Measurement::new("accuracy", "Zu\u{308}rich", Some(0.5));
        m.slice = Slice::one("sex\u{202e}", "a\tb\u{1b}[2J");
        evidence.measurements.push(m);
        evidence.checks.push(Check { name: "e\u{301}".to_owned(), passed: true, detail: None });
        settle(&mut evidence);
        assert_eq!(evidence.measurements[0].source_name, "Zürich");
        assert_eq!(evidence.measurements[0].slice, Slice::one("sex\u{fffd}", "a\u{fffd}b\u{fffd}[2J"));
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
