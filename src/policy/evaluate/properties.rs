//! Properties of every case: nothing panics, no order matters, and nothing undefined, empty or
//! absent passes.

use super::*;
use crate::{
    model::{
        Approval, Baseline, Claimed, Digest, Evidence, Finding, Inputs, Interval, Measurement,
        Person, Slice, Status, Submitted, Timestamp, Unit, Vote,
    },
    policy::parse,
};
use proptest::{collection::vec, option, prelude::*};
use std::sync::Arc;

/// Policies that cover every kind of rule, every selector and every relaxation.
const POLICIES: [&str; 4] = [
    "name = \"a\"\n[evidence]\nmax_age = \"14d\"\ndatasets = [\"d\"]\n[groups]\nsex = [\"f\", \"m\"]\n\
     [[rule]]\nid = \"1\"\nmetric = \"accuracy\"\nmin = 0.5\nmin_samples = 3\n\
     [[rule]]\nid = \"2\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = 0.2\nmax = 0.9\n\
     [[rule]]\nid = \"3\"\ncheck = \"c*\"\nwhen = \"context.tier == 'high'\"\n[[approval]]\nid = \"x\"\nrole = \"r\"\nexpires = \"1d\"\n",
    "name = \"b\"\n[statistics]\nclaimed_intervals = \"allow\"\npoint_estimates = \"allow\"\ninconclusive = \"warn\"\n\
     [[rule]]\nid = \"1\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"\n\
     [[rule]]\nid = \"2\"\nmetric = \"roc_auc\"\nmin = 0.5\n[[rule]]\nid = \"3\"\nmetric = \"accuracy\"\nmax = 0.5\n\
     [[rule]]\nid = \"4\"\nmetric = \"own\"\nslice = { sex = \"f\" }\nmin = \"0 ms\"\n",
    "name = \"c\"\nmode = \"observe\"\n[[rule]]\nid = \"1\"\nmetric = \"recall\"\nmin = 0.1\nseverity = \"warn\"\n",
    "name = \"d\"\n[statistics]\nclaimed_intervals = \"allow\"\nreuse = \"spend\"\ninterval = \"wilson\"\n\
     [recompute]\nlabel = \"y\"\nprediction = \"p\"\n\
     [[rule]]\nid = \"1\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.01\nmax_loss_ratio = 0.1\nfirst_release = \"deny\"\n\
     [[rule]]\nid = \"2\"\nmetric = \"latency\"\nquantile = 0.99\nagainst = \"reference\"\nmin_gain = \"1 ms\"\nfirst_release = \"allow\"\n\
     [[rule]]\nid = \"3\"\nmetric = \"recall\"\nslices = [\"sex\"]\nagainst = \"champion\"\nmin_gain = 0\nfirst_release = \"deny\"\n\
     [[rule]]\nid = \"4\"\nmetric = \"equal_opportunity_difference\"\nby = [\"sex\"]\nmax = 0.2\n\
     [[rule]]\nid = \"5\"\nmetric = \"equal_opportunity_ratio\"\nby = [\"sex\"]\nmin = 0.5\n\
     [[rule]]\nid = \"6\"\nmetric = \"worst_group_recall\"\nby = [\"sex\", \"age\"]\nmin = 0.1\n",
];

fn number() -> impl Strategy<Value = f64> {
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        1.0,
        0.0,
        1e300,
        -1.0,
        f64::MIN_POSITIVE,
    ];
    prop_oneof![4 => 0.0..=1.0, 1 => any::<f64>(), 1 => prop::sample::select(odd.to_vec())]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..2000_u64, 1 => Just(0), 1 => any::<u64>()]
}

fn interval() -> impl Strategy<Value = Interval> {
    (0..4_u8, number(), option::of(number()), option::of(number())).prop_map(
        |(sides, confidence, lower, upper)| Interval {
            method: "m".into(),
            confidence,
            sides,
            lower,
            upper,
        },
    )
}

fn slice() -> impl Strategy<Value = Slice> {
    let one = |k: &str, v: &str| Slice::one(k, v);
    prop::sample::select(vec![
        Slice::overall(),
        one("sex", "f"),
        one("sex", "m"),
        one("sex", "x"),
        one("age", "1"),
    ])
}

