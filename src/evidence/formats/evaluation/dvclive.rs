//! `DVCLive`: `metrics.json`, and one table for each metric in `plots/metrics`.
//!
//! * `metrics.json` has the last value of every metric, nested if a name has slashes (`val/loss` is
//!   `val` → `loss`), and `step`. NaN and infinities are text: `"nan"`, `"inf"`. A run that never
//!   called `next_step` has no `step`. Such a file could be any JSON, so it is read only if the
//!   submission names this format.
//! * A table has the columns `step` and the metric's name, preceded by `timestamp` in older
//!   versions. The last row is the value.
//!
//! Names are paths joined by dots. There is no n.

use super::leaves::flat;
use super::plain::measure;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Number, Object, Value},
    names,
    precision::Precision,
    undefined::{Reading, reading_text},
};
use crate::model::{Evidence, Slice, Timestamp, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "dvclive",
    title: "DVCLive: metrics.json, plots/metrics/*.tsv",
    family: Family::Evaluation,
    written_by: "dvclive.Live().log_metric(…)",
    reads: "the last value of every metric with its step. No n.",
    carries: &[Carries::Metrics],
    recognised_by: "`step` beside nothing but numbers, nested or not; a table whose columns are `step` and a metric",
    rule: "id = \"loss\"\nmetric = \"val.loss\"\nmax = 0.7",
    detect,
    read,
};

const STEP: &str = "step";
const TIME: &str = "timestamp";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        return detect_json(document.object()?);
    }
    let header = document.header(b'\t')?;
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    match names.as_slice() {
        [STEP, name] | [TIME, STEP, name] if !name.is_empty() => Ok(()),
        _ => Err(Declined::because("the columns are not `step` and a metric")),
    }
}

fn detect_json(object: &Object<'_>) -> Result<(), Declined> {
    if object.get(STEP).and_then(Json::as_number).and_then(Number::count).is_none() {
        return Err(Declined::because("no whole number `step`"));
    }
    let all = flat(object);
    if all.len() < 2 {
        return Err(Declined::because("no metric beside `step`"));
    }
    match all.iter().find(|(path, leaf)| path.starts_with('_') || !is_logged(leaf)) {
        Some((path, _)) => Err(Declined::because(format!(
            "{} is not a number that DVCLive logs",
            crate::evidence::quoted(path)
        ))),
        None => Ok(()),
    }
}

fn is_logged(json: &Json<'_>) -> bool {
    match &json.value {
        Value::Number(_) | Value::NonFinite(_) => true,
        Value::String(text) => matches!(&**text, "nan" | "inf" | "-inf"),
        _ => false,
    }
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let mut collector =
        if document.looks_like_json() { summary(document)? } else { table(document)? };
    collector.evidence.producer =
        Some(Producer { tool: Some("dvclive".to_owned()), ..Producer::default() });
    if collector.evidence.measurements.is_empty() {
        collector.check("metrics", false, Some("no metric was logged".to_owned()));
    }
    collector.finish()
}

fn summary<'d>(document: &Document<'d>) -> Result<Collector<'d>, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let refused = || {
        document.invalid(
            ADAPTER.id,
            json.at,
            format!("`metrics.json` is an object, not {}", json.kind()),
        )
    };
    let object = json.as_object().ok_or_else(refused)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::below([json]));
    let step = object
        .get(STEP)
        .and_then(Json::as_number)
        .and_then(Number::count)
        .and_then(|step| i64::try_from(step).ok());
    for (path, leaf) in flat(object) {
        let text = leaf
            .as_str()
            .is_some_and(|text| !matches!(reading_text(text), Some(Reading::Undefined(_))));
        if text || matches!(leaf.value, Value::Array(_) | Value::Bool(_)) {
            collector.left_out(&path);
        } else if let Some(m) =
            measure(&mut collector, names::of_sklearn(&path), &path, Slice::overall(), leaf)
        {
            m.step = step;
        }
    }
    Ok(collector)
}

