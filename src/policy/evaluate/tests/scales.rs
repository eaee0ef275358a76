//! A percentage is never compared with a fraction, nor a fraction with a percentage, for any metric
//! name.

use super::*;

fn said(metric: &str, value: f64, limit: &str) -> (Status, String) {
    let number = Measurement {
        metric: metric.into(),
        source_name: metric.into(),
        ..measured("accuracy", value, 0, 0)
    };
    let bare = Measurement { n: None, trials: None, successes: None, ..number };
    let text = format!("metric = \"{metric}\"\n{limit}\npoint_estimate = \"allow\"");
    let verdict = judge(rule(&text), vec![document("a", vec![bare])]);
    (verdict.findings[0].status, verdict.findings[0].message.clone())
}

#[test]
fn a_percentage_does_not_pass_a_limit_that_is_a_fraction() {
    for name in [
        "test_acc_epoch",
        "val/accuracy_epoch/dataloader_idx_0",
        "pct_correct",
        "Score (%)",
        "Test Acc. (%)",
        "MCC (%)",
        "completion_rate",
        "pass@1,create_test",
        "accuracies",
        "exact_match",
    ] {
        let (status, message) = said(name, 71.25, "min = 0.95");
        assert_eq!(status, Status::Error, "{name}: {message}");
    }
}

#[test]
fn an_honest_number_passes_whatever_its_scale() {
    for (name, value, limit) in [
        ("test_acc_epoch", 0.97, "min = 0.95"),
        ("pct_correct", 97.0, "min = 95"),
        ("MCC (%)", 85.0, "min = 80"),
        ("completion_rate", 0.97, "min = 0.95"),
        ("growth_rate", 3.0, "min = 0.5"),
        ("learning_rate", 2.0, "min = 1"),
        ("wer", 8.0, "max = 10"),
        ("wer", 0.08, "max = 0.1"),
        ("wer", 0.0, "max = 10"),
        ("rmse", 0.5, "max = 10"),
        ("pct_change", -3.0, "min = -5"),
    ] {
        let (status, message) = said(name, value, limit);
        assert_eq!(status, Status::Pass, "{name}: {message}");
    }
}

#[test]
fn a_fraction_does_not_pass_a_limit_that_is_a_percentage() {
    for name in
        ["wer", "eval/cer", "mape", "mean_absolute_percentage_error", "word_error_rate", "eer"]
    {
        let (status, message) = said(name, 0.35, "max = 10");
        assert_eq!(status, Status::Error, "{name}: {message}");
        assert!(message.contains("0.1"), "it says what to write: {message}");
    }
}
