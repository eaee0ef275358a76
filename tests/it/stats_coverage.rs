//! Checks that an interval is right as often as it claims: exactly, by summing the binomial
//! probabilities of every count whose bound holds, and by drawing samples.

use modelgate::stats::{
    binomial::upper_tail,
    proportion::{clopper_pearson_lower, clopper_pearson_upper},
    resample::{mix64, row_state},
    score::{jeffreys, wilson},
};

type Pair = (f64, f64);
type Method = fn(u64, u64, f64) -> Pair;

const METHODS: [(&str, Method); 3] = [
    ("Clopper-Pearson", |x, n, alpha| {
        (clopper_pearson_lower(x, n, alpha).unwrap(), clopper_pearson_upper(x, n, alpha).unwrap())
    }),
    ("Wilson", |x, n, alpha| wilson(x, n, alpha).map(|b| (b.lower, b.upper)).unwrap()),
    ("Jeffreys", |x, n, alpha| jeffreys(x, n, alpha).map(|b| (b.lower, b.upper)).unwrap()),
];

const SIZES: [u64; 6] = [5, 20, 59, 100, 300, 1_000];

/// Rates from 0.001 to 0.999, more dense where it matters.
fn rates() -> impl Iterator<Item = f64> {
    let near_the_ends = [0.001, 0.002, 0.005, 0.99, 0.995, 0.998, 0.999];
    (1..50).map(|i| f64::from(i) * 0.02).chain(near_the_ends)
}

/// The probability that the lower bound is at most the rate, and that the upper bound is at least
/// the rate. Bounds increase with the count, so each probability is one tail.
fn coverage(bounds: &[Pair], rate: f64) -> Pair {
    let n = bounds.len() as u64 - 1;
    let held_below = bounds.iter().filter(|b| b.0 <= rate).count() as u64;
    let held_above = bounds.iter().filter(|b| b.1 >= rate).count() as u64;
    // The lower bound holds for the counts below `held_below`, the upper bound for the last
    // `held_above` counts.
    (1.0 - upper_tail(held_below, n, rate), upper_tail(n + 1 - held_above, n, rate))
}

/// The exact interval never covers less than it claims. The approximate ones do; this prints how
/// much less.
#[test]
fn exact_bounds_hold_as_often_as_they_say() {
    for alpha in [0.05, 0.01] {
        for (name, method) in METHODS {
            let mut least = (1.0_f64, 0, 0.0);
            for n in SIZES {
                let bounds: Vec<Pair> = (0..=n).map(|x| method(x, n, alpha)).collect();
                assert!(
                    bounds.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1),
                    "{name}: bounds fall at n = {n}"
                );
                for rate in rates() {
                    let (below, above) = coverage(&bounds, rate);
                    if below.min(above) < least.0 {
                        least = (below.min(above), n, rate);
                    }
                }
            }
            let (covered, n, rate) = least;
            println!(
                "{name:>15} at {}: one-sided coverage falls to {covered:.4} (n = {n}, rate {rate})",
                1.0 - alpha
            );
            if name == "Clopper-Pearson" {
                assert!(covered >= 1.0 - alpha - 1e-12, "{covered} at n = {n}, rate {rate}");
            } else {
                // That is why they are called approximate.
                assert!(covered < 1.0 - alpha, "{name} is exact here, which it is not known to be");
            }
        }
    }
}

/// The same, by drawing samples from a fixed seed.
#[test]
fn drawn_samples_are_covered_as_often_as_summed() {
    const SAMPLES: u64 = 2_000;
    for n in [20, 100, 300] {
        let tables =
            METHODS.map(|(_, method)| (0..=n).map(|x| method(x, n, 0.05)).collect::<Vec<Pair>>());
        for rate in [0.02, 0.3, 0.5, 0.9, 0.97] {
            let mut held = [(0, 0); 3];
            for sample in 0..SAMPLES {
                let state = row_state(n, sample);
                let below = (rate * (1_u64 << 53) as f64) as u64;
                let hits = (0..n).filter(|i| mix64(state ^ mix64(*i)) >> 11 < below).count();
                for (held, bounds) in held.iter_mut().zip(&tables) {
                    held.0 += u64::from(bounds[hits].0 <= rate);
                    held.1 += u64::from(bounds[hits].1 >= rate);
                }
            }
            for (((name, _), held), bounds) in METHODS.iter().zip(held).zip(&tables) {
                let want = coverage(bounds, rate);
                for (held, want) in [(held.0, want.0), (held.1, want.1)] {
                    let drawn = held as f64 / SAMPLES as f64;
                    // Four standard errors, and at least one sample.
                    let error =
                        4.0 * (want * (1.0 - want) / SAMPLES as f64).sqrt() + 1.0 / SAMPLES as f64;
                    assert!(
                        (drawn - want).abs() <= error,
                        "{name}, n = {n}, rate {rate}: {drawn} drawn, {want} summed"
                    );
                    assert!(
                        *name != "Clopper-Pearson" || drawn >= 0.95 - error,
                        "{drawn} at n = {n}, rate {rate}"
                    );
                }
            }
        }
    }
}
