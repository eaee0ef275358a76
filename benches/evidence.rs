//! Measures reading documents of 8 MB: the time of a format compared with the least time for its
//! syntax.
//!
//! Run with `cargo bench --bench evidence`. Each line shows the best of several rounds and its
//! ratio to the baseline of the same round: `serde_json` to a tree for JSON, `roxmltree` for XML,
//! `csv` for tables.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured"
)]

use modelgate::evidence::{Mapping, read};
use std::{fmt::Write as _, hint::black_box, time::Instant};

const ROUNDS: usize = 7;

fn best(mut work: impl FnMut()) -> f64 {
    let once = |work: &mut dyn FnMut()| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64() * 1e3
    };
    (0..ROUNDS).map(|_| once(&mut work)).fold(f64::INFINITY, f64::min)
}

fn line(name: &str, bytes: usize, ours: f64, floor: f64) {
    let size = f64::from(u32::try_from(bytes).expect("a small document")) / 1e6;
    println!(
        "{name:<44} {size:>6.1} MB {ours:>8.1} ms  floor {floor:>7.1} ms  ratio {:>5.2}",
        ours / floor
    );
}

fn json_floor(text: &str) -> f64 {
    best(|| drop(black_box(serde_json::from_str::<serde_json::Value>(text).expect("JSON"))))
}

fn report() -> String {
    let mut text = "{".to_owned();
    for class in 0..55_000 {
        let _ = write!(
            text,
            "\"sku-{class}/ключ\": {{\"precision\": 0.9361702127659575, \"recall\": 0.7857142857142857, \
             \"f1-score\": 0.854368932038835, \"support\": 56.0}}, "
        );
    }
    text.push_str(
        "\"accuracy\": 0.8296150000000001, \"macro avg\": {\"precision\": 0.9, \"recall\": 0.8, \"f1-score\": 0.85, \
         \"support\": 3080000.0}}",
    );
    text
}

fn main() {
    let text = report();
    let floor = json_floor(&text);
    line(
        "scikit-learn report, 55,000 classes",
        text.len(),
        best(|| drop(black_box(read(text.as_bytes(), None)))),
        floor,
    );
    let unknown = text.replace("\"recall\"", "\"rappel\"");
    let floor = json_floor(&unknown);
    let ours = best(|| drop(black_box(read(unknown.as_bytes(), None))));
    line("JSON that no format recognises", unknown.len(), ours, floor);

    let mapping = "name = \"m\"\nsyntax = \"json\"\n[[measurement]]\neach = \"$.*\"\nmetric = \"recall\"\n\
                   value = { path = \"$.recall\" }\nn = { path = \"$.support\" }\n";
    let mapping = Mapping::parse(mapping.as_bytes()).expect("a mapping");
    let rows = text.replacen("\"accuracy\": 0.8296150000000001, ", "", 1);
    let floor = json_floor(&rows);
    line(
        "the same by a mapping",
        rows.len(),
        best(|| drop(black_box(mapping.read(rows.as_bytes())))),
        floor,
    );

    let mut xml =
        "<testsuites><testsuite name=\"s\" tests=\"70000\" failures=\"0\" errors=\"0\" skipped=\"0\">".to_owned();
    for case in 0..70_000 {
        let _ = write!(
            xml,
            "<testcase classname=\"tests.test_model\" name=\"test_segment[{case}]\" time=\"0.012\"><system-out>ok</system-out></testcase>"
        );
    }
    xml.push_str("</testsuite></testsuites>");
    let floor = best(|| drop(black_box(roxmltree::Document::parse(&xml).expect("XML"))));
    line(
        "JUnit XML, 70,000 cases",
        xml.len(),
        best(|| drop(black_box(read(xml.as_bytes(), None)))),
        floor,
    );

    let mut csv =
        "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset\n".to_owned();
    for row in 0..130_000 {
        let _ = writeln!(
            csv,
            "0.{:04},0.0011,0.0000,0.0000,0.0440,0.0001,200,{}.{:04}",
            row % 9_000 + 100,
            row / 90,
            row % 10_000
        );
    }
    let floor = best(|| {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        black_box(reader.records().map(|record| record.expect("a row").len()).sum::<usize>());
    });
    line(
        "hey CSV, 130,000 requests",
        csv.len(),
        best(|| drop(black_box(read(csv.as_bytes(), None)))),
        floor,
    );
}
