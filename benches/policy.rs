//! Measures the time of a verdict: 20 rules over 40 measurements, and the exact bounds alone.
//!
//! Run with `cargo bench --bench policy`. Times are the best of many rounds, in nanoseconds: the machine is shared.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use modelgate::{
    model::{Claimed, Digest, Evidence, Inputs, Measurement, Slice, Submitted, Timestamp},
    policy::{self, Case},
    stats::proportion::{clopper_pearson_lower, clopper_pearson_upper},
};
use std::{fmt::Write as _, hint::black_box, sync::Arc, time::Instant};

/// The service's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn best(name: &str, mut work: impl FnMut()) {
    let mut least = u128::MAX;
    for _ in 0..200 {
        let started = Instant::now();
        for _ in 0..50 {
            work();
        }
        least = least.min(started.elapsed().as_nanos() / 50);
    }
    println!("{name:<44} {least:>9} ns");
}

fn main() {
    let mut text = "name = \"bench\"\n".to_owned();
    let mut measurements = Vec::new();
    for class in 0..20_u64 {
        let _ = write!(
            text,
            "[[rule]]\nid = \"recall-{class}\"\nmetric = \"recall\"\nslice = {{ class = \"{class}\" }}\nmin = 0.8\n"
        );
        for metric in ["recall", "precision"] {
            measurements.push(Measurement {
                n: Some(1000 + class),
                trials: Some(1000 + class),
                successes: Some(900 + class),
                slice: Slice::one("class", class.to_string()),
                rounding: 0.01,
                ..Measurement::new(metric, metric, Some(0.9))
            });
        }
    }
    let policies = [Arc::new(policy::parse(&text).expect("a policy"))];
    let mut document = Evidence::new(Digest::of(b"bench"), "native");
    document.measurements = measurements;
    let evidence = [Submitted { evidence: document, claimed: Claimed::default(), mapping: None }];
    let inputs = Inputs::default();
    let inputs_digest = inputs.digest().expect("a digest");
    let now = Timestamp::from_micros(0);
    let case = Case {
        inputs: &inputs,
        inputs_digest,
        policies: &policies,
        evidence: &evidence,
        champion: &[],
        reference: &[],
        approvals: &[],
        now,
    };
    let verdict = policy::evaluate(&case);
    assert!(verdict.findings.len() == 20 && verdict.exit_code() == 0, "{verdict:#?}");

    best("judge, 20 rules, without sentences", || {
        let prepared = policy::Prepared::new(black_box(&case));
        drop(black_box(prepared.judge()));
    });
    best("evaluate, 20 rules, with sentences", || {
        drop(black_box(policy::evaluate(black_box(&case))));
    });
    best("read the policy of 20 rules", || drop(black_box(policy::parse(black_box(&text)))));
    for (x, n) in [(910, 1_000), (91_000, 100_000), (9_100_000, 10_000_000)] {
        // Different counts each time, because computed bounds are cached.
        let mut next = 0;
        best(&format!("exact bounds, about {x} of {n}, new ones"), || {
            next += 1;
            let (x, n) = (black_box(x), n + next);
            black_box((clopper_pearson_lower(x, n, 0.05), clopper_pearson_upper(x, n, 0.05)));
        });
    }
}
