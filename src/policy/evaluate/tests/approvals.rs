//! Which person fills which requirement.

use super::*;
use crate::model::ApprovalCount;

const DAY: &str = "2026-11-19T12:00:00Z";

/// An approval by a person with these roles.
fn yes(by: &str, roles: &[&str], at: &str, seen: Digest) -> Approval {
    let roles = roles.iter().map(ToString::to_string).collect();
    Approval { roles, ..vote(by, "", Vote::Approve, at, seen) }
}

/// A policy that requires this many people of each role, in this order.
fn asking(name: &str, requirements: &[(&str, u64)], extra: &str) -> Arc<Policy> {
    let mut text = format!("name = \"{name}\"\n[[rule]]\nid = \"r\"\n{ACCURACY}\n");
    for (at, (role, count)) in requirements.iter().enumerate() {
        text.push_str(&format!(
            "[[approval]]\nid = \"a{at}\"\nrole = \"{role}\"\ncount = {count}\n{extra}\n"
        ));
    }
    policy(&text)
}

fn judged(policies: &[Arc<Policy>], inputs: &Inputs, approvals: &[Approval]) -> Verdict {
    judge_with(
        policies,
        &[document("a", vec![measured("accuracy", 0.99, 1000, 990)])],
        inputs,
        approvals,
    )
}

fn given(verdict: &Verdict) -> Vec<u64> {
    verdict.approvals.iter().map(|a| a.given).collect()
}

#[test]
fn one_person_fills_one_requirement_of_a_policy() {
    let two = [asking("p", &[("risk", 1), ("legal", 1)], "")];
    let inputs = Inputs::default();
    let seen = inputs.digest().unwrap();
    let alone = judged(&two, &inputs, &[yes("ana", &["risk", "legal"], DAY, seen)]);
    assert_eq!((alone.verdict, given(&alone)), (Outcome::Pending, vec![1, 0]));
    let both = judged(
        &two,
        &inputs,
        &[yes("ana", &["risk", "legal"], DAY, seen), yes("ben", &["risk"], DAY, seen)],
    );
    assert_eq!(
        (both.verdict, given(&both)),
        (Outcome::Allow, vec![1, 1]),
        "ana makes room for ben"
    );
    assert_eq!(both.approvals[0].people, ["ben"]);
    assert_eq!(both.approvals[1].people, ["ana"]);
    assert_eq!(both.people().len(), 2);
}

#[test]
fn an_act_serves_the_same_role_in_every_policy_and_each_person_counts_once() {
    let policies = [
        asking("p", &[("risk", 2)], ""),
        asking("q", &[("risk", 2)], ""),
        asking("s", &[("risk", 1)], ""),
    ];
    let inputs = Inputs::default();
    let seen = inputs.digest().unwrap();
    let verdict = judged(
        &policies,
        &inputs,
        &[yes("ana", &["risk"], DAY, seen), yes("ben", &["risk"], DAY, seen)],
    );
    // The third policy needs one person, so it counts only one of the two.
    assert_eq!((verdict.verdict, given(&verdict)), (Outcome::Allow, vec![2, 2, 1]));
    assert_eq!(verdict.people().len(), 2, "two people, not five approvals");
}

