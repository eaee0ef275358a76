//! Every mistake, with its code and position.

use super::*;
use crate::{
    model::{Op, Unit},
    policy::{rules::Threshold, schema::as_kind},
};

/// The mistakes of `text` as `line:column code`.
fn mistakes(text: &str) -> Vec<String> {
    let list = parse(text).map(|p| format!("{p:?}")).expect_err(text).list;
    list.iter().map(|m| format!("{}:{} {}", m.line, m.column, m.code)).collect()
}

/// The codes of the mistakes in a policy with one rule, which starts on line 2.
fn in_rule(rule: &str) -> Vec<&'static str> {
    let text = format!("name = \"p\"\n[[rule]]\nid = \"r\"\n{rule}\n");
    parse(&text).map_or_else(|m| m.list.iter().map(|m| m.code).collect(), |_| Vec::new())
}

const RULE: &str = "[[rule]]\nid = \"r\"\ncheck = \"*\"\n";

/// The codes of the mistakes in text that comes before one valid rule.
fn above(text: &str) -> Vec<&'static str> {
    let text = format!("name = \"p\"\n{text}\n{RULE}");
    parse(&text).map_or_else(|m| m.list.iter().map(|m| m.code).collect(), |_| Vec::new())
}

#[test]
fn all_mistakes_come_at_once_and_in_order() {
    let text = "nam = \"x\"\nmode = \"enfroce\"\n[evidence]\nmax_age = \"14 days\"\n[[rule]]\nid = \"a\"\nmetric = \"accuracy\"\n\
                min = 1.2\nmin_sample = 3\n[[rule]]\nid = \"a\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"9 parsec\"\n";
    assert_eq!(
        mistakes(text),
        [
            "1:1 unknown-key",
            "1:1 missing-key",
            "2:8 unknown-word",
            "4:11 bad-duration",
            "8:7 impossible-bound",
            "9:1 unknown-key",
            "11:6 duplicate-rule",
            "14:7 unknown-unit",
        ]
    );
}

#[test]
fn the_nearest_right_word_is_offered() {
    let help = |text: &str| parse(text).unwrap_err().list.remove(0).help.unwrap();
    assert_eq!(help(&format!("name = \"p\"\nmodee = \"enforce\"\n{RULE}")), "did you mean `mode`?");
    assert_eq!(
        help(&format!("name = \"p\"\nmode = \"observed\"\n{RULE}")),
        "did you mean `observe`?"
    );
    assert_eq!(
        help("name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 90\n"),
        "a fraction is from 0 to 1; did you mean `0.9`?"
    );
}

#[test]
fn bounds_that_no_value_can_meet() {
    let impossible = ["impossible-bound"];
    for rule in [
        "metric = \"accuracy\"\nmin = 1.2",
        "metric = \"accuracy\"\nmin = 1.0",
        "metric = \"accuracy\"\nmax = -0.1",
        "metric = \"error_rate\"\nmax = 0",
        "metric = \"recall\"\nmin = 0.9\nmax = 0.8",
        "metric = \"recall\"\nmin = 0.9\nmax = 0.9",
        "metric = \"roc_auc\"\nmin = 1.01",
        "metric = \"r2\"\nmin = 1.5",
        "metric = \"latency\"\nquantile = 0.99\nmax = \"-1 ms\"",
        "metric = \"psi\"\nmax = -0.1",
        "metric = \"accuracy\"\nmin = \"110%\"",
    ] {
        assert_eq!(in_rule(rule), impossible, "{rule}");
    }
    for rule in [
        "metric = \"accuracy\"\nmin = 1.0\npoint_estimate = \"allow\"",
        "metric = \"roc_auc\"\nmin = 1.0",
        "metric = \"r2\"\nmin = -3",
        "metric = \"something_else\"\nmin = 12",
        "metric = \"selection_rate\"\nmin = 0.3\nmax = 0.9",
        "metric = \"accuracy\"\nmin = \"90%\"",
    ] {
        assert_eq!(in_rule(rule), [""; 0], "{rule}");
    }
}

