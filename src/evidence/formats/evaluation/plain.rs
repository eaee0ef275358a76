//! What formats with their own shape of JSON share.

use crate::evidence::{
    Collector,
    counts::only_count,
    json::{Json, Value},
};
use crate::model::{Measurement, Metric, Slice, metric::Kind};

/// Whether a key is the field `snake` of a protocol buffer: as the proto spells it, or in camel
/// case.
pub(super) fn spelled(snake: &str, key: &str) -> bool {
    let mut camel = key.chars();
    let mut upper = false;
    for c in snake.chars() {
        if c == '_' {
            upper = true;
            continue;
        }
        let want = if upper { c.to_ascii_uppercase() } else { c };
        upper = false;
        if camel.next() != Some(want) {
            return key == snake;
        }
    }
    camel.next().is_none() || key == snake
}

/// The value of a field of a protocol buffer, in either spelling; null is absent.
pub(super) fn field<'j, 'a>(json: &'j Json<'a>, snake: &str) -> Option<&'j Json<'a>> {
    let found = json.as_object()?.iter().find(|member| spelled(snake, &member.key))?;
    (found.value.value != Value::Null).then_some(&found.value)
}

/// Adds a number that may be written as text, as protocol buffers write integers and NaN. Other text is left out.
pub(super) fn measure<'c>(
    collector: &'c mut Collector<'_>,
    ours: &str,
    theirs: &str,
    slice: Slice,
    json: &Json<'_>,
) -> Option<&'c mut Measurement> {
    match &json.value {
        Value::String(text) => collector.measure_text(ours, theirs, slice, text),
        _ => collector.measure(ours, theirs, slice, json),
    }
}

/// States the number of rows of a value; if the value is a proportion of them, also its successes,
/// if they are determined.
pub(super) fn over(m: &mut Measurement, n: Option<u64>) {
    m.n = n;
    let of_rows =
        Metric::find(&m.metric).is_some_and(|metric| metric.kind == Kind::ProportionOfRows);
    if let (true, Some(value), Some(n)) = (of_rows, m.value, n) {
        m.trials = Some(n);
        m.successes = only_count(value, n, m.rounding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::json;

    #[test]
    fn fields_are_found_in_both_spellings() {
        assert!(spelled("slice_key", "slice_key") && spelled("slice_key", "sliceKey"));
        for other in ["slice_keys", "sliceKeys", "slice", "slicekey"] {
            assert!(!spelled("slice_key", other), "{other}");
        }
        let json = json::parse(br#"{"aB": 1, "c_d": null}"#).unwrap();
        assert!(field(&json, "a_b").is_some() && field(&json, "c_d").is_none());
    }
}
