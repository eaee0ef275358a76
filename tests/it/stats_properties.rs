//! Properties of every interval: it contains its estimate, more confidence widens it, more of the
//! same data narrows it, exchanging success and failure mirrors it, and nothing is ever NaN.

use crate::support::areas::delong;
use modelgate::stats::{
    Bounds,
    operating::Gate,
    paired::tango,
    proportion::{clopper_pearson_lower, clopper_pearson_upper},
    quantile::ranks,
    sample_size::Side,
    score::{jeffreys, wilson},
    two_proportions::{koopman_ratio, mover, newcombe_difference},
};
use proptest::prelude::*;

type Method = fn(u64, u64, f64) -> Option<Bounds>;

const METHODS: [(&str, Method); 3] =
    [("clopper-pearson", exact), ("wilson", wilson), ("jeffreys", jeffreys)];

fn exact(x: u64, n: u64, alpha: f64) -> Option<Bounds> {
    let (lower, upper) = (clopper_pearson_lower(x, n, alpha)?, clopper_pearson_upper(x, n, alpha)?);
    Some(Bounds { estimate: x as f64 / n as f64, lower, upper })
}

/// Counts of a sample, from a few to the largest that a float can represent.
fn counts() -> impl Strategy<Value = (u64, u64)> {
    let size = prop_oneof![1..60_u64, 1..5_000_u64, 1..10_000_000_u64, 1..(1_u64 << 53)];
    size.prop_flat_map(|n| {
        (prop_oneof![Just(0), Just(n), 0..=n, 0..=n.min(5), (n - n.min(5))..=n], Just(n))
    })
}

fn small_counts() -> impl Strategy<Value = (u64, u64)> {
    (1..400_u64).prop_flat_map(|n| (0..=n, Just(n)))
}

fn alphas() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.05), Just(0.01), Just(0.025), (-6.0..-0.7_f64).prop_map(|e| 10_f64.powf(e))]
}

/// `a` ≤ `b`, except for the last digits.
fn at_most(a: f64, b: f64) -> bool {
    a <= b + 1e-9 * (1.0 + b.abs()).min(1e300)
}

fn inside(outer: Bounds, inner: Bounds) -> bool {
    at_most(outer.lower, inner.lower) && at_most(inner.upper, outer.upper)
}

