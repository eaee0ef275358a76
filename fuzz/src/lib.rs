//! The properties that every target checks: no panic, no hang, and no impossible values in the
//! result.

use modelgate::{
    evidence::{ADAPTERS, Family, read},
    model::{Evidence, Metric, Unit},
};

/// Reads `data` as every format of `family`.
pub fn family(family: Family, data: &[u8]) {
    for adapter in ADAPTERS.iter().filter(|adapter| adapter.family == family) {
        if let Ok(evidence) = read(data, Some(adapter.id)) {
            possible(&evidence);
        }
    }
}

/// Values are finite and possible, counts are consistent, and names contain no hidden characters.
pub fn possible(evidence: &Evidence) {
    for m in &evidence.measurements {
        assert!(m.value.is_none_or(f64::is_finite));
        assert!(m.rounding > 0.0);
        if let (Some(value), Some(metric)) = (m.value, Metric::find(&m.metric)) {
            let warned = evidence.warnings.iter().any(|warning| warning.contains("cannot be"));
            assert!(
                m.unit == Some(Unit::Percent) || metric.allows(value) || warned,
                "{} {value}",
                m.metric
            );
        }
        if let (Some(successes), Some(trials)) = (m.successes, m.known_trials()) {
            assert!(successes <= trials, "{} {successes} of {trials}", m.metric);
        }
    }
    if evidence.format != "native" {
        let names = evidence
            .measurements
            .iter()
            .flat_map(|m| m.slice.0.values().chain([&m.source_name, &m.metric]));
        assert!(
            names
                .chain(evidence.checks.iter().map(|c| &c.name))
                .all(|name| !name.contains(char::is_control))
        );
    }
}
