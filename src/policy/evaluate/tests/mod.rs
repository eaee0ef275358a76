//! Cases and their verdicts.

mod approvals;
mod budget;
mod comparison;
mod disparity;
mod events;
mod recompute;
mod scales;
mod statistics;

use super::*;
use crate::{
    model::{
        Approval, Check, Claimed, DatasetRef, Digest, Evidence, Finding, Inputs, Interval, Link,
        Measurement, Outcome, Person, Severity, Slice, Status, Subject, Submitted, Unit, Vote,
    },
    policy::parse,
};
use std::sync::Arc;

const NOW: &str = "2026-11-20T12:00:00Z";

fn policy(text: &str) -> Arc<Policy> {
    Arc::new(parse(text).unwrap_or_else(|m| panic!("{m}")))
}

/// A policy with one rule.
fn rule(text: &str) -> Arc<Policy> {
    policy(&format!("name = \"p\"\n[[rule]]\nid = \"r\"\n{text}"))
}

fn document(name: &str, measurements: Vec<Measurement>) -> Submitted {
    let mut evidence = Evidence::new(Digest::of(name.as_bytes()), "native");
    evidence.measurements = measurements;
    Submitted { evidence, claimed: Claimed::default(), mapping: None }
}

fn measured(metric: &str, value: f64, trials: u64, successes: u64) -> Measurement {
    Measurement {
        n: Some(trials),
        trials: Some(trials),
        successes: Some(successes),
        ..Measurement::new(metric, metric, Some(value))
    }
}

fn of(key: &str, group: &str, m: Measurement) -> Measurement {
    Measurement { slice: Slice::one(key, group), ..m }
}

fn judge_with(
    policies: &[Arc<Policy>],
    evidence: &[Submitted],
    inputs: &Inputs,
    approvals: &[Approval],
) -> Verdict {
    let inputs_digest = inputs.digest().unwrap();
    evaluate(&Case {
        inputs,
        inputs_digest,
        policies,
        evidence,
        champion: &[],
        reference: &[],
        approvals,
        now: NOW.parse().unwrap(),
    })
}

fn judge(policy: Arc<Policy>, evidence: Vec<Submitted>) -> Verdict {
    judge_with(&[policy], &evidence, &Inputs::default(), &[])
}

fn near(got: Option<f64>, want: f64) {
    let got = got.unwrap();
    assert!((got - want).abs() <= 1e-7 * want.abs().max(1e-2), "{got} against {want}");
}

