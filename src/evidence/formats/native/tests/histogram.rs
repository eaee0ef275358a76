//! Whole samples: files that other libraries wrote, and what is refused.

use super::{document, mistakes, one};
use crate::{
    evidence::read,
    model::{Distribution, Measurement, Slice},
    stats::quantile,
};

const FIXTURE: &str = include_str!("../../../../../tests/fixtures/evidence/native/histograms.json");

fn fixture(by: &str) -> Measurement {
    let evidence = read(FIXTURE.as_bytes(), None).unwrap();
    assert!(evidence.warnings.is_empty(), "{:?}", evidence.warnings);
    evidence.measurements.into_iter().find(|m| m.slice == Slice::one("by", by)).unwrap()
}

fn bounds(sample: &Distribution) -> (f64, f64, f64) {
    let ranges: Vec<_> = sample.buckets.iter().map(|b| (b.low, b.high, b.count)).collect();
    let found = quantile::of_buckets(&ranges, 0.99, 0.05).unwrap();
    (found.lower.unwrap(), found.estimate, found.upper.unwrap())
}

fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-11 * want, "{got} against {want}");
}

/// References: `scipy.stats.binom(1000, 0.99)` has .ppf(0.05) = 985 and .isf(0.05) + 1 = 996; the
/// recorded values of these ranks, 107611 and 136008 µs, are from `get_lowest_equivalent_value` and
/// `get_highest_equivalent_value` of hdrhistogram 0.10.8 for Python, in ms.
#[test]
fn an_encoded_hdr_histogram_bounds_its_quantile() {
    let m = fixture("hdr");
    assert_eq!((m.n, m.value), (Some(1000), Some(114.239)));
    let (lower, estimate, upper) = bounds(m.distribution.as_ref().unwrap());
    near(lower, 107.584);
    near(estimate, 114.239);
    near(upper, 136.063);
}

/// References: the same ranks; γ^(i−1) and γ^i of the bucket i = ⌈log_γ x⌉ in which ddsketch 3.0.1
/// for Python counted x.
#[test]
fn a_sketch_bounds_its_quantile() {
    let m = fixture("ddsketch");
    assert_eq!((m.n, m.value), (Some(1000), Some(113.307762)));
    let (lower, estimate, upper) = bounds(m.distribution.as_ref().unwrap());
    near(lower, 105.652493221);
    near(estimate, 114.452284798);
    near(upper, 137.025084806);
    assert_eq!(m.distribution.unwrap().method, "ddsketch");
}

/// The p99 of forty values has no upper bound; their stated value is NumPy's, between two of them.
#[test]
fn raw_samples_keep_every_value() {
    let m = fixture("samples");
    assert_eq!((m.n, m.value), (Some(40), Some(67.640_689_999_999_99)));
    let sample = m.distribution.unwrap();
    assert_eq!(sample.count(), 40);
    assert!(sample.buckets.iter().all(|b| b.low == b.high));
    assert!(sample.buckets.windows(2).all(|w| w[0].high < w[1].low));
}