/// Compares with all possible assignments: the largest possible number of requirements is filled,
/// whatever order people came in.
#[test]
fn nobody_stands_in_the_way_of_an_honest_set_of_approvers() {
    let names = ["risk", "legal", "ops"];
    let requirements = [("risk", 1), ("legal", 2), ("ops", 1)];
    let asked = [asking("p", &requirements, "")];
    let inputs = Inputs::default();
    let seen = inputs.digest().unwrap();
    fn best(people: &[u32], left: [u64; 3]) -> u64 {
        let Some((first, rest)) = people.split_first() else { return 0 };
        let taking = (0..3).filter(|role| first & (1 << role) != 0 && left[*role] > 0);
        let taken = taking.map(|role| {
            let mut left = left;
            left[role] -= 1;
            1 + best(rest, left)
        });
        taken.chain([best(rest, left)]).max().unwrap()
    }
    for code in 0_u32..8 * 8 * 8 * 8 {
        let held: Vec<u32> = (0..4).map(|person| (code >> (3 * person)) & 7).collect();
        let one = |(person, held): (usize, &u32)| {
            let roles: Vec<&str> =
                (0..3).filter(|role| held & (1 << role) != 0).map(|role| names[role]).collect();
            yes(&format!("p{person}"), &roles, DAY, seen)
        };
        let mut approvals: Vec<Approval> = held.iter().enumerate().map(one).collect();
        let forward = crate::policy::evaluate::approvals(&case(&inputs, seen, &asked, &approvals));
        approvals.reverse();
        let backward = crate::policy::evaluate::approvals(&case(&inputs, seen, &asked, &approvals));
        assert_eq!(forward, backward, "{held:?}");
        assert_eq!(
            forward.iter().map(|a| a.given).sum::<u64>(),
            best(&held, [1, 2, 1]),
            "{held:?}: {forward:?}"
        );
        for (count, (role, needed)) in forward.iter().zip(requirements) {
            assert!(count.given <= needed, "{forward:?}");
            let holds = |id: &String| {
                approvals.iter().any(|a| a.by.id == *id && a.roles.iter().any(|r| r == role))
            };
            assert!(count.people.iter().all(holds), "{forward:?}");
        }
    }
}

fn case<'a>(
    inputs: &'a Inputs,
    seen: Digest,
    policies: &'a [Arc<Policy>],
    approvals: &'a [Approval],
) -> Case<'a> {
    let now = NOW.parse().unwrap();
    Case {
        inputs,
        inputs_digest: seen,
        policies,
        evidence: &[],
        champion: &[],
        reference: &[],
        approvals,
        now,
    }
}

#[test]
fn the_first_engine_counts_as_it_did() {
    let policies = [asking("p", &[("risk", 1), ("legal", 1)], "expires = \"7d\"")];
    let inputs = Inputs { engine: 1, ..Inputs::default() };
    let seen = inputs.digest().unwrap();
    let both = ["risk", "legal"];
    let verdict =
        judged(&policies, &inputs, &[yes("ana", &both, DAY, seen), yes("ben", &both, DAY, seen)]);
    assert_eq!((verdict.verdict, verdict.engine.semantics), (Outcome::Allow, 1));
    // As the earlier engine counted, with nothing that it did not know.
    let one = |id: &str, role: &str| ApprovalCount {
        policy: "p".into(),
        id: id.into(),
        role: role.into(),
        needed: 1,
        given: 2,
        ..ApprovalCount::default()
    };
    assert_eq!(verdict.approvals, [one("a0", "risk"), one("a1", "legal")]);
}

#[test]
fn a_requirement_says_until_when_it_is_met() {
    let asked = [asking("p", &[("risk", 1), ("legal", 1)], "expires = \"2d\"")];
    let inputs = Inputs::default();
    let seen = inputs.digest().unwrap();
    let early = "2026-11-19T12:00:00Z";
    let late = "2026-11-20T11:00:00Z";
    let until = |approvals: &[Approval]| {
        let verdict = judged(&asked, &inputs, approvals);
        let end = crate::policy::evaluate::approvals_end(&case(&inputs, seen, &asked, approvals));
        assert_eq!(end, verdict.until());
        end.map(|at| at.to_string())
    };
    let (risk, legal) = (yes("ana", &["risk"], early, seen), yes("ben", &["legal"], late, seen));
    assert_eq!(until(&[risk.clone(), legal.clone()]).as_deref(), Some("2026-11-21T12:00:00Z"));
    // A second person with the role keeps the requirement met while their approval is valid.
    let spare = yes("cy", &["risk"], late, seen);
    assert_eq!(until(&[risk, legal, spare]).as_deref(), Some("2026-11-22T11:00:00Z"));
    assert_eq!(until(&[]), None);
    // Approvals without expiry have no end.
    let forever = [asking("p", &[("risk", 1)], "")];
    assert_eq!(judged(&forever, &inputs, &[yes("ana", &["risk"], early, seen)]).until(), None);
}
