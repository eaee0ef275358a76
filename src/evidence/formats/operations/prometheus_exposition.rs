//! The text that Prometheus scrapes from `/metrics`, and `OpenMetrics`.
//!
//! A line for each sample: name, labels in braces, value, and perhaps a time in milliseconds (`OpenMetrics`: seconds)
//! or an exemplar behind `#`. Every sample is read under its name, with its labels as slice. A summary's `quantile`
//! is one; the `_count` of a summary or histogram is the n of its quantiles and sums. Buckets are read as they stand:
//! they are cumulative counts, and no quantile is guessed from them. Labels may hold any text, with `\\`, `\"` and
//! `\n`.

use crate::evidence::formats::common::wanted;
use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    counts::whole,
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Slice};
use std::collections::BTreeMap;

/// The row of the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "prometheus-exposition",
    title: "Prometheus text exposition, OpenMetrics",
    family: Family::Operations,
    written_by: "curl http://model-server:8000/metrics",
    reads: "every sample with its labels as slice; quantiles of summaries with their n. NaN and infinities are undefined.",
    carries: &[Carries::Metrics, Carries::Slices, Carries::SampleSize, Carries::Checks],
    recognised_by: "lines `# TYPE name gauge` and samples",
    rule: "id = \"drift\"\nmetric = \"model_drift_psi\"\nslice = { feature = \"age\" }\nmax = 0.2\npoint_estimate = \"allow\"",
    detect,
    read,
};

const TYPES: [&str; 9] =
    ["counter", "gauge", "histogram", "gaugehistogram", "summary", "untyped", "unknown", "info", "stateset"];

/// How many lines are looked at for the first `# TYPE`.
const LOOKED_AT: usize = 50;

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let text = document.text().map_err(|_| Declined::because("not text"))?;
    let typed = text.lines().take(LOOKED_AT).any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("#")
            && words.next() == Some("TYPE")
            && words.next().is_some()
            && words.next().is_some_and(|kind| TYPES.contains(&kind))
    });
    if typed { Ok(()) } else { Err(Declined::because("no line `# TYPE name kind`")) }
}

/// One line.
struct Sample<'t> {
    name: &'t str,
    labels: BTreeMap<String, String>,
    value: &'t str,
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    wanted(ADAPTER.id, document, detect(document))?;
    let text = document.text()?;
    let mut samples = Vec::new();
    let mut at = document.bytes().len() - text.len();
    for line in text.split_inclusive('\n') {
        let shown = line.trim();
        if !shown.is_empty() && !shown.starts_with('#') {
            let sample = sample(shown).ok_or_else(|| {
                EvidenceError::invalid(
                    ADAPTER.id,
                    document,
                    at,
                    "the line is no sample: expected `name{label=\"value\"} number`",
                )
            })?;
            samples.push(sample);
        }
        at += line.len();
    }
    let mut into = Collector::new(document, ADAPTER.id);
    if samples.is_empty() {
        into.check("samples", false, Some("no sample is exposed: nothing was measured".to_owned()));
    }
    let counts = counts(&samples);
    for sample in samples {
        add(&mut into, sample, &counts);
    }
    into.finish()
}

/// How many observations each summary and histogram stands for.
fn counts(samples: &[Sample<'_>]) -> BTreeMap<(String, BTreeMap<String, String>), u64> {
    let of = |sample: &Sample<'_>| match reading_text(sample.value) {
        Some(Reading::Number(number)) => {
            Some(((sample.name.strip_suffix("_count")?.to_owned(), sample.labels.clone()), whole(number.value())?))
        }
        _ => None,
    };
    samples.iter().filter_map(of).collect()
}

fn add(into: &mut Collector<'_>, sample: Sample<'_>, counts: &BTreeMap<(String, BTreeMap<String, String>), u64>) {
    let Sample { name, labels, value } = sample;
    let quantile: Option<f64> = labels.get("quantile").and_then(|q| q.parse().ok()).filter(|q| (0.0..=1.0).contains(q));
    let family = if quantile.is_some() { Some(name) } else { name.strip_suffix("_sum") };
    let n = family.and_then(|family| {
        let mut plain = labels.clone();
        plain.remove("quantile");
        counts.get(&(family.to_owned(), plain)).copied()
    });
    if let Some(m) = into.measure_text(name, name, Slice(labels), value) {
        m.rounding = crate::model::evidence::MIN_ROUNDING;
        (m.quantile, m.n) = (quantile, n);
    }
}

/// A sample's line; `None` where it is none.
fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.')))?;
    let (name, rest) = line.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?;
    matches!(reading_text(value), Some(Reading::Number(_) | Reading::Undefined(_))).then_some(Sample {
        name,
        labels,
        value,
    })
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((labels, behind));
        }
        let (key, quoted) = rest.split_once('=')?;
        let mut chars = quoted.trim_start().strip_prefix('"')?.char_indices();
        let inside = quoted.trim_start().strip_prefix('"')?;
        let mut value = String::new();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, other) => value.push(other),
            }
        };
        labels.insert(key.trim().to_owned(), value);
        rest = inside.get(end + 1..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn of(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(text.as_bytes()), text.as_bytes()))
    }

    #[test]
    fn every_way_of_writing_a_sample_is_read() {
        let evidence = of("# HELP a b\n# TYPE a summary\na{quantile=\"0.99\",m=\"x\\\"y}\"} 1.5e-3\na_sum{m=\"x\\\"y}\"} 17\na_count{m=\"x\\\"y}\"} 400\n\
             # TYPE b_total counter\nb_total 12 1395066363000\nc {k=\"v\",} +Inf\nd_bucket{le=\"0.1\"} 3 # {trace_id=\"t\"} 0.05\n# EOF\n").unwrap();
        let found: Vec<_> =
            evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value, m.n, m.quantile)).collect();
        assert_eq!(
            found,
            [
                ("a", Some(0.0015), Some(400), Some(0.99)),
                ("a_sum", Some(17.0), Some(400), None),
                ("a_count", Some(400.0), None, None),
                ("b_total", Some(12.0), None, None),
                ("c", None, None, None),
                ("d_bucket", Some(3.0), None, None),
            ]
        );
        assert_eq!(evidence.measurements[1].slice, Slice::one("m", "x\"y}"));
    }

    #[test]
    fn a_broken_line_is_refused_with_its_place_and_no_sample_is_a_failed_check() {
        let error = of("# TYPE a gauge\na{k=\"v\"} 1\na{k=\"v 2\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert!(!of("# TYPE a gauge\n").unwrap().checks[0].passed);
        assert!(of("a 1\n").is_err());
    }
}
