//! The numbers in the value of a check.

use crate::evidence::{
    Collector,
    counts::only_count,
    json::{self, Json, Number, Object, Value},
};
use crate::model::{Slice, Unit};

/// More numbers than this in one value are a matrix or a sample, not metrics.
const MOST: usize = 2_000;

/// Reads the value of the check named `header`; `seconds` says that the value is a time.
pub(super) fn read(collector: &mut Collector<'_>, header: &str, seconds: bool, value: &Json<'_>) {
    let table = value
        .as_str()
        .filter(|text| text.starts_with(['[', '{']))
        .and_then(|text| json::parse(text.as_bytes()).ok());
    let value = table.as_ref().unwrap_or(value);
    if let Some(rows) =
        value.as_array().filter(|rows| !rows.is_empty() && rows.iter().all(is_score))
    {
        for row in rows {
            score(collector, header, row);
        }
        return;
    }
    if table.is_none() && value.as_array().is_some() {
        // A list of one number per row of the data.
        return collector.left_out(header);
    }
    let mut found = Vec::new();
    numbers(value, &mut Vec::new(), &mut found, &mut |path| {
        collector.left_out(&format!("{header}.{path}"));
    });
    if found.len() > MOST {
        return collector.left_out(header);
    }
    for (path, number) in found {
        let name = if path.is_empty() { header.to_owned() } else { format!("{header}.{path}") };
        if let Some(m) = collector.measure(&name, &name, Slice::overall(), number) {
            m.unit = seconds.then_some(Unit::Seconds);
        }
    }
}

/// Whether a row of a table is the score of a class.
fn is_score(row: &Json<'_>) -> bool {
    row.as_object().is_some_and(|row| ["Dataset", "Metric", "Value"].iter().all(|key| row.has(key)))
}

/// Our name for a scorer.
fn ours(scorer: &str, header: &str) -> String {
    match scorer {
        "Accuracy" => "accuracy".to_owned(),
        "Precision" => "precision".to_owned(),
        "Recall" => "recall".to_owned(),
        "F1" => "f1".to_owned(),
        "R2" => "r2".to_owned(),
        other => format!("{header}.{other}"),
    }
}

fn score(collector: &mut Collector<'_>, header: &str, row: &Json<'_>) {
    let said = |key: &str| {
        row.get(key).and_then(|json| {
            json.as_str().map(str::to_owned).or_else(|| json.as_number().map(shown))
        })
    };
    let (Some(scorer), Some(value)) = (said("Metric"), row.get("Value")) else {
        return collector.left_out(header);
    };
    let class = said("Class");
    let slice =
        class.as_ref().map_or_else(Slice::overall, |class| Slice::one("class", class.clone()));
    // Without a class, precision, recall and F1 are averages over the classes.
    let ours = if class.is_some() || matches!(scorer.as_str(), "Accuracy" | "R2") {
        ours(&scorer, header)
    } else {
        format!("{header}.{scorer}")
    };
    let Some(m) = collector.measure(&ours, &scorer, slice, value) else { return };
    m.dataset = said("Dataset");
    m.n = row.get("Number of samples").and_then(Json::as_number).and_then(Number::count);
    if let ("recall", Some(value), Some(n)) = (ours.as_str(), m.value, m.n) {
        m.trials = Some(n);
        m.successes = only_count(value, n, m.rounding);
    }
}

/// A class as pandas prints it.
fn shown(number: Number<'_>) -> String {
    number.text().to_owned()
}

/// A NumPy number: the value next to its `dtype`.
fn scalar<'j>(object: &'j Object<'j>) -> Option<&'j Json<'j>> {
    (object.len() == 2 && object.has("dtype")).then(|| object.get("value"))?
}

/// Collects the numbers below `json` with the keys that lead there.
fn numbers<'j>(
    json: &'j Json<'j>,
    path: &mut Vec<String>,
    found: &mut Vec<(String, &'j Json<'j>)>,
    left_out: &mut impl FnMut(&str),
) {
    match &json.value {
        Value::Number(_) | Value::NonFinite(_) => found.push((path.join("."), json)),
        Value::Object(object) => {
            if let Some(value) = scalar(object) {
                return numbers(value, path, found, left_out);
            }
            // How jsonpickle writes a frame or a series: packed, or as values next to an index.
            if object.has("meta")
                || (object.has("index") && object.has("values"))
                || object.has("dtype")
            {
                return left_out(&path.join("."));
            }
            for member in object {
                path.push(member.key.to_string());
                numbers(&member.value, path, found, left_out);
                path.pop();
            }
        }
        Value::Array(elements) => {
            for (i, element) in elements.iter().enumerate() {
                path.push(i.to_string());
                numbers(element, path, found, left_out);
                path.pop();
            }
        }
        Value::Bool(_) | Value::String(_) => left_out(&path.join(".")),
        Value::Null => {}
    }
}
