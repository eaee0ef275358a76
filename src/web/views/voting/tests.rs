use super::super::samples::{self, Story};
use super::*;
use crate::model::{Digest, Person};

fn stranger(roles: &[&str]) -> Viewer {
    Viewer {
        person: Person { id: "user:zoe".into(), name: "Zoe".into() },
        roles: roles.iter().map(ToString::to_string).collect(),
        ..samples::reviewer()
    }
}

fn reason(viewer: &Viewer, story: &Story) -> Option<String> {
    asked(viewer, &story.release, story.decisions.last(), &story.approvals, None).err()
}

#[test]
fn a_role_that_is_asked_may_vote_once_and_never_on_its_own() {
    let story = samples::pending();
    assert_eq!(reason(&stranger(&["model-risk", "other"]), &story), None);
    assert_eq!(
        reason(&stranger(&["other"]), &story).unwrap(),
        "Needs a reviewer with the role model-risk; you do not have it."
    );
    assert_eq!(
        reason(&samples::submitter(), &story).unwrap(),
        "You asked for this release, so you cannot approve it."
    );
    let mut voter = stranger(&["model-risk"]);
    voter.person = story.approvals[0].by.clone();
    assert_eq!(
        reason(&voter, &story).unwrap(),
        "You approved this release on 2026-11-20 12:01 UTC."
    );
}

#[test]
fn a_vote_on_other_inputs_does_not_close_the_form() {
    let mut story = samples::pending();
    let mut voter = stranger(&["model-risk"]);
    voter.person = story.approvals[0].by.clone();
    story.approvals[0].inputs_digest = Digest::of(b"other");
    if let Some(decision) = story.decisions.last_mut() {
        decision.record.approvals.clear();
    }
    assert_eq!(reason(&voter, &story), None);
}

#[test]
fn nobody_is_asked_once_it_is_settled() {
    for story in [samples::denied(), samples::allowed(), samples::revoked(), samples::undecided()] {
        assert!(reason(&stranger(&["model-risk"]), &story).is_some());
    }
}

#[test]
fn a_role_whose_approvals_are_all_given_is_not_asked() {
    let mut story = samples::pending();
    if let Some(decision) = story.decisions.last_mut() {
        decision.record.verdict.approvals[0].given = 2;
    }
    assert!(reason(&stranger(&["model-risk"]), &story).is_some());
}
