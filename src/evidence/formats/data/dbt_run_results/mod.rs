//! dbt's `run_results.json` (schemas v1 to v6, dbt 0.19 and later) and `sources.json` (schemas v1 to v3).
//!
//! Every node is a check, named by its `unique_id`. A test passes with `pass`; seeds, models and
//! snapshots pass with `success`. `warn`, `fail`, `error`, `skipped`, `partial success` and
//! `runtime error` do not pass: a test with the severity `warn` whose condition failed did fail.
//! Three traps:
//!
//! * `dbt compile` and `dbt docs generate` (`args.which`) build nothing, but overwrite the file and
//!   call every node a `success`, including tests. No node of such a file passes, and neither does
//!   a test that any other command only compiled;
//! * `--empty` builds every model without rows, and tests of no rows pass in dbt: here those tests
//!   and the check `results` fail. Unit tests bring their own rows;
//! * `no-op` is the status that dbt 1.9 gives to exposures and saved queries: nothing ran and
//!   nothing had to. It is not a check.
//!
//! Numbers are named by their path below the node: `test.shop.unique_id.failures` (rows that a test
//! found), `….execution_time` in seconds, `….max_loaded_at_time_ago_in_s` of a source.

#[cfg(test)]
mod tests;

use super::common::{flag, list, nothing_ran, object, produced_at, producer, text_at};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{Json, Object, Value},
    precision::Precision,
    quoted,
};
use crate::model::{Evidence, Slice, Unit};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "dbt-run-results",
    title: "dbt run_results.json and sources.json",
    family: Family::Data,
    written_by: "dbt build (target/run_results.json), dbt source freshness (target/sources.json)",
    reads: "every model, seed and test as a check by its unique_id; the rows that tests found and the seconds that nodes \
            took, as `<unique_id>.failures` and `<unique_id>.execution_time`. Only `pass` and `success` pass, and a test \
            that was only compiled does not.",
    carries: &[Carries::Metrics, Carries::Checks],
    recognised_by: "`metadata.dbt_schema_version` of run-results or sources",
    rule: "id = \"data-tests\"\ncheck = \"dbt-run-results/test.*\"",
    detect,
    read,
};

/// Which of dbt's documents the file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Sources,
}

/// Keys of a node that are not results: text, timings, and what dbt ran.
const ASIDE: [&str; 14] = [
    "status",
    "unique_id",
    "message",
    "timing",
    "thread_id",
    "adapter_response",
    "compiled",
    "compiled_code",
    "relation_name",
    "batch_results",
    "criteria",
    "error",
    "max_loaded_at",
    "snapshotted_at",
];

fn kind(object: &Object<'_>) -> Result<Kind, Declined> {
    let schema =
        object.get("metadata").and_then(|metadata| text_at(metadata, &["dbt_schema_version"]));
    let Some(schema) = schema else {
        return Err(Declined::because("no key `metadata.dbt_schema_version`"));
    };
    match schema {
        _ if schema.contains("/run-results/") => Ok(Kind::Run),
        _ if schema.contains("/sources/") => Ok(Kind::Sources),
        _ => Err(Declined::because(format!("{} is no schema of results", quoted(schema)))),
    }
}

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    kind(document.object()?).map(|_| ())
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let top = object(&ADAPTER, document)?;
    // A submission that names this format may send a file that lost its metadata.
    let kind = kind(top).unwrap_or(Kind::Run);
    let results = list(&ADAPTER, document, top, "results")?;
    let mut collector = Collector::new(document, ADAPTER.id).precision(Precision::Full);
    let metadata = top.get("metadata").and_then(Json::as_object);
    producer(&mut collector, "dbt", metadata.and_then(|metadata| metadata.text("dbt_version")));
    produced_at(
        &mut collector,
        "generated_at",
        metadata.and_then(|metadata| metadata.text("generated_at")),
    );
    let args = collector.object(top.get("args"));
    let empty = args.is_some_and(|args| args.has("empty") && flag(args, "empty") != Some(false));
    let which = args.and_then(|args| args.text("which")).unwrap_or("");
    let run = Run {
        kind,
        empty,
        compiled: matches!(which, "compile" | "generate" | "docs" | "parse" | "list" | "show"),
    };
    for result in results {
        node(&mut collector, &run, result);
    }
    if collector.evidence.checks.is_empty() {
        nothing_ran(&mut collector, "results", "no node ran");
    }
    for (key, what) in [("exclude", "were left out"), ("sample", "were run on a part of the rows")]
    {
        if args.and_then(|args| args.get(key)).is_some_and(|given| !is_blank(given)) {
            collector
                .warn(format!("run with `--{key}`: nodes {what}, and nothing here says of them"));
        }
    }
    if empty {
        nothing_ran(
            &mut collector,
            "results",
            "run with `--empty`: the models have no rows, and tests looked at none",
        );
    }
    if let Some(elapsed) = top.get("elapsed_time") {
        seconds(&mut collector, "elapsed_time", "elapsed_time", elapsed);
    }
    collector.finish()
}

/// Facts about a run that apply to all its nodes.
struct Run {
    kind: Kind,
    /// Whether models were built without rows.
    empty: bool,
    /// Whether nothing was run at all.
    compiled: bool,
}

/// Whether an argument has no content.
fn is_blank(json: &Json<'_>) -> bool {
    match &json.value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn node(collector: &mut Collector<'_>, run: &Run, json: &Json<'_>) {
    let kind = run.kind;
    let Some(result) = json.as_object() else {
        collector.check(
            "results",
            false,
            Some(format!("a result is no object but {}", json.kind())),
        );
        return;
    };
    let name = result.text("unique_id").unwrap_or("a node without `unique_id`");
    let status = result.text("status").unwrap_or("");
    if status == "no-op" {
        collector.left_out(name);
        return;
    }
    let is_test =
        kind == Kind::Run && (name.starts_with("test.") || name.starts_with("unit_test."));
    let empty = run.empty && name.starts_with("test.");
    let passed = !empty
        && !run.compiled
        && match status {
            "pass" => true,
            "success" => kind == Kind::Run && !is_test,
            _ => false,
        };
    let said = result.text("message").or_else(|| result.text("error"));
    let mut detail = if status.is_empty() { "no status".to_owned() } else { status.to_owned() };
    if status == "success" && (is_test || run.compiled) {
        detail.push_str(": only compiled, not run");
    } else if empty {
        detail.push_str(": run with `--empty`, on no rows");
    }
    if let Some(said) = said {
        detail.push_str(": ");
        detail.push_str(&super::common::first_line(said, 300));
    }
    collector.check(name, passed, Some(detail));
    for member in result.iter().filter(|member| !ASIDE.contains(&&*member.key)) {
        let path = format!("{name}.{}", member.key);
        match &*member.key {
            "execution_time" | "max_loaded_at_time_ago_in_s" => {
                seconds(collector, &path, &path, &member.value);
            }
            // Null means "not a test": only tests count failures.
            "failures" if member.value.as_number().is_none() => {}
            "failures" => {
                collector.measure(&path, &path, Slice::overall(), &member.value);
            }
            other => collector.left_out(other),
        }
    }
}

fn seconds(collector: &mut Collector<'_>, ours: &str, theirs: &str, json: &Json<'_>) {
    if let Some(m) = collector.measure(ours, theirs, Slice::overall(), json) {
        m.unit = Some(Unit::Seconds);
    }
}
