//! Comparisons between groups.

use super::*;

fn rates(metric: &str, groups: &[(&str, u64, u64)]) -> Vec<Measurement> {
    let one = |(group, n, x): &(&str, u64, u64)| {
        of("sex", group, measured(metric, *x as f64 / (*n).max(1) as f64, *n, *x))
    };
    groups.iter().map(one).collect()
}

fn with_overall(metric: &str, groups: &[(&str, u64, u64)]) -> Vec<Measurement> {
    let (n, x) = groups.iter().fold((0, 0), |(n, x), g| (n + g.1, x + g.2));
    let mut all = rates(metric, groups);
    all.push(measured(metric, x as f64 / n.max(1) as f64, n, x));
    all
}

const RATIO: &str = "metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmin = 0.8";

fn about(got: Option<f64>, want: f64) {
    assert!((got.unwrap() - want).abs() < 2e-5, "{got:?} against {want}");
}

/// Reference values: the integral of Fay, Proschan and Brittain (2015) by scipy; for the opposite
/// bound at half the error, since there are two ordered pairs.
#[test]
fn a_parity_ratio_is_shown_for_every_ordered_pair() {
    let found =
        finding(RATIO, with_overall("selection_rate", &[("f", 3000, 900), ("m", 3000, 1020)]));
    assert_eq!(
        (found.status, found.method.as_deref()),
        (Status::Pass, Some("melded")),
        "{}",
        found.message
    );
    near(found.observed, 0.882_352_941_176);
    about(found.lower, 0.828_319_846);
    assert_eq!((found.by.as_deref(), found.groups.len()), (Some("sex"), 2));
    let small = finding(RATIO, with_overall("selection_rate", &[("f", 100, 30), ("m", 100, 34)]));
    assert_eq!(small.status, Status::Inconclusive, "{}", small.message);
    about(small.lower, 0.606_950_393);
    assert!(small.samples_needed.is_some(), "{small:?}");
    let bad = finding(RATIO, with_overall("selection_rate", &[("f", 1000, 200), ("m", 1000, 340)]));
    assert_eq!(bad.status, Status::Fail);
    about(bad.upper, 0.685_958_183);
    assert!(bad.message.contains("sex = f") && bad.message.contains("sex = m"), "{}", bad.message);
}

/// Reference values: as above.
#[test]
fn a_parity_difference_is_shown_for_every_ordered_pair() {
    let text = |max: f64| {
        format!("metric = \"demographic_parity_difference\"\nby = [\"sex\"]\nmax = {max}")
    };
    let groups = with_overall("selection_rate", &[("f", 3000, 900), ("m", 3000, 1020)]);
    let found = finding(&text(0.061), groups.clone());
    assert_eq!((found.status, found.method.as_deref()), (Status::Pass, Some("melded")));
    near(found.observed, 0.04);
    about(found.upper, 0.060_101_728);
    assert_eq!(finding(&text(0.05), groups.clone()).status, Status::Inconclusive);
    let fail = finding(&text(0.016), groups);
    assert_eq!(fail.status, Status::Fail);
    about(fail.lower, 0.016_066_509);
}

#[test]
fn odds_look_at_positives_and_at_negatives() {
    let text = "metric = \"equalized_odds_difference\"\nby = [\"sex\"]\nmax = 0.1";
    let even = with_overall("recall", &[("f", 3000, 2700), ("m", 3000, 2700)]);
    let apart = with_overall("false_positive_rate", &[("f", 3000, 300), ("m", 3000, 900)]);
    let found = finding(text, even.iter().cloned().chain(apart).collect());
    assert_eq!(found.status, Status::Fail, "{}", found.message);
    near(found.observed, 0.2);
    let specific = with_overall("specificity", &[("f", 3000, 2700), ("m", 3000, 2700)]);
    assert_eq!(finding(text, even.iter().cloned().chain(specific).collect()).status, Status::Pass);
    assert_eq!(finding(text, even).status, Status::Missing);
}

#[test]
fn what_is_undefined_alone_small_or_absent_never_passes() {
    let says = |groups: &[(&str, u64, u64)]| finding(RATIO, rates("selection_rate", groups));
    assert_eq!(says(&[("f", 3000, 900)]).status, Status::Inconclusive);
    assert_eq!(says(&[]).status, Status::Missing);
    assert_eq!(says(&[("f", 3000, 0), ("m", 3000, 0)]).status, Status::Inconclusive);
    let undefined = says(&[("f", 0, 0), ("m", 3000, 900), ("x", 3000, 900)]);
    assert_eq!(undefined.status, Status::Inconclusive);
    assert!(undefined.message.contains("sex = f"), "{}", undefined.message);
    let least = format!("{RATIO}\nmin_samples = 500");
    let small = finding(&least, rates("selection_rate", &[("f", 30, 10), ("m", 3000, 1000)]));
    assert_eq!(small.status, Status::Inconclusive);
    assert!(small.message.contains("30 samples"), "{}", small.message);
    assert_eq!(small.groups.len(), 2, "too small groups are shown");
    let bare = Measurement {
        slice: Slice::one("sex", "f"),
        ..Measurement::new("recall", "recall", Some(0.5))
    };
    let text = "metric = \"equal_opportunity_difference\"\nby = [\"sex\"]\nmax = 0.1";
    assert_eq!(finding(text, vec![bare]).status, Status::Inconclusive);
}

