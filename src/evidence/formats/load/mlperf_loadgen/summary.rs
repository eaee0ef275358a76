//! `mlperf_log_summary.txt`.

use super::names::{Kind, describe, kind};
use crate::evidence::{
    collector::Collector,
    json::Number,
    undefined::{Reading, reading_text},
};
use crate::model::Slice;

const RESULT: &str = "Result is";
const PARAMETERS: &str = "Test Parameters Used";

/// The facts about the run that the numbers depend on.
#[derive(Default)]
struct Run<'t> {
    scenario: Option<&'t str>,
    mode: Option<&'t str>,
    queries: Option<u64>,
    /// Whether each query is one sample, as its parameters say.
    single: bool,
}

pub(super) fn read(collector: &mut Collector<'_>, text: &str) {
    let run = run(text);
    let n = run
        .queries
        .filter(|_| run.single && matches!(run.scenario, Some("SingleStream" | "Server")));
    let mut result = false;
    let mut parameters = false;
    for line in text.lines() {
        let line = line.trim();
        if line == PARAMETERS {
            parameters = true;
            collector.left_out("test parameters");
        }
        if line.contains("encountered") {
            encountered(collector, line);
        }
        if parameters {
            continue;
        }
        if let Some((name, value)) = line.split_once(':') {
            let (name, value) = (name.trim().trim_start_matches("* "), value.trim());
            result |= name == RESULT && matches!(value, "VALID" | "INVALID");
            one(collector, name, value, &run, n);
        }
    }
    if !result {
        let mode = run.mode.map(|mode| format!(" of mode {mode}")).unwrap_or_default();
        collector.check(
            RESULT,
            false,
            Some(format!("the summary{mode} holds no result: nothing was measured")),
        );
    }
}

fn run(text: &str) -> Run<'_> {
    let mut run = Run::default();
    for line in text.lines().map(str::trim) {
        if let Some((name, value)) = line.split_once(':') {
            match name.trim() {
                "Scenario" => run.scenario = Some(value.trim()),
                "Mode" => run.mode = Some(value.trim()),
                "samples_per_query" => run.single = value.trim() == "1",
                _ => {}
            }
        }
        let stated = match line.strip_prefix("* Processed ") {
            // `at least 64 queries (730).`
            Some(rest) if rest.starts_with("at least") => {
                rest.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(n, _)| n)
            }
            Some(rest) => rest.strip_suffix(" queries."),
            None => line
                .strip_prefix("* Only processed ")
                .and_then(|rest| rest.strip_suffix(" queries.")),
        };
        run.queries =
            run.queries.or_else(|| stated.and_then(Number::parse).and_then(Number::count));
    }
    run
}

/// Reads `No errors encountered during test.` or `2 ERRORS encountered. See detailed log.`
fn encountered(collector: &mut Collector<'_>, line: &str) {
    if line.to_lowercase().contains("error") {
        collector.check(
            "errors encountered during test",
            line.starts_with("No "),
            Some(line.to_owned()),
        );
    } else if !line.starts_with("No ") {
        collector.warn(format!("LoadGen: {line}"));
    }
}

fn one(collector: &mut Collector<'_>, name: &str, value: &str, run: &Run<'_>, n: Option<u64>) {
    if name == RESULT {
        let detail = run
            .scenario
            .zip(run.mode)
            .map(|(scenario, mode)| format!("{value}, scenario {scenario}, mode {mode}"));
        return collector.check(
            name,
            value == "VALID",
            Some(detail.unwrap_or_else(|| value.to_owned())),
        );
    }
    if name.ends_with(" satisfied") {
        return collector.check(name, value.eq_ignore_ascii_case("yes"), Some(value.to_owned()));
    }
    let number = matches!(reading_text(value), Some(Reading::Number(_) | Reading::Undefined(_)));
    if !number || value.is_empty() || name == "SUT name" {
        return;
    }
    let described: Kind = kind(name, run.scenario == Some("MultiStream"));
    if let Some(m) =
        collector.measure_text(described.metric.unwrap_or(name), name, Slice::overall(), value)
    {
        describe(m, described, n);
    }
}
