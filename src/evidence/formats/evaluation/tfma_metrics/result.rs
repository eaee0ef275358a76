//! `EvalResult.slicing_metrics`, dumped as JSON: for each slice its pairs of column and value, then
//! output → sub key → name → value. Its numbers are `MetricValue`s in camel case; flags such as
//! `is_diff` are part of the name.

use super::super::tfma::{
    key::{Group, Key},
    proto::Node,
    record::Mistake,
    values::{Context, Writer},
};
use crate::evidence::{
    Collector,
    json::{Json, Object, Value},
};
use crate::model::Slice;

/// The slices, if these are the slicing metrics of a result.
pub(super) fn slices<'j, 'a>(json: &'j Json<'a>) -> Option<&'j [Json<'a>]> {
    let list = json.as_array().or_else(|| json.get("slicing_metrics").and_then(Json::as_array))?;
    list.first().and_then(pair).map(|_| list)
}

/// A slice and its metrics, three maps deep.
fn pair<'j, 'a>(json: &'j Json<'a>) -> Option<(&'j [Json<'a>], &'j Object<'a>)> {
    let [key, metrics] = json.as_array()? else { return None };
    let maps =
        |json: &'j Json<'a>| json.as_object().map(|map| map.iter().map(|member| &member.value));
    let metrics_of = metrics.as_object().filter(|outputs| !outputs.is_empty())?;
    let deep = maps(metrics)?.all(|outputs| {
        maps(outputs).is_some_and(|mut keys| {
            keys.all(|named| {
                maps(named).is_some_and(|mut values| values.all(|v| v.as_object().is_some()))
            })
        })
    });
    deep.then_some((key.as_array()?, metrics_of))
}

/// Adds the metrics of every slice.
pub(super) fn read(collector: &mut Collector<'_>, slices: &[Json<'_>]) -> Result<(), Mistake> {
    for json in slices {
        let (key, outputs) =
            pair(json).ok_or_else(|| Mistake::new(json.at, "not a slice and its metrics"))?;
        let group = Group { slice: slice(key)?, baseline: None };
        let mut entries = Vec::new();
        for output in outputs {
            for sub in collector.members(Some(&output.value)) {
                for metric in collector.members(Some(&sub.value)) {
                    entries.push((
                        Key::of_result(&metric.key, &output.key, &sub.key),
                        Node::Json(&metric.value),
                    ));
                }
            }
        }
        let context = Context::of(&entries)?;
        let mut writer = Writer { collector, group: &group, context: &context };
        for (key, value) in &entries {
            writer.metric(key, *value, None)?;
        }
    }
    Ok(())
}

fn slice(pairs: &[Json<'_>]) -> Result<Slice, Mistake> {
    let mut out = Slice::overall();
    for json in pairs {
        let text = |json: &Json<'_>| match &json.value {
            Value::String(text) => Some(text.to_string()),
            Value::Number(number) => Some(number.text().to_owned()),
            _ => None,
        };
        let named = match json.as_array() {
            Some([column, value]) => text(column).zip(text(value)),
            _ => None,
        };
        let (column, value) =
            named.ok_or_else(|| Mistake::new(json.at, "a slice is pairs of column and value"))?;
        out.0.insert(column, value);
    }
    Ok(out)
}
