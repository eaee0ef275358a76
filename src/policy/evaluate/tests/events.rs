//! Bounds decide on as many events as they need, and by methods that hold.

use super::{comparison::computed, *};

const RECOMPUTED: &str = "name = \"p\"\n[recompute]\nlabel = \"y\"\nprediction = \"p\"\nscore = \"s\"\n[[rule]]\nid = \"r\"\n";

/// An area on 1,000 rows with these bounds.
fn area(method: &str, events: Option<u64>, no_bound: Option<&str>) -> Measurement {
    let interval = Interval {
        method: method.into(),
        confidence: 0.95,
        sides: 1,
        lower: Some(0.92),
        upper: Some(0.97),
    };
    Measurement {
        n: Some(1_000),
        intervals: if no_bound.is_some() { Vec::new() } else { vec![interval] },
        events,
        no_bound: no_bound.map(ToOwned::to_owned),
        ..Measurement::new("roc_auc", "roc_auc", Some(0.95))
    }
}

fn judged(rule: &str, m: Measurement, engine: u32) -> Finding {
    let policy = policy(&format!("{RECOMPUTED}metric = \"roc_auc\"\nmin = 0.9\n{rule}"));
    let columns = policy.recompute.as_ref().unwrap().columns.clone();
    let inputs = Inputs { engine, ..Inputs::default() };
    let verdict = judge_with(&[policy], &[computed(&columns, Vec::new(), vec![m])], &inputs, &[]);
    verdict.findings.into_iter().find(|f| f.rule == "r").unwrap()
}

#[test]
fn events_count_and_not_rows() {
    let with = |events| judged("min_events = 20", area("unseen-row", events, None), 3);
    let few = with(Some(12));
    assert_eq!((few.status, few.events), (Status::Inconclusive, Some(12)));
    assert!(few.message.contains("12 events") && few.message.contains("20"), "{}", few.message);
    let enough = with(Some(20));
    assert_eq!((enough.status, enough.events, enough.approximate), (Status::Pass, Some(20), true));
    assert!(enough.message.contains("approximate, by unseen-row"), "{}", enough.message);
    assert_eq!(with(None).status, Status::Inconclusive, "not known to be enough");
}

#[test]
fn a_method_decides_nothing_below_its_own_number_of_events() {
    let few = judged("", area("unseen-row", Some(9), None), 3);
    assert_eq!((few.status, few.lower), (Status::Inconclusive, None));
    assert!(few.message.contains("unseen-row"), "{}", few.message);
    // Two failures of 1,000: Wilson's bounds miss such a share too often.
    let wilson = |engine| {
        let text = format!(
            "name = \"p\"\n[statistics]\ninterval = \"wilson\"\n[[rule]]\nid = \"r\"\n{ACCURACY}"
        );
        let inputs = Inputs { engine, ..Inputs::default() };
        let evidence = [document("a", vec![measured("accuracy", 0.998, 1_000, 998)])];
        judge_with(&[policy(&text)], &evidence, &inputs, &[]).findings.remove(0)
    };
    assert_eq!(wilson(3).status, Status::Inconclusive, "{}", wilson(3).message);
    assert_eq!((wilson(2).status, wilson(2).events), (Status::Pass, None));
}

#[test]
fn bounds_by_methods_that_err_too_often_decide_nothing_any_more() {
    let new = judged("", area("delong", None, None), 3);
    assert_eq!(new.status, Status::Inconclusive);
    assert!(new.message.contains("delong") && new.message.contains("again"), "{}", new.message);
    let old = judged("", area("delong", None, None), 2);
    assert_eq!((old.status, old.approximate), (Status::Pass, false));
}

#[test]
fn a_missing_bound_says_why() {
    let found = judged("", area("", Some(500), Some("its tail is too heavy")), 3);
    assert_eq!(found.status, Status::Inconclusive);
    assert!(found.message.contains("its tail is too heavy"), "{}", found.message);
}

#[test]
fn groups_need_events_of_both_kinds() {
    let text = "metric = \"demographic_parity_ratio\"\nby = [\"sex\"]\nmin = 0.1\nmin_events = 5";
    let rates = |x: u64| {
        vec![
            of("sex", "f", measured("selection_rate", x as f64 / 500.0, 500, x)),
            of("sex", "m", measured("selection_rate", 0.2, 500, 100)),
            measured("selection_rate", (x + 100) as f64 / 1_000.0, 1_000, x + 100),
        ]
    };
    assert_eq!(finding(text, rates(90)).status, Status::Pass);
    let few = finding(text, rates(4));
    assert_eq!((few.status, few.events), (Status::Inconclusive, Some(4)), "{}", few.message);
}
