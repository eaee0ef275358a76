//! The metrics that boosting libraries record for each round.
//!
//! * `XGBoost`'s `evals_result`, `LightGBM`'s `record_evaluation`, `CatBoost`'s
//!   `get_evals_result()`: data set → metric → a value for each round, as they are or below
//!   `evals_result` next to `best_iteration` and `best_score`;
//! * `xgboost.cv`, `lightgbm.cv` and `catboost.cv`: `test-logloss-mean` and `-std`
//!   (`valid multi_logloss-mean`, `-stdv`), as lists or as columns of a frame, in JSON or CSV;
//! * `CatBoost`'s `get_best_score()` and `LightGBM`'s `best_score_`: data set → metric → its best
//!   value;
//! * `CatBoost`'s `catboost_training.json` (10 significant digits), `learn_error.tsv` and
//!   `test_error.tsv`. A table does not name its data set.
//!
//! The value is that of the last round, and the index of that round is the step. It is the value of
//! the model, unless training stopped early. If the file has `best_iteration`, the value of that
//! round is added as `best:valid:logloss`, never under our name of the metric. `XGBoost` and
//! `CatBoost` count that round from 0, `LightGBM` from 1: if the names of the metrics do not show
//! which library it is, this value is left out. A mean over folds is not a metric of one model, and
//! keeps its own name. No file says on how many rows a value was computed.

mod catboost;
mod folds;
mod rounds;
mod scores;
#[cfg(test)]
mod tests;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family, json::Json,
    precision::Precision, quoted,
};
use crate::model::{Evidence, Slice};
use rounds::{Library, Series, Shape, canonical, slice};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "boosting-evals",
    title: "XGBoost, LightGBM and CatBoost: metrics of every round",
    family: Family::Evaluation,
    written_by: "json.dump(model.evals_result(), file); CatBoost writes catboost_info/catboost_training.json itself; \
                 xgb.cv(…).to_csv(file)",
    reads: "of every data set and metric the last round, with its index as the step, and the best round where the file \
            has one; the best scores by their own names. n is not in these files.",
    carries: &[Carries::Metrics, Carries::Slices],
    recognised_by: "lists of one value for each round below the names of data sets and boosting metrics",
    rule: "id = \"validation-loss\"\nmetric = \"log_loss\"\nsource = \"boosting-evals\"\nslice = { dataset = \"valid\" }\nmax = 0.4\npoint_estimate = \"allow\"",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    if document.looks_like_json() {
        let object = document.object()?;
        if catboost::is_training(object) {
            return Ok(());
        }
        if scores::is_best(object) {
            return Ok(());
        }
        let shape = Shape::of(object).map_err(Declined::because)?;
        return if shape.is_known() {
            Ok(())
        } else {
            Err(Declined::because("no name of a boosting metric or of its data sets"))
        };
    }
    folds::is_table(document).or_else(|_| catboost::is_table(document))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let collector = Collector::new(document, ADAPTER.id);
    if !document.looks_like_json() {
        let folds = folds::is_table(document).is_ok();
        return if folds {
            folds::table(document, collector)
        } else {
            catboost::table(document, collector)
        };
    }
    let json = document.json().map_err(Clone::clone)?;
    let refuse = |at: usize, why: String| document.invalid(ADAPTER.id, at, why);
    let object = document.require(ADAPTER.id, document.object())?;
    if catboost::is_training(object) {
        return catboost::training(document, object, collector);
    }
    if scores::is_best(object) {
        return scores::read(object, collector);
    }
    let shape = Shape::of(object).map_err(|why| refuse(json.at, why))?;
    let mut collector = collector.precision(Precision::below(
        shape.series.iter().flat_map(|series| series.values.iter().copied()),
    ));
    let rounds = shape.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    for series in &shape.series {
        if series.values.len() != rounds {
            collector.warn(format!(
                "{} has {} rounds of {rounds}: its last may not be the model's",
                quoted(&series.name()),
                series.values.len()
            ));
        }
        let from = collector.evidence.measurements.len();
        last(series, shape.library, &mut collector);
        if series.values.len() < rounds {
            let why = format!(
                "it has {} rounds of {rounds}, and its last need not be the model's",
                series.values.len()
            );
            collector
                .evidence
                .measurements
                .iter_mut()
                .skip(from)
                .for_each(|m| m.unfit = Some(why.clone()));
        }
    }
    best(&shape, &mut collector);
    for part in &shape.other {
        collector.left_out(part);
    }
    collector.finish()
}

fn last(series: &Series<'_, '_>, library: Option<Library>, collector: &mut Collector<'_>) {
    let Some((json, before)) = series.values.split_last() else { return };
    let name = series.name();
    let ours = if series.folds { &*name } else { canonical(library, &series.metric) };
    if let Some(m) = collector.measure(ours, &name, slice(series.dataset), json) {
        m.step = i64::try_from(before.len()).ok();
        m.aggregate = series.folds;
    }
}

/// Reads what the file says about the best round.
fn best(shape: &Shape<'_, '_>, collector: &mut Collector<'_>) {
    for (name, json) in &shape.best {
        best_score(name, json, collector);
    }
    let Some(round) = shape.best_round() else { return };
    let Some(index) = shape.library.and_then(|library| library.index(round)) else {
        collector.warn(format!(
            "`best_iteration` is {round}, and nothing says whether rounds are counted from 0 or 1"
        ));
        return;
    };
    for series in &shape.series {
        let Some(json) = series.values.get(index) else {
            collector.warn(format!(
                "{} has no round {round}, which is called the best",
                quoted(&series.name())
            ));
            continue;
        };
        let name = format!("best:{}", series.name());
        if let Some(m) = collector.measure(&name, &name, slice(series.dataset), json) {
            m.step = i64::try_from(index).ok();
        }
    }
}

/// A number, or `LightGBM`'s data set → metric → number.
fn best_score(path: &str, json: &Json<'_>, collector: &mut Collector<'_>) {
    match json.as_object() {
        None => {
            collector.measure(path, path, Slice::overall(), json);
        }
        Some(object) => {
            object.iter().for_each(|member| {
                best_score(&format!("{path}.{}", member.key), &member.value, collector);
            });
        }
    }
}
