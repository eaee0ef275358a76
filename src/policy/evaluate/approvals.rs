//! Counts approvals. A person counts once in a policy, by their latest vote on exactly these
//! inputs, and never for a release of their own.

use super::Case;
use crate::{
    model::{Approval, ApprovalCount, Timestamp, Vote},
    policy::schema::{ApprovalRule, Policy},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The last engine that counted a person for every requirement whose role they hold.
const EACH_ROLE: u32 = 1;

/// The latest vote of each person, by their stable id.
type Votes<'a> = BTreeMap<&'a str, &'a Approval>;

/// The progress of every requirement of `policy`.
pub(super) fn count(case: &Case<'_>, policy: &Policy) -> Vec<ApprovalCount> {
    let votes = latest(case);
    let once = case.inputs.engine > EACH_ROLE;
    let mut seats = seats(&votes, &policy.approvals, case.now);
    let answer = |(at, rule): (usize, &ApprovalRule)| {
        let people = if once { seats.remove(&at).unwrap_or_default() } else { BTreeSet::new() };
        let given = if once {
            people.len()
        } else {
            with_role(&votes, rule, Vote::Approve, case.now).len()
        };
        ApprovalCount {
            policy: policy.name.clone(),
            id: rule.id.clone(),
            role: rule.role.clone(),
            needed: rule.count,
            given: u64::try_from(given).unwrap_or(u64::MAX),
            rejected: u64::try_from(with_role(&votes, rule, Vote::Reject, case.now).len())
                .unwrap_or(u64::MAX),
            people: people.into_iter().map(ToOwned::to_owned).collect(),
            until: if once { until(&votes, policy, at, rule.count, case.now) } else { None },
        }
    };
    policy.approvals.iter().enumerate().map(answer).collect()
}

/// The first moment after `case.now` at which a requirement of `policy` is no longer met, by the
/// rules of the case's engine.
pub(super) fn end(case: &Case<'_>, policy: &Policy) -> Option<Timestamp> {
    let votes = latest(case);
    let all = || policy.approvals.iter().enumerate();
    if case.inputs.engine > EACH_ROLE {
        return all()
            .filter_map(|(at, rule)| until(&votes, policy, at, rule.count, case.now))
            .min();
    }
    let met = |rule: &ApprovalRule, at| {
        let given = with_role(&votes, rule, Vote::Approve, at).len();
        u64::try_from(given).unwrap_or(u64::MAX) >= rule.count
    };
    let lost = |at: &Timestamp| all().any(|(_, rule)| met(rule, case.now) && !met(rule, *at));
    ends(&votes, policy, case.now).into_iter().find(lost)
}

/// The latest vote of each person on these inputs, without the submitter's.
fn latest<'a>(case: &Case<'a>) -> Votes<'a> {
    let mut out: Votes<'a> = BTreeMap::new();
    for approval in case.approvals {
        let own = case.inputs.submitter.as_deref() == Some(approval.by.id.as_str());
        if own || approval.inputs_digest != case.inputs_digest || approval.at > case.now {
            continue;
        }
        let held = out.entry(approval.by.id.as_str()).or_insert(approval);
        if order(approval) > order(held) {
            *held = approval;
        }
    }
    out
}

/// A later vote wins; of two at the same moment a rejection wins, so that the order of the
/// arguments does not matter.
fn order(a: &Approval) -> impl Ord + '_ {
    (a.at, a.vote == Vote::Reject, std::cmp::Reverse(&a.roles))
}

fn counts(approval: &Approval, rule: &ApprovalRule, now: Timestamp) -> bool {
    let fresh = rule.expires.is_none_or(|age| now < approval.at.plus(age));
    fresh && approval.roles.contains(&rule.role)
}

/// The people who voted `vote` and hold the role of `rule`.
fn with_role<'v>(
    votes: &Votes<'v>,
    rule: &ApprovalRule,
    vote: Vote,
    now: Timestamp,
) -> Vec<&'v str> {
    votes
        .iter()
        .filter(|(_, a)| a.vote == vote && counts(a, rule, now))
        .map(|(id, _)| *id)
        .collect()
}

/// The people assigned to each requirement at `now`. Each person serves at most one requirement,
/// and as many as possible are served; earlier requirements of the policy come first. Each person
/// is assigned along an augmenting path, so a person who could serve another requirement never
/// blocks a later one, and the order of the approvals does not matter.
fn seats<'v>(
    votes: &Votes<'v>,
    rules: &[ApprovalRule],
    now: Timestamp,
) -> BTreeMap<usize, BTreeSet<&'v str>> {
    let eligible: Vec<Vec<&str>> =
        rules.iter().map(|rule| with_role(votes, rule, Vote::Approve, now)).collect();
    let mut placed: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        let mut missing = rule.count;
        while missing > 0 && place_one(at, &eligible, &mut placed) {
            missing -= 1;
        }
    }
    let mut seats: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (person, at) in placed {
        seats.entry(at).or_default().insert(person);
    }
    seats
}

/// Assigns one more person to the requirement `start`. Moves people between the requirements that
/// they can serve if that frees a place; returns false if it is impossible.
fn place_one<'v>(
    start: usize,
    eligible: &[Vec<&'v str>],
    placed: &mut BTreeMap<&'v str, usize>,
) -> bool {
    // `leaves`: for each requirement reached so far, the person there who would move away. `goes`:
    // the requirement they would move to.
    let mut leaves: BTreeMap<usize, &str> = BTreeMap::new();
    let mut goes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for person in eligible.get(at).into_iter().flatten().copied() {
            let Some(other) = placed.get(person).copied() else {
                goes.insert(person, at);
                let mut moving = Some(person);
                while let Some((who, to)) = moving.and_then(|who| Some((who, *goes.get(who)?))) {
                    placed.insert(who, to);
                    moving = (to != start).then(|| leaves.get(&to).copied()).flatten();
                }
                return true;
            };
            if other != start && !leaves.contains_key(&other) {
                leaves.insert(other, person);
                goes.insert(person, at);
                queue.push_back(other);
            }
        }
    }
    false
}

/// The moments after `now` at which approvals expire, in order.
fn ends(votes: &Votes<'_>, policy: &Policy, now: Timestamp) -> BTreeSet<Timestamp> {
    let ages = policy.approvals.iter().filter_map(|rule| rule.expires);
    let ends = ages.flat_map(|age| votes.values().map(move |a| a.at.plus(age)));
    ends.filter(|at| *at > now).collect()
}

/// The first moment after `now` at which requirement `at`, which is met now, has too few people.
fn until(
    votes: &Votes<'_>,
    policy: &Policy,
    at: usize,
    needed: u64,
    now: Timestamp,
) -> Option<Timestamp> {
    let met = |moment: Timestamp| {
        let given = seats(votes, &policy.approvals, moment).get(&at).map_or(0, BTreeSet::len);
        u64::try_from(given).unwrap_or(u64::MAX) >= needed
    };
    let mut later = ends(votes, policy, now).into_iter();
    if met(now) { later.find(|moment| !met(*moment)) } else { None }
}
