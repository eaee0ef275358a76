//! Many groups, and policies that exceed their budget.

use super::*;

fn group(key: &str, name: &str, successes: u64) -> Measurement {
    Measurement {
        slice: Slice::one(key, name),
        ..measured("recall", f64_of(successes) / 100.0, 100, successes)
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn f64_of(n: u64) -> f64 {
    n as f64
}

fn many(groups: u64) -> Submitted {
    let all = (0..groups).map(|i| group("city", &format!("{i:05}"), 60 + i % 40)).collect();
    document("many", all)
}

const EACH: &str =
    "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"recall\"\nslices = [\"city\"]\nmin = 0.5\n";

/// The number of measurements read grows with the number of groups, not with its square, for every
/// kind of rule.
#[test]
fn groups_are_found_and_not_looked_for_among_all() {
    use crate::policy::index::HANDED_OUT;
    const GROUPS: u64 = 1_500;
    let declared: Vec<String> = (0..GROUPS).map(|i| format!("\"{i:05}\"")).collect();
    let declared = format!("[groups]\ncity = [{}]\n", declared.join(", "));
    for (which, rule) in [
        ("each group", "metric = \"recall\"\nslices = [\"city\"]\nmin = 0.5"),
        ("groups under another metric", "metric = \"precision\"\nslices = [\"city\"]\nmin = 0.5"),
        (
            "groups of another data set",
            "metric = \"recall\"\nslices = [\"city\"]\nmin = 0.5\ndataset = \"other\"",
        ),
        (
            "the gain of each",
            "metric = \"recall\"\nslices = [\"city\"]\nagainst = \"champion\"\nmin_gain = 0\nfirst_release = \"deny\"",
        ),
        ("the worst of them", "metric = \"worst_group_recall\"\nby = [\"city\"]\nmin = 0.5"),
    ] {
        for groups in ["", &declared] {
            let policy = policy(&format!("name = \"p\"\n{groups}[[rule]]\nid = \"r\"\n{rule}\n"));
            let before = HANDED_OUT.get();
            judge(policy, vec![many(GROUPS)]);
            let read = HANDED_OUT.get() - before;
            assert!(
                read < 20 * usize::try_from(GROUPS).unwrap(),
                "{which}: {read} measurements were read"
            );
        }
    }
}

#[test]
fn every_one_of_twenty_thousand_groups_is_judged() {
    let verdict = judge(policy(EACH), vec![many(20_000)]);
    assert_eq!(verdict.findings.len(), 20_000);
    let one = &verdict.findings[12_345];
    assert_eq!((one.slice.0["city"].as_str(), one.successes), ("12345", Some(60 + 12_345 % 40)));
}

#[test]
fn more_findings_than_are_judged_are_an_error() {
    let rules: String = (0..11)
        .map(|i| format!("[[rule]]\nid = \"r{i}\"\nmetric = \"recall\"\nslices = [\"city\"]\nmin = 0.{i:02}1\n"))
        .collect();
    let policy = policy(&format!("name = \"p\"\n{rules}"));
    let verdict = judge(policy, vec![many(10_000)]);
    assert_eq!(verdict.verdict, Outcome::Deny);
    let last = verdict.findings.last().unwrap();
    assert_eq!((last.rule.as_str(), last.status), ("evidence.budget", Status::Error));
    assert!(last.message.contains("100,000 findings"), "{}", last.message);
    assert_eq!(verdict.findings.len(), 100_001);
}

#[test]
fn a_policy_over_its_budget_is_in_error_and_judged_as_it_was_by_the_first_semantics() {
    let when = |text: &str| {
        policy(&format!(
            "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.5\nwhen = \"{text}\"\n"
        ))
    };
    let evidence = [document("a", vec![measured("accuracy", 0.9, 1000, 900)])];
    let mut inputs = Inputs::default();
    inputs.context.insert("pattern".into(), "x".into());
    let costly = when("'x'.matches(context.pattern)");
    let verdict = judge_with(&[Arc::clone(&costly)], &evidence, &inputs, &[]);
    assert_eq!((verdict.verdict, verdict.exit_code()), (Outcome::Deny, 1));
    assert_eq!(
        (verdict.findings[0].rule.as_str(), verdict.findings[0].status),
        ("evidence.budget", Status::Error)
    );
    let first = judge_with(&[costly], &evidence, &Inputs { engine: 1, ..inputs.clone() }, &[]);
    assert_eq!(first.verdict, Outcome::Allow);

    inputs.context.insert("large".into(), "x".repeat(70_000));
    let verdict = judge_with(&[when("context.pattern == 'x'")], &evidence, &inputs, &[]);
    assert_eq!((verdict.verdict, verdict.findings[0].status), (Outcome::Deny, Status::Error));
    assert!(verdict.findings[0].message.contains("larger than"), "{}", verdict.findings[0].message);
}

#[test]
fn a_context_is_read_up_to_its_limit_and_whole_by_the_first_semantics() {
    let policy = policy(
        "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"accuracy\"\nmin = 0.5\nwhen = \"context.tier == 'high'\"\n",
    );
    let evidence = [document("a", vec![measured("accuracy", 0.9, 1000, 900)])];
    let with = |size: usize, engine: u32| {
        let mut inputs = Inputs { engine, ..Inputs::default() };
        inputs.context.insert("tier".into(), "high".into());
        inputs.context.insert("rest".into(), "x".repeat(size - "tierhighrest".len()));
        let verdict = judge_with(&[Arc::clone(&policy)], &evidence, &inputs, &[]);
        (verdict.verdict, verdict.findings[0].status)
    };
    let engine = Inputs::default().engine;
    assert_eq!(with(64 << 10, engine), (Outcome::Allow, Status::Pass));
    assert_eq!(with((64 << 10) + 1, engine), (Outcome::Deny, Status::Error));
    assert_eq!(with(1 << 20, 1), (Outcome::Allow, Status::Pass));
}

#[test]
fn every_pair_is_compared_of_128_groups_and_none_of_more() {
    let policy = policy(
        "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"worst_group_recall\"\nby = [\"city\"]\nmin = 0.5\n",
    );
    let with = |groups: u64, engine: u32| {
        let inputs = Inputs { engine, ..Inputs::default() };
        let mut verdict = judge_with(&[Arc::clone(&policy)], &[many(groups)], &inputs, &[]);
        verdict.findings.remove(0)
    };
    let engine = Inputs::default().engine;
    let most = with(128, engine);
    assert_ne!(most.status, Status::Error, "{}", most.message);
    assert_eq!(most.groups.len(), 128);
    let over = with(129, engine);
    assert_eq!((over.status, over.groups.len()), (Status::Error, 0));
    assert!(over.message.contains("128"), "{}", over.message);
    // The first semantics evaluated such a rule too, and listed every group: its records stay as
    // they are.
    let first = with(129, 1);
    assert_eq!((first.status, first.groups.len()), (Status::Error, 129));
}

#[test]
fn more_groups_than_are_compared_are_not_listed_one_by_one() {
    let policy = policy(
        "name = \"p\"\n[[rule]]\nid = \"r\"\nmetric = \"worst_group_recall\"\nby = [\"city\"]\nmin = 0.5\n",
    );
    let verdict = judge(policy, vec![many(2_000)]);
    assert_eq!((verdict.findings[0].status, verdict.findings[0].groups.len()), (Status::Error, 0));
}
