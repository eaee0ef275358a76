//! Lists of one value for each round, by data set and metric.

use crate::evidence::{
    json::{Json, Object},
    quoted,
    undefined::reading,
};
use crate::model::Slice;
use std::borrow::Cow;

/// The library that wrote the file, as far as the names of the metrics show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Library {
    XGBoost,
    LightGbm,
    CatBoost,
}

impl Library {
    /// The index of the round that the library calls `round`.
    pub(super) fn index(self, round: u64) -> Option<usize> {
        let index = if self == Self::LightGbm { round.checked_sub(1)? } else { round };
        usize::try_from(index).ok()
    }
}

use Library::{CatBoost, LightGbm, XGBoost};

pub(super) fn slice(dataset: Option<&str>) -> Slice {
    dataset.map_or_else(Slice::overall, |dataset| Slice::one("dataset", dataset))
}

/// Metrics: the name before `@`, `:` and a trailing `-`; our name if it is the same quantity; the
/// library, if only one uses the name.
const METRICS: &[(&str, &str, Option<Library>)] = &[
    ("aft-nloglik", "", Some(XGBoost)),
    ("auc", "roc_auc", None),
    ("aucpr", "", Some(XGBoost)),
    ("auc_mu", "", Some(LightGbm)),
    ("average_precision", "average_precision", Some(LightGbm)),
    ("binary_error", "error_rate", Some(LightGbm)),
    ("binary_logloss", "log_loss", Some(LightGbm)),
    ("cox-nloglik", "", Some(XGBoost)),
    ("cross_entropy", "", Some(LightGbm)),
    ("cross_entropy_lambda", "", Some(LightGbm)),
    ("error", "error_rate", Some(XGBoost)),
    ("fair", "", Some(LightGbm)),
    ("gamma", "", Some(LightGbm)),
    ("gamma-deviance", "", Some(XGBoost)),
    ("gamma-nloglik", "", Some(XGBoost)),
    ("gamma_deviance", "", Some(LightGbm)),
    ("huber", "", Some(LightGbm)),
    ("kullback_leibler", "", Some(LightGbm)),
    ("l1", "mean_absolute_error", Some(LightGbm)),
    ("l2", "mean_squared_error", Some(LightGbm)),
    ("l2_root", "root_mean_squared_error", Some(LightGbm)),
    ("logloss", "log_loss", Some(XGBoost)),
    ("mae", "mean_absolute_error", Some(XGBoost)),
    ("map", "", None),
    ("mape", "", None),
    ("merror", "error_rate", Some(XGBoost)),
    ("mlogloss", "log_loss", Some(XGBoost)),
    ("mphe", "", Some(XGBoost)),
    ("multi_error", "error_rate", Some(LightGbm)),
    ("multi_logloss", "log_loss", Some(LightGbm)),
    ("ndcg", "", None),
    ("poisson", "", Some(LightGbm)),
    ("poisson-nloglik", "", Some(XGBoost)),
    ("pre", "", Some(XGBoost)),
    ("quantile", "", None),
    ("r2", "r2", Some(LightGbm)),
    ("rmse", "root_mean_squared_error", None),
    ("rmsle", "", Some(XGBoost)),
    ("tweedie", "", Some(LightGbm)),
    ("tweedie-nloglik", "", Some(XGBoost)),
    ("AUC", "roc_auc", Some(CatBoost)),
    ("Accuracy", "accuracy", Some(CatBoost)),
    ("BalancedAccuracy", "balanced_accuracy", Some(CatBoost)),
    ("BrierScore", "brier_score_loss", Some(CatBoost)),
    ("CrossEntropy", "", Some(CatBoost)),
    ("F1", "f1", Some(CatBoost)),
    ("Kappa", "cohen_kappa", Some(CatBoost)),
    ("Logloss", "log_loss", Some(CatBoost)),
    ("MAE", "mean_absolute_error", Some(CatBoost)),
    ("MAPE", "", Some(CatBoost)),
    ("MCC", "matthews_corrcoef", Some(CatBoost)),
    ("MedianAbsoluteError", "median_absolute_error", Some(CatBoost)),
    ("MultiClass", "log_loss", Some(CatBoost)),
    ("MultiClassOneVsAll", "", Some(CatBoost)),
    ("NDCG", "", Some(CatBoost)),
    ("PRAUC", "", Some(CatBoost)),
    ("PairLogit", "", Some(CatBoost)),
    ("Poisson", "", Some(CatBoost)),
    ("Precision", "precision", Some(CatBoost)),
    ("QueryRMSE", "", Some(CatBoost)),
    ("R2", "r2", Some(CatBoost)),
    ("RMSE", "root_mean_squared_error", Some(CatBoost)),
    ("Recall", "recall", Some(CatBoost)),
    ("SMAPE", "", Some(CatBoost)),
    ("TotalF1", "", Some(CatBoost)),
    ("YetiRank", "", Some(CatBoost)),
    ("ZeroOneLoss", "error_rate", Some(CatBoost)),
];

