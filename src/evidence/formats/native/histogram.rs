//! The `histogram` of a measurement: the whole sample, from which any quantile gets exact bounds.

use super::{
    hdr::{self, MOST_COUNTED},
    reader::{Path, Reader, is_null},
};
use crate::evidence::json::{Json, Number, Object};
use crate::model::{Bucket, Distribution, Measurement, number::round12};
use crate::stats::{proportion::float, quantile};
use std::sync::Arc;

/// How many bytes all `hdr_v2` of one document may decode to.
const MOST_BYTES: usize = 16 << 20;

/// How many buckets all histograms of one document may have.
const MOST_BUCKETS: usize = 1_000_000;

/// The smallest relative accuracy. No tool writes a finer sketch, and its edges would be equal at
/// 12 digits.
const FINEST: f64 = 1e-6;

/// Reads exactly one of `hdr_v2`, `ddsketch` and `samples`.
pub(super) fn read(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Distribution> {
    const KEYS: &[&str] = &["hdr_v2", "ddsketch", "samples", "scale"];
    let object = reader.object(path, json)?;
    let forms = ["hdr_v2", "ddsketch", "samples"];
    if forms.iter().filter(|key| object.has(key)).count() != 1 {
        reader.mistake(
            path,
            json.at,
            "a histogram is exactly one of `hdr_v2`, `ddsketch` and `samples`",
        );
        return None;
    }
    let scale = match object.get("scale") {
        Some(json) => positive(reader, &path.key("scale"), json)?,
        None => 1.0,
    };
    let mut found = None;
    for member in object {
        let (here, json) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "hdr_v2" => found = hdr_v2(reader, here, json, scale).map(|b| ("hdr_v2", b)),
            "ddsketch" => found = ddsketch(reader, here, json).map(|b| ("ddsketch", b)),
            "samples" => found = samples(reader, here, json).map(|b| ("samples", b)),
            "scale" if object.has("hdr_v2") => {}
            "scale" => reader.mistake(
                here,
                member.key_at,
                "only `hdr_v2` has a scale: its values are whole numbers",
            ),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    let (method, buckets) = found?;
    if buckets.is_empty() {
        reader.mistake(path, json.at, "it holds no value; leave it out");
        return None;
    }
    if buckets
        .iter()
        .try_fold(0_u64, |sum, b| sum.checked_add(b.count))
        .is_none_or(|sum| sum > MOST_COUNTED)
    {
        reader.mistake(path, json.at, "it counts more than 2^53 values");
        return None;
    }
    // The number of samples is bounded by the most values that a document may have.
    if method != "samples" {
        reader.used.buckets = reader.used.buckets.saturating_add(buckets.len());
        if reader.used.buckets > MOST_BUCKETS {
            let message = format!(
                "the histograms of the document have more than {MOST_BUCKETS} buckets: split it"
            );
            reader.mistake(path, json.at, message);
            return None;
        }
    }
    Some(Distribution { method: method.to_owned(), buckets })
}

/// Reads a number above 0.
fn positive(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<f64> {
    let value = reader.number(path, json)?.value();
    if value > 0.0 {
        return Some(value);
    }
    reader.mistake(path, json.at, "expected a number above 0");
    None
}

fn hdr_v2(
    reader: &mut Reader,
    path: &Path<'_>,
    json: &Json<'_>,
    scale: f64,
) -> Option<Vec<Bucket>> {
    let text = reader.text(path, json)?;
    let mut room = MOST_BYTES.saturating_sub(reader.used.bytes);
    let slots = hdr::decode(text, &mut room);
    reader.used.bytes = MOST_BYTES - room;
    let slots = match slots {
        Ok(slots) => slots,
        Err(why) => {
            reader.mistake(path, json.at, why);
            return None;
        }
    };
    let edge = |value: u64| round12(float(value) * scale);
    let buckets: Vec<Bucket> = slots
        .iter()
        .map(|(low, high, count)| Bucket { low: edge(*low), high: edge(*high), count: *count })
        .collect();
    within_doubles(reader, path, json, buckets)
}

/// The buckets, unless one is larger than the greatest double.
fn within_doubles(
    reader: &mut Reader,
    path: &Path<'_>,
    json: &Json<'_>,
    buckets: Vec<Bucket>,
) -> Option<Vec<Bucket>> {
    if buckets.iter().all(|b| b.low >= 0.0 && b.high.is_finite()) {
        return Some(buckets);
    }
    reader.mistake(path, json.at, "its values are too large for a number");
    None
}

/// Reads a sketch with the logarithmic mapping of γ = (1+ε)/(1−ε) (Masson, Rim and Lee 2019):
/// bucket i has the values above γ^(i−1−offset), up to and including γ^(i−offset).
fn ddsketch(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Vec<Bucket>> {
    const KEYS: &[&str] = &["relative_accuracy", "buckets", "zero_count", "offset"];
    let object = reader.object(path, json)?;
    let (mut accuracy, mut counts, mut zeros, mut offset) = (None, None, Some(0), Some(0.0));
    for member in object {
        let (here, json) = (&path.key(&member.key), &member.value);
        match &*member.key {
            "relative_accuracy" => accuracy = reader.fraction(here, json),
            "buckets" => counts = Some(pairs(reader, here, json)),
            "zero_count" | "offset" if is_null(json) => {}
            "zero_count" => zeros = reader.count(here, json),
            "offset" => offset = reader.number(here, json).map(Number::value),
            _ => reader.unknown(path, member, KEYS),
        }
    }
    for key in ["relative_accuracy", "buckets"] {
        if !object.has(key) {
            reader.missing(path, json, key);
        }
    }
    let (accuracy, counts, zeros, offset) = (accuracy?, counts??, zeros?, offset?);
    if accuracy < FINEST {
        reader.mistake(
            &path.key("relative_accuracy"),
            json.at,
            format!("expected a number of at least {FINEST}"),
        );
        return None;
    }
    let gamma = (1.0 + accuracy) / (1.0 - accuracy);
    let edge = |index: f64| round12(libm::pow(gamma, index - offset));
    let mut buckets = Vec::with_capacity(counts.len().saturating_add(1));
    if zeros > 0 {
        buckets.push(Bucket { low: 0.0, high: 0.0, count: zeros });
    }
    buckets.extend(counts.into_iter().map(|(i, count)| {
        let index = f64::from(i);
        Bucket { low: edge(index - 1.0), high: edge(index), count }
    }));
    within_doubles(reader, path, json, buckets)
}

/// Reads ascending indices with their counts.
fn pairs(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Vec<(i32, u64)>> {
    json.as_array().or_else(|| {
        reader.list(path, json);
        None
    })?;
    let mut out: Vec<(i32, u64)> = Vec::new();
    for (i, pair) in reader.list(path, json).iter().enumerate() {
        let here = &path.index(i);
        let read = match pair.as_array() {
            Some([index, count]) => index
                .as_number()
                .and_then(|n| n.text().parse::<i32>().ok())
                .zip(count.as_number().and_then(Number::count).filter(|count| *count > 0)),
            _ => None,
        };
        let Some((index, count)) = read else {
            reader.mistake(
                here,
                pair.at,
                "expected a whole index and a count above 0: [index, count]",
            );
            return None;
        };
        if out.last().is_some_and(|(last, _)| *last >= index) {
            reader.mistake(
                here,
                pair.at,
                format!("bucket {index} does not ascend from the one before"),
            );
            return None;
        }
        out.push((index, count));
    }
    Some(out)
}

/// Reads raw values; equal ones share a bucket.
fn samples(reader: &mut Reader, path: &Path<'_>, json: &Json<'_>) -> Option<Vec<Bucket>> {
    let elements = reader.list(path, json);
    let mut values = Vec::with_capacity(elements.len());
    for (i, json) in elements.iter().enumerate() {
        let here = &path.index(i);
        let value = reader.number(here, json)?.value();
        if value < 0.0 {
            reader.mistake(here, json.at, "expected a number of at least 0");
            return None;
        }
        values.push(value);
    }
    values.sort_unstable_by(f64::total_cmp);
    let mut buckets: Vec<Bucket> = Vec::new();
    for value in values {
        match buckets.last_mut() {
            Some(last) if last.low.to_bits() == value.to_bits() => {
                last.count = last.count.saturating_add(1);
            }
            _ => buckets.push(Bucket { low: value, high: value, count: 1 }),
        }
    }
    Some(buckets)
}

/// Adds the sample to the measurement, if the two agree. A value that is not stated is computed
/// from the sample.
pub(super) fn fit(
    reader: &mut Reader,
    path: &Path<'_>,
    object: &Object<'_>,
    m: &mut Measurement,
    sample: Option<Distribution>,
) {
    let Some(json) = object.get("histogram").filter(|json| !is_null(json)) else { return };
    let here = &path.key("histogram");
    for (key, has) in [("quantile", object.get("quantile")), ("unit", object.get("unit"))] {
        if has.is_none_or(is_null) {
            reader.mistake(
                here,
                json.at,
                format!("a histogram needs the `{key}` of its measurement"),
            );
        }
    }
    let (Some(sample), Some(q), Some(_)) = (sample, m.quantile, m.unit) else { return };
    let count = sample.count();
    if let Some(n) = m.n.filter(|n| *n != count) {
        let at = object.get("n").map_or(json.at, |n| n.at);
        reader.mistake(
            &path.key("n"),
            at,
            format!("n is {n}, and its histogram holds {count} values"),
        );
        return;
    }
    let ranges: Vec<(f64, f64, u64)> =
        sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
    let Ok(found) = quantile::of_buckets(&ranges, q, 0.5) else {
        reader.mistake(here, json.at, "it has no such quantile");
        return;
    };
    match (m.value, object.get("value")) {
        (Some(value), at) => {
            let (low, high) = around(&sample, q);
            let slack = m.rounding.max(1e-11 * value.abs());
            if value < low - slack || value > high + slack {
                let message = format!(
                    "the value {value} contradicts its histogram, whose {q} quantile is {}, in {low} to {high}",
                    found.estimate
                );
                reader.mistake(&path.key("value"), at.map_or(json.at, |v| v.at), message);
                return;
            }
        }
        (None, None) => m.value = Some(found.estimate),
        // The value is stated as null, or is a mistake that was reported.
        (None, Some(_)) => {}
    }
    m.n = Some(count);
    m.distribution = Some(Arc::new(sample));
}

/// The range in which tools may place the quantile: all nine definitions of Hyndman and Fan (1996)
/// are between the order statistics of the ranks ⌊qn⌋ and ⌈qn⌉ + 1.
fn around(sample: &Distribution, q: f64) -> (f64, f64) {
    let n = sample.count();
    let rank = |x: f64| crate::evidence::counts::whole(x).unwrap_or(n).clamp(1, n);
    let place = round12(float(n) * q);
    let (low, high) = (sample.at(rank(place.floor())), sample.at(rank(place.ceil() + 1.0)));
    (low.map_or(0.0, |b| b.low), high.map_or(f64::MAX, |b| b.high))
}