fn measurement() -> impl Strategy<Value = Measurement> {
    let metric = prop::sample::select(vec!["accuracy", "recall", "latency", "roc_auc", "own"]);
    let unit = option::of(prop::sample::select(vec![
        Unit::Milliseconds,
        Unit::Seconds,
        Unit::Percent,
        Unit::Bytes,
    ]));
    let numbers = (
        option::weighted(0.9, number()),
        option::of(count()),
        option::of(count()),
        option::of(count()),
    );
    let rest = (
        slice(),
        unit,
        option::of(interval()),
        any::<bool>(),
        prop::sample::select(vec![1e-12, 0.005, 0.5]),
    );
    (metric, numbers, rest).prop_map(
        |(metric, (value, n, trials, successes), (slice, unit, interval, odd, rounding))| {
            let quantile = (metric == "latency").then_some(0.99);
            let mut out = Measurement {
                rounding,
                quantile,
                n,
                trials,
                slice,
                unit,
                intervals: interval.into_iter().collect(),
                ..Measurement::new(metric, metric, None)
            };
            // Bypasses the constructor: a value that is not finite must not pass even then.
            out.value = value;
            out.successes = successes.filter(|_| odd);
            out.aggregate = odd && successes.is_none();
            out
        },
    )
}

fn evidence() -> impl Strategy<Value = Vec<Submitted>> {
    let document = (any::<u8>(), vec(measurement(), 0..6), any::<bool>());
    vec(document, 0..4).prop_map(|list| {
        let submitted = |(name, measurements, claims): (u8, Vec<Measurement>, bool)| {
            // A digest identifies bytes, and equal bytes give equal evidence: different documents
            // must not share one.
            let bytes = format!("{} {measurements:?}", name % 4);
            let mut evidence = Evidence::new(Digest::of(bytes.as_bytes()), "native");
            evidence.measurements = measurements;
            let claimed = Claimed {
                subject: None,
                dataset: claims.then(|| "d".to_owned()),
                produced_at: if claims { "2026-11-19T00:00:00Z".parse().ok() } else { None },
            };
            Submitted { evidence, claimed, mapping: None }
        };
        list.into_iter().map(submitted).collect()
    })
}

fn approvals(seen: Digest) -> impl Strategy<Value = Vec<Approval>> {
    let one =
        (prop::sample::select(vec!["ana", "ben", "sam"]), any::<bool>(), 0..3_i64, any::<bool>());
    vec(one, 0..5).prop_map(move |list| {
        let approval = |(by, yes, day, right): (&str, bool, i64, bool)| Approval {
            id: None,
            release: None,
            by: Person { id: by.into(), name: by.into() },
            roles: vec!["r".into()],
            vote: if yes { Vote::Approve } else { Vote::Reject },
            comment: String::new(),
            inputs_digest: if right { seen } else { Digest::of(b"other") },
            at: Timestamp::from_micros(now().micros() - day * 43_200_000_000),
        };
        list.into_iter().map(approval).collect()
    })
}

