//! Other intervals, spending, quantiles.

use super::*;
use crate::model::{Bucket, Distribution, Look};

fn with(statistics: &str, inputs: &Inputs, m: Measurement) -> Finding {
    let text = format!("name = \"p\"\n[statistics]\n{statistics}\n[[rule]]\nid = \"r\"\n{ACCURACY}");
    judge_with(&[policy(&text)], &[document("a", vec![m])], inputs, &[]).findings[0].clone()
}

/// References: statsmodels proportion_confint(1274, 1400, alpha=0.1, method='wilson' and 'jeffreys').
#[test]
fn other_intervals_say_which_they_are() {
    let one = |word: &str| with(&format!("interval = \"{word}\""), &Inputs::default(), measured("accuracy", 0.91, 1400, 1274));
    let wilson = one("wilson");
    assert_eq!(wilson.method.as_deref(), Some("wilson"));
    near(wilson.lower, 0.896_615_764_012);
    near(wilson.upper, 0.921_802_617_063);
    let jeffreys = one("jeffreys");
    assert_eq!(jeffreys.method.as_deref(), Some("jeffreys"));
    near(jeffreys.lower, 0.896_792_784_367);
    assert!(jeffreys.message.contains("approximate"), "{}", jeffreys.message);
}

/// The third try gets 6 · 0.05 / (9π²); reference: scipy.stats.beta.ppf of that at (1274, 127).
#[test]
fn the_third_try_gets_its_share_and_no_hint() {
    let look = Look { policy: "p".into(), dataset: String::new(), tries: 3 };
    let inputs = Inputs { looks: vec![look], ..Inputs::default() };
    let measured = || measured("accuracy", 0.91, 1400, 1274);
    let spent = with("reuse = \"spend\"", &inputs, measured());
    near(spent.lower, 0.887_362_792_588);
    near(spent.confidence, 0.996_622_627_212);
    assert_eq!((spent.status, spent.tries), (Status::Inconclusive, Some(3)));
    assert_eq!((spent.samples_needed, spent.allowed_failures), (None, None));
    assert!(!spent.message.contains("would settle it"), "{}", spent.message);
    let reported = with("reuse = \"report\"", &inputs, measured());
    near(reported.lower, 0.896_413_771_213);
    assert_eq!(reported.tries, Some(3), "counted and shown");
    assert!(reported.samples_needed.is_some());
}

fn sample(values: impl Iterator<Item = f64>) -> Measurement {
    let buckets: Vec<Bucket> = values.map(|v| Bucket { low: v, high: v + 0.5, count: 1 }).collect();
    let n = u64::try_from(buckets.len()).ok();
    let distribution = Distribution { method: "samples".into(), buckets };
    Measurement {
        n,
        quantile: Some(0.99),
        unit: Some(Unit::Milliseconds),
        distribution: Some(Arc::new(distribution)),
        ..Measurement::new("latency", "p99", Some(100.0))
    }
}

const P99: &str = "metric = \"latency\"\nquantile = 0.99\nmax = \"1 s\"";

/// Reference: scipy.stats.binom(1000, 0.99).isf(0.05) = 995, the 996th smallest; .ppf(0.05) = 985, the 985th.
#[test]
fn a_quantile_of_a_histogram_has_order_statistic_bounds() {
    let found = finding(P99, vec![sample((0..1000).map(f64::from))]);
    assert_eq!((found.status, found.method.as_deref()), (Status::Pass, Some("order-statistic")));
    near(found.lower, 0.984);
    near(found.upper, 0.9955);
}

#[test]
fn a_p99_of_forty_samples_is_none() {
    let found = finding(P99, vec![sample((0..40).map(f64::from))]);
    assert_eq!((found.status, found.samples_needed), (Status::Inconclusive, Some(259)));
    assert!(found.message.contains("at least 299"), "{}", found.message);
    let bare = Measurement { distribution: None, ..sample((0..40).map(f64::from)) };
    let found = finding(&format!("{P99}\npoint_estimate = \"allow\""), vec![bare]);
    assert_eq!(found.status, Status::Inconclusive, "even where bare numbers may decide");
}
