//! What the readers of tests, scans and bills of materials share.

use crate::evidence::{
    Collector, clip,
    json::{Json, Number},
    quoted,
};
use crate::model::{Digest, Slice, Timestamp, Unit, evidence::MIN_ROUNDING};

/// A tool's message for a check's detail: on one line, of bounded length.
pub(super) fn one_line(message: &str) -> String {
    const LONGEST: usize = 400;
    let mut words = String::new();
    for word in message.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.len() > LONGEST {
            break;
        }
    }
    clip(&words, LONGEST).into_owned()
}

/// Takes `text` as the moment of the document, the oldest if there are several. A moment without a
/// zone is left out.
pub(super) fn moment(collector: &mut Collector<'_>, text: &str) {
    match text.trim().parse::<Timestamp>() {
        Ok(moment) => {
            let oldest = collector.evidence.produced_at.map_or(moment, |known| known.min(moment));
            collector.evidence.produced_at = Some(oldest);
        }
        Err(_) => collector.left_out(&format!("timestamp {text}, which names no zone")),
    }
}

/// A SHA-256 digest from its hex digits, in either case.
pub(super) fn sha256(digits: &str) -> Option<Digest> {
    format!("sha256:{}", digits.to_ascii_lowercase()).parse().ok()
}

/// Whether `name` is a spelling of SHA-256: `SHA-256`, `sha256`, an address that ends so.
pub(super) fn is_sha256(name: &str) -> bool {
    let last = name.rsplit(['/', '#', ':']).next().unwrap_or(name);
    last.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .collect::<String>()
        .eq_ignore_ascii_case("sha256")
}

/// What a document has at `key` instead of the expected value.
pub(super) fn kind_of(json: Option<&Json<'_>>, key: &str) -> String {
    json.map_or_else(
        || format!("no {}", quoted(key)),
        |json| format!("{} is {}", quoted(key), json.kind()),
    )
}

/// A number, or a number in text: SPDX writes decimals as text, and `CycloneDX` the values of
/// metrics.
pub(super) fn decimal<'j>(json: &'j Json<'j>) -> Option<Number<'j>> {
    json.as_number().or_else(|| json.as_str().and_then(|text| Number::parse(text.trim())))
}

/// Units of energy as bills of materials spell them, our unit, and the factor to it.
const ENERGY: [(&str, Unit, f64); 8] = [
    ("kWh", Unit::KilowattHours, 1.0),
    ("kilowattHour", Unit::KilowattHours, 1.0),
    ("MWh", Unit::KilowattHours, 1e3),
    ("GWh", Unit::KilowattHours, 1e6),
    ("Wh", Unit::WattHours, 1.0),
    ("J", Unit::Joules, 1.0),
    ("MJ", Unit::Joules, 1e6),
    ("megajoule", Unit::Joules, 1e6),
];

/// Adds an energy that a document states with its unit. If the unit is not one of energy, the value
/// is left out.
pub(super) fn energy(collector: &mut Collector<'_>, name: &str, number: Number<'_>, unit: &str) {
    let unit = unit.trim();
    let last = unit.rsplit(['/', '#', ':']).next().unwrap_or(unit);
    let Some((_, ours, scale)) = ENERGY.iter().find(|(theirs, ..)| *theirs == last) else {
        return collector.left_out(&format!("{name} = {} {unit}", number.text()));
    };
    let value = number.value() * scale;
    if !value.is_finite() {
        return collector.left_out(&format!("{name} = {} {unit}", number.text()));
    }
    if let Some(m) = collector.number("energy", name, Slice::overall(), value) {
        m.rounding = (number.rounding() * scale).max(MIN_ROUNDING);
        m.unit = Some(*ours);
    }
}

/// Sets the component of the measurements from `from` on, for a document with several components.
pub(super) fn scoped(collector: &mut Collector<'_>, from: usize, component: &str) {
    for measurement in collector.evidence.measurements.iter_mut().skip(from) {
        measurement.scope = Some(component.to_owned());
    }
}
