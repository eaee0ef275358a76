use crate::evidence::read;
use crate::model::{Evidence, Measurement};

fn of(text: &str) -> Evidence {
    read(text.as_bytes(), None).unwrap()
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn a_summary_is_flat_or_nested() {
    let evidence = of(
        r#"{"_step": 4, "_timestamp": 1795185488.25, "_wandb": {"runtime": 3}, "val/acc": 0.78, "loss": {"min": 0.5, "best": "NaN"},
            "text": "0.9", "name": "x", "ok": true, "table": {"_type": "table-file", "nrows": 100}}"#,
    );
    assert_eq!(evidence.format, "wandb-summary");
    let names: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    assert_eq!(
        names,
        [
            ("val/acc", Some(0.78)),
            ("loss.min", Some(0.5)),
            ("loss.best", None),
            ("text", Some(0.9))
        ]
    );
    assert_eq!(evidence.produced_at.unwrap().micros(), 1_795_185_488_250_000);
    assert!(
        evidence.warnings.iter().any(|w| w.contains("`name`; `ok`; `table`")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn the_summary_of_the_api_is_json_within_json() {
    let evidence = of(
        r#"{"data": {"project": {"run": {"name": "r1", "state": "crashed", "summaryMetrics": "{\"accuracy\": 0.5, \"_step\": 1}"}}}}"#,
    );
    assert_eq!((named(&evidence, "accuracy").value, evidence.checks[0].passed), (Some(0.5), false));
    assert_eq!(evidence.producer.unwrap().run.as_deref(), Some("r1"));
    let several = of(
        r#"{"data": {"project": {"runs": {"edges": [{"node": {"summaryMetrics": "{\"a\": 1}"}}, {"node": {}}]}}}}"#,
    );
    assert_eq!(named(&several, "a").value, Some(1.0));
    assert!(several.warnings[0].starts_with("2 runs"), "{:?}", several.warnings);
    for broken in [r#""{""#, "\"7\"", "[1]"] {
        let text = format!("{{\"summaryMetrics\": {broken}}}");
        assert_eq!(read(text.as_bytes(), None).unwrap_err().code(), "evidence-invalid", "{broken}");
    }
}

#[test]
fn a_history_gives_the_last_value_in_whatever_order() {
    let rows = [
        "{\"_step\": 1, \"loss\": 0.5}",
        "{\"_step\": 3, \"loss\": 0.25, \"acc\": null}",
        "{\"_step\": 2, \"loss\": 0.4, \"acc\": 0.9}",
    ];
    for text in [rows.join("\n"), format!("[{}]", rows.join(","))] {
        let evidence = of(&text);
        assert_eq!(
            (named(&evidence, "loss").value, named(&evidence, "loss").step),
            (Some(0.25), Some(3))
        );
        assert_eq!(
            (named(&evidence, "acc").value, named(&evidence, "acc").step),
            (Some(0.9), Some(2))
        );
    }
}

#[test]
fn other_documents_are_not_taken_for_summaries() {
    for other in [
        r#"{"loss": 0.5}"#,
        r#"{"_step": "x"}"#,
        r#"[{"loss": 1}]"#,
        "{\"_step\": 1}\n{\"loss\": 2}",
    ] {
        assert!(read(other.as_bytes(), None).is_err(), "{other}");
    }
    assert_eq!(
        named(&read(br#"{"loss": 0.5}"#, Some("wandb-summary")).unwrap(), "loss").value,
        Some(0.5)
    );
}

#[test]
fn a_run_that_logged_nothing_is_no_good_news() {
    // What wandb 0.16 writes for an offline run.
    let evidence = of(r#"{"_wandb": {"runtime": 0}}"#);
    let checks: Vec<_> =
        evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect();
    assert_eq!((checks, evidence.measurements.len()), (vec![("metrics", false)], 0));
}