fn now() -> Timestamp {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

fn inputs() -> Inputs {
    Inputs {
        submitter: Some("sam".into()),
        context: [("tier".to_owned(), "high".to_owned())].into(),
        ..Inputs::default()
    }
}

fn seen() -> Digest {
    let baseline = Some(Baseline { artifact: None, evidence: Vec::new() });
    Inputs { champion: baseline.clone(), reference: baseline, ..inputs() }.digest().unwrap()
}

fn policies() -> Vec<Arc<Policy>> {
    POLICIES.iter().map(|t| Arc::new(parse(t).unwrap())).collect()
}

fn judge(policies: &[Arc<Policy>], evidence: &[Submitted], approvals: &[Approval]) -> Verdict {
    let baseline = Some(Baseline { artifact: None, evidence: Vec::new() });
    let inputs = Inputs { champion: baseline.clone(), reference: baseline, ..inputs() };
    let inputs_digest = inputs.digest().unwrap();
    // Compare with the same evidence in another order.
    let baseline: Vec<Submitted> = evidence.iter().rev().cloned().collect();
    let (champion, reference) = (baseline.as_slice(), baseline.as_slice());
    evaluate(&Case {
        inputs: &inputs,
        inputs_digest,
        policies,
        evidence,
        champion,
        reference,
        approvals,
        now: now(),
    })
}

/// Whether every number of a finding is a number that JSON can express.
fn is_finite(finding: &Finding) -> bool {
    let Finding { observed, lower, upper, value, baseline, confidence, quantile, .. } = finding;
    [observed, lower, upper, value, baseline, confidence, quantile]
        .into_iter()
        .flatten()
        .all(|number| number.is_finite())
}

/// Whether a pass is based on a document, a finite value and samples, and its own numbers support
/// it.
fn stands(finding: &Finding) -> bool {
    let Some(required) = finding.required else { return true };
    let meets = |x: Option<f64>| match required.op {
        crate::model::Op::AtLeast => x.is_some_and(|x| x >= required.value),
        crate::model::Op::AtMost => x.is_some_and(|x| x <= required.value),
    };
    let deciding = match (finding.method.as_deref(), required.op) {
        (Some("point-estimate"), _) => finding.observed,
        (_, crate::model::Op::AtLeast) => finding.lower,
        (_, crate::model::Op::AtMost) => finding.upper,
    };
    !finding.evidence.is_empty()
        && finding.observed.is_some_and(f64::is_finite)
        && finding.n != Some(0)
        && finding.trials != Some(0)
        && finding.method.is_some()
        && meets(deciding)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Invariants 1 and 7.
    #[test]
    fn nothing_panics_and_no_pass_stands_on_nothing(evidence in evidence(), approvals in approvals(seen())) {
        let verdict = judge(&policies(), &evidence, &approvals);
        for finding in &verdict.findings {
            prop_assert!(!finding.message.is_empty());
            prop_assert!(finding.status != Status::Pass || stands(finding), "{finding:?}");
        }
        prop_assert!(verdict.findings.iter().all(is_finite), "{verdict:?}");
        prop_assert_eq!(verdict.verdict == Outcome::Allow, verdict.exit_code() == 0);
    }

    /// Invariant 2.
    #[test]
    fn no_order_matters(
        evidence in evidence(),
        approvals in approvals(seen()),
        turn in any::<prop::sample::Index>(),
    ) {
        let bytes = |p: &[Arc<Policy>], e: &[Submitted], a: &[Approval]| format!("{:?}", judge(p, e, a));
        let (mut p, mut e, mut a) = (policies(), evidence.clone(), approvals.clone());
        p.reverse();
        if !e.is_empty() {
            let by = turn.index(e.len());
            e.rotate_left(by);
        }
        a.reverse();
        prop_assert_eq!(bytes(&policies(), &evidence, &approvals), bytes(&p, &e, &a));
    }

    /// Invariant 7: a rule without any evidence never passes.
    #[test]
    fn omission_never_passes(evidence in evidence(), metric in prop::sample::select(vec!["accuracy", "recall", "latency", "own"])) {
        let mut without = evidence;
        for submitted in &mut without {
            submitted.evidence.measurements.retain(|m| m.metric != metric);
        }
        let verdict = judge(&policies(), &without, &[]);
        for finding in verdict.findings.iter().filter(|f| f.metric.as_deref() == Some(metric)) {
            prop_assert_eq!(finding.status, Status::Missing);
        }
        prop_assert_eq!(verdict.verdict, Outcome::Deny);
        prop_assert_eq!(judge(&policies(), &[], &[]).verdict, Outcome::Deny);
    }

    /// Removing a document from an allowed case never hides what it answered: its rules do not keep
    /// their pass.
    #[test]
    fn a_pass_needs_a_document_that_is_there(evidence in evidence(), gone in any::<prop::sample::Index>()) {
        prop_assume!(!evidence.is_empty());
        let at = gone.index(evidence.len());
        let digest = evidence[at].evidence.digest;
        let mut rest = evidence;
        rest.retain(|s| s.evidence.digest != digest);
        let verdict = judge(&policies(), &rest, &[]);
        let rule = |f: &&Finding| f.required.is_some() && f.status == Status::Pass;
        prop_assert!(verdict.findings.iter().filter(rule).all(|f| !f.evidence.is_empty() && !f.evidence.contains(&digest)));
    }

    /// Invariant 1, for every possible policy name.
    #[test]
    fn reading_never_panics(text in "\\PC{0,80}", cut in any::<prop::sample::Index>(), put in "[\\[\\]=\"\\n.a0-]{0,4}") {
        let _ = parse(&text);
        let whole = POLICIES[0];
        let mut at = cut.index(whole.len());
        while !whole.is_char_boundary(at) {
            at -= 1;
        }
        if let Ok(policy) = parse(&format!("{}{put}{}", &whole[..at], &whole[at..])) {
            let _ = (crate::policy::lint(&policy, None), crate::policy::explain(&policy).to_string());
        }
    }
}
