use crate::evidence::read;
use crate::model::{Evidence, Slice, Unit};

fn bom(rest: &str) -> Evidence {
    read(format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", {rest}}}"#).as_bytes(), None)
        .unwrap()
}

fn model(rest: &str) -> Evidence {
    bom(&format!(
        r#""components": [{{"type": "machine-learning-model", "name": "m", "version": "3", {rest}}}]"#
    ))
}

fn find<'e>(evidence: &'e Evidence, name: &str) -> &'e crate::model::Measurement {
    evidence
        .measurements
        .iter()
        .find(|m| m.source_name == name)
        .unwrap_or_else(|| panic!("{name}: {evidence:?}"))
}

#[test]
fn metrics_are_numbers_only_where_somebody_wrote_one() {
    let evidence = model(
        r#""modelCard": {"quantitativeAnalysis": {"performanceMetrics": [
        {"type": "accuracy", "value": "0.91", "confidenceInterval": {"lowerBound": "0.89", "upperBound": "93 %"}},
        {"type": "recall", "value": "88.5%", "slice": "sex=Female"}, {"type": "f1", "value": 0.5},
        {"type": "precision", "value": "about 0.9"}, {"type": "auc", "value": "NaN"}, {"type": "r2"}, {"value": "1"}]}}"#,
    );
    assert_eq!(
        (find(&evidence, "accuracy").value, find(&evidence, "accuracy").rounding),
        (Some(0.91), 5e-3)
    );
    assert!(evidence.measurements.iter().all(|m| m.intervals.is_empty() && m.n.is_none()));
    assert_eq!(find(&evidence, "accuracy.lowerBound").value, Some(0.89));
    assert_eq!(find(&evidence, "accuracy.upperBound").value, Some(0.93));
    assert_eq!(find(&evidence, "recall").slice, Slice::one("slice", "sex=Female"));
    assert_eq!(find(&evidence, "recall").value, Some(0.885));
    assert_eq!((find(&evidence, "f1").value, find(&evidence, "auc").value), (Some(0.5), None));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "precision"));
    let warnings = evidence.warnings.join("\n");
    for says in [
        "`precision` is `about 0.9`",
        "r2, which has no `value`",
        "without a `type`",
        "confidence is not said",
    ] {
        assert!(warnings.contains(says), "{says}: {warnings}");
    }
}

#[test]
fn energy_keeps_its_unit_and_every_activity_its_name() {
    let evidence = model(
        r#""modelCard": {"considerations": {"users": ["x"], "environmentalConsiderations": {"energyConsumptions": [
        {"activity": "training", "activityEnergyCost": {"value": 0.4, "unit": "kWh"}, "co2CostEquivalent": {"value": 31.22,
        "unit": "tCO2eq"}}, {"activity": "inference", "activityEnergyCost": {"value": 2, "unit": "furlong"}}]}}}"#,
    );
    let training = find(&evidence, "energy:training");
    assert_eq!(
        (training.metric.as_str(), training.value, training.unit),
        ("energy", Some(0.4), Some(Unit::KilowattHours))
    );
    assert_eq!(find(&evidence, "co2CostEquivalent:training").value, Some(31.22));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "energy:inference"));
    assert!(evidence.warnings.join("\n").contains("energy:inference = 2 furlong"));
}

#[test]
fn a_bill_without_a_model_fails_and_one_with_a_model_is_about_it() {
    let plain = bom(r#""components": [{"type": "library", "name": "numpy"}]"#);
    assert_eq!(
        (plain.checks.len(), plain.checks[0].passed, plain.subject.is_none()),
        (1, false, true)
    );
    assert!(!bom(r#""version": 1"#).checks[0].passed);
    let digest = "A".repeat(64);
    let evidence = model(&format!(
        r#""hashes": [{{"alg": "SHA-1", "content": "00"}}, {{"alg": "SHA-256", "content": "{digest}"}}],
        "externalReferences": [{{"type": "model-card", "url": "https://x/card"}}],
        "properties": [{{"name": "eval:accuracy", "value": "0.7877"}}, {{"name": "owner", "value": "risk"}}]"#
    ));
    let subject = evidence.subject.clone().unwrap();
    assert_eq!(
        (subject.version.as_deref(), subject.digest.unwrap().hex()),
        (Some("3"), "a".repeat(64))
    );
    assert_eq!(
        (evidence.links[0].rel.as_str(), evidence.links[0].href.as_str()),
        ("model-card", "https://x/card")
    );
    assert_eq!(find(&evidence, "properties.eval:accuracy").metric, "eval:accuracy");
    let two = bom(
        r#""metadata": {"component": {"type": "machine-learning-model", "name": "a", "properties": [{"name": "p",
        "value": "1"}], "components": [{"type": "machine-learning-model", "name": "b", "properties": [{"name": "p", "value": "2"}]}]}}"#,
    );
    let scopes: Vec<_> = two.measurements.iter().map(|m| m.scope.as_deref().unwrap()).collect();
    assert_eq!((scopes, two.subject.is_none()), (vec!["a", "b"], true));
}

