//! Claimed numbers compared with computed numbers.

use super::*;
use crate::model::{COMPUTED, Computed, Plan, Role, Source};

const RECOMPUTE: &str = "name = \"p\"\n[recompute]\nlabel = \"y\"\nprediction = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.8";

fn computed(policy: &Policy, measurements: Vec<Measurement>) -> Submitted {
    let mut one = document("computed", measurements);
    one.evidence.format = COMPUTED.to_owned();
    one.evidence.computed = Some(Computed {
        sources: vec![Source { role: Role::Predictions, digest: Digest::of(b"rows") }],
        columns: policy.recompute.as_ref().unwrap().columns.clone(),
        plan: Plan::default(),
        rows: 1000,
    });
    one
}

fn said(claims: Vec<Measurement>, truth: Vec<Measurement>) -> Verdict {
    let policy = policy(RECOMPUTE);
    let ours = computed(&policy, truth);
    judge(policy, vec![document("claim", claims), ours])
}

#[test]
fn a_false_claim_is_a_deny_that_says_so() {
    let verdict = said(
        vec![measured("accuracy", 0.93, 1000, 930)],
        vec![measured("accuracy", 0.9, 1000, 900)],
    );
    assert_eq!(verdict.verdict, Outcome::Deny);
    let found = verdict.findings.iter().find(|f| f.rule == "evidence.recompute").unwrap();
    assert_eq!(found.status, Status::Fail);
    assert!(found.message.contains("accuracy is claimed as 0.93, and is 0.9"), "{}", found.message);
    assert_eq!(found.evidence.len(), 2);
    assert_eq!(verdict.findings[0].observed, Some(0.9), "the rule is judged by what we computed");
}

#[test]
fn a_true_claim_agrees_within_its_rounding() {
    let rounded = Measurement { rounding: 0.005, ..measured("accuracy", 0.9, 1000, 901) };
    let rounded = Measurement { successes: None, ..rounded };
    let verdict = said(vec![rounded.clone()], vec![measured("accuracy", 0.901, 1000, 901)]);
    assert_eq!(verdict.verdict, Outcome::Allow, "{:?}", verdict.findings);
    let verdict = said(
        vec![Measurement { rounding: 0.0005, ..rounded }],
        vec![measured("accuracy", 0.901, 1000, 901)],
    );
    assert_eq!(verdict.verdict, Outcome::Deny);
    let other_rows = Measurement { successes: None, ..measured("accuracy", 0.9, 2000, 1800) };
    let verdict = said(vec![other_rows], vec![measured("accuracy", 0.9, 1000, 900)]);
    assert_eq!(verdict.verdict, Outcome::Deny, "another number of rows is another claim");
}

#[test]
fn without_predictions_nothing_passes() {
    let verdict = judge(
        policy(RECOMPUTE),
        vec![document("claim", vec![measured("accuracy", 0.93, 1000, 930)])],
    );
    assert_eq!(verdict.verdict, Outcome::Deny);
    let found = verdict.findings.iter().find(|f| f.rule == "evidence.recompute").unwrap();
    assert_eq!(found.status, Status::Missing);
}

#[test]
fn a_document_cannot_say_of_itself_that_we_computed_it() {
    let policy = policy(RECOMPUTE);
    let mut forged = computed(&policy, vec![measured("accuracy", 0.99, 1000, 990)]);
    forged.evidence.format = "native".to_owned();
    assert_eq!(judge(policy, vec![forged]).verdict, Outcome::Deny);
}

#[test]
fn claims_of_other_data_are_other_claims() {
    let mut truth = measured("accuracy", 0.9, 1000, 900);
    truth.dataset = None;
    let policy = policy(RECOMPUTE);
    let mut ours = computed(&policy, vec![truth]);
    ours.evidence.dataset = Some(DatasetRef { name: Some("holdout".into()), digest: None });
    let mut claim = document("claim", vec![measured("accuracy", 0.99, 1000, 990)]);
    claim.evidence.dataset = Some(DatasetRef { name: Some("train".into()), digest: None });
    let verdict = judge(policy, vec![claim, ours]);
    assert_eq!(verdict.verdict, Outcome::Allow, "{:?}", verdict.findings);
}

/// scikit-learn writes the support of a class next to its precision, whose trials are the
/// predictions of that class.
#[test]
fn the_support_is_a_count_of_other_rows_and_no_false_claim() {
    let class = |metric: &str, value: f64, n: u64, trials: u64, successes: u64| Measurement {
        n: Some(n),
        trials: Some(trials),
        successes: Some(successes),
        slice: Slice::one("class", "1"),
        ..Measurement::new(metric, metric, Some(value))
    };
    let truth = || {
        let mut all =
            vec![class("precision", 0.8, 500, 500, 400), class("recall", 0.5, 800, 800, 400)];
        all.push(measured("accuracy", 0.9, 2000, 1800));
        all
    };
    let claim = |n: u64| Measurement {
        n: Some(n),
        trials: None,
        successes: None,
        ..class("precision", 0.8, 0, 0, 0)
    };
    for n in [800, 500, 2000] {
        let verdict = said(vec![claim(n)], truth());
        assert_eq!(verdict.verdict, Outcome::Allow, "{n}: {:?}", verdict.findings);
    }
    for wrong in [
        claim(801),
        Measurement { trials: Some(800), ..claim(800) },
        Measurement { value: Some(0.81), ..claim(800) },
    ] {
        assert_eq!(said(vec![wrong.clone()], truth()).verdict, Outcome::Deny, "{wrong:?}");
    }
    let rows = Measurement {
        n: Some(1999),
        trials: None,
        successes: None,
        ..measured("accuracy", 0.9, 2000, 1800)
    };
    assert_eq!(
        said(vec![rows], truth()).verdict,
        Outcome::Deny,
        "of what counts rows there is one number of rows"
    );
}

