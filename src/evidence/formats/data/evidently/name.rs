//! The name that Evidently makes of a metric's parameters.

use super::written;
use crate::evidence::json::{Json, Object, Value};

/// `Type(key=value,…)`: without tests, nulls, empty lists and objects, as `MetricResult.explicit_metric_id` does it.
pub(super) fn of(params: &Object<'_>) -> Option<String> {
    let kind = params.get("type").and_then(Json::as_str)?.rsplit(':').next()?;
    let mut items = Vec::new();
    for member in params.iter().filter(|member| !member.key.ends_with("tests") && member.key != "type") {
        match &member.value.value {
            Value::Array(list) if !list.is_empty() => {
                let list: Vec<String> = list.iter().filter_map(written).collect();
                items.push(format!("{}={}", member.key, list.join(",")));
            }
            _ => items.extend(written(&member.value).map(|value| format!("{}={value}", member.key))),
        }
    }
    Some(format!("{kind}({})", items.join(",")))
}