#[test]
fn units_have_to_be_known_and_fit() {
    assert_eq!(in_rule("metric = \"latency\"\nquantile = 0.99\nmax = 150"), ["missing-unit"]);
    assert_eq!(in_rule("metric = \"latency\"\nquantile = 0.99\nmax = \"150 kWh\""), ["wrong-unit"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = \"1 ms\""), ["wrong-unit"]);
    assert_eq!(in_rule("metric = \"psi\"\nmax = \"10%\""), ["wrong-unit"]);
    assert_eq!(in_rule("metric = \"p99\"\nmax = \"1 parsec\""), ["unknown-unit"]);
    assert_eq!(in_rule("metric = \"p99\"\nmax = \"ms\""), ["wrong-type"]);
    assert_eq!(in_rule("metric = \"p99\"\nmin = \"1 ms\"\nmax = \"1 B\""), ["wrong-unit"]);
}

#[test]
fn a_rule_is_about_a_metric_with_a_limit_or_about_a_check() {
    assert_eq!(in_rule("metric = \"accuracy\""), ["no-limit"]);
    assert_eq!(in_rule(""), ["rule-kind"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = 0.5\ncheck = \"x\""), ["rule-kind"]);
    assert_eq!(in_rule("check = \"x\"\nmin = 0.5"), ["rule-kind"]);
    assert_eq!(in_rule("metric = \"latency\"\nmax = \"1 s\""), ["missing-key"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = 0.5\nslices = []"), ["empty"]);
    assert_eq!(
        in_rule("metric = \"accuracy\"\nmin = 0.5\nslices = [\"a\"]\nslice = { b = \"c\" }"),
        ["conflict"]
    );
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = nan"), ["out-of-range"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = true"), ["wrong-type"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = 0.5\nquantile = 1.0"), ["out-of-range"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = 0.5\nmin_samples = -1"), ["out-of-range"]);
    assert_eq!(
        in_rule("metric = \"accuracy\"\nmin = 0.5\nseverity = \"blocks\""),
        ["unknown-word"]
    );
    assert_eq!(
        in_rule("metric = \"accuracy\"\nmin = 0.5\nwhen = \"context.tier = 'x'\""),
        ["bad-condition"]
    );
    assert_eq!(in_rule("metric = \"accuracy\"\nmin = 0.5\nslice = { class = 1 }"), ["wrong-type"]);
}

#[test]
fn ids_are_plain_unique_and_not_ours() {
    let with_id =
        |id: &str| mistakes(&format!("name = \"p\"\n[[rule]]\nid = \"{id}\"\ncheck = \"*\"\n"));
    assert_eq!(with_id("a b"), ["3:6 bad-id"]);
    assert_eq!(with_id("evidence.max_age"), ["3:6 reserved-id"]);
    assert_eq!(with_id(""), ["3:6 empty"]);
    let twice = format!(
        "[[approval]]\nid = \"a\"\nrole = \"x\"\n[[approval]]\nid = \"a\"\nrole = \"y\"\n{RULE}"
    );
    assert_eq!(mistakes(&format!("name = \"p\"\n{twice}")), ["6:6 duplicate-approval"]);
}

#[test]
fn a_comparison_says_with_whom_and_how_much() {
    let first = "first_release = \"deny\"";
    let rule = |text: &str| in_rule(&format!("{text}\n{first}"));
    assert_eq!(rule("metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = 0.005"), [""; 0]);
    assert_eq!(
        rule(
            "metric = \"roc_auc\"\nagainst = \"reference\"\nmax_loss_ratio = 0.05\nmin_gain = 0.01"
        ),
        [""; 0]
    );
    assert_eq!(
        rule("metric = \"latency\"\nquantile = 0.99\nagainst = \"champion\"\nmax_loss = \"5 ms\""),
        [""; 0]
    );
    assert_eq!(
        rule("metric = \"own\"\nbetter = \"lower\"\nagainst = \"champion\"\nmax_loss = 5"),
        [""; 0]
    );
    assert_eq!(rule("metric = \"own\"\nagainst = \"champion\"\nmax_loss = 5"), ["missing-key"]);
    assert_eq!(
        rule("metric = \"selection_rate\"\nagainst = \"champion\"\nmax_loss = 0.1"),
        ["missing-key"]
    );
    assert_eq!(rule("metric = \"roc_auc\"\nmin_gain = 0.1"), ["missing-key"]);
    assert_eq!(rule("metric = \"roc_auc\"\nagainst = \"champion\""), ["no-limit"]);
    assert_eq!(
        rule("metric = \"roc_auc\"\nagainst = \"champoin\"\nmax_loss = 0.1"),
        ["unknown-word"]
    );
    assert_eq!(
        rule("metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = -0.1"),
        ["out-of-range"]
    );
    assert_eq!(
        rule("metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss_ratio = 1.0"),
        ["out-of-range"]
    );
    assert_eq!(
        rule("metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = \"5 ms\""),
        ["wrong-unit"]
    );
    assert_eq!(
        rule("metric = \"latency\"\nquantile = 0.5\nagainst = \"champion\"\nmax_loss = 5"),
        ["missing-unit"]
    );
    assert_eq!(
        rule("metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = 0.1\nmin = 0.5"),
        ["rule-kind"]
    );
    assert_eq!(in_rule(&format!("check = \"x\"\n{first}")), ["rule-kind"]);
}

