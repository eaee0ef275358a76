//! The page of one document of evidence: what was read from it.

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
use std::ops::Range;

/// The number of rows of each table on one page.
const ON_A_PAGE: usize = 200;
/// The maximum number of warnings and links that are shown; the file has them all.
const SHOWN: usize = 200;

/// Which part of each table is shown, counted from 1.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// The part of the checks.
    pub checks: usize,
    /// The part of the numbers.
    pub numbers: usize,
}

impl Default for Parts {
    fn default() -> Self {
        Self { checks: 1, numbers: 1 }
    }
}

/// The part of a table that is shown, if it is not all of it, and the addresses of the parts before
/// and after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Turn {
    label: String,
    previous: Option<String>,
    next: Option<String>,
}

/// The rows of one part of a table, and the links to other parts.
fn turn(
    total: usize,
    part: usize,
    address: impl Fn(usize) -> String,
) -> (Range<usize>, Option<Turn>) {
    let parts = total.div_ceil(ON_A_PAGE).max(1);
    let part = part.clamp(1, parts);
    let window = (part - 1) * ON_A_PAGE..(part * ON_A_PAGE).min(total);
    if parts == 1 {
        return (window, None);
    }
    let count = |n: usize| grouped(u64::try_from(n).unwrap_or(u64::MAX));
    let label = format!("{} to {} of {}", count(window.start + 1), count(window.end), count(total));
    let previous = (part > 1).then(|| address(part - 1));
    let next = (part < parts).then(|| address(part + 1));
    (window, Some(Turn { label, previous, next }))
}

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

/// The page of one document.
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
    turn_checks: Option<Turn>,
    measurements: Vec<MeasurementRow>,
    turn_numbers: Option<Turn>,
    noted: bool,
    links: Vec<LinkRow>,
    download: String,
}

impl Page for DocumentPage {
    const TEMPLATE: &'static str = "pages/document";
}

impl DocumentPage {
    /// The page of a document that `release` was evaluated on, with the claims of its submission.
    pub fn new(
        viewer: &Viewer,
        log_size: u64,
        release: &ReleaseId,
        (read, claimed): (&InspectV1, &Claimed),
        parts: Parts,
    ) -> Self {
        let title = match (evidence::find(&read.format), read.format.as_str()) {
            (Ok(adapter), _) => adapter.title.to_owned(),
            (Err(_), "mapping") => "A file of your own, read with a mapping".to_owned(),
            (Err(_), other) => other.to_owned(),
        };
        let mut checks: Vec<&Check> = read.checks.iter().collect();
        checks.sort_by_key(|check| check.passed);
        let (shown_checks, turn_checks) = turn(checks.len(), parts.checks, |part| {
            format!("checks={part}&numbers={}#checks", parts.numbers)
        });
        let (shown_numbers, turn_numbers) = turn(read.measurements.len(), parts.numbers, |part| {
            format!("checks={}&numbers={part}#numbers", parts.checks)
        });
        let numbers = read.measurements.get(shown_numbers).unwrap_or_default();
        Self {
            frame: Frame::new(title.clone(), Section::Releases, Some(viewer), Some(log_size)),
            release: release.to_string(),
            release_href: paths::release(release),
            releases: paths::RELEASES,
            title,
            digest: Hash::from(&read.digest),
            facts: facts(read),
            claimed: crate::report::claims(claimed),
            warnings: read.warnings.iter().take(SHOWN).cloned().collect(),
            failed: checks.iter().filter(|check| !check.passed).count(),
            checks: checks.get(shown_checks).unwrap_or_default().iter().map(|c| check(c)).collect(),
            turn_checks,
            measurements: numbers.iter().map(measurement).collect(),
            turn_numbers,
            noted: numbers.iter().any(|m| !m.note().is_empty()),
            links: read.links.iter().take(SHOWN).map(link).collect(),
            download: paths::evidence(&read.digest),
        }
    }

    /// A report of scikit-learn with a check, an undefined number and a warning.
    pub fn sample() -> Self {
        Self::of(&samples::document(), &samples::reviewer())
    }

    /// A document from which nothing was read.
    pub fn empty() -> Self {
        Self::of(&samples::empty_document(), &samples::reviewer())
    }

    /// A document in which every text is hostile.
    pub fn hostile() -> Self {
        Self::of(&samples::hostile_document(), &samples::hostile_viewer())
    }

    fn of((read, claimed): &(InspectV1, Claimed), viewer: &Viewer) -> Self {
        Self::new(viewer, 48, &samples::release_id(), (read, claimed), Parts::default())
    }
}

fn facts(read: &InspectV1) -> Vec<Pair> {
    let mut facts = vec![Pair::new("Format", &read.format)];
    let mut say =
        |key: &str, value: Option<String>| facts.extend(value.map(|value| Pair::new(key, value)));
    let producer = read.producer.as_ref();
    say("Written by", producer.and_then(|p| joined([p.tool.clone(), p.version.clone()])));
    say("Run", producer.and_then(|p| p.run.clone()));
    say("Written", read.produced_at.map(|at| Moment::from(at).text));
    let dataset = read.dataset.as_ref();
    say(
        "Data set",
        dataset.and_then(|d| joined([d.name.clone(), d.digest.map(|digest| digest.to_string())])),
    );
    let subject = read.subject.as_ref();
    say(
        "Model",
        subject
            .and_then(|s| joined([s.model.as_ref().map(ToString::to_string), s.version.clone()])),
    );
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
    LinkRow {
        rel: link.rel.clone(),
        href: link.href.clone(),
        digest: link.digest.map(|digest| digest.to_string()),
    }
}
