//! Champions and references.

use super::*;
use crate::model::{Against, Baseline, Columns, Comparison, Computed, Pairs, Plan, Role, Source};

const LOSS: &str =
    "metric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.01\nfirst_release = \"deny\"";

fn with_champion(policy: &Arc<Policy>, evidence: &[Submitted], champion: &[Submitted]) -> Verdict {
    let inputs = Inputs {
        champion: Some(Baseline { artifact: None, evidence: Vec::new() }),
        ..Inputs::default()
    };
    let inputs_digest = inputs.digest().unwrap();
    let policies = [policy.clone()];
    let now = NOW.parse().unwrap();
    evaluate(&Case {
        inputs: &inputs,
        inputs_digest,
        policies: &policies,
        evidence,
        champion,
        reference: &[],
        approvals: &[],
        now,
    })
}

fn compared(rule_text: &str, ours: Measurement, theirs: Measurement) -> Finding {
    let verdict = with_champion(
        &rule(rule_text),
        &[document("a", vec![ours])],
        &[document("b", vec![theirs])],
    );
    assert_eq!(verdict.findings.len(), 1, "{:?}", verdict.findings);
    verdict.findings[0].clone()
}

fn accuracy(n: u64, x: u64) -> Measurement {
    measured("accuracy", x as f64 / n as f64, n, x)
}

fn about(got: Option<f64>, want: f64) {
    assert!((got.unwrap() - want).abs() < 2e-5, "{got:?} against {want}");
}

/// Reference values: the integral of Fay, Proschan and Brittain (2015) by scipy.
#[test]
fn separate_samples_are_compared_by_their_exact_bounds() {
    let found = compared(LOSS, accuracy(1000, 930), accuracy(1000, 921));
    assert_eq!((found.status, found.method.as_deref()), (Status::Inconclusive, Some("melded")));
    assert!(found.approximate && found.message.contains("approximate"), "{}", found.message);
    near(found.observed, 0.009);
    about(found.lower, -0.011_326_868);
    about(found.upper, 0.029_351_377);
    assert_eq!(
        (found.value, found.baseline, found.against),
        (Some(0.93), Some(0.921), Some(Against::Champion))
    );
    assert!(found.message.contains("the champion's 0.921"), "{}", found.message);
    let pass = compared(LOSS, accuracy(10_000, 9_300), accuracy(10_000, 9_210));
    assert_eq!(pass.status, Status::Pass);
    about(pass.lower, 0.002_793_225);
    let fail = compared(LOSS, accuracy(1000, 870), accuracy(1000, 921));
    assert_eq!(fail.status, Status::Fail, "{}", fail.message);
    about(fail.upper, -0.027_579_303);
}

#[test]
fn a_rounded_value_is_compared_from_its_worst_count() {
    let bare = |value| Measurement {
        n: Some(1000),
        rounding: 0.005,
        ..Measurement::new("accuracy", "accuracy", Some(value))
    };
    let exact = compared(LOSS, accuracy(1000, 930), accuracy(1000, 920));
    let rounded = compared(LOSS, bare(0.93), bare(0.92));
    assert!(rounded.lower.unwrap() < exact.lower.unwrap() - 0.008, "{rounded:?}");
}

/// The same for losses, where lower is better: 0.4 can become 0.41, but not more.
#[test]
fn for_a_loss_lower_is_better() {
    let text = "metric = \"error_rate\"\nagainst = \"champion\"\nmax_loss = 0.01\nfirst_release = \"deny\"";
    let error = |x| measured("error_rate", x as f64 / 10_000.0, 10_000, x);
    assert_eq!(compared(text, error(700), error(790)).status, Status::Pass);
    assert_eq!(compared(text, error(1300), error(790)).status, Status::Fail);
    let gain = "metric = \"error_rate\"\nagainst = \"champion\"\nmin_gain = 0.01\nfirst_release = \"deny\"";
    assert_eq!(compared(gain, error(700), error(790)).status, Status::Inconclusive);
    assert_eq!(compared(gain, error(500), error(790)).status, Status::Pass);
    let ratio = "metric = \"error_rate\"\nagainst = \"champion\"\nmax_loss_ratio = 0.5\nfirst_release = \"deny\"";
    assert_eq!(compared(ratio, error(900), error(790)).status, Status::Pass);
    assert_eq!(compared(ratio, error(1600), error(790)).status, Status::Fail);
}