#[test]
fn a_first_release_that_approvals_decide_needs_approvals() {
    let rule = "metric = \"roc_auc\"\nagainst = \"champion\"\nmax_loss = 0.005";
    assert_eq!(in_rule(rule), ["review-without-approval"]);
    assert_eq!(
        in_rule(&format!("{rule}\nfirst_release = \"review\"")),
        ["review-without-approval"]
    );
    assert_eq!(in_rule(&format!("{rule}\n[[approval]]\nid = \"a\"\nrole = \"r\"")), [""; 0]);
}

#[test]
fn a_disparity_is_between_groups_and_on_one_side() {
    assert_eq!(
        in_rule(
            "metric = \"demographic_parity_ratio\"\nby = [\"sex\", \"age\"]\nby_intersection = true\nmin = 0.8"
        ),
        [""; 0]
    );
    assert_eq!(
        in_rule("metric = \"equalized_odds_difference\"\nby = [\"sex\"]\nmax = 0.1"),
        [""; 0]
    );
    assert_eq!(
        in_rule("metric = \"impact_ratio\"\nby = [\"sex\"]\nmin = 0.8\nexclude_below = 0.02"),
        [""; 0]
    );
    assert_eq!(in_rule("metric = \"worst_group_recall\"\nby = [\"sex\"]\nmin = 0.8"), [""; 0]);
    assert_eq!(in_rule("metric = \"impact_ratio\"\nmin = 0.8"), ["missing-key"]);
    assert_eq!(in_rule("metric = \"accuracy\"\nby = [\"sex\"]\nmin = 0.8"), ["unknown-word"]);
    assert_eq!(
        in_rule("metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmax = 0.8"),
        ["rule-kind"]
    );
    assert_eq!(
        in_rule("metric = \"equalized_odds_difference\"\nby = [\"sex\"]\nmin = 0.1"),
        ["rule-kind"]
    );
    assert_eq!(in_rule("metric = \"demographic_parity_ratio\"\nby = [\"sex\"]"), ["no-limit"]);
    assert_eq!(
        in_rule("metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmin = 1.2"),
        ["impossible-bound"]
    );
    assert_eq!(
        in_rule(
            "metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nby_intersection = true\nmin = 0.8"
        ),
        ["conflict"]
    );
    assert_eq!(
        in_rule(
            "metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nexclude_below = 0.02\nmin = 0.8"
        ),
        ["conflict"]
    );
}

#[test]
fn recomputing_names_columns() {
    assert_eq!(
        above(
            "[recompute]\nlabel = \"y\"\nprediction = \"p\"\ngroups = [\"sex\"]\ntolerance = 1e-9"
        ),
        [""; 0]
    );
    assert_eq!(
        above(
            "[recompute]\nlabel = \"y\"\nscore = \"p\"\nlatency = \"latency_ms\"\nid = \"id\"\nlabels = \"holdout\""
        ),
        [""; 0]
    );
    assert_eq!(above("[recompute]\nlabel = 3\nprediction = \"p\""), ["wrong-type"]);
    assert_eq!(above("[recompute]\nprediction = \"p\""), ["missing-key"]);
    assert_eq!(above("[recompute]\nlabel = \"y\""), ["missing-key"]);
    assert_eq!(
        above("[recompute]\nlabel = \"y\"\nprediction = \"p\"\ntolerance = -1"),
        ["out-of-range"]
    );
    assert_eq!(
        above("[recompute]\nlabel = \"y\"\nprediction = \"p\"\nlatency = \"took\""),
        ["missing-unit"]
    );
    assert_eq!(
        above(
            "[recompute]\nlabel = \"y\"\nprediction = \"p\"\nlatency = \"took\"\nlatency_unit = \"kWh\""
        ),
        ["missing-unit"]
    );
    assert_eq!(
        above("[recompute]\nlabel = \"y\"\nprediction = \"p\"\nlabels = \"holdout\""),
        ["missing-key"]
    );
    assert_eq!(
        above("[recompute]\nlabel = \"y\"\nprediction = \"p\"\nlable = \"z\""),
        ["unknown-key"]
    );
    let keep = |words: &str| {
        above(&format!("[recompute]\nlabel = \"y\"\nprediction = \"p\"\nna_keep = {words}"))
    };
    assert_eq!(keep("[\"None\", 'NA']"), [""; 0]);
    assert_eq!(keep("[\"NA\", \"none\"]"), ["unknown-word"]);
    assert_eq!(above("[statistics]\ninterval = \"wilson\"\nreuse = \"spend\""), [""; 0]);
}

