use crate::evidence::{archive, read};
use crate::model::{Evidence, Measurement};
use std::io::Write as _;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const EVAL: &str = r#""version": 2, "plan": {}, "eval": {"task": "t", "model": "m", "created": "2026-11-20T14:29:59+00:00",
    "dataset": {"name": "adds"}, "packages": {"inspect_ai": "0.3.285"}, "config": {"epochs": EPOCHS}}"#;

fn log(status: &str, epochs: u32, rest: &str) -> String {
    format!("{{\"status\": \"{status}\", {} {rest}}}", EVAL.replace("EPOCHS", &epochs.to_string()))
}

fn evidence(bytes: &[u8]) -> Evidence {
    let evidence = read(bytes, None).unwrap();
    assert_eq!(evidence.format, "inspect-ai");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

fn packed(members: &[(&str, &str)]) -> Vec<u8> {
    let mut out = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        out.start_file(
            *name,
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
        )
        .unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn an_accuracy_over_epochs_rests_on_samples_and_counts_nothing() {
    let results = |scored: &str| {
        format!(
            ", \"results\": {{\"total_samples\": 36, \"completed_samples\": 36, \"scores\": [{{\"name\": \"includes\", {scored}
             \"metrics\": {{\"accuracy\": {{\"name\": \"accuracy\", \"value\": 0.5}}}}}}]}}"
        )
    };
    for scored in ["\"scored_samples\": 12,", ""] {
        let evidence = evidence(log("success", 3, &results(scored)).as_bytes());
        let m = of(&evidence, "includes/accuracy");
        assert_eq!(
            (m.metric.as_str(), m.n, m.trials, m.successes),
            ("accuracy", None, Some(12), None)
        );
    }
    let once = evidence(log("success", 1, &results("")).as_bytes());
    assert_eq!(of(&once, "includes/accuracy").successes, Some(18));
    assert_eq!(once.dataset.unwrap().name.as_deref(), Some("adds"));
}

#[test]
fn a_vote_over_epochs_is_no_accuracy() {
    let results = r#", "results": {"completed_samples": 9, "scores": [
        {"name": "match", "reducer": "at_least_2", "metrics": {"accuracy": {"name": "accuracy", "value": 1.0}}},
        {"name": "match", "reducer": "mean", "metrics": {"accuracy": {"name": "accuracy", "value": 0.5}}}]}"#;
    let evidence = evidence(log("success", 3, results).as_bytes());
    assert_eq!(of(&evidence, "match/accuracy[at_least_2]").metric, "match/accuracy[at_least_2]");
    assert_eq!(of(&evidence, "match/accuracy[mean]").metric, "accuracy");
}

#[test]
fn answers_that_are_right_in_part_are_no_successes() {
    let with = |marks: [&str; 4], metrics: &str| {
        let sample =
            |(i, mark)| format!(r#"{{"id": {i}, "scores": {{"graded": {{"value": {mark}}}}}}}"#);
        let samples = marks.iter().enumerate().map(sample).collect::<Vec<_>>().join(",");
        let results = format!(
            r#", "results": {{"completed_samples": 4, "scores": [{{"name": "graded", "scorer": "graded", "metrics": {{
                "accuracy": {{"name": "accuracy", "value": 0.5}}{metrics}}}}}]}}, "samples": [{samples}]"#
        );
        let evidence = evidence(log("success", 1, &results).as_bytes());
        let m = of(&evidence, "graded/accuracy");
        (m.metric.clone(), m.n, m.trials, m.successes)
    };
    let counted = ("accuracy".to_owned(), Some(4), Some(4), Some(2));
    let mean = ("graded/accuracy".to_owned(), Some(4), None, None);
    // Inspect's values: P is 0.5, N is 0, words for yes and no are 1 and 0, and numbers are used as
    // they are.
    assert_eq!(with(["\"C\"", "\"P\"", "\"P\"", "\"N\""], ""), mean);
    assert_eq!(with(["0.25", "0.75", "1", "0"], ""), mean);
    assert_eq!(with(["\"C\"", "true", "\"no\"", "\"0\""], ""), counted);
    // Letters that only the scorer knows: here the standard error alone shows it, √(0.5 · 0.5 / 3)
    // if all are right or wrong.
    let error = |value: &str| format!(r#", "stderr": {{"name": "stderr", "value": {value}}}"#);
    let own = ["\"A\"", "\"A\"", "\"B\"", "\"B\""];
    assert_eq!(with(own, &error("0.28867513459481287")), counted);
    assert_eq!([with(own, &error("0.2041241452319315")), with(own, "")], [mean.clone(), mean]);
}

const GROUPED: &str = r#", "results": {"completed_samples": 3, "scores": [{"name": "s", "scored_samples": SCORED, "metrics": {
    "a": {"name": "a", "group": "grouped", "value": 0.5, "params": {"group_key": "topic", "metric": {"name": "inspect_ai/accuracy"}}},
    "all": {"name": "all", "group": "grouped", "value": 0.25, "params": {"group_key": "topic", "all": "groups", "metric": {"name": "accuracy"}}},
    "C": {"name": "C", "group": "frequency", "value": 2, "params": {}}}}]}"#;

