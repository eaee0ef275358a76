//! `[evidence]`: how old documents can be, which data sets they come from, which documents must be
//! present, and that nothing contradicts itself.

use super::{Findings, View, digests};
use crate::{
    model::{Age, Digest, Status, Subject, Timestamp},
    policy::{
        judged::Judged,
        phrase::{self, Reason},
    },
};

/// The accepted time by which a document is dated after `now`, because clocks differ.
const SKEW: Age = Age::from_secs(300);

/// Evaluates `[evidence]`, after all rules.
pub(super) fn judge<'a>(view: &View<'a>, asked: bool, out: &mut Findings<'a>) {
    out.read.sort_unstable();
    out.read.dedup();
    out.datasets.sort_unstable();
    out.datasets.dedup();
    let requirements = &view.policy.evidence;
    if let Some(most) = requirements.max_age {
        age(view, most, out);
    }
    if !requirements.datasets.is_empty() {
        datasets(view, &requirements.datasets, out);
    }
    if !requirements.require.is_empty() {
        links(view, &requirements.require, out);
    }
    subject(view, out);
    claims(view, out);
    if !asked {
        out.say(
            Judged::new(&view.policy.name, "evidence.rules", Status::Missing),
            Reason::AllSkipped,
        );
    }
}

/// One finding about several documents: the worst of their results.
fn worst<'a>(
    view: &View<'a>,
    rule: &'static str,
    said: Vec<(usize, Status, String)>,
    fine: String,
    out: &mut Findings<'a>,
) {
    let rank = |s: &Status| match s {
        Status::Error => 3,
        Status::Fail => 2,
        Status::Missing => 1,
        _ => 0,
    };
    let status =
        said.iter().map(|(_, status, _)| *status).max_by_key(rank).unwrap_or(Status::Missing);
    let documents: Vec<usize> = said.iter().map(|(at, ..)| *at).collect();
    let bad: Vec<String> =
        said.into_iter().filter(|(_, s, _)| rank(s) > 0).map(|(.., text)| text).collect();
    let reason = match (documents.is_empty(), bad.is_empty()) {
        (true, _) => Reason::Said("no rule read a document".to_owned()),
        (false, true) => Reason::Said(fine),
        (false, false) => Reason::Several(bad),
    };
    out.say(
        Judged {
            evidence: digests(view, documents),
            ..Judged::new(&view.policy.name, rule, status)
        },
        reason,
    );
}

fn age<'a>(view: &View<'a>, most: Age, out: &mut Findings<'a>) {
    let now = view.case.now;
    let judged = out.read.iter().filter_map(|at| Some((*at, view.index.document(*at)?)));
    let said = judged.map(|(at, document)| {
        let name = phrase::short(&document.evidence().digest);
        match document.produced_at {
            None => (
                at,
                Status::Missing,
                format!("{name} does not say when it was made; add `produced-at=…`"),
            ),
            Some(made) if made > now.plus(SKEW) => (
                at,
                Status::Error,
                format!("{name} is dated {made}, after the moment of judgement"),
            ),
            Some(made) if now.micros_since(made) > most.micros() => (
                at,
                Status::Fail,
                format!("{name} is {} old, more than {most}", elapsed(now, made)),
            ),
            Some(_) => (at, Status::Pass, String::new()),
        }
    });
    let said = said.collect();
    worst(
        view,
        "evidence.max_age",
        said,
        format!("every document that was read is at most {most} old"),
        out,
    );
}

/// The age in the largest suitable unit.
fn elapsed(now: Timestamp, made: Timestamp) -> String {
    let seconds = u64::try_from(now.micros_since(made) / 1_000_000).unwrap_or(0);
    let units = [("days", 86_400), ("hours", 3_600), ("minutes", 60)];
    match units.iter().find(|(_, size)| seconds >= 2 * size) {
        Some((name, size)) => format!("{} {name}", seconds / size),
        None => format!("{seconds} seconds"),
    }
}

fn datasets<'a>(view: &View<'a>, allowed: &[String], out: &mut Findings<'a>) {
    let judged = out
        .datasets
        .iter()
        .filter_map(|(at, dataset)| Some((*at, *dataset, view.index.document(*at)?)));
    let said = judged.map(|(at, dataset, document)| {
        let name = phrase::short(&document.evidence().digest);
        let digest =
            document.evidence().dataset.as_ref().and_then(|d| d.digest).map(|d| d.to_string());
        match dataset {
            Some(d) if allowed.iter().any(|a| a == d || Some(a) == digest.as_ref()) => {
                (at, Status::Pass, String::new())
            }
            Some(d) => (at, Status::Fail, format!("{name} was measured on {d}")),
            None if digest.is_some_and(|d| allowed.contains(&d)) => {
                (at, Status::Pass, String::new())
            }
            None => {
                (at, Status::Missing, format!("{name} does not name its data set; add `dataset=…`"))
            }
        }
    });
    let said: Vec<_> = said.collect();
    let fine = format!("every number that was read was measured on {}", allowed.join(" or "));
    worst(view, "evidence.datasets", said, fine, out);
}

