use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const RESULT: &str = include_str!("../../../../../tests/fixtures/evidence/autocannon/result.json");

fn autocannon(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "autocannon");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn keys_of_percentiles_have_an_underscore_for_the_point() {
    let evidence = autocannon(RESULT);
    let p = of(&evidence, "p97.5");
    assert_eq!(
        (p.metric.as_str(), p.value, p.quantile, p.n, p.unit),
        ("latency", Some(91.0), Some(0.975), Some(200), Some(Unit::Milliseconds))
    );
    assert_eq!(of(&evidence, "p99.999").quantile, Some(0.99999));
    assert_eq!(
        (of(&evidence, "requests.p97_5").metric.as_str(), of(&evidence, "requests.p97_5").unit),
        ("requests.p97_5", None)
    );
}

#[test]
fn answers_and_lost_connections_are_the_requests() {
    let answered = autocannon(RESULT);
    let rate = of(&answered, "error_rate");
    assert_eq!((rate.successes, rate.trials), (Some(10), Some(200)));
    let evidence = autocannon(&RESULT.replace("\"errors\": 0", "\"errors\": 3"));
    let rate = of(&evidence, "error_rate");
    assert_eq!((rate.successes, rate.trials), (Some(13), Some(203)));
    assert!(!evidence.checks[0].passed);
    assert!(read(RESULT.replace("\"errors\": 0", "\"errors\": null").as_bytes(), None).is_err());
}
