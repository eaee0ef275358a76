use super::*;

/// Every name with the range that its definition gives; `None` if the name alone does not determine
/// it.
#[test]
fn what_a_name_ends_in_decides_its_range() {
    use Range::{AtMostOne, Either, Fraction, NonNegative, NonPositive, Percent, Signed, Unscaled};
    let table: &[(Option<Range>, &[&str])] = &[
        (
            Some(Fraction),
            &[
                "accuracy",
                "test_accuracy",
                "eval/test_accuracy_score",
                "Test Accuracy",
                "testAccuracy",
                "test-accuracy",
                "top_5_accuracy",
                "Top-1 Accuracy",
                "accuracy_top1",
                "val.acc@1",
                "val/acc1",
                "acc,none",
                "acc_norm,none",
                "metrics.eval.f1-macro",
                "F1-Score",
                "macroF1",
                "eval_f1_weighted",
                "f1_samples",
                "F1@0.5",
                "f0.5",
                "ROC-AUC",
                "rocAuc",
                "auRoc",
                "auPrc",
                "val_auc",
                "AUROC",
                "aucpr",
                "AUCScore",
                "recall_score",
                "recall@k",
                "recall_at_10",
                "precision_at_k",
                "precision@recall=0.9",
                "ndcg@10",
                "ndcg_at_10",
                "mrr",
                "hit_rate",
                "hit_rate@5",
                "hits@10",
                "pass@1",
                "pass_at_10",
                "error_rate",
                "test_error_rate",
                "true_positive_rate",
                "validation/FPR",
                "tpr_at_fpr_0.01",
                "recall_fraud",
                "accuracy_on_mnli",
                "accuracy.female",
                "by_sex.female.accuracy",
                "accuracy.slice:sex:Female",
                "recall_class_1",
                "per_class_accuracy",
                "recall_per_class.1",
                "accuracy[1]",
                "accuracy/mean",
                "accuracy_v2",
                "split0_test_accuracy",
                "out_of_sample_accuracy",
                "text_to_sql_accuracy",
                "in_sample_accuracy",
                "best_accuracy",
                "valacc",
                "testaccuracy",
                "balanced_accuracy_score",
                "positive_predictive_value",
                "success_rate",
                "hamming_loss",
                "zero_one_loss",
                "rank1_accuracy",
                "8bit_accuracy",
                "old:accuracy",
                "group_min:accuracy",
                "real_time_accuracy",
                "metrics/precision(B)",
                "logs.accuracy",
                "accuracy_ci_lower",
                "Accuracy (macro)",
                "positive_fraction",
                "val_acc_epoch",
                "val_acc_step",
                "train/f1_epoch",
                "test_auroc_epoch",
                "val/accuracy_epoch/dataloader_idx_0",
                "accuracies",
                "test_accs",
                "recalls",
                "bacc",
                "mAcc",
                "aupr",
                "acctest",
                "rocauc",
                "multiclassf1score",
                "pass@1,create_test",
                "false_alarm_rate",
                "Rank@1",
                "CMC@1",
            ],
        ),
        (
            Some(Percent),
            &[
                "accuracy_percent",
                "Accuracy (%)",
                "pct_accuracy",
                "top-1 acc %",
                "error_rate_pct",
                "acc_percentage",
                "Test Acc. (%)",
                "accuracy (val, %)",
            ],
        ),
        (
            Some(Either),
            &[
                "mAP50-95",
                "metrics/mAP50(B)",
                "mAP@0.5",
                "bbox/AP",
                "mIoU",
                "eval_top1",
                "top5",
                "exact_match",
                "squad_f1",
                "eval_bleu",
                "sacrebleu",
                "rougeL",
                "rouge_1",
                "rougeLsum",
                "chrf",
                "meteor",
                "win_rate",
                "gini",
                "mape",
                "mean_absolute_percentage_error",
                "wer",
                "test_cer",
                "word_error_rate",
                "character_error_rate",
                "http_error_rate",
                "eer",
            ],
        ),
        (
            Some(Signed),
            &[
                "mcc",
                "test_mcc",
                "matthews_corrcoef",
                "cohen_kappa_score",
                "quadratic_weighted_kappa",
                "pearsonr",
                "eval/spearman",
                "val_corr",
            ],
        ),
        (
            Some(Unscaled),
            &[
                "pct_correct",
                "correct_pct",
                "% correct",
                "Score (%)",
                "win_pct",
                "MCC (%)",
                "R2 (%)",
                "correct_rate",
                "resolved_rate",
                "completion_rate",
            ],
        ),
        (Some(AtMostOne), &["r2", "r2_score", "test_r2", "rSquared", "explained_variance_score"]),
        (
            Some(NonNegative),
            &[
                "rmse",
                "val_mae",
                "test_log_loss",
                "logLoss",
                "mean_squared_log_error",
                "psi",
                "feature_psi",
                "perplexity",
                "word_perplexity,none",
                "p99_latency_ms",
                "latency.p99",
                "predict_latency_seconds",
                "latency_at_accuracy_0.9",
                "brier_score",
                "wasserstein_distance",
            ],
        ),
        (
            Some(NonPositive),
            &[
                "neg_log_loss",
                "test_neg_mean_absolute_error",
                "neg_root_mean_squared_error",
                "neg_brier_score",
            ],
        ),
        (
            None,
            &[
                "accuracy_loss",
                "precision_loss",
                "recall_count",
                "accuracy_rows",
                "accuracy.n",
                "recall.support",
                "accuracy_drop",
                "accuracy_threshold",
                "threshold_at_precision_0.9",
                "time_to_accuracy",
                "epochs_until_accuracy",
                "accuracy_std",
                "std_test_accuracy",
                "rank_test_accuracy",
                "best_accuracy_epoch",
                "accuracy_per_watt",
                "accuracy_ms",
                "neg_accuracy",
                "diff:accuracy",
                "difference:accuracy",
                "ratio:accuracy",
                "std/accuracy",
                "delta_accuracy",
                "log_probability",
                "accuracy_ratio",
                "precision_disparity",
                "error_rate_ratio",
                "deviation:Recall",
                "Feature-Feature Correlation.0.latency_ms",
                "false_positive_rate_difference",
                "falsePositiveCount",
                "precision_bits",
                "mixed_precision",
                "bertscore_f1",
                "bert_score_precision",
                "acc_stderr,none",
                "predict_latency_seconds_count",
                "predict_latency_seconds_created",
                "loss",
                "box_loss",
                "mean_error",
                "learning_rate",
                "sample_rate",
                "frame_rate",
                "request_rate",
                "epoch_time",
                "accuracy_best_epoch",
                "epochs_to_accuracy",
                "n_samples",
                "score",
                "value",
                "mean",
                "epoch",
                "explained_variance_ratio",
                "latency_change",
                "roc_auc/sampling_error",
                "f1/upper_threshold",
                "accuracy_gain",
                "perplexity_ratio",
                "compression_ratio",
                "kl_divergence",
                "nll",
                "toxicity/v1/mean",
                "coverage_error",
                "",
                "///",
                "@",
            ],
        ),
    ];
    for (range, names) in table {
        for name in *names {
            assert_eq!(Range::of(name), *range, "{name}");
        }
    }
}