/// Computed from the two intervals by Zou and Donner (2008): 0.01 − √(0.008² + 0.01²) = −0.002806.
#[test]
fn what_has_only_intervals_is_compared_by_them() {
    let auc = |value: f64, half: f64| {
        let interval = Interval {
            method: "delong".into(),
            confidence: 0.95,
            sides: 2,
            lower: Some(value - half),
            upper: Some(value + half),
        };
        Measurement {
            n: Some(5000),
            intervals: vec![interval],
            ..Measurement::new("roc_auc", "roc_auc", Some(value))
        }
    };
    let text = "name = \"p\"\n[statistics]\nclaimed_intervals = \"allow\"\n[[rule]]\nid = \"r\"\nmetric = \"roc_auc\"\n\
                against = \"champion\"\nmax_loss = 0.005\nfirst_release = \"deny\"";
    let verdict = with_champion(
        &policy(text),
        &[document("a", vec![auc(0.91, 0.008)])],
        &[document("b", vec![auc(0.9, 0.01)])],
    );
    let found = &verdict.findings[0];
    assert_eq!((found.status, found.method.as_deref()), (Status::Pass, Some("mover")));
    near(found.lower, -0.002_806_248_474_9);
    near(found.upper, 0.022_806_248_474_9);
    let refused = compared(
        "metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = 0.005\nfirst_release = \"deny\"",
        auc(0.91, 0.008),
        auc(0.9, 0.01),
    );
    assert_eq!(refused.status, Status::Inconclusive);
}

#[test]
fn what_one_of_the_two_lacks_never_passes() {
    let only = |ours: Vec<Measurement>, theirs: Vec<Measurement>| {
        with_champion(&rule(LOSS), &[document("a", ours)], &[document("b", theirs)]).findings[0]
            .clone()
    };
    assert_eq!(only(vec![], vec![accuracy(1000, 900)]).status, Status::Missing);
    let found = only(vec![accuracy(1000, 900)], vec![]);
    assert_eq!(found.status, Status::Missing);
    assert!(found.message.contains("champion's evidence has no accuracy"), "{}", found.message);
    assert_eq!(only(vec![accuracy(0, 0)], vec![accuracy(9, 9)]).status, Status::Inconclusive);
    assert_eq!(only(vec![accuracy(9, 9)], vec![accuracy(0, 0)]).status, Status::Inconclusive);
}

#[test]
fn no_champion_yet_is_what_the_rule_says() {
    let first = |word: &str, approval: &str| {
        let text = format!(
            "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nagainst = \"champion\"\nmax_loss = 0.01\n\
             first_release = \"{word}\"\n{approval}"
        );
        judge(policy(&text), vec![document("a", vec![accuracy(1000, 900)])])
    };
    let approval = "[[approval]]\nid = \"a\"\nrole = \"r\"\n";
    let review = first("review", approval);
    assert_eq!((review.verdict, review.findings[0].status), (Outcome::Pending, Status::Skipped));
    assert!(
        review.findings[0].message.contains("the approvals decide"),
        "{}",
        review.findings[0].message
    );
    assert_eq!(first("allow", "").verdict, Outcome::Allow);
    let deny = first("deny", "");
    assert_eq!((deny.verdict, deny.findings[0].status), (Outcome::Deny, Status::Missing));
}

pub(super) fn computed(
    columns: &Columns,
    comparisons: Vec<Comparison>,
    measurements: Vec<Measurement>,
) -> Submitted {
    let mut one = document("computed", measurements);
    one.evidence.format = crate::model::COMPUTED.to_owned();
    one.evidence.comparisons = comparisons;
    one.evidence.computed = Some(Computed {
        sources: vec![Source { role: Role::Predictions, digest: Digest::of(b"rows") }],
        columns: columns.clone(),
        plan: Plan::default(),
        rows: 10_000,
    });
    one
}

/// Reference values: Gaffke's bound for (8800, 400, 250, 550) by scipy. The policy must ask for
/// exactly these columns.
#[test]
fn the_same_rows_are_compared_as_pairs() {
    let text = format!(
        "name = \"p\"\n[recompute]\nlabel = \"y\"\nprediction = \"p\"\n[[rule]]\nid = \"r\"\n{LOSS}"
    );
    let policy = policy(&text);
    let columns = policy.recompute.as_ref().unwrap().columns.clone();
    let pairs = Pairs { both: 8800, candidate_only: 400, baseline_only: 250, neither: 550 };
    let comparison = Comparison {
        against: Against::Champion,
        metric: "accuracy".into(),
        quantile: None,
        unit: None,
        slice: Slice::overall(),
        n: 10_000,
        value: Some(0.92),
        baseline: Some(0.905),
        factor: 1.0,
        pairs: Some(pairs),
        events: None,
        no_bound: None,
        bounds: Vec::new(),
    };
    let champion = [document("b", vec![accuracy(10_000, 9_050)])];
    let ours = |columns: &Columns| {
        computed(columns, vec![comparison.clone()], vec![accuracy(10_000, 9_200)])
    };
    let verdict = with_champion(&policy, &[ours(&columns)], &champion);
    let found = &verdict.findings[0];
    assert_eq!(
        (found.status, found.method.as_deref()),
        (Status::Pass, Some("gaffke-paired")),
        "{}",
        found.message
    );
    about(found.lower, 0.010_720_463);
    about(found.upper, 0.019_297_571);
    assert!(found.message.contains("the same 10,000 rows"), "{}", found.message);
    let others = Columns { label: Some("other".into()), ..columns };
    let verdict = with_champion(&policy, &[ours(&others)], &champion);
    assert_eq!(verdict.findings[0].status, Status::Missing, "{}", verdict.findings[0].message);
}
