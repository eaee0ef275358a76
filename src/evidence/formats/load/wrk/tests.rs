use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const BAD: &str = include_str!("../../../../../tests/fixtures/evidence/wrk/wrk_bad.txt");
/// The example in wrk2's README, with a shortened spectrum.
const WRK2: &str = include_str!("../../../../../tests/fixtures/evidence/wrk/wrk2_readme.txt");

fn wrk(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "wrk");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn units_are_those_of_the_line() {
    let text =
        BAD.replace("92.06ms", "1.20m").replace("158.47ms", "850.00us").replace("74.00 ", "1.05k ");
    let evidence = wrk(&text);
    let read =
        |name| (of(&evidence, name).value, of(&evidence, name).unit, of(&evidence, name).rounding);
    assert_eq!(read("p50"), (Some(92.0), Some(Unit::Milliseconds), 0.005));
    assert_eq!(read("p75"), (Some(72.0), Some(Unit::Seconds), 0.3));
    assert_eq!(read("p90"), (Some(850.0), Some(Unit::Microseconds), 0.005));
    assert_eq!(of(&evidence, "Req/Sec.Avg").value, Some(1050.0));
}

#[test]
fn failed_answers_are_counted() {
    let evidence = wrk(BAD);
    let rate = of(&evidence, "error_rate");
    assert_eq!(
        (rate.successes, rate.trials, of(&evidence, "non_2xx").value),
        (Some(48), Some(222), Some(48.0))
    );
    assert!(!evidence.checks[0].passed);
    let good = wrk(&BAD.replace("  Non-2xx or 3xx responses: 48\n", ""));
    assert_eq!((of(&good, "non_2xx").value, good.checks[0].passed), (Some(0.0), true));
    let sockets = wrk(&BAD
        .replace("  Non-2xx", "  Socket errors: connect 0, read 3, write 0, timeout 7\n  Non-2xx"));
    assert_eq!(of(&sockets, "Socket errors.timeout").value, Some(7.0));
    assert!(
        sockets.measurements.iter().all(|m| m.metric != "error_rate") && !sockets.checks[0].passed
    );
}

#[test]
fn no_request_is_undefined_and_a_failed_check() {
    let text = BAD.replace("222 requests", "0 requests").replace("91.36%", "-nan%");
    let evidence = wrk(&text);
    assert!(!evidence.checks[0].passed);
    for name in ["p99", "Latency.Avg", "Transfer/sec", "Latency.+/- Stdev"] {
        assert_eq!(of(&evidence, name).value, None, "{name}");
    }
}

#[test]
fn output_that_was_cut_off_gives_no_shorter_number() {
    for end in 0..BAD.len() {
        let Ok(evidence) = read(&BAD.as_bytes()[..end], Some("wrk")) else { continue };
        let p99 = of(&evidence, "p99");
        assert_eq!(
            (p99.value, p99.unit, p99.n),
            (Some(491.97), Some(Unit::Milliseconds), Some(222)),
            "{end}"
        );
        assert!(evidence.checks.iter().all(|c| !c.passed), "{end}");
        assert!(
            evidence
                .measurements
                .iter()
                .all(|m| m.metric != "Requests/sec" || m.value == Some(73.97)),
            "{end}"
        );
    }
    assert_eq!(wrk(BAD.trim_end()).measurements.len(), wrk(BAD).measurements.len());
}

#[test]
fn the_spectrum_of_wrk2_is_the_whole_sample() {
    let evidence = wrk(WRK2);
    assert_eq!(evidence.producer.as_ref().and_then(|p| p.tool.as_deref()), Some("wrk2"));
    let p99 = of(&evidence, "p99");
    assert_eq!((p99.value, p99.n, p99.quantile), (Some(11.18), Some(39_500), Some(0.99)));
    let sample = p99.distribution.as_ref().unwrap();
    assert_eq!(sample.count(), 39_500);
    let bucket = sample.at(39_105).unwrap();
    assert!(bucket.low < 11.18 && bucket.high > 11.18, "{bucket:?}");
    assert_eq!(of(&evidence, "p99.999").quantile, Some(0.99999));
}
