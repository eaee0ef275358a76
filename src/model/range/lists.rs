//! The words that metric names are made of.

use super::Range;

/// A rate of one of these is a number per unit of time or per something else, not a share.
#[rustfmt::skip]
pub(super) const PER_TIME: [&str; 30] = [
    "arrival", "baud", "bit", "byte", "clock", "data", "decay", "dropout", "event", "exchange", "fps", "frame", "growth",
    "hazard", "heart", "interest", "learning", "lr", "message", "mutation", "pulse", "query", "record", "refresh",
    "request", "requests", "sample", "sampling", "token", "tokens",
];

/// The error rate of one of these can exceed 1.
#[rustfmt::skip]
pub(super) const PER_OTHER: [&str; 14] = [
    "word", "char", "character", "phone", "phoneme", "match", "token", "diarization", "translation", "edit", "http",
    "request", "requests", "req",
];

/// Words before a quantity that turn it into another quantity.
#[rustfmt::skip]
pub(super) const CHANGES: [&str; 32] = [
    "bertscore", "change", "count", "cumulative", "delta", "deviation", "diff", "difference", "drop", "gain", "gap",
    "improvement", "inv", "inverse", "lift", "ln", "log", "n", "nb", "num", "number", "ratio", "rel", "relative",
    "sem", "std", "stddev", "stderr", "stdev", "sum", "var", "variance",
];

/// Words that, at the start of an earlier part of the path, turn the quantity into another one.
#[rustfmt::skip]
pub(super) const PATH_CHANGES: [&str; 17] = [
    "change", "delta", "deviation", "diff", "difference", "drop", "gain", "gap", "improvement", "rank", "ratio",
    "sem", "std", "stddev", "stderr", "stdev", "variance",
];

/// Words after a quantity that turn it into another quantity.
#[rustfmt::skip]
pub(super) const STOPS: &[&str] = &[
    "bit", "bits", "budget", "bucket", "byte", "bytes", "change", "coef", "cost", "count", "counts", "created",
    "curve", "cutoff", "decrease", "degradation", "delta", "diff", "difference", "disparity", "drop", "duration",
    "epoch", "epochs", "err", "error", "errors", "examples", "flops", "fold", "folds", "gain", "gap", "gb", "hours",
    "id", "idx", "improvement", "increase", "index", "iter", "iteration", "iterations", "latency", "len", "length",
    "lift", "loss", "mb", "memory", "minutes", "mode", "ms", "n", "ns", "num", "number", "parity", "penalty", "per",
    "qps", "rank", "ranking", "ratio", "requests", "rows", "rps", "runtime", "samples", "sd", "sec", "second",
    "seconds", "secs", "sem", "size", "std", "stddev", "stderr", "stdev", "step", "steps", "sum", "support",
    "threshold", "thresholds", "throughput", "time", "times", "tokens", "total", "uplift", "us", "var", "variance",
    "weight", "weights",
];

/// Words that name the group or the kind of average, and leave the quantity unchanged.
pub(super) fn is_label(word: &str) -> bool {
    matches!(
        word,
        "score"
            | "scores"
            | "value"
            | "values"
            | "metric"
            | "metrics"
            | "result"
            | "results"
            | "norm"
            | "none"
            | "strict"
            | "macro"
            | "micro"
            | "weighted"
            | "binary"
            | "avg"
            | "average"
            | "mean"
            | "median"
            | "min"
            | "max"
            | "best"
            | "final"
            | "last"
            | "latest"
            | "overall"
            | "all"
            | "ema"
            | "raw"
            | "ovr"
            | "ovo"
            | "k"
            | "v"
            | "p"
            | "q"
            | "percent"
            | "percentage"
            | "pct"
            | "perc"
            | "top"
            | "idx"
            | "dataloader"
    ) || PARTS.contains(&word)
        || word.bytes().all(|b| b.is_ascii_digit())
}

/// Units of time, after a latency.
pub(super) const UNITS: [&str; 8] =
    ["seconds", "sec", "secs", "s", "ms", "us", "ns", "milliseconds"];

/// Names for parts of the data.
#[rustfmt::skip]
const PARTS: [&str; 16] = [
    "train", "training", "test", "testing", "val", "valid", "validation", "holdout", "eval", "evaluation", "dev",
    "oot", "oof", "oob", "cv", "learn",
];