#[test]
fn a_declared_group_must_be_there_and_nobody_may_hide() {
    let text = format!(
        "name = \"p\"\n[groups]\nsex = [\"f\", \"m\", \"x\"]\n[[rule]]\nid = \"r\"\n{RATIO}"
    );
    let verdict = judge(
        policy(&text),
        vec![document("a", rates("selection_rate", &[("f", 3000, 900), ("m", 3000, 1020)]))],
    );
    assert_eq!(verdict.findings[0].status, Status::Missing);
    assert!(verdict.findings[0].message.contains("sex = x"), "{}", verdict.findings[0].message);
    let mut rows = rates("selection_rate", &[("f", 3000, 900), ("m", 3000, 1020)]);
    rows.push(measured("selection_rate", 0.3, 7000, 2100));
    let hidden = judge(rule(RATIO), vec![document("a", rows)]);
    assert_eq!(hidden.verdict, Outcome::Deny);
    assert!(
        hidden.findings[1].message.contains("1,000 are in no group"),
        "{}",
        hidden.findings[1].message
    );
}

#[test]
fn crossed_groups_are_those_of_exactly_these_attributes() {
    let text = "metric = \"demographic_parity_ratio\"\nby = [\"sex\", \"age\"]\nby_intersection = true\nmin = 0.8";
    let cell = |sex: &str, age: &str, x: u64| {
        let mut m = measured("selection_rate", x as f64 / 3000.0, 3000, x);
        m.slice.0.insert("sex".into(), sex.into());
        m.slice.0.insert("age".into(), age.into());
        m
    };
    let mut rows = vec![
        cell("f", "1", 1000),
        cell("f", "2", 1000),
        cell("m", "1", 1000),
        cell("m", "2", 1000),
    ];
    assert_eq!(finding(text, rows.clone()).status, Status::Pass);
    rows[3] = cell("m", "2", 500);
    let found = finding(text, rows.clone());
    assert_eq!((found.status, found.by.as_deref()), (Status::Fail, Some("sex × age")));
    rows.extend(rates("selection_rate", &[("f", 10, 1)]));
    assert_eq!(finding(text, rows).groups.len(), 4);
}

#[test]
fn the_worst_group_decides() {
    let text = "metric = \"worst_group_accuracy\"\nby = [\"sex\"]\nmin = 0.8";
    let found = finding(text, with_overall("accuracy", &[("f", 1000, 850), ("m", 1000, 950)]));
    assert_eq!((found.status, found.observed), (Status::Pass, Some(0.85)));
    assert!(found.message.contains("sex = f"), "{}", found.message);
    assert_eq!(
        finding(text, with_overall("accuracy", &[("f", 1000, 810), ("m", 1000, 950)])).status,
        Status::Inconclusive
    );
    assert_eq!(
        finding(text, with_overall("accuracy", &[("f", 1000, 700), ("m", 1000, 950)])).status,
        Status::Fail
    );
}

/// The ratios published for the example of 6 RCNY § 5-301: 204 of 408 against 412 of 797, and so
/// on. Also 14/25 divided by 35/50, which is exactly four fifths.
#[test]
fn impact_ratios_are_exact() {
    let text = "metric = \"impact_ratio\"\nby = [\"sex\"]\nmin = 0.8\nexclude_below = 0.02";
    let found = finding(text, rates("selection_rate", &[("m", 50, 35), ("n", 25, 14)]));
    assert_eq!(
        (found.status, found.observed, found.method.as_deref()),
        (Status::Pass, Some(0.8), Some("exact-ratio"))
    );
    let found = finding(text, rates("selection_rate", &[("m", 50, 35), ("n", 26, 14)]));
    assert_eq!(found.status, Status::Fail, "{}", found.message);
    let groups = [("Male", 1390, 667), ("Female", 1181, 555), ("few", 10, 0), ("Unknown", 12, 6)];
    let found = finding(text, rates("selection_rate", &groups));
    assert_eq!(found.status, Status::Pass, "{}", found.message);
    near(found.observed, (555.0 / 1181.0) / (667.0 / 1390.0));
    let ratios: Vec<bool> = found.groups.iter().map(|g| g.ratio.is_some()).collect();
    assert_eq!(ratios.iter().filter(|r| **r).count(), 2, "{:?}", found.groups);
    assert!(found.message.contains("12 whose group is not known"), "{}", found.message);
}
