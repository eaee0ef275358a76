//! One expectation and what it found.

use crate::evidence::{
    Collector,
    formats::data::common::{first_line, flag},
    json::{Json, Number, Object, Value},
};
use crate::model::{Slice, Unit};

/// The numbers of a result, and whether each is a percentage.
const NUMBERS: [(&str, bool); 7] = [
    ("unexpected_percent", true),
    ("unexpected_percent_total", true),
    ("unexpected_percent_nonmissing", true),
    ("missing_percent", true),
    ("unexpected_count", false),
    ("missing_count", false),
    ("element_count", false),
];

/// Examples of values that failed, and how to find them.
const ASIDE: [&str; 11] = [
    "partial_unexpected_list",
    "partial_unexpected_counts",
    "partial_unexpected_index_list",
    "unexpected_list",
    "unexpected_index_list",
    "unexpected_index_query",
    "unexpected_index_column_names",
    "unexpected_rows",
    "unexpected_rows_query",
    "details",
    "observed_value",
];

/// Reads one expectation; `dataset` is set if the document has several. Returns whether the tool
/// calls it a success although it examined no data.
pub(super) fn read(collector: &mut Collector<'_>, json: &Json<'_>, dataset: Option<&str>) -> bool {
    let Some(object) = json.as_object() else {
        collector.check(
            "expectation",
            false,
            Some(format!("a result is no object but {}", json.kind())),
        );
        return false;
    };
    let config = object.get("expectation_config").and_then(Json::as_object).unwrap_or(object);
    let kind = config
        .text("type")
        .or_else(|| config.text("expectation_type"))
        .unwrap_or("an expectation without a type");
    let kwargs = config.get("kwargs").and_then(Json::as_object);
    let column = kwargs.and_then(columns);
    let name = match &column {
        Some(column) => format!("{kind} [{column}]"),
        None => kind.to_owned(),
    };
    let raised = raised(object.get("exception_info"));
    let success = flag(object, "success");
    let held = success == Some(true) && raised.is_none();
    let nothing = object.get("result").and_then(Json::as_object).and_then(nothing);
    let said = detail(object, config, raised, success);
    let said = match &nothing {
        Some(why) => {
            Some([Some(why.clone()), said].into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
        None => said,
    };
    collector.check(name, held && nothing.is_none(), said);
    let slice = column.map_or_else(Slice::overall, |column| Slice::one("column", column));
    if let Some(result) = collector.object(object.get("result")) {
        numbers(collector, result, kind, &slice, dataset);
    }
    held && nothing.is_some()
}

/// Why an expectation shows nothing: it examined no row, or only missing values.
fn nothing(result: &Object<'_>) -> Option<String> {
    let count = |key: &str| result.get(key).and_then(Json::as_number).and_then(Number::count);
    match (count("element_count")?, count("missing_count")) {
        (0, _) => Some("no row was looked at".to_owned()),
        (all, Some(missing)) if missing >= all => {
            Some(format!("no value was looked at: {missing} of {all} are missing"))
        }
        _ => None,
    }
}

/// The column that an expectation is about, or its columns.
fn columns(kwargs: &Object<'_>) -> Option<String> {
    if let Some(column) = kwargs.text("column") {
        return Some(column.to_owned());
    }
    if let (Some(a), Some(b)) = (kwargs.text("column_A"), kwargs.text("column_B")) {
        return Some(format!("{a}, {b}"));
    }
    let list = kwargs.get("column_list").and_then(Json::as_array)?;
    let names: Option<Vec<&str>> = list.iter().map(Json::as_str).collect();
    names.map(|names| names.join(", ")).filter(|names| !names.is_empty())
}

/// The message of the exception that the expectation itself or one of its metrics raised.
fn raised(info: Option<&Json<'_>>) -> Option<String> {
    let info = info?.as_object()?;
    let message = |info: &Object<'_>| {
        let thrown = flag(info, "raised_exception") == Some(true);
        thrown.then(|| {
            info.text("exception_message").unwrap_or("an exception without a message").to_owned()
        })
    };
    message(info)
        .or_else(|| info.iter().find_map(|member| member.value.as_object().and_then(message)))
}

fn detail(
    object: &Object<'_>,
    config: &Object<'_>,
    raised: Option<String>,
    success: Option<bool>,
) -> Option<String> {
    let mut said = Vec::new();
    if success.is_none() {
        said.push("`success` is neither true nor false".to_owned());
    }
    said.extend(raised.map(|raised| format!("raised: {}", first_line(&raised, 300))));
    said.extend(
        config
            .text("severity")
            .filter(|_| success != Some(true))
            .map(|severity| format!("severity {severity}")),
    );
    let result = object.get("result");
    let written = |key: &str| {
        result.and_then(|result| result.get(key)).and_then(Json::as_number).map(Number::text)
    };
    if let (Some(unexpected), Some(all)) = (written("unexpected_count"), written("element_count")) {
        said.push(format!("{unexpected} of {all} values are unexpected"));
    } else if let Some(value) = written("observed_value") {
        said.push(format!("observed {value}"));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

fn numbers(
    collector: &mut Collector<'_>,
    result: &Object<'_>,
    kind: &str,
    slice: &Slice,
    dataset: Option<&str>,
) {
    let count = |key: &str| result.get(key).and_then(Json::as_number).and_then(Number::count);
    let n = count("element_count");
    if n == Some(0) {
        collector.warn(format!("`{kind}` looked at no rows"));
    }
    let put = |collector: &mut Collector<'_>, name: &str, json: &Json<'_>, percent: bool| {
        if let Some(m) = collector.measure(&format!("{kind}.{name}"), name, slice.clone(), json) {
            m.n = n;
            m.unit = percent.then_some(Unit::Percent);
            m.dataset = dataset.map(str::to_owned);
        }
    };
    for (name, percent) in NUMBERS {
        if let Some(json) = result.get(name) {
            put(collector, name, json, percent);
        }
    }
    if let Some(value) = result.get("observed_value") {
        for (name, json) in observed(value) {
            put(collector, &name, json, false);
        }
    }
    for member in result {
        let known =
            NUMBERS.iter().any(|(name, _)| *name == member.key) || ASIDE.contains(&&*member.key);
        if !known && member.value.as_number().is_some() {
            put(collector, &member.key, &member.value, member.key.ends_with("percent"));
        } else if member.key == "details" || (!known && !matches!(member.value.value, Value::Null))
        {
            collector.left_out(&member.key);
        }
    }
}

/// The numbers of an observed value: itself, its quantiles, or its members.
fn observed<'j>(value: &'j Json<'j>) -> Vec<(String, &'j Json<'j>)> {
    let quantiles = value.get("quantiles").and_then(Json::as_array);
    let values = value.get("values").and_then(Json::as_array);
    if let (Some(quantiles), Some(values)) = (quantiles, values) {
        let quantiles = quantiles.iter().filter_map(Json::as_number);
        return quantiles
            .zip(values)
            .map(|(q, value)| (format!("observed_value.{}", q.text()), value))
            .collect();
    }
    match &value.value {
        Value::Number(_) | Value::NonFinite(_) => vec![("observed_value".to_owned(), value)],
        Value::Object(members) => {
            let numbers = members.iter().filter(|member| member.value.as_number().is_some());
            numbers
                .map(|member| (format!("observed_value.{}", member.key), &member.value))
                .collect()
        }
        _ => Vec::new(),
    }
}