fn contains(bounds: Bounds) -> bool {
    at_most(bounds.lower, bounds.estimate) && at_most(bounds.estimate, bounds.upper)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs()) || a == b
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_of_a_proportion_contain_it_and_mirror((x, n) in counts(), alpha in alphas()) {
        for (name, method) in METHODS {
            let bounds = method(x, n, alpha).unwrap();
            prop_assert!(contains(bounds) && bounds.lower >= 0.0 && bounds.upper <= 1.0, "{name} {bounds:?}");
            let mirror = method(n - x, n, alpha).unwrap();
            prop_assert!(near(mirror.lower, 1.0 - bounds.upper), "{name}: {mirror:?} of {bounds:?}");
            prop_assert!(near(mirror.upper, 1.0 - bounds.lower), "{name}: {mirror:?} of {bounds:?}");
            let surer = method(x, n, alpha / 2.0).unwrap();
            prop_assert!(inside(surer, bounds), "{name}: {surer:?} does not hold {bounds:?}");
        }
    }

    #[test]
    fn more_of_the_same_narrows_bounds((x, n) in small_counts(), times in 2..1_000_u64, alpha in alphas()) {
        for (name, method) in METHODS {
            let (few, many) = (method(x, n, alpha).unwrap(), method(x * times, n * times, alpha).unwrap());
            prop_assert!(many.upper - many.lower <= few.upper - few.lower + 1e-9, "{name}: {few:?}, then {many:?}");
            if name != "jeffreys" || (1 < x && x + 1 < n) {
                prop_assert!(inside(few, many), "{name}: {few:?}, then {many:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_has_no_bounds(n in 0..50_u64, more in 1..9_u64, alpha in alphas()) {
        for (name, method) in METHODS {
            prop_assert_eq!(method(n + more, n, alpha), None, "{}", name);
            prop_assert_eq!(method(0, 0, alpha), None, "{}", name);
            for nonsense in [0.0, 1.0, -alpha, f64::NAN, f64::INFINITY] {
                prop_assert_eq!(method(n, n + more, nonsense), None, "{}", name);
            }
        }
        prop_assert_eq!(newcombe_difference(1, n + more, 0, 0, alpha), None);
        prop_assert_eq!(koopman_ratio(0, n + more, 0, more, alpha), None);
        prop_assert_eq!(tango(0, 0, 0, 0, alpha), None);
    }

    #[test]
    fn a_difference_turns_its_sign((x1, n1) in counts(), (x2, n2) in counts(), alpha in alphas()) {
        let bounds = newcombe_difference(x1, n1, x2, n2, alpha).unwrap();
        let turned = newcombe_difference(x2, n2, x1, n1, alpha).unwrap();
        prop_assert!(contains(bounds) && bounds.lower >= -1.0 - 1e-12 && bounds.upper <= 1.0 + 1e-12, "{bounds:?}");
        prop_assert!(near(turned.lower, -bounds.upper) && near(turned.upper, -bounds.lower), "{turned:?}");
        let missed = newcombe_difference(n1 - x1, n1, n2 - x2, n2, alpha).unwrap();
        prop_assert!(near(missed.lower, -bounds.upper) && near(missed.upper, -bounds.lower), "{missed:?}");
        prop_assert!(inside(newcombe_difference(x1, n1, x2, n2, alpha / 2.0).unwrap(), bounds));
    }

    #[test]
    fn a_ratio_turns_over((x1, n1) in counts(), (x2, n2) in counts(), alpha in alphas()) {
        let Some(bounds) = koopman_ratio(x1, n1, x2, n2, alpha) else {
            prop_assert_eq!((x1, x2), (0, 0));
            return Ok(());
        };
        prop_assert!(!bounds.estimate.is_nan() && bounds.lower >= 0.0 && contains(bounds), "{bounds:?}");
        let turned = koopman_ratio(x2, n2, x1, n1, alpha).unwrap();
        prop_assert!((turned.lower * bounds.upper - 1.0).abs() < 1e-6 || x2 == 0, "{turned:?} of {bounds:?}");
        prop_assert!((turned.upper * bounds.lower - 1.0).abs() < 1e-6 || x1 == 0, "{turned:?} of {bounds:?}");
        prop_assert!(inside(koopman_ratio(x1, n1, x2, n2, alpha / 2.0).unwrap(), bounds));
    }

    #[test]
    fn a_paired_difference_turns_its_sign(
        (b, c) in counts(), a in 0..1_000_u64, d in 0..1_000_u64, alpha in alphas(),
    ) {
        let bounds = tango(a, b, c, d, alpha).unwrap();
        prop_assert!(contains(bounds) && bounds.lower >= -1.0 && bounds.upper <= 1.0, "{bounds:?}");
        let turned = tango(d, c, b, a, alpha).unwrap();
        prop_assert!(near(turned.lower, -bounds.upper) && near(turned.upper, -bounds.lower), "{turned:?}");
        prop_assert!(inside(tango(a, b, c, d, alpha / 2.0).unwrap(), bounds));
    }

    #[test]
    fn moved_bounds_contain_their_estimate((x1, n1) in counts(), (x2, n2) in counts(), factor in -3.0..3.0_f64) {
        let (c, b) = (exact(x1, n1, 0.05).unwrap(), exact(x2, n2, 0.05).unwrap());
        let bounds = mover(c, b, factor);
        prop_assert!(contains(bounds) && near(bounds.estimate, c.estimate - factor * b.estimate), "{bounds:?}");
        let open = mover(Bounds { upper: f64::INFINITY, ..c }, b, factor);
        prop_assert!(open.upper == f64::INFINITY && near(open.lower, bounds.lower), "{open:?}");
    }

    #[test]
    fn an_area_does_not_care_for_order_or_scale(
        rows in prop::collection::vec((any::<bool>(), -20..20_i32), 0..60), alpha in alphas(), turn in 0..60_usize,
    ) {
        let split = |rows: &[(bool, i32)], sign: f64| {
            let scores: Vec<f64> = rows.iter().map(|row| sign * (f64::from(row.1) * 0.37).exp()).collect();
            delong(&rows.iter().map(|row| row.0).collect::<Vec<_>>(), &scores, alpha)
        };
        let Ok(area) = split(&rows, 1.0) else { return Ok(()) };
        if let Some((lower, upper)) = area.bounds {
            prop_assert!(contains(Bounds { estimate: area.estimate, lower, upper }), "{area:?}");
        }
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        prop_assert_eq!(split(&turned, 1.0), Ok(area));
        let below = split(&rows, -1.0).unwrap();
        prop_assert!(near(below.estimate, 1.0 - area.estimate), "{below:?} of {area:?}");
        prop_assert_eq!(below.variance.is_some(), area.variance.is_some());
        prop_assert!((below.variance.unwrap_or(0.0) - area.variance.unwrap_or(0.0)).abs() < 1e-15);
    }

    #[test]
    fn ranks_surround_their_quantile(n in prop_oneof![1..500_u64, 1..(1_u64 << 53)], q in 0.01..0.99_f64, alpha in alphas()) {
        let (lower, upper) = ranks(n, q, alpha);
        let place = n as f64 * q;
        prop_assert!(lower.is_none_or(|rank| 1 <= rank && rank as f64 <= place + 1.0), "{lower:?} for {place}");
        prop_assert!(upper.is_none_or(|rank| rank <= n && rank as f64 >= place), "{upper:?} for {place}");
        let (further_down, further_up) = ranks(n, q, alpha / 2.0);
        prop_assert!(further_down <= lower, "{further_down:?} below {lower:?}");
        prop_assert!(further_up.is_none_or(|up| upper.is_some_and(|rank| rank <= up)), "{upper:?} below {further_up:?}");
    }

    #[test]
    fn the_three_answers_share_one(n in 1..3_000_u64, limit in 0.01..0.99_f64, rate in 0.0..1.0_f64, alpha in alphas()) {
        for side in [Side::AtLeast, Side::AtMost] {
            let gate = Gate::new(n, limit, side, alpha);
            let chances = gate.chances(rate);
            let sum = chances.pass + chances.fail + chances.inconclusive;
            prop_assert!((sum - 1.0).abs() < 1e-9, "{chances:?}");
            // A true rate on the wrong side passes with at most alpha; one on the right side fails
            // with at most alpha.
            prop_assert!(gate.chances(limit).pass <= alpha * (1.0 + 1e-9) && gate.chances(limit).fail <= alpha * (1.0 + 1e-9));
            // The counts agree with those that follow from the bounds.
            let passes = |hits: u64| match side {
                Side::AtLeast => clopper_pearson_lower(hits, n, alpha).unwrap() >= limit,
                Side::AtMost => clopper_pearson_upper(hits, n, alpha).unwrap() <= limit,
            };
            let hits = |failures: u64| if side == Side::AtLeast { n - failures } else { failures };
            if let Some(most) = gate.accepts {
                prop_assert!(passes(hits(most)) && (most == n || !passes(hits(most + 1))));
            } else {
                prop_assert!(!passes(hits(0)));
            }
        }
    }
}