fn links<'a>(view: &View<'a>, wanted: &[String], out: &mut Findings<'a>) {
    let holds = |at: &usize, rel: &str| {
        view.index.document(*at).is_some_and(|d| d.evidence().links.iter().any(|l| l.rel == rel))
    };
    let everything = 0..view.index.documents.len();
    let missing: Vec<&String> =
        wanted.iter().filter(|rel| !everything.clone().any(|at| holds(&at, rel))).collect();
    let documents = everything.filter(|at| wanted.iter().any(|rel| holds(at, rel)));
    let status = if missing.is_empty() { Status::Pass } else { Status::Missing };
    let text = if missing.is_empty() {
        format!("the evidence names a {}", wanted.join(" and a "))
    } else {
        let names: Vec<&str> = missing.into_iter().map(String::as_str).collect();
        format!("no document names a {}; add a link with this `rel`", names.join(" or a "))
    };
    let finding = Judged {
        evidence: digests(view, documents),
        ..Judged::new(&view.policy.name, "evidence.require", status)
    };
    out.say(finding, Reason::Said(text));
}

/// Checks that every document is about the artifact and model of the release, and that all
/// documents are about the same ones.
fn subject<'a>(view: &View<'a>, out: &mut Findings<'a>) {
    let inputs = view.case.inputs;
    let (mut artifact, mut model) = (inputs.artifact, inputs.model.clone());
    let mut said = Vec::new();
    for (at, document) in view.index.documents.iter().enumerate() {
        let name = || phrase::short(&document.evidence().digest);
        let stated = document.evidence().subject.as_ref();
        for subject in [stated, document.submitted.claimed.subject.as_ref()].into_iter().flatten() {
            if let Some(other) = differs(&mut artifact, subject.digest) {
                said.push((
                    at,
                    Status::Error,
                    format!("{} is about the artifact {}", name(), phrase::short(&other)),
                ));
            }
            if let Some(other) = differs(&mut model, subject.model.clone()) {
                said.push((at, Status::Error, format!("{} is about the model {other}", name())));
            }
        }
    }
    if said.is_empty() {
        return;
    }
    said.dedup();
    let about = match (&artifact, &model) {
        (Some(artifact), _) if inputs.artifact.is_some() => {
            format!("the release is of {}", phrase::short(artifact))
        }
        (_, Some(model)) if inputs.model.is_some() => format!("the release is of {model}"),
        _ => "other documents are about another".to_owned(),
    };
    said.push((said.first().map_or(0, |s| s.0), Status::Error, about));
    worst(view, "evidence.subject", said, String::new(), out);
}

/// `stated`, if it differs from the known value; the first stated value becomes the known one.
fn differs<T: PartialEq + Clone>(known: &mut Option<T>, stated: Option<T>) -> Option<T> {
    let stated = stated?;
    if let Some(known) = known {
        return (*known != stated).then_some(stated);
    }
    *known = Some(stated);
    None
}

/// Checks that the claims of a submission do not contradict what the document states.
fn claims<'a>(view: &View<'a>, out: &mut Findings<'a>) {
    let mut said = Vec::new();
    for (at, document) in view.index.documents.iter().enumerate() {
        let (evidence, claimed) = (document.evidence(), &document.submitted.claimed);
        let mut against = |what: &str, stated: String, claim: String| {
            let name = phrase::short(&evidence.digest);
            let text =
                format!("{name} states the {what} {stated}, and the submission claims {claim}");
            said.push((at, Status::Error, text));
        };
        let stated = evidence.dataset.as_ref().and_then(|d| d.name.as_ref());
        if let Some((stated, claim)) = stated.zip(claimed.dataset.as_ref()).filter(|(a, b)| a != b)
        {
            against("data set", stated.clone(), claim.clone());
        }
        if let Some((stated, claim)) =
            evidence.produced_at.zip(claimed.produced_at).filter(|(a, b)| a != b)
        {
            against("date", stated.to_string(), claim.to_string());
        }
        let subjects = evidence.subject.as_ref().zip(claimed.subject.as_ref());
        if let Some((stated, claim)) = subjects.and_then(|(a, b)| contradiction(a, b)) {
            against("artifact", stated, claim);
        }
    }
    if !said.is_empty() {
        worst(view, "evidence.claimed", said, String::new(), out);
    }
}

fn contradiction(stated: &Subject, claimed: &Subject) -> Option<(String, String)> {
    let digest = |d: Digest| phrase::short(&d);
    let digests = stated
        .digest
        .zip(claimed.digest)
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (digest(a), digest(b)));
    let models = stated.model.as_ref().zip(claimed.model.as_ref()).filter(|(a, b)| a != b);
    let versions = stated.version.as_ref().zip(claimed.version.as_ref()).filter(|(a, b)| a != b);
    digests
        .or_else(|| models.map(|(a, b)| (a.to_string(), b.to_string())))
        .or_else(|| versions.map(|(a, b)| (a.clone(), b.clone())))
}
