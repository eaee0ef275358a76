//! `CatBoost`'s `get_best_score()` and `LightGBM`'s `best_score_`: data set → metric → the best value of any round.

use super::rounds::{Library, may_be_of, slice};
use crate::evidence::{
    Collector, EvidenceError,
    json::{Json, Object},
    precision::Precision,
    undefined::reading,
};
use crate::model::Evidence;

/// Whether all members are data sets with numbers, and the names of the data sets and of the
/// metrics are those of one library. Any script may write `{"test": {"r2": 0.9}}`.
pub(super) fn is_best(object: &Object<'_>) -> bool {
    let counted = |name: &str, stem: &str| {
        name.strip_prefix(stem)
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let catboost =
        |name: &str| matches!(name, "learn" | "validation") || counted(name, "validation_");
    let lightgbm = |name: &str| name == "training" || counted(name, "valid_");
    let names = || object.iter().map(|member| &*member.key);
    let library = if object.has("learn") && names().all(catboost) {
        Library::CatBoost
    } else if names().any(|name| counted(name, "valid_")) && names().all(lightgbm) {
        Library::LightGbm
    } else {
        return false;
    };
    let metrics = |json: &Json<'_>| {
        json.as_object().is_some_and(|metrics| {
            metrics
                .iter()
                .all(|metric| may_be_of(library, &metric.key) && reading(&metric.value).is_some())
        })
    };
    let any = object
        .iter()
        .any(|member| member.value.as_object().is_some_and(|metrics| !metrics.is_empty()));
    any && object.iter().all(|member| metrics(&member.value))
}

/// Reads the best values. Each has its own best round, so no one model has them all, and none gets
/// our name of the metric.
pub(super) fn read(
    object: &Object<'_>,
    collector: Collector<'_>,
) -> Result<Evidence, EvidenceError> {
    let all = || {
        object
            .iter()
            .filter_map(|member| member.value.as_object())
            .flatten()
            .map(|metric| &metric.value)
    };
    let mut collector = collector.precision(Precision::below(all()));
    for dataset in object {
        for metric in collector.members(Some(&dataset.value)) {
            let name = format!("{}:{}", dataset.key, metric.key);
            collector.measure(
                &format!("best:{name}"),
                &name,
                slice(Some(&dataset.key)),
                &metric.value,
            );
        }
    }
    collector.finish()
}