#[test]
fn the_other_tables() {
    assert_eq!(above("[statistics]\nconfidence = 0.5"), ["out-of-range"]);
    assert_eq!(above("[statistics]\nconfidence = 1"), ["out-of-range"]);
    assert_eq!(above("[statistics]\nconfidnce = 0.9"), ["unknown-key"]);
    assert_eq!(above("[groups]\nsex = []"), ["empty"]);
    assert_eq!(above("[groups]\nsex = [\"f\", \"f\"]"), ["duplicate"]);
    assert_eq!(above("[groups]\nsex = \"f\""), ["wrong-type"]);
    assert_eq!(above("[evidence]\nmax_age = 14"), ["wrong-type"]);
    assert_eq!(above("[evidence]\nmax_age = \"0d\"\ndatasets = []"), ["bad-duration", "empty"]);
    assert_eq!(above("applies_to = { models = [\"acme/[ab]\"] }"), ["bad-pattern"]);
    assert_eq!(above("[[approval]]\nid = \"a\"\nrole = \"r\"\ncount = 0"), ["out-of-range"]);
    assert_eq!(above("[[approval]]\nid = \"a\""), ["missing-key"]);
    assert_eq!(mistakes("name = \"p\"\n"), ["1:1 no-rule"]);
    assert_eq!(mistakes("name = \"p\"\nrule = []\n"), ["2:1 no-rule"]);
    assert_eq!(mistakes("name = \"p\"\nrule = 3\n"), ["2:8 wrong-type"]);
}

#[test]
fn broken_toml_has_a_place_too() {
    let list = parse("name = \"p\"\n[[rule]\nid = 1\n").unwrap_err().list;
    assert_eq!((list[0].code, list[0].line), ("syntax", 2));
    let list = parse("name = \"p\"\nname = \"q\"\n").unwrap_err().list;
    assert!(list.iter().any(|m| m.code == "syntax" && m.line == 2), "{list:?}");
}

/// The policy of the design page, without the parts that are not supported yet.
#[test]
fn a_whole_policy_is_read() {
    let text = "name = \"credit-risk\"\napplies_to = { models = [\"acme/credit-*\"], environments = [\"production\"] }\n\
        mode = \"enforce\"\n[evidence]\nmax_age = \"14d\"\ndatasets = [\"holdout-2026q3\"]\nrequire = [\"model-card\"]\n\
        [statistics]\nconfidence = 0.99\ninterval = \"clopper-pearson\"\nclaimed_intervals = \"allow\"\n\
        point_estimates = \"refuse\"\ninconclusive = \"warn\"\nreuse = \"report\"\n[groups]\nsex = [\"female\", \"male\"]\n\
        [[rule]]\nid = \"p99\"\nmetric = \"latency\"\nquantile = 0.99\nmax = \"150 ms\"\npoint_estimate = \"allow\"\n\
        [[rule]]\nid = \"groups\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = \"80%\"\nseverity = \"warn\"\n\
        when = \"context.tier == 'high'\"\n[[approval]]\nid = \"model-risk\"\nrole = \"model-risk\"\ncount = 2\nexpires = \"7d\"\n";
    let policy = parse(text).unwrap();
    assert_eq!(policy.digest, Digest::of(text.as_bytes()));
    assert_eq!((policy.statistics.confidence, policy.statistics.claimed_intervals), (0.99, true));
    assert!(policy.statistics.inconclusive_warns && !policy.statistics.point_estimates);
    let limits: Vec<_> = policy
        .rules
        .iter()
        .filter_map(|r| as_kind::<Threshold>(&*r.kind))
        .map(|t| (t.limits[0].op, t.limits[0].value, t.target.unit, t.target.point_estimate))
        .collect();
    assert_eq!(
        limits,
        [(Op::AtMost, 150.0, Some(Unit::Milliseconds), true), (Op::AtLeast, 0.8, None, false)]
    );
    assert_eq!(policy.approvals[0].count, 2);
}
