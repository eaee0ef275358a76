//! DVC: `dvc metrics show --json` and `dvc metrics diff --json`.
//!
//! * `show`: revision → `data` → file → `data` → the nested metrics of that file. Without
//!   `--all-tags` or a similar option there is one revision without a name. A file that could not
//!   be read has an `error` instead, while DVC's exit code is still 0: each is a failed check here.
//!   DVC 1 wrote no `data` levels.
//! * `diff`: file → dotted name → `old`, `new` and, for numbers, `diff`. The metric is `new`; the
//!   others are `old:name` and `diff:name`. `dvc exp diff --json` has the same below `metrics`.
//! * `dvc params diff --json` has the same shape as a diff of metrics. Only the name of the file
//!   distinguishes them: a file named like `params` does not contain metrics.
//!
//! Names are paths (`by_sex.Female.accuracy`), never slices, and a metric called `n` is not the n
//! of the others: DVC stores any numbers and does not know their meaning. Text and lists are left
//! out; NaN is undefined. If the document has several revisions or files, `scope` distinguishes
//! them: `v1`, `metrics.json`, `v1:metrics.json`.

#[cfg(test)]
mod tests;

use super::leaves::flat;
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    names,
    precision::Precision,
};
use crate::model::{Evidence, Slice, evidence::Producer};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "dvc-metrics",
    title: "DVC: metrics show --json, metrics diff --json",
    family: Family::Evaluation,
    written_by: "dvc metrics show --json [--all-tags], dvc metrics diff --json [--all], dvc exp diff --json",
    reads: "every number by its path; of a diff the new, the old and the difference; revisions and files as scope. \
            Files that could not be read are failed checks. No n.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "revision → `data` → file → `data` or `error`; file → name → `old`, `new`",
    rule: "id = \"no-worse\"\nmetric = \"diff:accuracy\"\nmin = -0.01",
    detect,
    read,
};

/// The shape of a document of DVC.
enum Shape<'j, 'a> {
    Show(&'j Object<'a>),
    Diff { files: &'j Object<'a>, errors: Option<&'j Json<'a>> },
}

/// Whether the value has only `data` or only an `error`, as revisions and files do.
fn is_result(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|object| {
        object.len() == 1 && (object.has("data") || object.get("error").is_some_and(is_error))
    })
}

fn is_error(json: &Json<'_>) -> bool {
    json.get("type").is_some() && json.get("msg").is_some() || json.as_str().is_some()
}

fn is_revision(json: &Json<'_>) -> bool {
    is_result(json)
        && json.get("data").is_none_or(|data| {
            data.as_object().is_some_and(|files| files.iter().all(|file| is_result(&file.value)))
        })
}

/// Whether these are revisions as DVC 1 wrote them: files without a `data` level.
fn is_old(revisions: &Object<'_>) -> bool {
    let named = |key: &str| matches!(key, "" | "workspace" | "working tree");
    let file = |key: &str| key.contains(['.', '/']) && !key.starts_with('.');
    revisions.iter().any(|revision| named(&revision.key))
        && revisions.iter().all(|revision| {
            revision.value.as_object().is_some_and(|files| {
                files.iter().all(|m| {
                    file(&m.key) && (m.value.as_object().is_some() || m.value.as_number().is_some())
                })
            })
        })
}

fn is_change(json: &Json<'_>) -> bool {
    json.as_object().is_some_and(|change| {
        change.has("old")
            && change.has("new")
            && change.iter().all(|m| matches!(&*m.key, "old" | "new" | "diff"))
    })
}

fn is_diff(files: &Object<'_>) -> bool {
    !files.is_empty()
        && files.iter().all(|file| {
            file.value.as_object().is_some_and(|names| {
                !names.is_empty() && names.iter().all(|name| is_change(&name.value))
            })
        })
}

/// Whether a file contains parameters, by its name: nothing else distinguishes them from metrics.
fn is_params(file: &str) -> bool {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    stem.contains("param") || stem.contains("config") || name == "dvc.yaml"
}

