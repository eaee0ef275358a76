//! Files that `CatBoost` writes into `catboost_info` during training.

use super::rounds::{Library, canonical, slice};
use crate::evidence::{
    Collector, Declined, Document, EvidenceError,
    json::{Json, Object},
    quoted,
};
use crate::model::{Evidence, Producer};

/// Whether the object is `catboost_training.json`.
pub(super) fn is_training(object: &Object<'_>) -> bool {
    let list = |json: Option<&Json<'_>>| json.is_some_and(|json| json.as_array().is_some());
    list(object.get("iterations"))
        && object.get("meta").is_some_and(|meta| list(meta.get("learn_metrics")))
}

/// Reads the values of the last iteration of every data set.
pub(super) fn training(
    document: &Document<'_>,
    object: &Object<'_>,
    mut collector: Collector<'_>,
) -> Result<Evidence, EvidenceError> {
    let format = collector.format();
    let refuse = |json: &Json<'_>, why: String| document.invalid(format, json.at, why);
    let (Some(meta), Some(iterations)) =
        (object.get("meta"), object.get("iterations").and_then(Json::as_array))
    else {
        return Err(document.invalid(collector.format(), 0, "no `meta` and `iterations`"));
    };
    about(meta, &mut collector);
    let Some(last) = iterations.last() else {
        collector.check("catboost/trained", false, Some("no iteration".to_owned()));
        return collector.finish();
    };
    let step = last.get("iteration").and_then(Json::as_number).and_then(|n| n.text().parse().ok());
    for member in
        last.as_object().ok_or_else(|| refuse(last, format!("an iteration is {}", last.kind())))?
    {
        let Some(values) = member.value.as_array() else { continue };
        let key = if member.key.starts_with("learn") { "learn_metrics" } else { "test_metrics" };
        let metrics = collector.list(meta.get(key));
        // If a value is missing, the values after it move to the wrong metric.
        if values.len() != metrics.len() {
            collector.warn(format!(
                "{} has {} values of {} metrics and is left out",
                quoted(&member.key),
                values.len(),
                metrics.len()
            ));
            continue;
        }
        for (metric, value) in metrics.iter().zip(values) {
            let name = metric
                .get("name")
                .and_then(Json::as_str)
                .ok_or_else(|| refuse(metric, "a metric without `name`".to_owned()))?;
            let theirs = format!("{}:{name}", member.key);
            if let Some(m) = collector.measure(
                canonical(Some(Library::CatBoost), name),
                &theirs,
                slice(Some(&member.key)),
                value,
            ) {
                m.step = step;
            }
        }
    }
    collector.finish()
}

fn about(meta: &Json<'_>, collector: &mut Collector<'_>) {
    let run = meta.get("name").and_then(Json::as_str).map(str::to_owned);
    collector.evidence.producer =
        Some(Producer { tool: Some("catboost".to_owned()), version: None, run });
    if let Some(mode) =
        meta.get("launch_mode").and_then(Json::as_str).filter(|mode| *mode != "Train")
    {
        collector.warn(format!(
            "the launch mode is {}, not `Train`: values may be means over folds",
            quoted(mode)
        ));
    }
}

/// Whether the document is `learn_error.tsv` or `test_error.tsv`.
pub(super) fn is_table(document: &Document<'_>) -> Result<(), Declined> {
    let header = document.header(b'\t')?;
    if header.first().is_some_and(|first| first == "iter")
        && header.get(1).is_some_and(|second| second != "Passed")
    {
        Ok(())
    } else {
        Err(Declined::because("the first column is not `iter` of CatBoost"))
    }
}

/// Reads the values of the last row.
pub(super) fn table(
    document: &Document<'_>,
    mut collector: Collector<'_>,
) -> Result<Evidence, EvidenceError> {
    document.require(collector.format(), is_table(document))?;
    let table = document.tsv().map_err(Clone::clone)?;
    collector.evidence.producer =
        Some(Producer { tool: Some("catboost".to_owned()), version: None, run: None });
    let Some(last) = table.rows().last() else {
        collector.check("catboost/trained", false, Some("no iteration".to_owned()));
        return collector.finish();
    };
    let columns = table.header().count();
    if last.len() != columns {
        let why =
            format!("the last row has {} cells of {columns}; was the file cut off?", last.len());
        return Err(document.invalid(collector.format(), last.at, why));
    }
    let step = last.get(0).and_then(|cell| cell.parse().ok());
    for (name, cell) in table.header().zip(last.cells()).skip(1) {
        if let Some(m) = collector.measure_text(
            canonical(Some(Library::CatBoost), name),
            name,
            slice(None),
            cell,
        ) {
            m.step = step;
        }
    }
    collector.finish()
}
