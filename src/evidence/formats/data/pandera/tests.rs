use crate::evidence::read;
use crate::model::Evidence;

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "pandera");
    evidence
}

fn failed(evidence: &Evidence) -> Vec<&str> {
    assert!(evidence.checks.iter().all(|check| !check.passed));
    evidence.checks.iter().map(|check| check.name.as_str()).collect()
}

const CSV: &str = "schema_context,column,check,check_number,failure_case,index\n\
                   Column,age,\"in_range(17, 90)\",0,120,0\nColumn,age,\"in_range(17, 90)\",0,130,4\n\
                   DataFrameSchema,,column_in_dataframe,,hours,\n";

/// Checks that the evidence says what the rows of [`CSV`] say, in any shape.
fn is_the_table(evidence: &Evidence) {
    assert_eq!(failed(evidence), ["age:in_range(17, 90)", "nan:column_in_dataframe"]);
    let counts: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value, m.n)).collect();
    assert_eq!(
        counts,
        [
            ("failure_cases", Some(3.0), None),
            ("age:in_range(17, 90).failure_cases", Some(2.0), None),
            ("nan:column_in_dataframe.failure_cases", Some(1.0), None),
        ]
    );
    assert_eq!(evidence.checks[0].detail.as_deref(), Some("2 failure cases, the first 120"));
}

#[test]
fn every_shape_of_the_table_says_the_same() {
    is_the_table(&found(CSV));
    let mut index = String::new();
    for (i, line) in CSV.lines().enumerate() {
        let cell = if i == 0 { String::new() } else { (i - 1).to_string() };
        index.push_str(&format!("{cell},{line}\n"));
    }
    is_the_table(&found(&index));
    let rows = [
        r#"{"schema_context":"Column","column":"age","check":"in_range(17, 90)","check_number":0.0,"failure_case":"120","index":0}"#,
        r#"{"schema_context":"Column","column":"age","check":"in_range(17, 90)","check_number":0.0,"failure_case":"130","index":4}"#,
        r#"{"schema_context":"DataFrameSchema","column":null,"check":"column_in_dataframe","check_number":null,"failure_case":"hours","index":null}"#,
    ];
    is_the_table(&found(&format!("[{}]", rows.join(","))));
    is_the_table(&found(&rows.join("\n")));
    let by_column = r#"{"schema_context":{"0":"Column","1":"Column","2":"DataFrameSchema"},"column":{"0":"age","1":"age","2":null},
        "check":{"0":"in_range(17, 90)","1":"in_range(17, 90)","2":"column_in_dataframe"},"failure_case":{"0":"120","1":"130","2":"hours"}}"#;
    is_the_table(&found(by_column));
    let lists = r#"{"schema_context":["Column","Column","DataFrameSchema"],"column":["age","age",null],
        "check":["in_range(17, 90)","in_range(17, 90)","column_in_dataframe"],"failure_case":["120","130","hours"]}"#;
    is_the_table(&found(lists));
    is_the_table(&found(&format!("{{\"0\":{},\"1\":{},\"2\":{}}}", rows[0], rows[1], rows[2])));
    let split = r#"{"columns":["failure_case","schema_context","column","check"],"index":[0,1,2],"data":[
        ["120","Column","age","in_range(17, 90)"],["130","Column","age","in_range(17, 90)"],["hours","DataFrameSchema",null,"column_in_dataframe"]]}"#;
    is_the_table(&found(split));
    let table = format!(
        r#"{{"schema":{{"fields":[{{"name":"index"}},{{"name":"schema_context"}},{{"name":"column"}},{{"name":"check"}},
            {{"name":"failure_case"}}]}},"data":[{}]}}"#,
        rows.join(",")
    );
    is_the_table(&found(&table));
}

#[test]
fn one_json_line_is_one_case() {
    let line =
        r#"{"schema_context":"Column","column":0,"check":"unique","failure_case":7,"index":1}"#;
    let evidence = read(format!("{line}\n").as_bytes(), Some("pandera")).unwrap();
    assert_eq!(failed(&evidence), ["0:unique"]);
}

#[test]
fn an_empty_table_is_zero_failures_and_a_warning() {
    for text in ["[]", "schema_context,column,check,check_number,failure_case,index\n"] {
        let evidence = found(text);
        assert_eq!((evidence.checks.len(), evidence.measurements.len()), (0, 1));
        assert_eq!(evidence.measurements[0].value, Some(0.0));
        assert!(
            evidence.warnings[0].contains("does not say that anything was looked at"),
            "{:?}",
            evidence.warnings
        );
    }
    assert_eq!(read(b"{}", None).unwrap_err().code(), "evidence-not-understood");
    assert_eq!(read(b"{}", Some("pandera")).unwrap().measurements[0].value, Some(0.0));
}

#[test]
fn a_message_lists_the_checks_that_failed() {
    let text = r#"{"DATA": {"DATAFRAME_CHECK": [{"schema": "features", "column": "age", "check": "in_range(17, 90)",
        "error": "Column 'age' failed\nmore"}]}, "SCHEMA": {"SERIES_CONTAINS_NULLS": [{"schema": null, "column": null,
        "check": "not_nullable", "error": "nulls"}]}}"#;
    let evidence = found(text);
    assert_eq!(failed(&evidence), ["age:in_range(17, 90)", "nan:not_nullable"]);
    assert_eq!(evidence.checks[0].detail.as_deref(), Some("DATAFRAME_CHECK: Column 'age' failed"));
    assert!(evidence.measurements.is_empty());
}

#[test]
fn a_broken_table_is_refused_with_its_place() {
    for (text, at) in [
        ("schema_context,column,check,failure_case\nColumn,age\n", "line 2"),
        (
            r#"[{"schema_context":1,"column":1,"check":1,"failure_case":1},
             7]"#,
            "line 2",
        ),
        (r#"{"schema_context":{},"column":{"0":"a"},"check":{},"failure_case":{}}"#, "line 1"),
        (
            r#"{"schema_context":{},"column":{"0":"a"},"check":{"1":"b"},"failure_case":{"0":"c"}}"#,
            "differ in their index",
        ),
    ] {
        let error = read(text.as_bytes(), None).unwrap_err();
        assert_eq!(error.code(), "evidence-invalid", "{text}");
        assert!(error.to_string().contains(at), "{error}");
    }
}