fn shape<'j, 'a>(object: &'j Object<'a>) -> Result<Shape<'j, 'a>, &'static str> {
    if !object.is_empty()
        && (object.iter().all(|revision| is_revision(&revision.value)) || is_old(object))
    {
        return Ok(Shape::Show(object));
    }
    let within =
        |key: &str| object.get(key).and_then(Json::as_object).filter(|files| is_diff(files));
    let wrapped = within("diff").or_else(|| {
        within("metrics")
            .filter(|_| object.iter().all(|m| ["metrics", "params"].contains(&&*m.key)))
    });
    let files = match wrapped {
        Some(files) => files,
        None if is_diff(object) => object,
        None => {
            return Err(
                "neither revision → `data` → file → `data`, nor file → name → `old`, `new`",
            );
        }
    };
    if files.iter().all(|file| is_params(&file.key)) {
        return Err("a diff of parameters, which are no metrics");
    }
    Ok(Shape::Diff { files, errors: object.get("errors").filter(|_| wrapped.is_some()) })
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    shape(document.object()?).map(|_| ()).map_err(Declined::because)
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let json = document.json().map_err(Clone::clone)?;
    let refused = |why: &str| document.invalid(ADAPTER.id, json.at, why);
    let object = json.as_object().ok_or_else(|| refused("not an object"))?;
    let shape = shape(object).map_err(refused)?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::below([json]));
    collector.evidence.producer =
        Some(Producer { tool: Some("dvc".to_owned()), ..Producer::default() });
    match shape {
        Shape::Show(revisions) => show(&mut collector, revisions),
        Shape::Diff { files, errors } => {
            diff(&mut collector, files);
            for error in collector.members(errors) {
                if error.value.as_object().is_none_or(|error| !error.is_empty()) {
                    collector.check(format!("{} read", error.key), false, said(&error.value));
                }
            }
        }
    }
    if collector.evidence.measurements.is_empty() && collector.evidence.checks.is_empty() {
        collector.check("metrics", false, Some("DVC found no metric".to_owned()));
    }
    collector.finish()
}

/// DVC's message of an error.
fn said(error: &Json<'_>) -> Option<String> {
    let text = |key| error.get(key).and_then(Json::as_str);
    let parts: Vec<&str> =
        [text("type"), text("msg"), error.as_str()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// Whether a number must be told apart by its revision and by its file, because there are several.
struct Several {
    revisions: bool,
    files: bool,
}

impl Several {
    fn scope(&self, revision: &str, file: &str) -> Option<String> {
        match (self.revisions, self.files) {
            (true, true) => Some(format!("{revision}:{file}")),
            (true, false) => Some(revision.to_owned()),
            (false, true) => Some(file.to_owned()),
            (false, false) => None,
        }
    }
}

/// The files of a revision: below `data`, or directly below it as DVC 1 wrote them.
fn files<'j, 'a>(revision: &'j Json<'a>) -> Option<&'j Object<'a>> {
    if is_result(revision) {
        revision.get("data").and_then(Json::as_object)
    } else {
        revision.as_object()
    }
}

fn show(collector: &mut Collector<'_>, revisions: &Object<'_>) {
    let several = Several {
        revisions: revisions.len() > 1,
        files: revisions
            .iter()
            .any(|revision| files(&revision.value).is_some_and(|files| files.len() > 1)),
    };
    if several.revisions {
        let names: Vec<&str> = revisions.iter().take(20).map(|revision| &*revision.key).collect();
        collector.warn(format!(
            "metrics of {} revisions, told apart by scope: {}",
            revisions.len(),
            names.join(", ")
        ));
    }
    for revision in revisions {
        let of = if revision.key.is_empty() { "workspace" } else { &*revision.key };
        if let Some(error) = revision.value.get("error").filter(|_| is_result(&revision.value)) {
            collector.check(format!("{of} read"), false, said(error));
        }
        for file in files(&revision.value).into_iter().flatten() {
            if let Some(error) = file.value.get("error").filter(|_| is_result(&file.value)) {
                let said = said(error).unwrap_or_default();
                collector.check(
                    format!("{} read", file.key),
                    false,
                    Some(format!("revision {of}: {said}")),
                );
                continue;
            }
            let data =
                file.value.get("data").filter(|_| is_result(&file.value)).unwrap_or(&file.value);
            let scope = several.scope(of, &file.key);
            match &data.value {
                Value::Object(metrics) => {
                    for (path, leaf) in flat(metrics) {
                        number(collector, names::of_sklearn(&path), &path, leaf, scope.as_deref());
                    }
                }
                _ => number(collector, &file.key, &file.key, data, scope.as_deref()),
            }
        }
    }
}

fn diff(collector: &mut Collector<'_>, files: &Object<'_>) {
    let several = Several { revisions: false, files: files.len() > 1 };
    for file in files {
        if is_params(&file.key) {
            collector.left_out(&file.key);
            continue;
        }
        let scope = several.scope("", &file.key);
        for change in collector.members(Some(&file.value)) {
            let name = if change.key.is_empty() { &file.key } else { &change.key };
            for (side, prefix) in [("new", ""), ("old", "old:"), ("diff", "diff:")] {
                let Some(value) = change.value.get(side) else { continue };
                let theirs = format!("{prefix}{name}");
                let ours = if prefix.is_empty() { names::of_sklearn(name) } else { &theirs };
                number(collector, ours, &theirs, value, scope.as_deref());
            }
        }
    }
}

/// Adds a number, NaN or null; text, lists and flags are left out.
fn number(
    collector: &mut Collector<'_>,
    ours: &str,
    theirs: &str,
    json: &Json<'_>,
    scope: Option<&str>,
) {
    match &json.value {
        Value::Number(_) | Value::NonFinite(_) | Value::Null => {
            if let Some(m) = collector.measure(ours, theirs, Slice::overall(), json) {
                m.scope = scope.map(str::to_owned);
            }
        }
        _ => collector.left_out(theirs),
    }
}
