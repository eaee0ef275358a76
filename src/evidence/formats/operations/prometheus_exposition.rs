//! The text that Prometheus scrapes from `/metrics`, and `OpenMetrics`.
//!
//! Each line is a sample: name, labels in braces, value, and optionally a time in milliseconds
//! (`OpenMetrics`: seconds) or an exemplar after `#`. Every sample is read under its name, with its
//! labels as slice. A summary's `quantile` becomes the quantile; the `_count` of a summary or
//! histogram is the n of its quantiles and sums. Buckets are read as they are: they are cumulative
//! counts, and no quantile is guessed from them. Labels may contain any text, with `\\`, `\"` and
//! `\n`. A name with special characters is quoted, and is the first entry within the braces:
//! `{"model.accuracy",k="v"} 1`.

use crate::evidence::{
    Adapter, Carries, Declined, Document, EvidenceError, Family,
    collector::Collector,
    counts::whole,
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Slice};
use std::{borrow::Cow, collections::BTreeMap};

/// The row of this format in the table of formats.
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

const TYPES: [&str; 9] = [
    "counter",
    "gauge",
    "histogram",
    "gaugehistogram",
    "summary",
    "untyped",
    "unknown",
    "info",
    "stateset",
];

/// How many lines are searched for the first `# TYPE`.
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
    name: Cow<'t, str>,
    labels: BTreeMap<String, String>,
    value: &'t str,
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    document.require(ADAPTER.id, detect(document))?;
    let text = document.text()?;
    let mut samples = Vec::new();
    let mut at = document.bytes().len() - text.len();
    for line in text.split_inclusive('\n') {
        let shown = line.trim();
        if !shown.is_empty() && !shown.starts_with('#') {
            let sample = sample(shown).ok_or_else(|| {
                document.invalid(
                    ADAPTER.id,
                    at,
                    "the line is no sample: expected `name{label=\"value\"} number`",
                )
            })?;
            samples.push(sample);
        }
        at += line.len();
    }
    let mut collector = Collector::new(document, ADAPTER.id);
    if samples.is_empty() {
        collector.check(
            "samples",
            false,
            Some("no sample is exposed: nothing was measured".to_owned()),
        );
    }
    let counts = counts(&samples);
    for sample in samples {
        add(&mut collector, sample, &counts);
    }
    collector.finish()
}

/// How many observations each summary and histogram has.
fn counts(samples: &[Sample<'_>]) -> BTreeMap<(String, BTreeMap<String, String>), u64> {
    let of = |sample: &Sample<'_>| match reading_text(sample.value) {
        Some(Reading::Number(number)) => Some((
            (sample.name.strip_suffix("_count")?.to_owned(), sample.labels.clone()),
            whole(number.value())?,
        )),
        _ => None,
    };
    samples.iter().filter_map(of).collect()
}

fn add(
    collector: &mut Collector<'_>,
    sample: Sample<'_>,
    counts: &BTreeMap<(String, BTreeMap<String, String>), u64>,
) {
    let Sample { name, labels, value } = sample;
    let name = &*name;
    let quantile: Option<f64> =
        labels.get("quantile").and_then(|q| q.parse().ok()).filter(|q| (0.0..=1.0).contains(q));
    let family = if quantile.is_some() { Some(name) } else { name.strip_suffix("_sum") };
    let n = family.and_then(|family| {
        let mut plain = labels.clone();
        plain.remove("quantile");
        counts.get(&(family.to_owned(), plain)).copied()
    });
    if let Some(m) = collector.measure_text(name, name, Slice(labels), value) {
        // A client without observations may write zeros for its quantiles.
        m.value = m.value.filter(|v| quantile.is_none() || n != Some(0) || *v != 0.0);
        m.rounding = crate::model::evidence::MIN_ROUNDING;
        (m.quantile, m.n) = (quantile, n);
    }
}