/// Names that the libraries give to data sets.
fn is_dataset(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "train",
        "training",
        "valid",
        "validation",
        "eval",
        "test",
        "learn",
        "dtrain",
        "dtest",
        "dvalid",
    ];
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    NAMES.contains(&stem)
}

fn known(metric: &str) -> Option<&'static (&'static str, &'static str, Option<Library>)> {
    let plain = |name: &str| METRICS.iter().find(|row| row.0 == name);
    plain(metric).or_else(|| plain(metric.split(['@', ':']).next().unwrap_or(metric)))
}

/// Whether this can be the name of a metric of the library, even if others use the name, too.
pub(super) fn may_be_of(library: Library, metric: &str) -> bool {
    known(metric).is_some_and(|row| row.2.is_none_or(|own| own == library))
}

/// The name without its ending, if it is the name of a mean or a deviation over folds; otherwise
/// `None`.
pub(super) fn fold(name: &str) -> Option<&str> {
    ["-mean", "-stdv", "-std"].iter().find_map(|end| name.strip_suffix(end))
}

/// The data set before the metric in such a name, if it has one.
pub(super) fn dataset_of_fold(name: &str) -> Option<&str> {
    fold(name)?.split_once([' ', '-']).map(|(dataset, _)| dataset).filter(|name| is_dataset(name))
}

/// Whether this is the name of a mean or a deviation over folds of a boosting metric.
pub(super) fn is_of_folds(name: &str) -> bool {
    fold(name).is_some() && known(bare(name, true)).is_some()
}

/// Our name of the metric if it is the same quantity, else the source's name. A metric with a
/// parameter (`error@0.7`, `F1:class=2`) keeps the source's name.
pub(super) fn canonical(library: Option<Library>, metric: &str) -> &str {
    let row = METRICS.iter().find(|row| row.0 == metric);
    // CatBoost does not average over classes. The others do, without saying so in the file.
    row.filter(|row| !row.1.is_empty() && row.2.is_none_or(|own| library == Some(own)))
        .map_or(metric, |row| row.1)
}

/// One metric of one data set.
pub(super) struct Series<'j, 'a> {
    pub(super) dataset: Option<&'j str>,
    pub(super) metric: Cow<'j, str>,
    pub(super) values: Vec<&'j Json<'a>>,
    /// Whether each value is a mean, or a deviation, over folds.
    pub(super) folds: bool,
}

impl Series<'_, '_> {
    /// `valid:logloss`; for a series over folds, the key itself.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self.dataset {
            Some(dataset) if !self.folds => format!("{dataset}:{}", self.metric).into(),
            _ => Cow::Borrowed(&*self.metric),
        }
    }
}