#[test]
fn what_tools_say_of_nothing_is_no_false_claim() {
    let nothing = Measurement {
        trials: Some(0),
        n: Some(0),
        ..Measurement::new("precision", "precision", None)
    };
    let truth = || vec![measured("accuracy", 0.9, 1000, 900), nothing.clone()];
    let claim = |value: Option<f64>| Measurement::new("precision", "precision", value);
    for convention in [Some(0.0), Some(1.0), None] {
        assert_eq!(
            said(vec![claim(convention)], truth()).verdict,
            Outcome::Allow,
            "{convention:?}"
        );
    }
    assert_eq!(said(vec![claim(Some(0.7))], truth()).verdict, Outcome::Deny);
}

#[test]
fn numbers_of_32_bits_and_of_the_training_are_no_false_claims() {
    let truth = || vec![measured("accuracy", 0.8876, 10_000, 8876)];
    let claim = |value: f64| Measurement::new("accuracy", "accuracy", Some(value));
    assert_eq!(said(vec![claim(f64::from(0.8876_f32))], truth()).verdict, Outcome::Allow);
    assert_eq!(said(vec![claim(f64::from(0.8877_f32))], truth()).verdict, Outcome::Deny);
    let trained = Measurement { dataset: Some("train".into()), ..claim(0.99) };
    assert_eq!(said(vec![trained], truth()).verdict, Outcome::Allow);
    let tested = Measurement { dataset: Some("test".into()), ..claim(0.99) };
    assert_eq!(said(vec![tested], truth()).verdict, Outcome::Deny);
}

/// Numbers computed for a policy with more columns answer every policy that means the same numbers.
#[test]
fn what_was_computed_serves_every_policy_whose_columns_it_answers_for() {
    let with = |columns: &str| {
        policy(&format!(
            "name = \"p\"\n{columns}[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.9\n"
        ))
    };
    let wide =
        with("[recompute]\nlabel = \"y\"\nprediction = \"p\"\nscore = \"s\"\ngroups = [\"sex\"]\n");
    let truth = || computed(&wide, vec![measured("accuracy", 0.96, 1000, 960)]);
    let status = |policy: &Arc<Policy>, evidence: &[Submitted], engine: u32| {
        let inputs = Inputs { engine, ..Inputs::default() };
        let verdict = judge_with(std::slice::from_ref(policy), evidence, &inputs, &[]);
        verdict.findings.iter().find(|f| f.rule == "r").unwrap().status
    };
    // A policy without columns, and one with fewer columns: the numbers serve them too, but not by
    // the first semantics.
    for narrow in ["", "[recompute]\nlabel = \"y\"\nprediction = \"p\"\n"] {
        let narrow = with(narrow);
        assert_eq!(status(&narrow, &[truth()], 2), Status::Pass);
        assert_eq!(status(&narrow, &[truth()], 1), Status::Missing);
    }
    // They do not, if a column differs that changes a number, or a column is missing.
    for other in [
        "[recompute]\nlabel = \"other\"\nprediction = \"p\"\n",
        "[recompute]\nlabel = \"y\"\nprediction = \"p\"\npositive = \"yes\"\n",
        "[recompute]\nlabel = \"y\"\nprediction = \"p\"\ncluster = \"user\"\n",
        "[recompute]\nlabel = \"y\"\nprediction = \"p\"\nna_keep = [\"NA\"]\n",
        "[recompute]\nlabel = \"y\"\nprediction = \"p\"\ngroups = [\"sex\", \"age\"]\n",
        "[recompute]\nlabel = \"y\"\nprediction = \"p\"\nid = \"row\"\nlabels = \"another-set\"\n",
    ] {
        assert_eq!(status(&with(other), &[truth()], 2), Status::Missing, "{other}");
    }
    // One document by its own columns is enough: the numbers computed for another policy are then
    // ignored.
    let narrow = with("[recompute]\nlabel = \"y\"\nprediction = \"p\"\n");
    let own = computed(&narrow, vec![measured("accuracy", 0.85, 1000, 850)]);
    assert_eq!(status(&narrow, &[truth(), own], 2), Status::Fail);
    // Two documents that other policies computed, each by its own label: nothing says which is
    // meant, so the claim is evaluated.
    let label = |label: &str, right: u64| {
        let value = f64::from(u32::try_from(right).unwrap()) / 1000.0;
        computed(
            &with(&format!("[recompute]\nlabel = \"{label}\"\nprediction = \"p\"\n")),
            vec![measured("accuracy", value, 1000, right)],
        )
    };
    let two = [
        label("day_30", 960),
        label("day_90", 955),
        document("claim", vec![measured("accuracy", 0.97, 1000, 970)]),
    ];
    assert_eq!(status(&with(""), &two, 2), Status::Pass);
    assert_eq!(status(&with(""), &two[..2], 2), Status::Missing);
    // And the computed number replaces the claimed one.
    let claim = document("claim", vec![measured("accuracy", 0.99, 1000, 990)]);
    let low = computed(&wide, vec![measured("accuracy", 0.85, 1000, 850)]);
    assert_eq!(status(&with(""), &[claim, low], 2), Status::Fail);
}
