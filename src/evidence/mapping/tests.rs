use super::*;
use crate::{
    evidence::EvidenceError,
    model::{Slice, Unit},
};

const EVAL: &str = r#"
name = "acme-eval"
syntax = "json"
dataset = { path = "$.data.set" }
produced_at = { path = "$.finished" }

[[measurement]]
metric = "accuracy"
value = { path = "$.overall.acc" }
n = { path = "$.overall.rows" }
successes = { path = "$.overall.right" }
interval = { lower = { path = "$.overall.ci[0]" }, upper = { path = "$.overall.ci[1]" }, confidence = 0.95, method = "bootstrap" }

[[measurement]]
each = "$.groups[?@.rows > 0]"
metric = { path = "$.metric" }
value = { path = "$.v" }
n = { path = "$.rows" }
slice = { region = { path = "$.region" }, product = "loans" }

[[measurement]]
metric = "latency"
value = { path = "$.p99" }
quantile = 0.99
unit = "ms"

[[check]]
each = "$.tests[*]"
name = { path = "$.id" }
passed = { path = "$.status" }
equals = ["PASS", "SKIP"]
detail = { path = "$.why" }
"#;

const DOCUMENT: &str = r#"{
  "data": {"set": "holdout"}, "finished": "2026-11-20T12:00:00Z",
  "overall": {"acc": 0.9325, "rows": 400, "right": 373, "ci": [0.9, 0.95]},
  "groups": [
    {"metric": "recall_score", "v": "NaN", "region": "north", "rows": 10},
    {"metric": "recall_score", "v": "87.5 %", "region": 7, "rows": 8.0},
    {"metric": "recall_score", "v": 1, "region": "empty", "rows": 0}
  ],
  "p99": 84.1,
  "tests": [{"id": "a", "status": "PASS", "why": "fine"}, {"id": "b", "status": "FAIL", "why": "3 rows"}]
}"#;

