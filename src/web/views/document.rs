//! One document of evidence: what was read from it.

use super::{Frame, Section, Viewer, paths, samples};
use crate::{
    evidence,
    model::{
        Check, Claimed, ReleaseId, Slice,
        number::{grouped, short},
    },
    render::Page,
    report::{Hash, Moment, Pair},
    wire::inspect::{InspectV1, MeasurementV1},
};
use serde::Serialize;

/// So many rows of each table are shown; the file has them all.
const SHOWN: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CheckRow {
    name: String,
    outcome: &'static str,
    word: &'static str,
    detail: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct MeasurementRow {
    name: String,
    slice: Option<String>,
    value: String,
    n: Option<String>,
    bounds: Option<String>,
    note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LinkRow {
    rel: String,
    href: String,
    digest: Option<String>,
}

/// What was read from one document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentPage {
    frame: Frame,
    release: String,
    release_href: String,
    releases: &'static str,
    title: String,
    digest: Hash,
    facts: Vec<Pair>,
    claimed: Vec<Pair>,
    warnings: Vec<String>,
    checks: Vec<CheckRow>,
    failed: usize,
    more_checks: usize,
    measurements: Vec<MeasurementRow>,
    more_measurements: usize,
    noted: bool,
    links: Vec<LinkRow>,
    download: String,
}

impl Page for DocumentPage {
    const TEMPLATE: &'static str = "pages/document";
}

impl DocumentPage {
    /// What was read from a document that `release` was judged on, and what its submission said of it.
    pub fn new(viewer: &Viewer, log_size: u64, release: &ReleaseId, read: &InspectV1, claimed: &Claimed) -> Self {
        let title = match (evidence::find(&read.format), read.format.as_str()) {
            (Ok(adapter), _) => adapter.title.to_owned(),
            (Err(_), "mapping") => "A file of your own, read with a mapping".to_owned(),
            (Err(_), other) => other.to_owned(),
        };
        let mut checks: Vec<&Check> = read.checks.iter().collect();
        checks.sort_by_key(|check| check.passed);
        Self {
            frame: Frame::new(title.clone(), Section::Releases, Some(viewer), Some(log_size)),
            release: release.to_string(),
            release_href: paths::release(release),
            releases: paths::RELEASES,
            title,
            digest: Hash::from(&read.digest),
            facts: facts(read),
            claimed: crate::report::claims(claimed),
            warnings: read.warnings.clone(),
            failed: checks.iter().filter(|check| !check.passed).count(),
            more_checks: checks.len().saturating_sub(SHOWN),
            checks: checks.into_iter().take(SHOWN).map(check).collect(),
            more_measurements: read.measurements.len().saturating_sub(SHOWN),
            measurements: read.measurements.iter().take(SHOWN).map(measurement).collect(),
            noted: read.measurements.iter().take(SHOWN).any(|m| !m.note().is_empty()),
            links: read.links.iter().take(SHOWN).map(link).collect(),
            download: paths::evidence(&read.digest),
        }
    }

    /// A report of scikit-learn with a check, an undefined number and a warning.
    pub fn sample() -> Self {
        Self::of(&samples::document(), &samples::reviewer())
    }

    /// One from which nothing was read.
    pub fn empty() -> Self {
        Self::of(&samples::empty_document(), &samples::reviewer())
    }

    /// One whose every text is out to harm.
    pub fn hostile() -> Self {
        Self::of(&samples::hostile_document(), &samples::hostile_viewer())
    }

    fn of((read, claimed): &(InspectV1, Claimed), viewer: &Viewer) -> Self {
        Self::new(viewer, 48, &samples::release_id(), read, claimed)
    }
}

fn facts(read: &InspectV1) -> Vec<Pair> {
    let mut facts = vec![Pair::new("Format", &read.format)];
    let mut say = |key: &str, value: Option<String>| facts.extend(value.map(|value| Pair::new(key, value)));
    let producer = read.producer.as_ref();
    say("Written by", producer.and_then(|p| joined([p.tool.clone(), p.version.clone()])));
    say("Run", producer.and_then(|p| p.run.clone()));
    say("Written", read.produced_at.map(|at| Moment::from(at).text));
    let dataset = read.dataset.as_ref();
    say("Data set", dataset.and_then(|d| joined([d.name.clone(), d.digest.map(|digest| digest.to_string())])));
    let subject = read.subject.as_ref();
    say("Model", subject.and_then(|s| joined([s.model.as_ref().map(ToString::to_string), s.version.clone()])));
    say("Artifact", subject.and_then(|s| s.digest).map(|digest| digest.to_string()));
    facts
}

fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn check(check: &Check) -> CheckRow {
    let (outcome, word) = if check.passed { ("pass", "Passed") } else { ("fail", "Failed") };
    CheckRow { name: check.name.clone(), outcome, word, detail: check.detail.clone() }
}

fn measurement(m: &MeasurementV1) -> MeasurementRow {
    let end = |end: Option<f64>| end.map_or_else(|| "…".to_owned(), short);
    let bounds = m.interval.as_ref().map(|i| format!("{} to {}", end(i.lower), end(i.upper)));
    let slice = Slice(m.slice.clone());
    MeasurementRow {
        name: m.name(),
        slice: (!slice.is_overall()).then(|| slice.to_string()),
        value: m.shown(),
        n: m.trials.or(m.n).map(grouped),
        bounds,
        note: m.note(),
    }
}

fn link(link: &crate::model::Link) -> LinkRow {
    LinkRow { rel: link.rel.clone(), href: link.href.clone(), digest: link.digest.map(|digest| digest.to_string()) }
}
