//! Findings of every status, as an engine would word them.

use crate::model::{Digest, Finding, Op, Required, Severity, Slice, Status, Unit};

/// A finding of `policy/rule` without numbers.
pub(super) fn bare(policy: &str, rule: &str, status: Status, message: &str) -> Finding {
    Finding { message: message.into(), ..Finding::new(policy, rule, status) }
}

/// What was measured: lower bound, point, upper bound.
pub(super) type Measured = (Option<f64>, Option<f64>, Option<f64>);

/// `finding` about `metric`, with its numbers.
pub(super) fn with(
    finding: Finding,
    metric: &str,
    measured: Measured,
    op: Op,
    limit: f64,
) -> Finding {
    let (lower, observed, upper) = measured;
    Finding {
        metric: Some(metric.into()),
        lower,
        observed,
        upper,
        required: Some(Required { op, value: limit }),
        method: lower.map(|_| "clopper-pearson".into()),
        confidence: lower.map(|_| 0.95),
        evidence: vec![Digest::of(b"classification report")],
        ..finding
    }
}

fn counted(finding: Finding, trials: u64, successes: u64) -> Finding {
    Finding { n: Some(trials), trials: Some(trials), successes: Some(successes), ..finding }
}

fn rate(
    rule: &str,
    status: Status,
    metric: &str,
    measured: (f64, f64, f64),
    limit: f64,
    message: &str,
) -> Finding {
    let (lower, observed, upper) = measured;
    let finding = bare("credit-risk", rule, status, message);
    with(finding, metric, (Some(lower), Some(observed), Some(upper)), Op::AtLeast, limit)
}

/// The findings of a good model.
pub(super) fn good() -> Vec<Finding> {
    let recall = |group: &str, measured, n, k, message| Finding {
        slice: Slice::one("sex", group),
        ..counted(rate("worst-group-recall", Status::Pass, "recall", measured, 0.80, message), n, k)
    };
    vec![
        counted(
            rate(
                "accuracy-floor",
                Status::Pass,
                "accuracy",
                (0.926_91, 0.931, 0.934_92),
                0.9,
                "accuracy is 0.931 on 12,000 samples; at 95% confidence it is at least 0.927, above 0.900",
            ),
            12_000,
            11_172,
        ),
        recall(
            "female",
            (0.852_41, 0.871, 0.888_05),
            1_100,
            958,
            "recall is 0.871 for sex = female on 1,100 samples; at 95% confidence it is at least 0.852, above 0.800",
        ),
        recall(
            "male",
            (0.866_02, 0.879, 0.891_2),
            2_000,
            1_758,
            "recall is 0.879 for sex = male on 2,000 samples; at 95% confidence it is at least 0.866, above 0.800",
        ),
        Finding {
            quantile: Some(0.99),
            unit: Some(Unit::Milliseconds),
            n: Some(50_000),
            method: Some("order statistics of the histogram".into()),
            ..with(
                bare(
                    "credit-risk",
                    "p99-latency",
                    Status::Pass,
                    "latency at the 99th percentile is 84.1 ms on 50,000 requests; at 95% confidence it is at most 86.2 ms, below 150 ms",
                ),
                "latency",
                (Some(82.3), Some(84.1), Some(86.2)),
                Op::AtMost,
                150.0,
            )
        },
        bare(
            "credit-risk",
            "data-tests",
            Status::Pass,
            "all 14 checks that match `great_expectations/*` passed",
        ),
        bare(
            "credit-risk",
            "high-tier-only",
            Status::Skipped,
            "does not apply: `context.tier == 'high'` is false",
        ),
        bare(
            "credit-risk",
            "evidence.max_age",
            Status::Pass,
            "the oldest evidence is 2 days old, at most 14 days are allowed",
        ),
    ]
}

/// Findings that are neither a pass nor a plain fail.
fn odd() -> Vec<Finding> {
    vec![
        bare(
            "credit-risk",
            "four-fifths",
            Status::Missing,
            "no measurement of `selection_rate` for `age_band = 65+` was submitted, which `[groups]` declares",
        ),
        bare(
            "credit-risk",
            "income-drift",
            Status::Error,
            "two documents give different values of psi for feature = income: 0.081 and 0.140",
        ),
        Finding {
            severity: Severity::Warn,
            quantile: Some(0.99),
            unit: Some(Unit::Milliseconds),
            n: Some(50_000),
            ..with(
                bare(
                    "credit-risk",
                    "p99-latency",
                    Status::Fail,
                    "latency at the 99th percentile is 171.0 ms on 50,000 requests, above 150 ms",
                ),
                "latency",
                (Some(168.2), Some(171.0), Some(174.4)),
                Op::AtMost,
                150.0,
            )
        },
        with(
            bare(
                "credit-risk",
                "calibration",
                Status::Waived,
                "expected_calibration_error is 0.061, above 0.050; waived by Mia Chen until 2026-12-01: recalibration is scheduled",
            ),
            "expected_calibration_error",
            (None, Some(0.061), None),
            Op::AtMost,
            0.05,
        ),
    ]
}

/// The findings of a bad model: every status once.
pub(super) fn bad() -> Vec<Finding> {
    let mut all = vec![
        counted(
            rate(
                "accuracy-floor",
                Status::Fail,
                "accuracy",
                (0.851_67, 0.861, 0.869_99),
                0.9,
                "accuracy is 0.861 on 4,000 samples; at 95% confidence it is at most 0.870, below 0.900: 120 more right answers would have been needed",
            ),
            4_000,
            3_444,
        ),
        Finding {
            slice: Slice::one("sex", "female"),
            samples_needed: Some(1_240),
            allowed_failures: Some(214),
            ..counted(
                rate(
                    "worst-group-recall",
                    Status::Inconclusive,
                    "recall",
                    (0.781_2, 0.815, 0.845_3),
                    0.80,
                    "recall is 0.815 for sex = female on 420 samples; at 95% confidence it may be as low as 0.781, below 0.800; 1,240 more samples would settle it",
                ),
                420,
                342,
            )
        },
        Finding {
            slice: Slice::one("sex", "male"),
            ..counted(
                rate(
                    "worst-group-recall",
                    Status::Pass,
                    "recall",
                    (0.866_02, 0.879, 0.891_2),
                    0.80,
                    "recall is 0.879 for sex = male on 2,000 samples; at 95% confidence it is at least 0.866, above 0.800",
                ),
                2_000,
                1_758,
            )
        },
    ];
    all.extend(odd());
    all.extend(good().into_iter().skip(4));
    all.push(with(
        bare(
            "green-ai",
            "energy-per-1k",
            Status::Fail,
            "energy is 3.1 Wh per 1,000 predictions, above 2.5 Wh",
        ),
        "energy",
        (None, Some(3.1), None),
        Op::AtMost,
        2.5,
    ));
    all.push(bare("green-ai", "model-card", Status::Pass, "a model card is linked"));
    all
}
