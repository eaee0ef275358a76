//! One measurement of native evidence: first its keys, then whether their values are consistent.

use super::histogram;
use super::reader::{Path, Reader, is_null};
use crate::evidence::{
    json::{Json, Number, Object},
    quoted,
};
use crate::model::{Interval, Measurement, Metric, Slice, metric::Kind, unit::Dimension};
use crate::stats::proportion::float;

const KEYS: &[&str] = &[
    "metric",
    "value",
    "n",
    "trials",
    "successes",
    "slice",
    "aggregate",
    "interval",
    "quantile",
    "unit",
    "histogram",
    "dataset",
    "step",
    "scope",
    "source_name",
];

/// Reads one measurement; `None` when it names no metric.
pub(super) fn read(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Measurement> {
    let object = reader.object(path, json)?;
    let (mut metric, mut source_name, mut value, mut sample) = (None, None, None, None);
    let mut m = Measurement::new(String::new(), String::new(), None);
    for member in object {
        let (here, json) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "metric" => metric = reader.string(here, json),
            "value" if is_null(json) => {
                reader.warn("a value of null is undefined, and never a pass");
            }
            "value" => value = reader.number(here, json),
            _ if is_null(json) && KEYS.contains(&&*member.key) => {}
            "n" => m.n = reader.count(here, json),
            "trials" => m.trials = reader.count(here, json),
            "successes" => m.successes = reader.count(here, json),
            "slice" => m.slice = slice(reader, here, json),
            "aggregate" => m.aggregate = reader.flag(here, json).unwrap_or(false),
            "interval" => m.intervals = interval(reader, here, json).into_iter().collect(),
            "quantile" => m.quantile = reader.fraction(here, json),
            "unit" => m.unit = reader.parsed(here, json),
            "histogram" => sample = histogram::read(reader, here, json),
            "dataset" => m.dataset = reader.string(here, json),
            "step" => m.step = step(reader, here, json),
            "scope" => m.scope = reader.string(here, json),
            "source_name" => source_name = reader.string(here, json),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    for key in ["metric", "value"] {
        let sampled = key == "value" && object.get("histogram").is_some_and(|json| !is_null(json));
        if !object.has(key) && !sampled {
            reader.missing(path, json, key);
        }
    }
    m.metric = metric?;
    m.source_name = source_name.unwrap_or_else(|| m.metric.clone());
    if let Some(number) = value {
        m.value = Some(number.value());
        m.rounding = number.rounding();
    }
    histogram::fit(reader, path, object, &mut m, sample);
    let metric = Metric::find(&m.metric);
    if let Some(metric) = metric {
        fits_metric(reader, path, object, &m, metric, value);
    }
    fits_counts(reader, path, object, &m, metric.is_some_and(Metric::is_proportion));
    Some(m)
}

fn slice(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Slice {
    let mut slice = Slice::overall();
    let Some(object) = reader.object(path, json) else { return slice };
    for member in object {
        let here = &path.key(&member.key);
        if member.key.is_empty() {
            reader.mistake(here, member.key_at, "the attribute of a slice has a name");
        }
        match member.value.as_str() {
            Some(group) => {
                slice.0.insert(member.key.clone().into_owned(), group.to_owned());
            }
            None => {
                reader.mistake(
                    here,
                    member.value.at,
                    "expected text: a group is known by its name, such as \"18-25\"",
                );
            }
        }
    }
    slice
}

fn step(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<i64> {
    let step = json.as_number().and_then(|number| number.text().parse().ok());
    if step.is_none() {
        reader.mistake(path, json.at, "expected a whole number");
    }
    step
}

fn interval(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Interval> {
    const KEYS: &[&str] = &["method", "confidence", "sides", "lower", "upper"];
    let object = reader.object(path, json)?;
    let (mut method, mut confidence, mut sides, mut lower, mut upper) =
        (None, None, None, None, None);
    for member in object {
        let (here, json) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "method" => method = reader.string(here, json),
            "confidence" => confidence = reader.fraction(here, json),
            "sides" => match json.as_number().and_then(Number::count) {
                Some(1) => sides = Some(1),
                Some(2) => sides = Some(2),
                _ => {
                    reader.mistake(
                        here,
                        json.at,
                        "expected 1 (each end is a one-sided bound) or 2",
                    );
                }
            },
            "lower" | "upper" if is_null(json) => {}
            "lower" => lower = reader.number(here, json).map(Number::value),
            "upper" => upper = reader.number(here, json).map(Number::value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    for key in ["method", "confidence", "sides"] {
        if !object.has(key) {
            reader.missing(path, json, key);
        }
    }
    match (lower, upper) {
        (Some(lower), Some(upper)) if lower > upper => {
            reader.mistake(path, json.at, format!("`lower` {lower} is above `upper` {upper}"));
        }
        (None, None) if !object.has("lower") && !object.has("upper") => {
            reader.mistake(path, json.at, "an interval needs `lower`, `upper` or both");
        }
        _ => {}
    }
    Some(Interval { method: method?, confidence: confidence?, sides: sides?, lower, upper })
}

/// Checks the value and the unit against what we know of the metric.
fn fits_metric(
    reader: &mut Reader,
    path: &Path<'_>,
    object: &Object<'_>,
    m: &Measurement,
    metric: &Metric,
    value: Option<Number<'_>>,
) {
    // A document that was accepted once must stay readable. A value that only a later, longer table
    // of ranges refuses is therefore not a mistake here, but an error of the rule.
    if let Some(number) =
        value.filter(|number| metric.kind != Kind::Real && !metric.allows(number.value()))
    {
        let range =
            if metric.allows(2.0) { "a number of at least 0" } else { "a number from 0 to 1" };
        let message =
            format!("{} cannot be {}: expected {range}", metric.name, quoted(number.text()));
        reader.mistake(&path.key("value"), at(object, "value"), message);
    }
    let dimension = m.unit.map(crate::model::Unit::dimension);
    match (metric.kind, dimension) {
        (Kind::Latency, None) if object.get("unit").is_none_or(is_null) => {
            reader.mistake(path, at(object, "metric"), "latency needs a `unit`: ns, us, ms or s");
        }
        (Kind::Latency, Some(other)) if other != Dimension::Time => {
            reader.mistake(
                &path.key("unit"),
                at(object, "unit"),
                "latency is a time: expected ns, us, ms or s",
            );
        }
        (Kind::Proportion | Kind::ProportionOfRows | Kind::Score, Some(_)) => {
            let message = format!("{} has no unit: write it as a number from 0 to 1", metric.name);
            reader.mistake(&path.key("unit"), at(object, "unit"), message);
        }
        _ => {}
    }
}

/// Checks the counts against each other and against the value.
fn fits_counts(
    reader: &mut Reader,
    path: &Path<'_>,
    object: &Object<'_>,
    m: &Measurement,
    known: bool,
) {
    if let (Some(n), Some(trials)) = (m.n, m.trials)
        && known
        && trials > n
    {
        reader.mistake(
            &path.key("trials"),
            at(object, "trials"),
            format!("{trials} trials among only {n} rows"),
        );
    }
    let Some(successes) = m.successes else { return };
    let here = &path.key("successes");
    if let Some(most) = m.trials.or(m.n)
        && successes > most
    {
        reader.mistake(
            here,
            at(object, "successes"),
            format!("{successes} successes in only {most} trials"),
        );
        return;
    }
    match (m.known_trials(), m.value) {
        (None, _) if known && !m.aggregate => {
            reader.warn("successes without trials give no exact bound; state `trials` too");
        }
        (Some(trials), Some(value)) if trials > 0 => {
            let ratio = float(successes) / float(trials);
            if (ratio - value).abs() > m.rounding + 4.0 * f64::EPSILON {
                let message = format!(
                    "{successes} of {trials} is {ratio}, which contradicts the value {value}"
                );
                reader.mistake(here, at(object, "successes"), message);
            }
        }
        _ => {}
    }
}

/// The byte at which the value of `key` starts.
fn at(object: &Object<'_>, key: &str) -> usize {
    object.get(key).map_or(0, |json| json.at)
}