#[test]
fn a_value_is_within_its_range_but_for_the_last_digits_of_a_double() {
    let cases = [
        (Range::Fraction, [Some(0.0), Some(1.000_000_000_000_000_2)], [Some(71.25), Some(-0.01)]),
        (Range::Signed, [Some(-1.0), Some(1.0)], [Some(87.1), Some(-1.01)]),
        (Range::AtMostOne, [Some(-40.0), Some(1.0)], [Some(95.0), None]),
        (Range::NonNegative, [Some(0.0), Some(1e30)], [Some(-0.5), None]),
        (Range::NonPositive, [Some(-3.2), Some(0.0)], [Some(0.5), None]),
        (Range::Percent, [Some(0.3), Some(100.0)], [Some(100.5), Some(-1.0)]),
        (Range::Either, [Some(0.3), Some(79.4)], [Some(-1.0), None]),
        (Range::Unscaled, [Some(-3.0), Some(179.4)], [None, None]),
    ];
    for (range, allowed, refused) in cases {
        assert!(allowed.into_iter().flatten().all(|value| range.allows(value)), "{range:?}");
        assert!(!refused.into_iter().flatten().any(|value| range.allows(value)), "{range:?}");
        assert!(
            ![f64::NAN, f64::INFINITY, f64::NEG_INFINITY].iter().any(|value| range.allows(*value)),
            "{range:?}"
        );
    }
}

#[test]
fn what_looks_like_a_percentage_is_told_so() {
    let advice = |value, range| Impossible { value, range }.advice();
    assert_eq!(
        advice(71.25, Range::Fraction),
        "it looks like a percentage: write 0.7125, or the text `71.25%`, or state the unit `%`"
    );
    assert_eq!(advice(-0.5, Range::Fraction), "it must be a number from 0 to 1");
    assert_eq!(advice(-0.5, Range::NonNegative), "it must be a number of at least 0");
}

proptest::proptest! {
    #[test]
    fn no_name_makes_it_panic(name in ".{0,60}") {
        let _ = Range::of(&name);
    }

    /// Prefixes, separators and suffixes that scripts add do not change the range of a proportion.
    #[test]
    fn a_part_of_the_data_and_a_path_change_nothing(
        path in proptest::sample::select(vec!["", "eval/", "metrics.", "run:", "a.b/"]),
        front in proptest::sample::select(vec!["", "test", "val", "best_val", "holdout", "train", "mean test"]),
        between in proptest::sample::select(vec!["_", "-", " ", "/", "."]),
        name in proptest::sample::select(vec!["accuracy", "acc", "f1", "F1-score", "roc_auc", "recall", "Precision", "top_5_accuracy"]),
        behind in proptest::sample::select(vec!["", "_score", "@1", "_macro", "/mean", "_at_5"]),
    ) {
        let name = format!("{path}{front}{}{name}{behind}", if front.is_empty() { "" } else { between });
        proptest::prop_assert_eq!(Range::of(&name), Some(Range::Fraction), "{}", name);
    }
}