#[test]
fn groups_are_counted_over_the_samples_that_the_log_holds() {
    let samples = r#"[{"id": 1, "metadata": {"topic": "a"}, "scores": {"s": {"value": "C"}}},
        {"id": 2, "metadata": {"topic": "a"}, "scores": {"s": {"value": "I"}}},
        {"id": 3, "metadata": {"topic": "b"}, "scores": {"s": {"value": "C"}}},
        {"id": 4, "metadata": {"topic": "b"}, "scores": {"s": {"value": NaN}}}]"#;
    let header = log("success", 1, &GROUPED.replace("SCORED", "3"));
    let whole =
        log("success", 1, &format!("{}, \"samples\": {samples}", GROUPED.replace("SCORED", "3")));
    for bytes in
        [whole.into_bytes(), packed(&[("header.json", &header), ("summaries.json", samples)])]
    {
        let evidence = evidence(&bytes);
        let a = of(&evidence, "s/a");
        assert_eq!(
            (a.metric.as_str(), a.n, a.trials, a.successes),
            ("accuracy", None, Some(2), Some(1))
        );
        assert_eq!(a.slice.to_string(), crate::model::Slice::one("topic", "a").to_string());
        let all = of(&evidence, "s/all");
        assert_eq!((all.aggregate, all.trials, all.slice.is_overall()), (true, None, true));
        assert_eq!(of(&evidence, "s/C").slice, crate::model::Slice::one("frequency", "C"));
    }
    // Samples other than those that were scored are not counted.
    let other =
        log("success", 1, &format!("{}, \"samples\": {samples}", GROUPED.replace("SCORED", "40")));
    assert_eq!(of(&evidence(other.as_bytes()), "s/a").trials, None);
}

#[test]
fn a_run_without_an_end_or_a_score_is_a_failed_check() {
    let start = format!("{{{}}}", EVAL.replace("EPOCHS", "1"));
    let unfinished =
        evidence(&packed(&[("_journal/start.json", &start), ("samples/1_epoch_1.json", "{}")]));
    assert_eq!(
        (unfinished.checks[0].name.as_str(), unfinished.checks[0].passed),
        ("status", false)
    );
    let failed = |status: &str, rest: &str| {
        evidence(log(status, 1, rest).as_bytes())
            .checks
            .into_iter()
            .filter(|c| !c.passed)
            .map(|c| c.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(failed("cancelled", ""), ["status"]);
    assert_eq!(failed("error", ", \"error\": {\"message\": \"boom\"}"), ["status"]);
    assert_eq!(failed("success", ""), ["results"]);
    assert_eq!(failed("success", ", \"results\": null"), ["results"]);
    assert_eq!(
        failed("success", ", \"results\": {\"completed_samples\": 0, \"scores\": []}"),
        ["completed_samples", "results"]
    );
    let scored = ", \"results\": {\"scores\": [{\"name\": \"s\", \"scored_samples\": 0, \"metrics\": {\"accuracy\": {\"value\": NaN}}}]}";
    assert_eq!(failed("success", scored), ["scorer s"]);
    assert_eq!(
        failed("success", &format!("{scored}, \"invalidated\": true")),
        ["invalidated", "scorer s"]
    );
}

#[test]
fn samples_of_a_zip_are_not_unpacked() {
    let header = log("success", 1, ", \"results\": {\"completed_samples\": 2, \"scores\": []}");
    let mut bytes =
        packed(&[("samples/1_epoch_1.json", "what is packed here"), ("header.json", &header)]);
    let at = bytes.windows(4).position(|w| w == b".jso").unwrap() + 6;
    bytes[at..at + 8].fill(0xff);
    assert!(archive::members(&bytes).is_err());
    assert_eq!(of(&evidence(&bytes), "completed_samples").value, Some(2.0));
}

#[test]
fn version_1_has_one_scorer() {
    let results = r#", "results": {"scorer": {"name": "match"}, "metrics": {"accuracy": {"name": "accuracy", "value": 0.5, "options": {}}}}"#;
    let evidence = evidence(log("success", 1, results).as_bytes());
    assert_eq!(
        (of(&evidence, "match/accuracy").value, of(&evidence, "match/accuracy").n),
        (Some(0.5), None)
    );
}

#[test]
fn other_archives_and_broken_logs_are_refused() {
    assert_eq!(
        read(&packed(&[("header.txt", "x")]), Some("inspect-ai")).unwrap_err().code(),
        "evidence-invalid"
    );
    let broken = packed(&[("_journal/start.json", "{}"), ("header.json", "{\"version\": 2,")]);
    assert_eq!(read(&broken, None).unwrap_err().code(), "evidence-syntax");
    assert_eq!(
        read(&packed(&[("header.json", "{\"a\": 1}")]), None).unwrap_err().code(),
        "evidence-not-understood"
    );
    let error =
        read(log("success", 1, ", \"results\": {\"scores\": 3}").as_bytes(), None).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
}