/// The quantity with this name, its words joined together, and whether the name is unambiguous.
#[rustfmt::skip]
pub(super) fn named(name: &str) -> Option<(Range, bool)> {
    let fraction = |sure| Some((Range::Fraction, sure));
    match name {
        "accuracy" | "acc" | "accuracies" | "accs" | "bacc" | "macc" | "recalls" | "f1s" | "precision" | "prec" | "recall" | "f1" | "f1samples" | "precisionsamples"
        | "recallsamples" | "specificity" | "sensitivity" | "auc" | "auroc" | "auprc" | "aucpr" | "aucprc"
        | "aupr" | "aucroc" | "rocauc" | "ndcg" | "mrr" | "tpr" | "tnr" | "fpr" | "fnr" | "hitrate" | "passrate" | "successrate"
        | "errorrate" | "truepositiverate" | "truenegativerate" | "falsepositiverate" | "falsenegativerate"
        | "falsepositivesrate" | "falsealarmrate" | "hitratio" => fraction(true),
        "f2" | "f05" | "fbeta" | "fscore" | "fmeasure" | "ppv" | "npv" | "fdr" | "predictivevalue"
        | "reciprocalrank" | "positiverate" | "negativerate" | "discoveryrate" | "omissionrate" | "selectionrate"
        | "acceptancerate" | "acceptrate" | "rejectionrate" | "detectionrate" | "missrate" | "refusalrate"
        | "failurerate" | "failrate" | "recognitionrate" | "matchrate" | "agreementrate" | "hallucinationrate"
        | "conversionrate" | "clickthroughrate" | "compliancerate" | "approvalrate" | "classificationrate"
        | "misclassificationrate" | "fraction" | "proportion" | "probability" | "hammingloss" | "zerooneloss"
        | "jaccardsamples" => fraction(false),
        "map" | "ap" | "iou" | "miou" | "dice" | "jaccard" | "exactmatch" | "em" | "bleu" | "sacrebleu" | "chrf"
        | "rouge" | "rougel" | "rougelsum" | "meteor" | "winrate" | "gini" | "ks" | "ksstat" | "ksstatistic"
        | "completeness" | "uniqueness" | "coverage" | "wer" | "cer" | "eer" | "mape" | "smape" | "wmape"
        | "absolutepercentageerror" => Some((Range::Either, false)),
        "mcc" | "matthewscorrcoef" | "matthewscorrelation" | "kappa" | "qwk" | "pearson" | "pearsonr" | "spearman"
        | "spearmanr" | "kendall" | "kendalltau" | "correlation" | "corr" | "corrcoef" | "cosinesimilarity"
        | "silhouette" => Some((Range::Signed, false)),
        "r2" | "rsquared" | "rsq" | "explainedvariance" => Some((Range::AtMostOne, false)),
        "logloss" | "crossentropy" | "mse" | "rmse" | "mae" | "msle" | "rmsle"
        | "medae" | "absoluteerror" | "squarederror" | "squaredlogerror" | "maxerror"
        | "calibrationerror" | "ece" | "brier" | "brierscoreloss" | "brierloss" | "hingeloss" | "perplexity"
        | "ppl" | "psi" | "wasserstein" | "wassersteindistance" | "latency" | "latencies" | "duration" | "ttft"
        | "tpot" => Some((Range::NonNegative, false)),
        _ => written_together(name),
    }
}

/// `valacc`, `testaccuracy`: a part of the data and a quantity without a separator.
fn written_together(name: &str) -> Option<(Range, bool)> {
    const QUANTITIES: [&str; 8] =
        ["accuracy", "acc", "auc", "recall", "precision", "specificity", "sensitivity", "f1"];
    let long = ["accuracy", "auroc", "f1score"]
        .iter()
        .any(|end| name.len() > end.len() && name.ends_with(end));
    let known = |rest: &str| QUANTITIES.contains(&rest);
    let part = || {
        PARTS.iter().any(|part| {
            name.strip_prefix(part).is_some_and(known) || name.strip_suffix(part).is_some_and(known)
        })
    };
    (long || part()).then_some((Range::Fraction, true))
}
