//! Other intervals, alpha spending, quantiles.

use super::*;
use crate::model::{Attempt, Bucket, Distribution};

fn with(statistics: &str, inputs: &Inputs, m: Measurement) -> Finding {
    let text =
        format!("name = \"p\"\n[statistics]\n{statistics}\n[[rule]]\nid = \"r\"\n{ACCURACY}");
    judge_with(&[policy(&text)], &[document("a", vec![m])], inputs, &[]).findings[0].clone()
}

/// Reference values: statsmodels proportion_confint(1274, 1400, alpha=0.1, method='wilson' and
/// 'jeffreys').
#[test]
fn other_intervals_say_which_they_are() {
    let one = |word: &str| {
        with(
            &format!("interval = \"{word}\""),
            &Inputs::default(),
            measured("accuracy", 0.91, 1400, 1274),
        )
    };
    let wilson = one("wilson");
    assert_eq!(wilson.method.as_deref(), Some("wilson"));
    near(wilson.lower, 0.896_615_764_012);
    near(wilson.upper, 0.921_802_617_063);
    let jeffreys = one("jeffreys");
    assert_eq!(jeffreys.method.as_deref(), Some("jeffreys"));
    near(jeffreys.lower, 0.896_792_784_367);
    assert!(jeffreys.message.contains("approximate"), "{}", jeffreys.message);
}

/// The third attempt gets 6 · 0.05 / (9π²); reference: scipy.stats.beta.ppf of that at (1274, 127).
#[test]
fn the_third_try_gets_its_share_and_no_hint() {
    let attempt = Attempt { policy: "p".into(), dataset: String::new(), tries: 3 };
    let inputs = Inputs { attempts: vec![attempt], ..Inputs::default() };
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

/// One finding on several documents.
fn together(measurements: Vec<Measurement>) -> Finding {
    let names = ["a", "b", "c"];
    let documents =
        names.iter().zip(measurements).map(|(name, m)| document(name, vec![m])).collect();
    let mut list = judge(rule(P99), documents).findings;
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

/// 0…999 split in three: the bounds are those of the whole sample, as above.
#[test]
fn samples_of_several_documents_are_one() {
    let part = |i: u32| sample((0..1000).filter(move |v| v % 3 == i).map(f64::from));
    let found = together(vec![part(0), part(1), part(2)]);
    assert_eq!((found.status, found.n, found.evidence.len()), (Status::Pass, Some(1000), 3));
    near(found.observed, 0.9895);
    near(found.lower, 0.984);
    near(found.upper, 0.9955);
    let mut seconds = part(1);
    let buckets = |b: &Bucket| Bucket { low: b.low / 1e3, high: b.high / 1e3, count: b.count };
    let sample = seconds.distribution.take().unwrap();
    seconds.distribution = Some(Arc::new(Distribution {
        method: "samples".into(),
        buckets: sample.buckets.iter().map(buckets).collect(),
    }));
    seconds.unit = Some(Unit::Seconds);
    let found = together(vec![part(0), seconds, part(2)]);
    assert_eq!((found.lower, found.upper), (Some(0.984), Some(0.9955)));
}

/// Overlapping buckets of 0.5 ms: the 996th of the high edges and the 985th of the low edges, from
/// numpy.sort of both.
#[test]
fn overlapping_buckets_keep_certain_bounds() {
    let half = |shift: f64| sample((0..500).map(move |v| f64::from(v) * 0.25 + shift));
    let found = together(vec![half(0.0), half(0.125)]);
    near(found.lower, 0.123);
    near(found.upper, 0.124875);
    assert_eq!(found.n, Some(1000));
}

#[test]
fn what_is_no_other_sample_is_not_added() {
    let whole = || sample((0..1000).map(f64::from));
    let small = || sample((0..40).map(f64::from));
    assert_eq!(together(vec![small(), small()]).n, Some(40), "the same sample twice is one");
    let bare = Measurement { distribution: None, value: Some(50.0), ..whole() };
    assert_eq!(together(vec![whole(), bare]).status, Status::Error, "a bare number that disagrees");
    let apart = Measurement { scope: Some("queue".into()), value: Some(50.0), ..small() };
    assert_eq!(together(vec![whole(), apart]).status, Status::Error, "measured elsewhere");
    let other = Measurement { value: Some(50.0), ..small() };
    let said = judge(rule(P99), vec![document("a", vec![whole(), other])]).findings;
    assert_eq!(said[0].status, Status::Error, "two of one document");
}

/// Each machine reports the overall value and two groups; the sums leave no one out.
#[test]
fn groups_of_summed_samples_are_everybody() {
    let machine = |from: u32| {
        let part = |group: &str, rest: u32| {
            of(
                "route",
                group,
                sample((from..from + 400).filter(move |v| v % 2 == rest).map(f64::from)),
            )
        };
        vec![sample((from..from + 400).map(f64::from)), part("a", 0), part("b", 1)]
    };
    let slices = |evidence| judge(rule(&format!("{P99}\nslices = [\"route\"]")), evidence).findings;
    let said = slices(vec![document("a", machine(0)), document("b", machine(400))]);
    assert_eq!(
        said.iter().map(|f| (f.status, f.n)).collect::<Vec<_>>(),
        [(Status::Pass, Some(400)); 2]
    );
    let mut missing = machine(400);
    missing.pop();
    let said = slices(vec![document("a", machine(0)), document("b", missing)]);
    assert_eq!(said.last().unwrap().status, Status::Inconclusive, "half of one group is missing");
}

/// Two machines with twenty samples each, all different, equal the forty samples below.
#[test]
fn together_they_may_still_be_too_few() {
    let found = together(vec![sample((0..20).map(f64::from)), sample((20..40).map(f64::from))]);
    assert_eq!(
        (found.status, found.n, found.samples_needed),
        (Status::Inconclusive, Some(40), Some(259))
    );
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