#[test]
fn a_vulnerability_is_a_failed_check_unless_it_was_analysed_away() {
    let evidence = bom(r#""vulnerabilities": [{"id": "CVE-1", "ratings": [{"severity": "high"}]},
        {"id": "CVE-2", "analysis": {"state": "not_affected"}}, {"id": "CVE-3", "analysis": {"state": "exploitable"}}]"#);
    let got: Vec<_> =
        evidence.checks.iter().skip(1).map(|check| (check.name.as_str(), check.passed)).collect();
    assert_eq!(got, [("CVE-1", false), ("CVE-2", true), ("CVE-3", false)]);
}

#[test]
fn what_is_no_list_is_refused_and_other_bills_are_declined() {
    let error = read(br#"{"bomFormat": "CycloneDX", "components": {}}"#, None).unwrap_err();
    assert_eq!(error.code(), "evidence-invalid");
    assert_eq!(
        read(br#"{"bomFormat": "Other"}"#, None).unwrap_err().code(),
        "evidence-not-understood"
    );
}

#[test]
fn xml_says_the_same() {
    let digest = "c".repeat(64);
    let text = format!(
        r#"<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata><timestamp>2026-05-01T00:00:00Z</timestamp>
        <tools><components><component type="application"><name>syft</name><version>1.2</version></component></components></tools></metadata>
        <components><component type="machine-learning-model" bom-ref="m"><name>m</name><version>3</version>
        <hashes><hash alg="SHA-256">{digest}</hash></hashes>
        <externalReferences><reference type="model-card"><url>https://x/card</url></reference></externalReferences>
        <properties><property name="eval:accuracy">0.7877</property></properties>
        <modelCard bom-ref="c"><quantitativeAnalysis><performanceMetrics><performanceMetric><type>recall</type><value>0.8</value>
        <slice>sex=Female</slice></performanceMetric></performanceMetrics></quantitativeAnalysis><considerations><environmentalConsiderations>
        <energyConsumptions><energyConsumption><activity>training</activity><activityEnergyCost><value>0.4</value><unit>kWh</unit>
        </activityEnergyCost></energyConsumption></energyConsumptions></environmentalConsiderations></considerations></modelCard></component></components>
        <vulnerabilities><vulnerability><id>CVE-1</id><ratings><rating><severity>high</severity></rating></ratings></vulnerability></vulnerabilities></bom>"#
    );
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "cyclonedx-mlbom");
    assert_eq!(find(&evidence, "properties.eval:accuracy").value, Some(0.7877));
    assert_eq!(
        (find(&evidence, "recall").value, find(&evidence, "recall").slice.clone()),
        (Some(0.8), Slice::one("slice", "sex=Female"))
    );
    assert_eq!(find(&evidence, "energy:training").value, Some(0.4));
    let subject = evidence.subject.unwrap();
    assert_eq!((subject.version.as_deref(), subject.digest.unwrap().hex()), (Some("3"), digest));
    assert_eq!(evidence.links[0].href, "https://x/card");
    assert_eq!(evidence.producer.unwrap().tool.as_deref(), Some("syft"));
    assert!(evidence.produced_at.is_some());
    assert!(evidence.checks.iter().any(|check| check.name == "CVE-1" && !check.passed));
    assert_eq!(
        read(b"<bom><components/></bom>", None).unwrap_err().code(),
        "evidence-not-understood"
    );
}

#[test]
fn xml_repeats_the_providers_of_energy_and_an_empty_element_says_nothing() {
    let provider = |source: &str, value: &str| {
        format!(
            r#"<energyProviders bom-ref="{source}"><organization><name>Meta</name></organization><energySource>{source}</energySource>
            <energyProvided><value>{value}</value><unit>kWh</unit></energyProvided></energyProviders>"#
        )
    };
    let card = |inner: &str| {
        let text = format!(
            r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.7"><components><component type="machine-learning-model"><name>m</name>
            <version/><modelCard>{inner}</modelCard></component></components></bom>"#
        );
        read(text.as_bytes(), None).unwrap()
    };
    let evidence = card(&format!(
        "<considerations><environmentalConsiderations><energyConsumptions><energyConsumption><activity>training</activity>{}{}
        </energyConsumption></energyConsumptions></environmentalConsiderations></considerations>",
        provider("wind", "0.25"),
        provider("coal", "0.5")
    ));
    assert_eq!(find(&evidence, "energyProvided:training:wind").value, Some(0.25));
    assert_eq!(find(&evidence, "energyProvided:training:coal").value, Some(0.5));
    let empty = card("<quantitativeAnalysis/><considerations/>");
    assert_eq!((empty.measurements.len(), empty.subject.unwrap().version), (0, None));
}
