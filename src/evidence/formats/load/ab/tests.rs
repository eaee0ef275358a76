use crate::evidence::read;
use crate::model::{Evidence, Measurement, Unit};

const BAD: &str = include_str!("../../../../../tests/fixtures/evidence/ab/ab_bad.txt");

fn ab(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "ab");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

#[test]
fn text_is_in_milliseconds_of_the_completed_requests() {
    let evidence = ab(BAD);
    let p100 = of(&evidence, "p100");
    assert_eq!(
        (p100.value, p100.quantile, p100.n, p100.unit),
        (Some(452.0), Some(1.0), Some(300), Some(Unit::Milliseconds))
    );
    assert_eq!(of(&evidence, "Processing.sd").value, Some(90.0));
    assert_eq!(of(&evidence, "Time per request").value, Some(78.606));
    assert_eq!(
        of(&evidence, "Time per request (mean, across all concurrent requests)").value,
        Some(9.826)
    );
    assert_eq!(evidence.producer.as_ref().and_then(|p| p.version.as_deref()), Some("2.3"));
    assert!(!evidence.checks[0].passed);
    // 57 answers of another length and 57 that were not 2xx: the file does not say whether they are
    // the same ones.
    assert!(evidence.measurements.iter().all(|m| m.metric != "error_rate"));
    let lengths = ab(&BAD.replace("Non-2xx responses:      57\n", ""));
    assert_eq!(
        (of(&lengths, "error_rate").successes, of(&lengths, "error_rate").trials),
        (Some(57), Some(300))
    );
}

#[test]
fn the_short_table_of_times_is_read_too() {
    let text = BAD
        .replace("              min  mean[+/-sd] median   max", "              min   avg   max")
        .replace("Total:         50   72  90.0     51     452", "Total:         50   72   452");
    let evidence = ab(&text);
    assert_eq!(of(&evidence, "Total.avg").value, Some(72.0));
    assert!(evidence.measurements.iter().all(|m| m.source_name != "Processing.avg"));
}

#[test]
fn a_banner_without_a_result_is_a_failed_check() {
    let (banner, _) = BAD.split_once("Server Software").unwrap();
    let evidence = ab(banner);
    assert!(evidence.measurements.is_empty() && !evidence.checks[0].passed);
}

#[test]
fn output_that_was_cut_off_gives_no_shorter_number() {
    let whole = ab(BAD);
    for end in 0..BAD.len() {
        let Ok(evidence) = read(&BAD.as_bytes()[..end], None) else { continue };
        for m in &evidence.measurements {
            assert_eq!(of(&whole, &m.source_name).value, m.value, "{} at {end}", m.source_name);
        }
        assert!(evidence.checks.iter().all(|c| !c.passed), "{end}");
    }
}

#[test]
fn percentiles_have_no_n_and_requests_are_the_whole_sample() {
    let evidence = ab("Percentage served,Time in ms\n0,0.414\n99,16.080\n100,21.552\n");
    assert_eq!(
        (of(&evidence, "p99").value, of(&evidence, "p99").n, of(&evidence, "p0").quantile),
        (Some(16.08), None, Some(0.0))
    );
    assert!(read(b"Percentage served,Time in ms\n0,0.414\n99,16.0", None).is_err());
    let rows = "starttime\tseconds\tctime\tdtime\tttime\twait\n\
                Sat Nov 21 14:27:37 2026\t1795184857\t0\t5\t5\t5\nSat Nov 21 14:27:37 2026\t1795184857\t0\t9\t9\t8\n";
    let evidence = ab(rows);
    let p50 = of(&evidence, "p50");
    assert_eq!((p50.value, p50.n, p50.rounding), (Some(7.0), Some(2), 0.5));
    assert_eq!(p50.distribution.as_ref().unwrap().buckets[1].high, 9.5);
}
