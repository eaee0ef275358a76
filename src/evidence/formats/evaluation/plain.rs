//! What formats share that keep their numbers in JSON of their own shape.

use crate::evidence::{
    Collector,
    counts::only_count,
    json::{Json, Number, Object, Value},
    precision::Precision,
};
use crate::model::{Measurement, Metric, Slice, metric::Kind};

/// Whether a key is the field `snake` of a protocol buffer: as the proto spells it, or in camel case.
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

/// How exact all numbers below these values are.
pub(super) fn precision<'j, 'a: 'j>(of: impl IntoIterator<Item = &'j Json<'a>>) -> Precision {
    let mut numbers: Vec<Number<'a>> = Vec::new();
    let mut open: Vec<&Json<'a>> = of.into_iter().collect();
    while let Some(json) = open.pop() {
        match &json.value {
            Value::Number(number) => numbers.push(*number),
            Value::Array(list) => open.extend(list),
            Value::Object(object) => open.extend(object.iter().map(|member| &member.value)),
            _ => {}
        }
    }
    Precision::of(numbers)
}

/// Adds a number that may be written as text, as protocol buffers write integers and NaN. Other text is left out.
pub(super) fn measure<'c>(
    collector: &'c mut Collector,
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

/// The leaves below an object, with the path of keys to each, joined by `.`; lists are leaves.
pub(super) fn leaves<'j, 'a>(object: &'j Object<'a>) -> Vec<(String, &'j Json<'a>)> {
    let mut out = Vec::new();
    descend(object, "", &mut out);
    out
}

fn descend<'j, 'a>(object: &'j Object<'a>, above: &str, out: &mut Vec<(String, &'j Json<'a>)>) {
    for member in object {
        let path = format!("{above}{}", member.key);
        match &member.value.value {
            Value::Object(inner) => descend(inner, &format!("{path}."), out),
            _ => out.push((path, &member.value)),
        }
    }
}

/// States the rows behind a number; where it is a proportion of them, its successes too, if they are determined.
pub(super) fn over(m: &mut Measurement, n: Option<u64>) {
    m.n = n;
    let of_rows = Metric::find(&m.metric).is_some_and(|metric| metric.kind == Kind::ProportionOfRows);
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

    #[test]
    fn leaves_keep_their_path() {
        let json = json::parse(br#"{"a": {"b.c": 1, "d": {"": [2]}}, "e": {}}"#).unwrap();
        let found: Vec<_> = leaves(json.as_object().unwrap()).into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, ["a.b.c", "a.d."]);
    }
}