/// The only finding of a policy with one rule on one document.
fn finding(text: &str, measurements: Vec<Measurement>) -> Finding {
    let mut list = judge(rule(text), vec![document("a", measurements)]).findings;
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

const ACCURACY: &str = "metric = \"accuracy\"\nmin = 0.9";

/// The example of the design page; bounds by scipy.stats.binomtest(1274, 1400).proportion_ci(0.9, 'exact').
#[test]
fn a_bound_below_the_limit_is_inconclusive() {
    let found = finding(ACCURACY, vec![measured("accuracy", 0.91, 1400, 1274)]);
    assert_eq!(found.status, Status::Inconclusive);
    assert_eq!((found.lower, found.upper), (Some(0.896_413_771_213), Some(0.922_290_975_329)));
    assert_eq!(found.method.as_deref(), Some("clopper-pearson"));
    let told = "accuracy is 0.910 on 1,400 samples; at 95% confidence it may be as low as 0.896, below 0.900";
    assert!(found.message.starts_with(told), "{}", found.message);
}

/// "A bare 0.91 would be judged from 1,267, a bound of 0.891."
#[test]
fn a_rounded_value_is_judged_from_the_worst_count_it_may_stand_for() {
    let bare = Measurement {
        n: Some(1400),
        rounding: 0.005,
        ..Measurement::new("accuracy", "accuracy", Some(0.91))
    };
    let found = finding(ACCURACY, vec![bare]);
    assert_eq!(found.successes, None);
    assert!((found.lower.unwrap() - 0.891).abs() < 5e-4, "{:?}", found.lower);
}

/// Reference values: prop_gate of the statistics fixtures (statsmodels); the totals minus the
/// samples that exist.
#[test]
fn the_hint_says_how_many_more() {
    let hint = |value, n, x, limit: &str| {
        let found = finding(
            &format!("metric = \"accuracy\"\n{limit}"),
            vec![measured("accuracy", value, n, x)],
        );
        (found.status, found.samples_needed)
    };
    assert_eq!(hint(0.925, 200, 185, "min = 0.9"), (Status::Inconclusive, Some(819 - 200)));
    assert_eq!(hint(1.0, 20, 20, "min = 0.95"), (Status::Inconclusive, Some(59 - 20)));
    assert_eq!(hint(0.0225, 400, 9, "max = 0.02"), (Status::Inconclusive, None));
    assert_eq!(hint(0.0125, 400, 5, "max = 0.02"), (Status::Inconclusive, Some(1864 - 400)));
    assert_eq!(hint(0.96, 200, 192, "min = 0.9"), (Status::Pass, None));
    assert_eq!(hint(0.8, 200, 160, "min = 0.9"), (Status::Fail, None));
    assert_eq!(hint(0.0075, 400, 3, "max = 0.02"), (Status::Pass, None));
    assert_eq!(hint(0.075, 400, 30, "max = 0.02"), (Status::Fail, None));
}

#[test]
fn nothing_undefined_or_unknown_passes() {
    let status = |m: Measurement| finding(ACCURACY, vec![m]).status;
    assert_eq!(
        status(Measurement { value: None, ..measured("accuracy", 1.0, 9, 9) }),
        Status::Inconclusive
    );
    assert_eq!(status(measured("accuracy", 1.0, 0, 0)), Status::Inconclusive);
    assert_eq!(status(Measurement::new("accuracy", "accuracy", Some(0.99))), Status::Inconclusive);
    let impossible =
        Measurement { n: Some(3), ..Measurement::new("accuracy", "accuracy", Some(0.95)) };
    assert_eq!(status(impossible), Status::Inconclusive);
    assert_eq!(
        status(Measurement { successes: Some(5), ..measured("accuracy", 0.99, 1000, 990) }),
        Status::Error
    );
    assert_eq!(
        status(Measurement { value: Some(7.0), ..measured("accuracy", 1.0, 9, 9) }),
        Status::Error
    );
    assert_eq!(finding(ACCURACY, Vec::new()).status, Status::Missing);
    let average = Measurement { aggregate: true, ..measured("accuracy", 1.0, 1000, 1000) };
    assert_eq!(finding(ACCURACY, vec![average]).status, Status::Missing);
}

#[test]
fn a_recall_without_trials_is_inconclusive_whatever_n_says() {
    let recall =
        Measurement { n: Some(100_000), ..Measurement::new("recall", "recall", Some(0.99)) };
    let found = finding("metric = \"recall\"\nmin = 0.8", vec![recall.clone()]);
    assert_eq!(found.status, Status::Inconclusive);
    assert!(found.message.contains("trials"), "{}", found.message);
    let bare = finding("metric = \"recall\"\nmin = 0.8\npoint_estimate = \"allow\"", vec![recall]);
    assert_eq!((bare.status, bare.method.as_deref()), (Status::Pass, Some("point-estimate")));
}

#[test]
fn a_claimed_interval_decides_only_where_it_is_let_in_and_strong_enough() {
    let auc = |sides, confidence, lower| {
        let interval = Interval {
            method: "delong".into(),
            confidence,
            sides,
            lower: Some(lower),
            upper: Some(0.93),
        };
        Measurement {
            n: Some(500),
            intervals: vec![interval],
            ..Measurement::new("roc_auc", "roc_auc", Some(0.91))
        }
    };
    let judged = |statistics: &str, m: Measurement| {
        let text = format!(
            "name = \"p\"\n[statistics]\n{statistics}\n[[rule]]\nid = \"r\"\nmetric = \"roc_auc\"\nmin = 0.9"
        );
        judge(policy(&text), vec![document("a", vec![m])]).findings.remove(0)
    };
    let allow = "claimed_intervals = \"allow\"";
    assert_eq!(judged("", auc(2, 0.95, 0.902)).status, Status::Inconclusive);
    let found = judged(allow, auc(2, 0.95, 0.902));
    assert_eq!((found.status, found.method.as_deref()), (Status::Pass, Some("claimed:delong")));
    assert_eq!(found.confidence, Some(0.975));
    assert_eq!(judged(allow, auc(2, 0.9, 0.902)).status, Status::Pass);
    assert_eq!(judged(allow, auc(2, 0.89, 0.902)).status, Status::Inconclusive);
    assert_eq!(judged(allow, auc(1, 0.95, 0.902)).status, Status::Pass);
    assert_eq!(judged(allow, auc(1, 0.94, 0.902)).status, Status::Inconclusive);
    assert_eq!(judged(allow, auc(1, 0.95, 0.899)).status, Status::Inconclusive);
    assert_eq!(judged(allow, auc(1, 0.95, 0.92)).status, Status::Error);
    assert_eq!(judged(allow, auc(3, 0.95, 0.902)).status, Status::Error);
}

#[test]
fn differing_values_are_an_error_that_names_both_places() {
    let (a, b) = (measured("accuracy", 0.95, 1000, 950), measured("accuracy", 0.96, 1000, 960));
    let both = vec![document("a", vec![a.clone()]), document("b", vec![b])];
    let found = judge(rule(ACCURACY), both).findings.remove(0);
    assert_eq!(found.status, Status::Error);
    assert_eq!(found.evidence.len(), 2);
    for place in [Digest::of(b"a"), Digest::of(b"b")] {
        assert!(found.message.contains(&place.hex()[..12]), "{}", found.message);
    }
    let same = vec![document("a", vec![a.clone()]), document("b", vec![a])];
    assert_eq!(judge(rule(ACCURACY), same).findings[0].status, Status::Pass);
}

#[test]
fn units_are_converted_and_never_guessed() {
    let latency = |value, unit| Measurement {
        unit,
        quantile: Some(0.99),
        n: Some(1000),
        ..Measurement::new("latency", "p99", Some(value))
    };
    let text =
        "metric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"\npoint_estimate = \"allow\"";
    let found = finding(text, vec![latency(0.084_1, Some(Unit::Seconds))]);
    assert_eq!(
        (found.status, found.observed, found.unit),
        (Status::Pass, Some(84.1), Some(Unit::Milliseconds))
    );
    assert_eq!(finding(text, vec![latency(0.2, Some(Unit::Seconds))]).status, Status::Fail);
    assert_eq!(finding(text, vec![latency(84.1, None)]).status, Status::Error);
    assert_eq!(finding(text, vec![latency(84.1, Some(Unit::Bytes))]).status, Status::Error);
    let other = Measurement { quantile: Some(0.95), ..latency(84.1, Some(Unit::Milliseconds)) };
    assert_eq!(finding(text, vec![other]).status, Status::Missing);
}

#[test]
fn every_group_counts_and_nobody_hides() {
    let text = "name = \"p\"\n[groups]\nsex = [\"f\", \"m\"]\n[[rule]]\nid = \"r\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = 0.8";
    let said = |list: Vec<Measurement>| -> Vec<(String, Status)> {
        let verdict = judge(policy(text), vec![document("a", list)]);
        verdict.findings.iter().map(|f| (f.slice.to_string(), f.status)).collect()
    };
    let group = |g: &str, n, x| of("sex", g, measured("recall", x as f64 / n as f64, n, x));
    let pass = |g: &str| (format!("sex = {g}"), Status::Pass);
    assert_eq!(said(vec![group("m", 100, 95), group("f", 100, 95)]), [pass("f"), pass("m")]);
    assert_eq!(said(vec![group("f", 100, 95)]), [pass("f"), ("sex = m".into(), Status::Missing)]);
    assert_eq!(
        said(vec![group("f", 100, 95), group("m", 100, 95), group("x", 100, 50)])[2],
        ("sex = x".into(), Status::Fail)
    );
    let whole = |n, x| measured("recall", x as f64 / n as f64, n, x);
    let with_whole = said(vec![group("f", 100, 95), group("m", 100, 95), whole(250, 200)]);
    assert_eq!(with_whole, [pass("f"), pass("m"), ("overall".into(), Status::Inconclusive)]);
    assert_eq!(said(vec![group("f", 100, 95), group("m", 100, 95), whole(200, 190)]).len(), 2);
    assert_eq!(
        said(Vec::new()),
        [("sex = f".into(), Status::Missing), ("sex = m".into(), Status::Missing)]
    );
    let undeclared = "metric = \"recall\"\nslices = [\"sex\"]\nmin = 0.8";
    let found = finding(undeclared, vec![of("age", "1", whole(9, 9))]);
    assert_eq!((found.status, found.slice), (Status::Missing, Slice::overall()));
}

#[test]
fn too_few_samples_settle_nothing_and_enough_may_only_warn() {
    let text = format!("{ACCURACY}\nmin_samples = 1000");
    let found = finding(&text, vec![measured("accuracy", 0.99, 500, 495)]);
    assert_eq!((found.status, found.samples_needed), (Status::Inconclusive, Some(500)));
    let warns = |n, x| {
        let text = format!(
            "name = \"p\"\n[statistics]\ninconclusive = \"warn\"\n[[rule]]\nid = \"r\"\n{ACCURACY}\nmin_samples = 100"
        );
        let value = x as f64 / n as f64;
        let verdict =
            judge(policy(&text), vec![document("a", vec![measured("accuracy", value, n, x)])]);
        (verdict.verdict, verdict.findings[0].status, verdict.findings[0].severity)
    };
    assert_eq!(warns(200, 185), (Outcome::Allow, Status::Inconclusive, Severity::Warn));
    assert_eq!(warns(50, 46), (Outcome::Deny, Status::Inconclusive, Severity::Block));
    assert_eq!(warns(200, 150), (Outcome::Deny, Status::Fail, Severity::Block));
}

#[test]
fn checks_must_be_there_and_pass() {
    let said = |checks: &[(&str, bool)]| {
        let mut submitted = document("a", Vec::new());
        submitted.evidence.format = "great_expectations".into();
        submitted.evidence.checks = checks
            .iter()
            .map(|(n, p)| Check { name: (*n).into(), passed: *p, detail: None })
            .collect();
        judge(rule("check = \"great_expectations/*\""), vec![submitted]).findings[0].status
    };
    assert_eq!(said(&[]), Status::Missing);
    assert_eq!(said(&[("not_null", true)]), Status::Pass);
    assert_eq!(said(&[("not_null", true), ("unique", false)]), Status::Fail);
}

#[test]
fn a_check_is_named_by_its_format_however_that_is_spelt_and_by_its_very_name() {
    let name = "expect_column_max_to_be_between [age]";
    let said = |pattern: &str| {
        let mut submitted = document("a", Vec::new());
        submitted.evidence.format = "great-expectations".into();
        submitted.evidence.checks = vec![Check { name: name.into(), passed: true, detail: None }];
        judge(rule(&format!("check = \"{pattern}\"")), vec![submitted]).findings[0].status
    };
    for pattern in [
        "great_expectations/*",
        "great-expectations/*",
        name,
        &format!("great_expectations/{name}"),
        "expect_*",
    ] {
        assert_eq!(said(pattern), Status::Pass, "{pattern}");
    }
    assert_eq!(said("great_expectations/expect_column_max_to_be_between [ag]"), Status::Missing);
    assert_eq!(said("deepchecks/*"), Status::Missing);
}

#[test]
fn conditions_skip_err_and_never_skip_everything() {
    let with = |when: &str, tier: Option<&str>| {
        let mut inputs = Inputs::default();
        inputs.context.extend(tier.map(|t| ("tier".to_owned(), t.to_owned())));
        let policy = rule(&format!("{ACCURACY}\nwhen = \"{when}\""));
        let verdict = judge_with(
            &[policy],
            &[document("a", vec![measured("accuracy", 0.99, 1000, 990)])],
            &inputs,
            &[],
        );
        let said: Vec<_> = verdict.findings.iter().map(|f| (f.rule.clone(), f.status)).collect();
        (verdict.verdict, said, verdict.exit_code())
    };
    let high = "context.tier == 'high'";
    assert_eq!(with(high, Some("high")), (Outcome::Allow, vec![("r".into(), Status::Pass)], 0));
    let nothing =
        vec![("r".to_owned(), Status::Skipped), ("evidence.rules".to_owned(), Status::Missing)];
    assert_eq!(with(high, Some("low")), (Outcome::Deny, nothing, 4));
    assert_eq!(with(high, None), (Outcome::Deny, vec![("r".into(), Status::Error)], 1));
    assert_eq!(with("context.tier", Some("high")).2, 1);
}

fn required(table: &str, submitted: Vec<Submitted>, inputs: &Inputs) -> (String, Status) {
    let text = format!("name = \"p\"\n[evidence]\n{table}\n[[rule]]\nid = \"r\"\n{ACCURACY}");
    let verdict = judge_with(&[policy(&text)], &submitted, inputs, &[]);
    let last = verdict.findings.last().unwrap();
    (last.rule.clone(), last.status)
}

#[test]
fn evidence_has_an_age_a_data_set_and_links() {
    let good = || document("a", vec![measured("accuracy", 0.99, 1000, 990)]);
    let dated = |at: &str| {
        let mut submitted = good();
        submitted.claimed.produced_at = at.parse().ok();
        vec![submitted]
    };
    let none = Inputs::default();
    let age = |submitted| required("max_age = \"14d\"", submitted, &none).1;
    assert_eq!(age(vec![good()]), Status::Missing);
    assert_eq!(age(dated("2026-11-06T12:00:00Z")), Status::Pass);
    assert_eq!(age(dated("2026-11-06T11:59:59Z")), Status::Fail);
    assert_eq!(age(dated("2026-11-20T12:05:00Z")), Status::Pass);
    assert_eq!(age(dated("2026-11-20T13:00:00Z")), Status::Error);

    let on = |name: Option<&str>| {
        let mut submitted = good();
        submitted.evidence.dataset =
            name.map(|n| DatasetRef { name: Some(n.into()), digest: None });
        required("datasets = [\"holdout\"]", vec![submitted], &none).1
    };
    assert_eq!(
        [on(None), on(Some("holdout")), on(Some("train"))],
        [Status::Missing, Status::Pass, Status::Fail]
    );

    let mut linked = good();
    linked.evidence.links = vec![Link { rel: "model-card".into(), href: "x".into(), digest: None }];
    let link = |submitted| required("require = [\"model-card\"]", submitted, &none).1;
    assert_eq!([link(vec![good()]), link(vec![linked])], [Status::Missing, Status::Pass]);
}

#[test]
fn contradictions_are_errors() {
    let release = Inputs {
        model: "acme/credit".parse().ok(),
        artifact: Some(Digest::of(b"this")),
        ..Inputs::default()
    };
    let about = |model: Option<&str>, artifact: Option<&[u8]>| {
        let mut submitted = document("a", vec![measured("accuracy", 0.99, 1000, 990)]);
        let model = model.map(|m| m.parse().unwrap());
        submitted.evidence.subject =
            Some(Subject { model, version: None, digest: artifact.map(Digest::of) });
        submitted
    };
    let said = |submitted, inputs: &Inputs| required("", vec![submitted], inputs);
    let contradicts = ("evidence.subject".to_owned(), Status::Error);
    assert_eq!(said(about(None, Some(b"other")), &release), contradicts);
    assert_eq!(said(about(Some("acme/other"), None), &release), contradicts);
    assert_eq!(
        said(about(Some("acme/credit"), Some(b"this")), &release),
        ("r".into(), Status::Pass)
    );
    let mut second = about(None, Some(b"that"));
    second.evidence.digest = Digest::of(b"second");
    assert_eq!(
        required("", vec![about(None, Some(b"this")), second], &Inputs::default()),
        contradicts
    );

    let mut claimed = about(None, None);
    claimed.evidence.dataset = Some(DatasetRef { name: Some("holdout".into()), digest: None });
    claimed.claimed.dataset = Some("train".into());
    assert_eq!(said(claimed, &release), ("evidence.claimed".into(), Status::Error));
}

fn vote(by: &str, role: &str, vote: Vote, at: &str, seen: Digest) -> Approval {
    Approval {
        id: None,
        release: None,
        by: Person { id: by.into(), name: by.into() },
        roles: vec![role.into()],
        vote,
        comment: String::new(),
        inputs_digest: seen,
        at: at.parse().unwrap(),
    }
}

#[test]
fn approvals_count_for_exact_inputs_other_people_and_a_while() {
    let text = format!(
        "name = \"p\"\n[[rule]]\nid = \"r\"\n{ACCURACY}\n[[approval]]\nid = \"a\"\nrole = \"risk\"\ncount = 2\nexpires = \"7d\""
    );
    let inputs = Inputs { submitter: Some("sam".into()), ..Inputs::default() };
    let seen = inputs.digest().unwrap();
    let day = "2026-11-19T12:00:00Z";
    let yes = |by: &str| vote(by, "risk", Vote::Approve, day, seen);
    let with = |approvals: &[Approval]| {
        let verdict = judge_with(
            &[policy(&text)],
            &[document("a", vec![measured("accuracy", 0.99, 1000, 990)])],
            &inputs,
            approvals,
        );
        let count = &verdict.approvals[0];
        (verdict.verdict, count.given, count.rejected, verdict.exit_code())
    };
    assert_eq!(with(&[]), (Outcome::Pending, 0, 0, 3));
    assert_eq!(with(&[yes("ana"), yes("ben")]), (Outcome::Allow, 2, 0, 0));
    assert_eq!(with(&[yes("ana"), yes("ana")]), (Outcome::Pending, 1, 0, 3));
    assert_eq!(with(&[yes("ana"), yes("sam")]), (Outcome::Pending, 1, 0, 3));
    assert_eq!(with(&[yes("ana"), vote("ben", "sales", Vote::Approve, day, seen)]).1, 1);
    assert_eq!(
        with(&[yes("ana"), vote("ben", "risk", Vote::Approve, day, Digest::of(b"other"))]).1,
        1
    );
    assert_eq!(
        with(&[yes("ana"), vote("ben", "risk", Vote::Approve, "2026-11-13T12:00:00Z", seen)]).1,
        1
    );
    assert_eq!(
        with(&[yes("ana"), vote("ben", "risk", Vote::Approve, "2026-11-21T12:00:00Z", seen)]).1,
        1
    );
    let no = |by: &str, at: &str| vote(by, "risk", Vote::Reject, at, seen);
    assert_eq!(with(&[yes("ana"), yes("ben"), no("cy", day)]), (Outcome::Deny, 2, 1, 1));
    assert_eq!(with(&[yes("ana"), no("ana", "2026-11-19T13:00:00Z")]), (Outcome::Deny, 0, 1, 1));
    assert_eq!(
        with(&[no("ana", "2026-11-19T11:00:00Z"), yes("ana"), yes("ben")]),
        (Outcome::Allow, 2, 0, 0)
    );
    assert_eq!(with(&[no("sam", day), yes("ana"), yes("ben")]).0, Outcome::Allow);
}

#[test]
fn where_no_policy_enforces_nothing_is_released_unless_it_was_said_by_name() {
    let observer = |min: &str| {
        policy(&format!(
            "name = \"o\"\nmode = \"observe\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = {min}\n"
        ))
    };
    let evidence = [document("a", vec![measured("accuracy", 0.5, 1000, 500)])];
    let with = |policy: &Arc<Policy>, inputs: &Inputs| {
        judge_with(std::slice::from_ref(policy), &evidence, inputs, &[])
    };
    for min in ["0.9", "0.1"] {
        let denied = with(&observer(min), &Inputs::default());
        assert_eq!((denied.verdict, denied.exit_code()), (Outcome::Deny, 4), "{min}");
        let said = denied.findings.last().unwrap();
        assert_eq!(
            (said.rule.as_str(), said.policy.as_str(), said.status),
            (NO_POLICY, "", Status::Missing)
        );
        assert!(
            said.message.contains("only observing policies apply (o)")
                && said.message.contains("enforce"),
            "{}",
            said.message
        );
        assert!(denied.is_blocking(said));
    }
    let said = |observe_only| Inputs { observe_only, ..Inputs::default() };
    let allowed = with(&observer("0.9"), &said(Some(ObserveOnly::Allow)));
    assert_eq!(
        (allowed.verdict, allowed.is_enforced(), allowed.observed_to_fail()),
        (Outcome::Allow, false, 1)
    );
    assert_eq!(with(&observer("0.9"), &said(Some(ObserveOnly::Deny))).verdict, Outcome::Deny);
    let nothing = judge_with(&[], &evidence, &said(Some(ObserveOnly::Allow)), &[]);
    assert_eq!(nothing.verdict, Outcome::Deny, "no policy at all is never let through");
    assert!(
        nothing.findings[0].message.contains("no policy applies"),
        "{}",
        nothing.findings[0].message
    );
    let first = with(&observer("0.9"), &Inputs { engine: 1, ..Inputs::default() });
    assert_eq!(
        (first.verdict, first.engine.semantics, first.findings.len()),
        (Outcome::Allow, 1, 1)
    );
}

#[test]
fn no_sentence_rounds_a_number_onto_the_limit() {
    let rules = "name = \"p\"\n[statistics]\npoint_estimates = \"allow\"\n\
        [[rule]]\nid = \"small\"\nmetric = \"custom_score\"\nmin = 0.0499\n\
        [[rule]]\nid = \"near\"\nmetric = \"other_score\"\nmin = 0.9\n\
        [[rule]]\nid = \"percent\"\nmetric = \"third_score\"\nmin = 0.95\n\
        [[rule]]\nid = \"many\"\nmetric = \"fourth_score\"\nmax = 1234.5678\nmin_samples = 7\n";
    let one = |metric: &str, value: f64| Measurement::new(metric, metric, Some(value));
    let measured = vec![
        one("custom_score", 123.4),
        one("other_score", 0.9 - 1e-16),
        one("third_score", 90.7),
        one("fourth_score", 1234.56789),
    ];
    let verdict = judge(policy(rules), vec![document("a", measured)]);
    let message =
        |rule: &str| verdict.findings.iter().find(|f| f.rule == rule).unwrap().message.clone();
    assert!(message("small").contains("123.4, and 0.0499 is required"), "{}", message("small"));
    assert!(message("percent").contains("90.7, and 0.95 is required"), "{}", message("percent"));
    let near = message("near");
    let (value, rest) =
        near.strip_prefix("other_score is ").unwrap().split_once(", below ").unwrap();
    let limit = rest.split(' ').next().unwrap();
    assert!(value.parse::<f64>().unwrap() < 0.9 && limit.parse() == Ok(0.9), "{near}");
    let shown = message("many");
    let value = shown.strip_prefix("fourth_score is ").unwrap().split([',', ' ']).next().unwrap();
    assert!(value.parse::<f64>().unwrap() > 1234.5678, "{shown}");
}

#[test]
fn several_policies_all_have_to_allow_and_observers_never_block() {
    let named = |name: &str, mode: &str, min: &str, approval: &str| {
        policy(&format!(
            "name = \"{name}\"\nmode = \"{mode}\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = {min}\n{approval}"
        ))
    };
    let ask = "[[approval]]\nid = \"a\"\nrole = \"risk\"";
    let evidence = [document("a", vec![measured("accuracy", 0.95, 1000, 950)])];
    let with = |policies: &[Arc<Policy>]| {
        let verdict = judge_with(policies, &evidence, &Inputs::default(), &[]);
        (verdict.verdict, verdict.exit_code(), verdict.approvals.len())
    };
    let (good, bad) = (named("a", "enforce", "0.9", ""), named("b", "enforce", "0.99", ""));
    let observer = named("o", "observe", "0.99", ask);
    assert_eq!(with(&[]), (Outcome::Deny, 4, 0));
    assert_eq!(with(&[Arc::clone(&good)]), (Outcome::Allow, 0, 0));
    assert_eq!(with(&[Arc::clone(&good), bad]), (Outcome::Deny, 1, 0));
    assert_eq!(with(&[Arc::clone(&good), Arc::clone(&observer)]), (Outcome::Allow, 0, 0));
    assert_eq!(with(&[observer]), (Outcome::Deny, 4, 0), "what only observes vouches for nothing");
    assert_eq!(with(&[good, named("c", "enforce", "0.9", ask)]), (Outcome::Pending, 3, 1));
    let warns = policy(
        "name = \"w\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.99\nseverity = \"warn\"",
    );
    assert_eq!(with(&[warns]), (Outcome::Allow, 0, 0));
}
