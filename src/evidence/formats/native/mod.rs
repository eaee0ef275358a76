//! `modelgate.evidence/v1`, the format for tools that write evidence on purpose.
//!
//! Nothing in it is guessed and nothing skipped. An unknown key, a number given as text, NaN,
//! counts that contradict the value, and a proportion outside [0, 1] are mistakes, and all of them
//! are reported at once. A value of `null` is a measurement that the writer declares undefined.
//! Every number is as exact as its last digit, so a proportion should come with its `successes`.

mod about;
mod hdr;
mod histogram;
mod measurement;
mod reader;
#[cfg(test)]
mod tests;
mod write;

use crate::evidence::{Adapter, Carries, Declined, Document, EvidenceError, Family, json::Json};
use crate::model::Evidence;
use reader::{Path, Reader};
pub use write::{SCHEMA, write};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "native",
    title: "modelgate.evidence/v1, our own format",
    family: Family::Native,
    written_by: "your own script, or `modelgate evidence compute … --format native`",
    reads: "measurements with slices, counts, histograms and claimed intervals; checks; links; subject, data set and date. \
            An unknown key, NaN or a number given as text is refused.",
    carries: &[
        Carries::Metrics,
        Carries::Slices,
        Carries::SampleSize,
        Carries::Counts,
        Carries::Intervals,
        Carries::Checks,
        Carries::Links,
    ],
    recognised_by: "the key `schema` with `modelgate.evidence/v1`",
    rule: "id = \"accuracy-floor\"\nmetric = \"accuracy\"\nmin = 0.9\nmin_samples = 1000",
    detect,
    read,
};

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let schema =
        document.object()?.get("schema").ok_or_else(|| Declined::because("no key `schema`"))?;
    if schema.as_str().is_some_and(|text| text.starts_with("modelgate.evidence/")) {
        return Ok(());
    }
    Err(Declined::because(format!("the key `schema` is not `{SCHEMA}`")))
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let mut reader = Reader::default();
    let mut evidence = document.evidence(ADAPTER.id);
    top(&mut reader, json, &mut evidence);
    evidence.warnings = reader.finish(document, ADAPTER.id)?;
    Ok(evidence)
}

const KEYS: &[&str] =
    &["schema", "subject", "dataset", "producer", "produced_at", "measurements", "checks", "links"];

fn top(reader: &mut Reader, json: &Json<'_>, evidence: &mut Evidence) {
    let root = &Path::Root;
    let Some(object) = reader.object(root, json) else { return };
    if !object.has("schema") {
        reader.mistake(root, json.at, format!("the key `schema` is missing: expected `{SCHEMA}`"));
    }
    for member in object {
        let (path, value) = (&root.key(&member.key), &member.value);
        match &*member.key {
            "schema" if value.as_str() != Some(SCHEMA) => {
                reader.mistake(path, value.at, format!("expected `{SCHEMA}`"));
            }
            "schema" => {}
            _ if reader::is_null(value) && KEYS.contains(&&*member.key) => {}
            "subject" => evidence.subject = about::subject(reader, path, value),
            "dataset" => evidence.dataset = about::dataset(reader, path, value),
            "producer" => evidence.producer = about::producer(reader, path, value),
            "produced_at" => evidence.produced_at = reader.parsed(path, value),
            "measurements" => evidence.measurements = list(reader, path, value, measurement::read),
            "checks" => evidence.checks = list(reader, path, value, about::check),
            "links" => evidence.links = list(reader, path, value, about::link),
            _ => reader.unknown(root, member, KEYS),
        }
    }
    if evidence.measurements.is_empty() && evidence.checks.is_empty() {
        reader.warn("the document carries no measurement and no check");
    }
}

/// Reads every element of a list. Elements with a mistake are left out, and the mistake is
/// recorded.
fn list<T>(
    reader: &mut Reader,
    path: &Path<'_>,
    json: &Json<'_>,
    one: fn(&mut Reader, &Path<'_>, &Json<'_>) -> Option<T>,
) -> Vec<T> {
    let elements = reader.list(path, json);
    let mut out = Vec::with_capacity(elements.len());
    for (i, element) in elements.iter().enumerate() {
        out.extend(one(reader, &path.index(i), element));
    }
    out
}