/// The sample of a line; `None` if the line is not one.
fn sample(line: &str) -> Option<Sample<'_>> {
    let end = line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.')))?;
    let (plain, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start();
    let (inside, labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (None, BTreeMap::new(), rest),
    };
    let name = match (plain.is_empty(), inside) {
        (false, None) => Cow::Borrowed(plain),
        (true, Some(quoted)) if !quoted.is_empty() => Cow::Owned(quoted),
        _ => return None,
    };
    let value = rest.split_whitespace().next()?;
    matches!(reading_text(value), Some(Reading::Number(_) | Reading::Undefined(_)))
        .then_some(Sample { name, labels, value })
}

/// A name within the braces, the labels up to the closing one, and what follows it.
type Labels<'t> = (Option<String>, BTreeMap<String, String>, &'t str);

fn labels(mut rest: &str) -> Option<Labels<'_>> {
    let (mut name, mut labels) = (None, BTreeMap::new());
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if let Some(behind) = rest.strip_prefix('}') {
            return Some((name, labels, behind));
        }
        let key = if rest.starts_with('"') {
            let (text, behind) = quoted(rest)?;
            rest = behind.trim_start();
            // Quoted text without a value is the name of the metric.
            let Some(value) = rest.strip_prefix('=') else {
                if name.replace(text).is_some() {
                    return None;
                }
                continue;
            };
            rest = value;
            text
        } else {
            let (key, value) = rest.split_once('=')?;
            rest = value;
            key.trim().to_owned()
        };
        let (value, behind) = quoted(rest.trim_start())?;
        labels.insert(key, value);
        rest = behind;
    }
}

/// The text between the first quote and the next, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut chars = inside.char_indices();
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
    Some((value, inside.get(end + 1..)?))
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
        let found: Vec<_> = evidence
            .measurements
            .iter()
            .map(|m| (m.source_name.as_str(), m.value, m.n, m.quantile))
            .collect();
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
    fn names_and_labels_may_be_quoted() {
        // As prometheus_client 0.26 writes them with `escaping="allow-utf-8"`.
        let evidence = of("# HELP \"model.accuracy\" dots\n# TYPE \"model.accuracy\" gauge\n{\"model.accuracy\",k=\"b\",\"model.name\"=\"a\"} 0.5\n\
             # TYPE \"lat.s\" summary\n{\"lat.s_count\"} 1.0\n{\"lat.s_sum\"} 3.0\n").unwrap();
        let found: Vec<_> =
            evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value, m.n)).collect();
        assert_eq!(
            found,
            [
                ("model.accuracy", Some(0.5), None),
                ("lat.s_count", Some(1.0), None),
                ("lat.s_sum", Some(3.0), Some(1))
            ]
        );
        let mut slice = Slice::one("model.name", "a");
        slice.0.insert("k".to_owned(), "b".to_owned());
        assert_eq!(evidence.measurements[0].slice, slice);
        for broken in ["a{\"b\"} 1", "{} 1", "{\"\"} 1", "{\"a\",\"b\"} 1", "{\"a} 1", "{\"a\"=} 1"]
        {
            assert!(of(&format!("# TYPE a gauge\n{broken}\n")).is_err(), "{broken}");
        }
    }

    #[test]
    fn quantiles_of_nothing_are_undefined() {
        // What Go's collector exposes before the first garbage collection.
        let evidence = of(
            "# TYPE go_gc_duration_seconds summary\ngo_gc_duration_seconds{quantile=\"0.5\"} 0\n\
             go_gc_duration_seconds_sum 0\ngo_gc_duration_seconds_count 0\n",
        )
        .unwrap();
        let found: Vec<_> = evidence.measurements.iter().map(|m| (m.value, m.n)).collect();
        assert_eq!(found, [(None, Some(0)), (Some(0.0), Some(0)), (Some(0.0), None)]);
    }

    #[test]
    fn a_broken_line_is_refused_with_its_place_and_no_sample_is_a_failed_check() {
        let error = of("# TYPE a gauge\na{k=\"v\"} 1\na{k=\"v 2\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert!(!of("# TYPE a gauge\n").unwrap().checks[0].passed);
        assert!(of("a 1\n").is_err());
    }
}