fn table<'d>(document: &Document<'d>) -> Result<Collector<'d>, EvidenceError> {
    let table = document.tsv().map_err(Clone::clone)?;
    let refused = |at, why: &str| document.invalid(ADAPTER.id, at, why);
    let column = table.column(STEP).ok_or_else(|| refused(0, "the table has no column `step`"))?;
    let mut collector = Collector::new(document, ADAPTER.id);
    let Some(last) = table.rows().last() else { return Ok(collector) };
    let width = table.header().count();
    if let Some(odd) = table.rows().iter().find(|row| row.len() != width) {
        return Err(refused(odd.at, "this row has another number of columns than the header"));
    }
    let step: Option<i64> = last.get(column).and_then(|step| step.parse().ok());
    let cells = table
        .rows()
        .iter()
        .flat_map(|row| row.cells().enumerate().filter(|(place, _)| *place != column));
    let exact = crate::evidence::precision::Precision::of(
        cells.filter_map(|(_, cell)| Number::parse(cell)),
    );
    collector = collector.precision(exact);
    for (place, name) in table.header().enumerate() {
        let cell = last.get(place).unwrap_or("");
        if name == TIME {
            let millis: Option<i64> = cell.parse().ok();
            collector.evidence.produced_at =
                millis.map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000)));
        } else if place != column
            && let Some(m) =
                collector.measure_text(names::of_sklearn(name), name, Slice::overall(), cell)
        {
            m.step = step;
        }
    }
    if table.rows().len() > 1 {
        collector.warn(format!("a history of {} steps: the last is the value", table.rows().len()));
    }
    Ok(collector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn seen(text: &str) -> bool {
        detect(&Document::new(Digest::of(b""), text.as_bytes())).is_ok()
    }

    fn open(text: &str) -> Result<Evidence, EvidenceError> {
        read(&Document::new(Digest::of(b""), text.as_bytes()))
    }

    #[test]
    fn a_summary_is_recognised_by_its_step_and_nothing_but_numbers() {
        assert!(seen(r#"{"loss": "inf", "val": {"acc": 0.5}, "step": 3}"#));
        for other in [
            r#"{"step": 3}"#,
            r#"{"loss": 1.0}"#,
            r#"{"step": 1.5, "loss": 1.0}"#,
            r#"{"step": 1, "loss": 1.0, "_runtime": 2}"#,
            r#"{"step": 1, "key": "loss", "value": 1.0}"#,
            r#"{"step": 1, "log": [1.0]}"#,
            "step,loss\n0,1\n",
            "time\tloss\n0\t1\n",
            "step\tloss\tacc\n0\t1\t2\n",
        ] {
            assert!(!seen(other), "{other}");
        }
    }

    #[test]
    fn the_last_row_of_a_table_is_the_value() {
        assert!(seen("step\ttop 5 accuracy\n0\t0.5\n"));
        let evidence =
            open("timestamp\tstep\tacc\n1700000000000\t0\t0.5\n1700000001000\t1\tnan\n").unwrap();
        let m = &evidence.measurements[0];
        assert_eq!((m.source_name.as_str(), m.value, m.step), ("acc", None, Some(1)));
        assert_eq!(evidence.produced_at.unwrap().micros(), 1_700_000_001_000_000);
        assert!(!open("step\tloss\n").unwrap().checks[0].passed);
        for broken in ["step\tloss\n0\t1\n1\n", "loss\tacc\n1\t2\n", "[1]"] {
            assert!(open(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_file_without_a_step_is_read_where_its_format_is_named() {
        let evidence = open(r#"{"acc": 0.75, "note": "x", "loss": "nan"}"#).unwrap();
        let read: Vec<_> = evidence
            .measurements
            .iter()
            .map(|m| (m.source_name.as_str(), m.value, m.step))
            .collect();
        assert_eq!(read, [("acc", Some(0.75), None), ("loss", None, None)]);
        assert!(evidence.warnings.iter().any(|warning| warning.contains("`note`")));
    }
}
