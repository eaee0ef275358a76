//! The name that Evidently builds from a metric's parameters.

use crate::evidence::json::{Json, Number, Object, Value};

/// A value as it is written in the name of a metric.
pub(super) fn written(json: &Json<'_>) -> Option<String> {
    Some(match &json.value {
        Value::String(text) => text.to_string(),
        Value::Number(number) => Number::text(*number).to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        _ => return None,
    })
}

/// `Type(key=value,…)`: without tests, nulls, empty lists and objects, as `MetricResult.explicit_metric_id` does it.
pub(super) fn of(params: &Object<'_>) -> Option<String> {
    let kind = params.get("type").and_then(Json::as_str)?.rsplit(':').next()?;
    let mut items = Vec::new();
    for member in
        params.iter().filter(|member| !member.key.ends_with("tests") && member.key != "type")
    {
        match &member.value.value {
            Value::Array(list) if !list.is_empty() => {
                let list: Vec<String> = list.iter().filter_map(written).collect();
                items.push(format!("{}={}", member.key, list.join(",")));
            }
            Value::String(text) if member.key == "column_type" => {
                items.push(format!("{}={}", member.key, column_type(text).unwrap_or(text)));
            }
            _ => {
                items.extend(written(&member.value).map(|value| format!("{}={value}", member.key)));
            }
        }
    }
    Some(format!("{kind}({})", items.join(",")))
}

/// A column's type as Python prints the member of the enumeration. A snapshot stores only the
/// member's value.
fn column_type(value: &str) -> Option<&'static str> {
    Some(match value {
        "num" => "ColumnType.Numerical",
        "cat" => "ColumnType.Categorical",
        "text" => "ColumnType.Text",
        "datetime" => "ColumnType.Datetime",
        "data" => "ColumnType.Date",
        "id" => "ColumnType.Id",
        "list" => "ColumnType.List",
        "unknown" => "ColumnType.Unknown",
        _ => return None,
    })
}
