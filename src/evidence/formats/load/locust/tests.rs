use super::rows::around;
use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice, Unit};

const STATS: &str =
    include_str!("../../../../../tests/fixtures/evidence/locust/locust_bad_stats.csv");
const JSON: &str = include_str!("../../../../../tests/fixtures/evidence/locust/locust_bad.json");

fn locust(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "locust");
    evidence
}

fn of<'e>(evidence: &'e Evidence, name: &str, slice: &Slice) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name && m.slice == *slice).unwrap()
}

#[test]
fn rounding_is_finer_below_a_power_of_ten() {
    assert_eq!(
        [0.0, 99.0, 100.0, 150.0, 1_000.0, 1_100.0, 10_000.0, 11_000.0].map(around),
        [
            (0.5, 0.5),
            (0.5, 0.5),
            (0.5, 5.0),
            (5.0, 5.0),
            (5.0, 50.0),
            (50.0, 50.0),
            (50.0, 500.0),
            (500.0, 500.0),
        ]
    );
}

#[test]
fn the_aggregated_row_is_the_whole_too() {
    let evidence = locust(STATS);
    for (slice, aggregate) in [(Slice::overall(), false), (Slice::one("name", "Aggregated"), true)]
    {
        let p99 = of(&evidence, "99%", &slice);
        assert_eq!(
            (p99.value, p99.quantile, p99.n, p99.aggregate),
            (Some(500.0), Some(0.99), Some(234), aggregate)
        );
        assert_eq!(
            (p99.unit, p99.rounding, p99.metric.as_str()),
            (Some(Unit::Milliseconds), 5.0, "latency")
        );
    }
    let rate = of(&evidence, "error_rate", &Slice::overall());
    assert_eq!((rate.successes, rate.trials), (Some(44), Some(234)));
    let names: Vec<&str> = evidence.checks.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "requests succeeded [POST /predict]",
            "requests succeeded [POST /预测, batch \"v2\"]",
            "requests succeeded"
        ]
    );
}

#[test]
fn methods_tell_rows_of_one_name_apart() {
    let text = STATS.replace("POST,\"/预测, batch \"\"v2\"\"\"", "GET,/predict");
    let evidence = locust(&text);
    let mut get = Slice::one("name", "/predict");
    get.0.insert("method".to_owned(), "GET".to_owned());
    assert_eq!(of(&evidence, "Request Count", &get).value, Some(59.0));
}

#[test]
fn no_request_is_undefined_and_a_failed_check() {
    let header = STATS.lines().next().unwrap();
    let text = format!("{header}\n,Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,{}\n", ["N/A"; 11].join(","));
    let evidence = locust(&text);
    for name in ["99%", "Requests/s", "Max Response Time"] {
        assert_eq!(of(&evidence, name, &Slice::overall()).value, None, "{name}");
    }
    assert!(!evidence.checks[0].passed);
    assert!(!locust(&format!("{header}\n")).checks[0].passed);
    assert!(!read(b"[]", Some("locust")).unwrap().checks[0].passed);
}

#[test]
fn the_columns_before_1_0_have_no_error_rate() {
    let text = "\"Type\",\"Name\",\"# requests\",\"# failures\",\"Median response time\",\"50%\",\"99.999\",\"100%\"\n\
                \"GET\",\"/\",10,3,\"95\",95,98,99\n\"None\",\"Aggregated\",10,3,\"95\",95,98,99\n";
    let evidence = locust(text);
    assert_eq!(of(&evidence, "99.999", &Slice::overall()).quantile, Some(0.99999));
    assert!(evidence.measurements.iter().all(|m| m.metric != "error_rate" && m.n.is_none()));
    assert!(!evidence.checks[1].passed);
}

#[test]
fn rows_that_were_cut_off_are_refused() {
    assert!(read(STATS.trim_end().as_bytes(), None).is_err());
    assert!(read(&STATS.as_bytes()[..STATS.len() - 20], None).is_err());
}

#[test]
fn the_counts_of_the_json_are_the_whole_sample() {
    let evidence = locust(JSON);
    let p99 = of(&evidence, "p99", &Slice::one("name", "/predict"));
    // floor(192 × 0.99) = 190 times are below: the 191st is 490.
    assert_eq!((p99.value, p99.n, p99.rounding), (Some(490.0), Some(192), 5.0));
    let sample = p99.distribution.as_ref().unwrap();
    assert_eq!(sample.at(192).map(|b| (b.low, b.high)), Some((495.0, 505.0)));
    assert_eq!(sample.at(184).map(|b| (b.low, b.high)), Some((115.0, 125.0)));
    let all = of(&evidence, "p99", &Slice::overall());
    assert_eq!((all.n, all.distribution.as_ref().map(|d| d.count())), (Some(255), Some(255)));
    assert_eq!(of(&evidence, "num_failures", &Slice::overall()).value, Some(51.0));
    assert_eq!(
        evidence.produced_at.map(|t| t.to_string()).as_deref(),
        Some("2026-11-20T14:27:42.003385Z")
    );
}

#[test]
fn times_rounded_otherwise_give_no_sample() {
    for (from, to) in
        [("\"490\": 6", "\"493\": 6"), ("\"92\": 11", "\"92\": 10"), ("\"96\": 21", "\"60\": 21")]
    {
        let evidence = locust(&JSON.replace(from, to));
        let named = |slice: &Slice| {
            evidence.measurements.iter().any(|m| m.source_name == "p99" && m.slice == *slice)
        };
        assert!(!named(&Slice::one("name", "/predict")) && !named(&Slice::overall()), "{to}");
    }
}

#[test]
fn the_other_files_are_read_for_what_they_say() {
    let history =
        include_str!("../../../../../tests/fixtures/evidence/locust/locust_bad_stats_history.csv");
    let evidence = locust(history);
    assert_eq!(
        of(&evidence, "Total Request Count", &Slice::one("name", "/predict")).value,
        Some(175.0)
    );
    assert_eq!(of(&evidence, "error_rate", &Slice::overall()).trials, Some(234));
    let failures =
        include_str!("../../../../../tests/fixtures/evidence/locust/locust_bad_failures.csv");
    assert_eq!(of(&locust(failures), "Occurrences", &Slice::overall()).value, Some(44.0));
    assert!(!locust(failures).checks[0].passed);
    assert!(locust("Method,Name,Error,Occurrences,First Seen,Last Seen\n").checks.is_empty());
    assert!(!locust("Count,Message,Traceback,Nodes\n2,boom,\"a, b\",local\n").checks[0].passed);
}
