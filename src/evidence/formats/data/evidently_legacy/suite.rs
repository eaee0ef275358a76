//! The tests of a suite.

use crate::evidence::{
    Collector,
    formats::data::common::{first_line, leaves, nothing_ran, vacuous},
    json::{Json, Number, Object, Value},
};
use crate::model::Slice;

/// Reads the tests and their summary.
pub(super) fn read(collector: &mut Collector<'_>, suite: &Object<'_>, tests: &[Json<'_>]) {
    let from = collector.evidence.checks.len();
    for test in tests {
        one(collector, test);
    }
    let counts_rows =
        |test: &&Json<'_>| test.get("name").and_then(Json::as_str) == Some("Number of Rows");
    let rows = |test: &Json<'_>| Some(test.at_path(&["parameters", "value"])?.as_number()?.value());
    if tests.iter().filter(counts_rows).filter_map(rows).any(|rows| rows == 0.0) {
        vacuous(collector, from, "the current data has no row");
    }
    if tests.is_empty() {
        nothing_ran(collector, "tests", "the suite has no test");
    }
    let Some(summary) = suite.get("summary") else { return };
    leaves(summary, &mut |path, json| {
        if matches!(json.value, Value::Number(_) | Value::NonFinite(_)) {
            let name = path.join(".");
            collector.measure(&name, &name, Slice::overall(), json);
        }
    });
    let total = summary.get("total_tests").and_then(Json::as_number).and_then(Number::count);
    if let Some(total) = total.filter(|total| usize::try_from(*total) != Ok(tests.len())) {
        let why = format!("the summary counts {total} tests, the file has {}", tests.len());
        collector.check("tests", false, Some(why));
    }
}

fn one(collector: &mut Collector<'_>, json: &Json<'_>) {
    let Some(test) = json.as_object() else {
        collector.check("tests", false, Some(format!("a test is no object but {}", json.kind())));
        return;
    };
    let name = test.text("name").unwrap_or("a test without a name");
    let parameters = test.get("parameters");
    let column = parameters.and_then(|parameters| text_of(parameters, "column_name"));
    let label = parameters.and_then(|parameters| text_of(parameters, "label"));
    let shown = match column.as_ref().or(label.as_ref()) {
        Some(of) => format!("{name} [{of}]"),
        None => name.to_owned(),
    };
    let status = test.text("status");
    let mut detail = status.map_or_else(|| "no status".to_owned(), str::to_owned);
    if let Some(said) = test.text("description") {
        detail.push_str(": ");
        detail.push_str(&first_line(said, 300));
    }
    collector.check(shown, status == Some("SUCCESS"), Some(detail));
    let slice = match (column, label) {
        (Some(column), _) => Slice::one("column", column),
        (None, Some(label)) => Slice::one("class", label),
        (None, None) => Slice::overall(),
    };
    if let Some(parameters) = parameters {
        numbers(collector, name, &slice, parameters);
    }
}

fn text_of(parameters: &Json<'_>, key: &str) -> Option<String> {
    match &parameters.get(key)?.value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.text().to_owned()),
        _ => None,
    }
}

/// Reads what a test compared: `value` is named by the test, the other numbers by the test and
/// their key. The limit that it was compared with is in the detail.
fn numbers(collector: &mut Collector<'_>, name: &str, slice: &Slice, parameters: &Json<'_>) {
    leaves(parameters, &mut |path, json| {
        let undefined = matches!(json.value, Value::Null) && path == ["value"];
        if !undefined && !matches!(json.value, Value::Number(_) | Value::NonFinite(_)) {
            return;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (source, slice) = match path.as_slice() {
            ["condition" | "label" | "values" | "columns", ..] => return,
            ["value"] => (name.to_owned(), slice.clone()),
            ["features", column, rest @ ..] => {
                (format!("{name}.{}", rest.join(".")), Slice::one("column", *column))
            }
            _ => (format!("{name}.{}", path.join(".")), slice.clone()),
        };
        collector.measure(&source, &source, slice, json);
    });
}
