//! Positions worked out by hand from the axis's definition: a fifth of the span on either side.

use super::*;
use crate::model::{Required, Severity, Slice};

fn finding(
    observed: Option<f64>,
    lower: Option<f64>,
    upper: Option<f64>,
    op: Op,
    limit: f64,
) -> Finding {
    Finding {
        policy: "p".into(),
        rule: "r".into(),
        status: Status::Inconclusive,
        severity: Severity::Block,
        metric: Some("latency".into()),
        quantile: None,
        unit: Some(Unit::Milliseconds),
        slice: Slice::overall(),
        observed,
        lower,
        upper,
        required: Some(Required { op, value: limit }),
        n: None,
        trials: None,
        successes: None,
        method: None,
        approximate: false,
        events: None,
        confidence: None,
        samples_needed: None,
        allowed_failures: None,
        by: None,
        groups: Vec::new(),
        against: None,
        value: None,
        baseline: None,
        tries: None,
        evidence: Vec::new(),
        message: String::new(),
    }
}

#[test]
fn places_are_shares_of_the_axis() {
    // Values span 100 to 200, so the axis runs from 80 to 220 ms and 1 ms is 100/140 percent.
    let chart =
        Chart::of(&finding(Some(150.0), Some(100.0), Some(200.0), Op::AtMost, 180.0)).unwrap();
    assert_eq!(chart.point, Some(50.0));
    assert_eq!(chart.interval, Some(Span { x: 14.29, width: 71.42 }));
    assert_eq!(chart.deciding, Some(85.71), "the upper bound decides a ceiling");
    let mut fails = finding(Some(150.0), Some(100.0), Some(200.0), Op::AtMost, 180.0);
    fails.status = Status::Fail;
    assert_eq!(
        Chart::of(&fails).unwrap().deciding,
        Some(14.29),
        "a failure is proved by the other bound"
    );
    assert_eq!(chart.good, Span { x: 0.0, width: 71.43 });
    assert_eq!(chart.limit.label, "≤ 180.0 ms");
    let labels: Vec<_> = chart.ticks.iter().map(|t| t.label.as_str()).collect();
    assert_eq!(labels, ["100 ms", "150 ms", "200 ms"]);
    assert_eq!(chart.desc, "Observed 150.0 ms. Bounds 100.0 ms to 200.0 ms. Required ≤ 180.0 ms.");
}

#[test]
fn a_proportion_never_leaves_zero_to_one() {
    let mut high = finding(Some(1.0), Some(0.97), Some(1.0), Op::AtLeast, 0.9);
    high.metric = Some("accuracy".into());
    high.unit = None;
    let chart = Chart::of(&high).unwrap();
    assert_eq!(chart.point, Some(100.0));
    assert_eq!(chart.good.x + chart.good.width, 100.0);
    assert!(chart.ticks.iter().all(|t| t.label.parse::<f64>().unwrap() <= 1.0));
}

#[test]
fn an_unknown_bound_is_open_to_the_edge() {
    let chart = Chart::of(&finding(None, Some(100.0), None, Op::AtLeast, 120.0)).unwrap();
    let interval = chart.interval.unwrap();
    assert_eq!(interval.x + interval.width, 100.0);
    assert_eq!((chart.point, chart.deciding), (None, Some(interval.x)));
}

#[test]
fn nothing_measured_is_nothing_drawn() {
    assert_eq!(Chart::of(&finding(None, None, None, Op::AtLeast, 1.0)), None);
    let mut unlimited = finding(Some(1.0), None, None, Op::AtLeast, 1.0);
    unlimited.required = None;
    assert_eq!(Chart::of(&unlimited), None);
}

#[test]
fn extremes_neither_panic_nor_leave_the_drawing() {
    for value in [0.0, -0.0, 1e-300, 1e300, f64::MAX, -f64::MAX, f64::MIN_POSITIVE] {
        for limit in [0.0, 1.0, f64::MAX, -1e-12] {
            if let Some(chart) =
                Chart::of(&finding(Some(value), Some(value), Some(value), Op::AtLeast, limit))
            {
                let places = chart
                    .ticks
                    .iter()
                    .map(|t| t.x)
                    .chain(chart.point)
                    .chain([chart.limit.x, chart.good.x]);
                assert!(places.into_iter().all(|x| (0.0..=100.0).contains(&x)), "{value} {limit}");
            }
        }
    }
}