#[test]
fn the_index_of_a_sketch_may_be_shifted_and_zeros_are_zero() {
    let of = |sketch: &str| {
        let text = format!(
            r#"{{"metric": "latency", "quantile": 0.5, "unit": "ms", "histogram": {{"ddsketch": {sketch}}}}}"#
        );
        let evidence = one(&text).unwrap();
        evidence.measurements[0].distribution.as_ref().unwrap().buckets.clone()
    };
    // An accuracy of 1/3 gives a γ of 2.
    let plain = of(
        r#"{"relative_accuracy": 0.3333333333333333, "buckets": [[-1, 2], [3, 5]], "zero_count": 4}"#,
    );
    let ranges: Vec<_> = plain.iter().map(|b| (b.low, b.high, b.count)).collect();
    assert_eq!(ranges, [(0.0, 0.0, 4), (0.25, 0.5, 2), (4.0, 8.0, 5)]);
    let shifted =
        of(r#"{"relative_accuracy": 0.3333333333333333, "buckets": [[3, 5]], "offset": -1}"#);
    assert_eq!((shifted[0].low, shifted[0].high), (8.0, 16.0));
}

fn refused(rest: &str) -> String {
    let text = document(&format!(r#"{{"metric": "latency", {rest}}}"#));
    mistakes(&text).join("; ")
}

#[test]
fn a_histogram_that_cannot_be_is_refused_with_its_path() {
    let cases = [
        (r#"{"hdr_v2": "AAAA"}"#, "measurements[0].histogram.hdr_v2: it is cut off"),
        (r#"{"hdr_v2": "AAAAAA=="}"#, "it is no V2 histogram: it starts with 0x00000000"),
        (r#"{"hdr_v2": "not base64!"}"#, "histogram.hdr_v2: it is not base64"),
        (r#"{"hdr_v2": "HISTFAAAAAN4nA=="}"#, "it says that 3 compressed bytes follow, and 2 do"),
        (
            r#"{"hdr_v2": "HISTFAAAAAJ4nA==", "scale": 0}"#,
            "histogram.scale: expected a number above 0",
        ),
        (r#"{"samples": [1], "scale": 2}"#, "histogram.scale: only `hdr_v2` has a scale"),
        (r#"{}"#, "histogram: a histogram is exactly one of"),
        (r#"{"samples": [1], "hdr_v2": "AAAA"}"#, "histogram: a histogram is exactly one of"),
        (r#"{"samples": []}"#, "histogram: it holds no value"),
        (r#"{"samples": [1, -0.5]}"#, "histogram.samples[1]: expected a number of at least 0"),
        (r#"{"samples": [1, NaN]}"#, "histogram.samples[1]: expected a finite number, found `NaN`"),
        (r#"{"samples": 7}"#, "histogram.samples: expected a list"),
        (
            r#"{"sample": [7], "samples": [7]}"#,
            "histogram.sample: unknown key; did you mean `samples`?",
        ),
        (
            r#"{"ddsketch": {"buckets": [[1, 2]]}}"#,
            "histogram.ddsketch: the key `relative_accuracy` is missing",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 1, "buckets": [[1, 2]]}}"#,
            "relative_accuracy: expected a number between 0 and 1",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 1e-9, "buckets": [[1, 2]]}}"#,
            "relative_accuracy: expected a number of at least",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 0.01, "buckets": [[2, 1], [2, 1]]}}"#,
            "buckets[1]: bucket 2 does not ascend",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 0.01, "buckets": [[2, 0]]}}"#,
            "buckets[0]: expected a whole index and a count above 0",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 0.01, "buckets": [[2.5, 1]]}}"#,
            "buckets[0]: expected a whole index",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 0.5, "buckets": [[2000000000, 1]]}}"#,
            "histogram.ddsketch: its values are too large",
        ),
        (
            r#"{"ddsketch": {"relative_accuracy": 0.5, "buckets": [[1, 9007199254740992]], "zero_count": 1}}"#,
            "it counts more than 2^53 values",
        ),
    ];
    for (histogram, want) in cases {
        let got = refused(&format!(r#""quantile": 0.5, "unit": "ms", "histogram": {histogram}"#));
        assert!(got.contains(want), "{histogram}: {got}");
    }
}

#[test]
fn a_sample_and_its_measurement_agree() {
    let sample = r#""histogram": {"samples": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}"#;
    let with = |rest: &str| refused(&format!("{rest}, {sample}"));
    assert_eq!(
        with(r#""quantile": 0.5, "unit": "ms", "value": 8.00"#),
        "measurements[0].value: the value 8 contradicts its histogram, whose 0.5 quantile is 5, in 5 to 6"
    );
    assert_eq!(
        with(r#""quantile": 0.5, "unit": "ms", "n": 11"#),
        "measurements[0].n: n is 11, and its histogram holds 10 values"
    );
    assert!(with(r#""unit": "ms""#).contains("histogram: a histogram needs the `quantile`"));
    assert!(with(r#""quantile": 0.5"#).contains("histogram: a histogram needs the `unit`"));
    for fits in [r#""value": 5.5"#, r#""value": 6.004, "n": 10"#, r#""value": 5"#, r#""n": 10"#] {
        let text =
            format!(r#"{{"metric": "latency", "quantile": 0.5, "unit": "ms", {fits}, {sample}}}"#);
        if fits.contains("6.004") {
            assert!(one(&text).is_err());
        } else {
            assert_eq!(one(&text).unwrap().measurements[0].n, Some(10), "{fits}");
        }
    }
    let undefined = format!(
        r#"{{"metric": "latency", "quantile": 0.5, "unit": "ms", "value": null, {sample}}}"#
    );
    assert_eq!(one(&undefined).unwrap().measurements[0].value, None);
}