/// The content of a document of rounds.
pub(super) struct Shape<'j, 'a> {
    pub(super) series: Vec<Series<'j, 'a>>,
    pub(super) library: Option<Library>,
    /// `best_iteration` and `best_score`, as the file spells them.
    pub(super) best: Vec<(&'j str, &'j Json<'a>)>,
    /// Keys that are not read.
    pub(super) other: Vec<&'j str>,
}

/// Keys that wrap the rounds of one model.
const WRAPS: [&str; 4] = ["evals_result", "evals_result_", "eval_results", "history"];

impl<'j, 'a> Shape<'j, 'a> {
    /// The lists of rounds in `object`, or why it has none.
    pub(super) fn of(object: &'j Object<'a>) -> Result<Self, String> {
        let mut shape =
            Self { series: Vec::new(), library: None, best: Vec::new(), other: Vec::new() };
        let wrapped =
            object.iter().find(|m| WRAPS.contains(&&*m.key)).and_then(|m| m.value.as_object());
        for member in object {
            let key = &*member.key;
            if matches!(
                key,
                "best_iteration"
                    | "best_iteration_"
                    | "best_score"
                    | "best_score_"
                    | "best_ntree_limit"
            ) {
                shape.best.push((key, &member.value));
            } else if key == "iterations"
                && object.iter().any(|m| is_of_folds(&m.key))
                && values(&member.value).is_some()
            {
                // CatBoost's frame of folds has a column that counts the rounds. It is skipped.
            } else if wrapped.is_some() {
                if !WRAPS.contains(&key) {
                    shape.other.push(key);
                }
            } else if !shape.dataset(key, &member.value) {
                return Err(format!(
                    "{} is no list of one value for each round, by metric",
                    quoted(key)
                ));
            }
        }
        for member in wrapped.into_iter().flatten() {
            if !shape.dataset(&member.key, &member.value) {
                return Err(format!(
                    "{} is no list of one value for each round, by metric",
                    quoted(&member.key)
                ));
            }
        }
        if shape.series.is_empty() {
            return Err("no list of one value for each round".to_owned());
        }
        let library =
            shape.series.iter().filter_map(|series| known(bare(&series.metric, series.folds))?.2);
        let first = library.clone().next();
        shape.library = first.filter(|first| library.clone().all(|other| other == *first));
        Ok(shape)
    }

    /// Adds a data set with its metrics, or a list of means over folds.
    fn dataset(&mut self, key: &'j str, json: &'j Json<'a>) -> bool {
        if fold(key).is_some() {
            let Some(values) = values(json) else { return false };
            let dataset = dataset_of_fold(key);
            self.series.push(Series { dataset, metric: key.into(), values, folds: true });
            return true;
        }
        let Some(metrics) = json.as_object().filter(|metrics| !metrics.is_empty()) else {
            return false;
        };
        for member in metrics {
            let Some(values) = member.value.as_array().and_then(|_| values(&member.value)) else {
                return false;
            };
            self.series.push(Series {
                dataset: Some(key),
                metric: (&*member.key).into(),
                values,
                folds: false,
            });
        }
        true
    }

    /// Whether the names are those of boosting. Lists at two levels alone do not show that.
    pub(super) fn is_known(&self) -> bool {
        self.series.iter().any(|series| {
            let metric = bare(&series.metric, series.folds);
            known(metric).is_some() || !series.folds && series.dataset.is_some_and(is_dataset)
        })
    }

    /// The best round, as the library counts it.
    pub(super) fn best_round(&self) -> Option<u64> {
        let stated = self.best.iter().find(|(name, _)| name.starts_with("best_iteration"));
        stated.and_then(|(_, json)| json.as_number()?.count())
    }
}

/// The metric in `valid multi_logloss-mean`, `test-logloss-std`.
fn bare(metric: &str, folds: bool) -> &str {
    if !folds {
        return metric;
    }
    let metric = metric.rsplit_once('-').map_or(metric, |(metric, _)| metric);
    match metric.split_once([' ', '-']) {
        Some((dataset, rest)) if is_dataset(dataset) => rest,
        _ => metric,
    }
}

/// One value for each round: a list, or a column of a frame whose keys count from 0.
fn values<'j, 'a>(json: &'j Json<'a>) -> Option<Vec<&'j Json<'a>>> {
    let values: Vec<_> = match (json.as_array(), json.as_object()) {
        (Some(list), _) => list.iter().collect(),
        (_, Some(column)) => {
            let counted = column.iter().enumerate().all(|(i, member)| member.key == i.to_string());
            column.iter().filter(|_| counted).map(|member| &member.value).collect()
        }
        _ => return None,
    };
    (!values.is_empty() && values.iter().all(|value| reading(value).is_some())).then_some(values)
}
