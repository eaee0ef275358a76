use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const CARD: &str = "---\nlicense: mit\nco2_eq_emissions:\n  emissions: 12.4\nmodel-index:\n- name: acme/m\n  results:\n  - task:\n      type: asr\n    dataset:\n      \
    name: Voice\n      type: voice\n      args: fr\n    metrics:\n    - type: wer\n      value: 7.2\n    - type: accuracy\n      value: 61.0\n      name: Accuracy (%)\n    \
    - type: f1\n      value: '0.5'\n      args:\n        average: macro\n    - type: roc_auc\n      value: 83.2\n    - type: bleu\n      value: 20.0 ± 1.2\n    \
    - type: em\n      value:\n        mean: 0.5\n---\n# Model\n";

fn of(text: &str) -> Evidence {
    read(text.as_bytes(), None).unwrap()
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn a_card_states_metrics_of_data_sets() {
    let evidence = of(CARD);
    assert_eq!(evidence.format, "hf-model-card");
    assert_eq!(
        named(&evidence, "wer").slice.to_string(),
        of(CARD).measurements[1].slice.to_string()
    );
    assert_eq!(named(&evidence, "wer").slice.0.get("dataset_args").map(String::as_str), Some("fr"));
    assert_eq!(
        (named(&evidence, "accuracy").value, named(&evidence, "accuracy").unit),
        (Some(61.0), Some(Unit::Percent))
    );
    assert_eq!(
        (&*named(&evidence, "f1").metric, named(&evidence, "f1").value),
        ("f1_macro", Some(0.5))
    );
    assert_eq!(named(&evidence, "em.mean").value, Some(0.5));
    assert_eq!(named(&evidence, "co2_eq_emissions.emissions").value, Some(12.4));
    assert_eq!(evidence.dataset.unwrap().name.as_deref(), Some("voice"));
    assert_eq!(evidence.subject, None, "a name on the Hub is no model of ours");
}

#[test]
fn an_average_in_the_name_that_is_shown_is_no_f1_of_a_class() {
    for (kind, shown, ours) in [
        ("f1", "Macro F1", "f1_macro"),
        ("f1", "F1 (weighted)", "f1_weighted"),
        ("precision", "Precision micro", "precision_micro"),
        ("f1_macro", "F1 Macro", "f1_macro"),
        ("accuracy", "Accuracy on 500 samples", "accuracy"),
        ("f1", "F1", "f1"),
    ] {
        let evidence = of(&format!(
            r#"[{{"name": "m", "results": [{{"task": {{"type": "t"}}, "metrics": [{{"type": "{kind}", "name": "{shown}", "value": 0.5}}]}}]}}]"#
        ));
        assert_eq!(
            (&*evidence.measurements[0].source_name, &*evidence.measurements[0].metric),
            (kind, ours),
            "{shown}"
        );
    }
}

#[test]
fn a_scale_is_never_guessed() {
    let evidence = of(CARD);
    assert_eq!(
        (named(&evidence, "roc_auc").value, named(&evidence, "roc_auc").unit),
        (Some(83.2), None)
    );
    assert!(evidence.warnings.iter().any(|w| w.contains("83.2")), "{:?}", evidence.warnings);
    assert!(evidence.measurements.iter().all(|m| m.source_name != "bleu"));
    assert!(evidence.warnings.iter().any(|w| w.contains("20.0 ± 1.2")), "{:?}", evidence.warnings);
}

#[test]
fn the_index_may_stand_alone_or_in_an_answer_of_the_hub() {
    let index = r#"[{"name": "m", "results": [{"task": {"type": "t"}, "dataset": {"type": "d"}, "metrics": [{"type": "wer", "value": 7.5}]}]}]"#;
    let yaml = "model-index:\n- name: m\n  results:\n  - task: {type: t}\n    dataset: {type: d}\n    metrics: [{type: wer, value: 7.5}]\n";
    for text in [
        index.to_owned(),
        format!(r#"{{"model-index": {index}}}"#),
        format!(r#"{{"id": "a/m", "cardData": {{"model-index": {index}}}}}"#),
        yaml.to_owned(),
        format!("---\n{yaml}"),
    ] {
        let evidence = of(&text);
        assert_eq!(
            (named(&evidence, "wer").value, evidence.measurements.len()),
            (Some(7.5), 1),
            "{text}"
        );
    }
}

#[test]
fn results_of_benchmarks_are_a_list() {
    for text in [
        "- dataset:\n    id: cais/hle\n    task_id: default\n  value: 20.90\n  source:\n    url: https://example.org/x\n",
        r#"[{"filename": "a", "data": {"dataset": {"id": "cais/hle", "task_id": "default"}, "value": 20.90, "source": {"url": "https://example.org/x"}}},
            {"filename": "b", "error": "bad"}]"#,
    ] {
        let evidence = of(text);
        assert_eq!(named(&evidence, "value").value, Some(20.9));
        assert_eq!(
            named(&evidence, "value").slice.0.get("task").map(String::as_str),
            Some("default")
        );
        assert_eq!(evidence.links.len(), 1);
        assert_eq!(evidence.checks.len(), usize::from(text.starts_with('[')));
    }
}

#[test]
fn what_is_no_card_is_refused() {
    for other in [
        "---\nlicense: mit\n---\n",
        "---\nmodel-index: this line is text\n---\n",
        "# model-index:\n",
        "---\n",
        "model-index: [\n",
    ] {
        assert!(read(other.as_bytes(), None).is_err(), "{other}");
    }
    for broken in [
        "---\nmodel-index: [1]\n---\n",
        "---\nmodel-index:\n- results: 7\n---\n",
        "---\nmodel-index:\n- results:\n  - metrics: x\n---\n",
    ] {
        let error = read(broken.as_bytes(), None).unwrap_err();
        assert!(
            error.code() == "evidence-invalid" && error.to_string().contains("line"),
            "{broken}: {error}"
        );
    }
}