fn mistakes(toml: &str) -> String {
    Mapping::parse(toml.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_team_s_own_json_becomes_evidence() {
    let mapping = Mapping::parse(EVAL.as_bytes()).unwrap();
    let evidence = mapping.read(DOCUMENT.as_bytes()).unwrap();
    assert_eq!(evidence.format, MAPPED);
    assert_eq!(evidence.dataset.unwrap().name.as_deref(), Some("holdout"));
    assert!(evidence.produced_at.is_some());
    let [overall, north, seven, latency] = &evidence.measurements[..] else {
        panic!("{:?}", evidence.measurements)
    };
    assert_eq!((overall.value, overall.n, overall.successes), (Some(0.9325), Some(400), Some(373)));
    assert_eq!((overall.source_name.as_str(), overall.rounding), ("acc", 5e-5));
    assert_eq!(overall.intervals[0].upper, Some(0.95));
    assert_eq!(
        (north.metric.as_str(), north.source_name.as_str(), north.value),
        ("recall", "recall_score", None)
    );
    assert_eq!(
        seven.slice,
        Slice([("product", "loans"), ("region", "7")].map(|(k, v)| (k.into(), v.into())).into())
    );
    assert_eq!((seven.value, seven.n), (Some(0.875), Some(8)));
    assert_eq!((latency.quantile, latency.unit), (Some(0.99), Some(Unit::Milliseconds)));
    let checks: Vec<_> =
        evidence.checks.iter().map(|c| (c.name.as_str(), c.passed, c.detail.as_deref())).collect();
    assert_eq!(checks, [("a", true, Some("fine")), ("b", false, Some("3 rows"))]);
    assert_eq!(evidence.warnings.len(), 2, "{:?}", evidence.warnings);
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let toml = "name = \"counts\"\nsyntax = \"csv\"\n[[measurement]]\nmetric = \"accuracy\"\nvalue = { column = \"v\" }\n\
                n = { column = \"n\" }\ntrials = { column = \"t\" }\nsuccesses = { column = \"k\" }\n";
    let mapping = Mapping::parse(toml.as_bytes()).unwrap();
    for (row, message) in [
        ("0.9,12000,,12662", "more successes than rows"),
        ("0.9,12000,11000,11001", "more successes than trials"),
        ("0.9,10,11,5", "more trials than rows"),
    ] {
        let error = mapping.read(format!("v,n,t,k\n{row}\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("line 2"), "{error}");
    }
    assert!(mapping.read(b"v,n,t,k\n0.9,10,10,9\n").is_ok());
}

#[test]
fn rows_of_a_table_become_evidence() {
    let toml = "name = \"sheet\"\nsyntax = \"csv\"\n[[measurement]]\nmetric = { column = \"metric\" }\n\
                value = { column = \"value\" }\nn = { column = \"rows\" }\nslice = { sex = { column = \"sex\" } }\n";
    let mapping = Mapping::parse(toml.as_bytes()).unwrap();
    let evidence =
        mapping.read(b"metric,value,rows,sex\naccuracy,0.90,120,f\naccuracy,,,m\n").unwrap();
    let read: Vec<_> =
        evidence.measurements.iter().map(|m| (m.value, m.n, m.slice.to_string())).collect();
    assert_eq!(
        read,
        [(Some(0.9), Some(120), "sex = f".to_owned()), (None, None, "sex = m".to_owned())]
    );
    let lines = "name = \"lines\"\nsyntax = \"json-lines\"\n[[measurement]]\nmetric = { path = \"$.m\" }\nvalue = { path = \"$.v\" }\n";
    let lines = Mapping::parse(lines.as_bytes()).unwrap();
    let evidence =
        lines.read(b"{\"m\": \"auc\", \"v\": 0.5}\n\n{\"m\": \"psi\", \"v\": 0.1}\n").unwrap();
    assert_eq!(evidence.measurements.len(), 2);
}

#[test]
fn every_mistake_of_a_mapping_is_told_with_its_place() {
    let toml = "name = \"No\"\nsyntax = \"json\"\n\n[[measurement]]\nmetric = \"$.x\"\nvalue = { path = \"$.[\" }\nunit = \"parsec\"\n\
                quantile = 99\nn = { column = \"n\" }\n\n[[check]]\nname = \"c\"\npassed = { path = \"$..a..b\" }\n";
    let told = mistakes(toml);
    for part in [
        "line 1",
        "lower-case",
        "fixed text",
        "no JSONPath",
        "parsec",
        "not between 0 and 1",
        "no columns",
        "line 11",
        "more than once",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(mistakes("name = \"a\"\nsyntax = \"json\"\n").contains("reads nothing"));
    assert!(mistakes("name = \"a\"\nsyntax = \"json\"\nsintax = 1\n").contains("line 3"));
    let fixed = "name = \"a\"\nsyntax = \"json\"\n[[measurement]]\nmetric = \"m\"\nvalue = 0.99\n";
    assert!(mistakes(fixed).contains("{ path ="), "{}", mistakes(fixed));
    let deep = format!(
        "name = \"a\"\nsyntax = \"json\"\n[[measurement]]\nmetric = \"m\"\nvalue = {{ path = \"$[?{}@.a{}]\" }}\n",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    assert!(mistakes(&deep).contains("no JSONPath"));
}

#[test]
fn a_document_that_is_not_as_the_mapping_says_is_refused_with_a_place() {
    let mapping = Mapping::parse(EVAL.as_bytes()).unwrap();
    for (from, to, says) in [
        ("\"acc\": 0.9325", "\"acc\": \"high\"", "not a number"),
        ("\"acc\": 0.9325", "\"acc\": [0.9]", "is a list"),
        ("\"rows\": 400", "\"rows\": 400.5", "not a count"),
        ("\"right\": 373", "\"right\": -1", "not a count"),
        ("\"region\": \"north\"", "\"region\": null", "slice"),
        ("2026-11-20T12:00:00Z", "yesterday", "no moment"),
    ] {
        assert!(DOCUMENT.contains(from));
        let error = mapping.read(DOCUMENT.replacen(from, to, 1).as_bytes());
        let Err(EvidenceError::Invalid { mistakes, .. }) = error else { panic!("{to}: {error:?}") };
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(
            told[0].starts_with("line ") && (told[0].contains(says) || says == "slice"),
            "{told:?}"
        );
    }
    let nothing = mapping
        .read(b"{\"data\": {\"set\": \"x\"}, \"finished\": \"2026-11-20T12:00:00Z\"}")
        .unwrap_err();
    assert!(nothing.to_string().contains("finds no measurement"), "{nothing}");
    let all = "name = \"a\"\nsyntax = \"json\"\n[[measurement]]\nmetric = \"m\"\nvalue = { path = \"$.groups[*].rows\" }\n";
    let error = Mapping::parse(all.as_bytes()).unwrap().read(DOCUMENT.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("finds 3 values"), "{error}");
}

/// Expected by RFC 9535, 2.3.5: what a filter finds does not depend on where or how a value is
/// written.
#[test]
fn filters_compare_values() {
    let document =
        br#"{"a": [{"k": 1, "v": 1}, {"k": 1.0, "v": 2}, {"k": "1", "v": 3}, {"k": true, "v": 4}, {"k": null, "v": 5},
        {"k": [1, 2], "v": 6}, {"v": 7}], "want": [1.0, 2e0]}"#;
    for (filter, values) in [
        ("@.k == 1", vec![1.0, 2.0]),
        ("@.k == '1'", vec![3.0]),
        ("@.k == true", vec![4.0]),
        ("@.k == null", vec![5.0]),
        ("@.k", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("!@.k", vec![7.0]),
        ("@.v >= 6", vec![6.0, 7.0]),
        ("@.k == 1 || @.v == 7", vec![1.0, 2.0, 7.0]),
        ("match(@.k, '[0-9]')", vec![3.0]),
    ] {
        let toml = format!(
            "name = \"a\"\nsyntax = \"json\"\n[[measurement]]\neach = \"$.a[?{filter}]\"\nmetric = \"m\"\nvalue = {{ path = \"$.v\" }}\n"
        );
        let evidence = Mapping::parse(toml.as_bytes()).unwrap().read(document).unwrap();
        let read: Vec<_> = evidence.measurements.iter().filter_map(|m| m.value).collect();
        assert_eq!(read, values, "{filter}");
    }
}

const LIST: &str = "name = \"m\"\nsyntax = \"json\"\n[[measurement]]\nmetric = \"accuracy\"\nvalue = { path = \"$.v\" }\n";

#[test]
fn paths_whose_work_outgrows_the_document_are_refused() {
    for (each, why) in [
        ("$.list[?count($.list[*]) > 5]", "one value only"),
        ("$.list[?$.a[?@.b]]", "one value only"),
        ("$[*,*][*,*]", "several selectors"),
        ("$['a','a']", "several selectors"),
        ("$[0,-1]", "several selectors"),
        ("$.list[?match(@.name, '(a{900}){9}b')]", "100 characters"),
        ("$.list[?search(@.name, @.pattern)]", "must be text"),
        ("$.list[?search(@.name, '(((')]", "no pattern"),
        ("$.list[?search(@.name, '[a')]", "no pattern"),
    ] {
        let message = mistakes(&format!("{LIST}each = \"{each}\"\n"));
        assert!(message.contains(why) && message.contains("line 3"), "{each}: {message}");
    }
    for each in [
        "$['a','b'][0,1]",
        "$.list[?@.id == $.current]",
        "$.list[?search(@.name, 'x[0-9]+') && $.on]",
        "$..[?@.v]",
        "$.list[?match(@.name, 'a.{3}b')]",
        "$.list[?count(@.*) > 1]",
    ] {
        assert!(Mapping::parse(format!("{LIST}each = \"{each}\"\n").as_bytes()).is_ok(), "{each}");
    }
}

#[test]
fn a_long_name_above_many_values_is_refused_and_not_written_out_for_each() {
    let mapping = Mapping::parse(format!("{LIST}each = \"$[*][*]\"\n").as_bytes()).unwrap();
    let read = |name: usize| {
        let rows = vec!["{\"v\": 0.5}"; 1_000].join(",");
        mapping.read(format!("{{\"{}\": [{rows}]}}", "x".repeat(name)).as_bytes())
    };
    assert_eq!(read(100).unwrap().measurements.len(), 1_000);
    assert!(read(1_000_000).unwrap_err().to_string().contains("too long"));
}

#[test]
fn patterns_are_kept_from_large_documents() {
    let mapping =
        Mapping::parse(format!("{LIST}each = \"$[?search(@.k, 'x')]\"\n").as_bytes()).unwrap();
    let read = |rows: usize| {
        mapping.read(format!("[{}]", vec!["{\"k\": \"x\", \"v\": 1}"; rows].join(",")).as_bytes())
    };
    assert_eq!(read(10).unwrap().measurements.len(), 10);
    assert!(read(200_000).unwrap_err().to_string().contains("too many for `match`"));
}

#[test]
fn a_table_is_refused_once_for_a_column_and_for_every_group_without_a_name() {
    let mapping = Mapping::parse(
        br#"
        name = "m"
        syntax = "csv"
        [[measurement]]
        metric = "accuracy"
        value = { column = "acc" }
        slice = { region = { column = "region" } }
        interval = { lower = { column = "lo" }, upper = { column = "hi" }, confidence = 0.95 }
        "#,
    )
    .unwrap();
    let read = |text: &str| mapping.read(text.as_bytes()).map_err(|error| error.to_string());
    assert!(read("acc,region,lo,hi\n0.9,a,0.8,0.95\n0.9,b,,NaN\n").is_ok());
    assert!(read("acc,region,lo,hi\n0.9,,0.8,0.95\n").unwrap_err().contains("region has no text"));
    assert!(
        read("acc,region,lo,hi\n0.9,a,low,0.95\n").unwrap_err().contains("interval.lower is `low`")
    );
    let missing = read("a,region,lo,hi\n0.9,a,0,1\n0.9,b,0,1\n").unwrap_err();
    assert_eq!(missing.matches("no column `acc`").count(), 1, "{missing}");
    assert!(missing.contains("the first line has `a`, `region`"), "{missing}");
    assert!(
        read("acc,acc,region,lo,hi\n1,1,a,0,1\n").unwrap_err().contains("more than one column")
    );
}

#[test]
fn a_check_that_passed_need_not_say_why() {
    let mapping = Mapping::parse(EVAL.as_bytes()).unwrap();
    let document = r#"{"data": {"set": "h"}, "finished": "2026-11-20T12:00:00Z", "tests": [{"id": "a", "status": "PASS"}]}"#;
    assert_eq!(mapping.read(document.as_bytes()).unwrap().checks[0].detail, None);
}

#[test]
fn an_archive_is_no_document_for_a_mapping() {
    let mapping = Mapping::parse(EVAL.as_bytes()).unwrap();
    let error = mapping.read(b"PK\x03\x04 and so on").unwrap_err();
    assert!(error.to_string().contains("zip archive; unpack it"), "{error}");
}
