use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

fn found(text: &str) -> Evidence {
    let evidence = read(text.as_bytes(), None).unwrap();
    assert_eq!(evidence.format, "nannyml");
    evidence
}

fn named<'e>(evidence: &'e Evidence, name: &str) -> &'e Measurement {
    evidence.measurements.iter().find(|m| m.source_name == name).unwrap()
}

fn checks(evidence: &Evidence) -> Vec<(&str, bool)> {
    evidence.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
}

const REALIZED: &str = "chunk,chunk,chunk,chunk,chunk,chunk,accuracy,accuracy,accuracy,accuracy\n\
    key,chunk_index,start_index,end_index,period,targets_missing_rate,sampling_error,value,upper_threshold,alert\n\
    [0:499],0,0,499,analysis,0.0,0.018,0.798,0.84,False\n";

#[test]
fn realized_performance_rests_on_the_rows_of_its_chunk() {
    let evidence = found(REALIZED);
    let accuracy = named(&evidence, "accuracy");
    assert_eq!((accuracy.value, accuracy.n), (Some(0.798), Some(500)));
    assert_eq!(accuracy.slice, Slice::one("chunk", "[0:499]"));
    assert_eq!(checks(&evidence), [("accuracy no alert [[0:499]]", true)]);
    assert_eq!(evidence.checks[0].detail.as_deref(), Some("value 0.798, at most 0.84"));
    assert_eq!(named(&evidence, "accuracy/upper_threshold").value, Some(0.84));
    // Missing targets, and dropped rows: 0.7985 cannot be a count of 500.
    assert_eq!(named(&found(&REALIZED.replace(",0.0,", ",0.1,")), "accuracy").n, None);
    assert_eq!(named(&found(&REALIZED.replace("0.798,", "0.7985,")), "accuracy").n, None);
}

#[test]
fn an_estimate_has_an_interval_and_no_rows() {
    let text = "chunk,chunk,chunk,chunk,accuracy,accuracy,accuracy,accuracy,accuracy,accuracy\n\
        key,chunk_index,start_index,end_index,value,sampling_error,realized,upper_confidence_boundary,lower_confidence_boundary,alert\n\
        [0:499],0,0,499,0.795,0.018,,0.849,0.741,True\n";
    let evidence = found(text);
    let estimate = named(&evidence, "accuracy");
    assert_eq!((estimate.n, estimate.trials), (None, None));
    let [interval] = estimate.intervals.as_slice() else { panic!() };
    assert_eq!((interval.lower, interval.upper, interval.sides), (Some(0.741), Some(0.849), 2));
    assert_eq!(named(&evidence, "accuracy/realized").value, None);
    assert!(!evidence.checks[0].passed);
    assert!(evidence.warnings[0].contains("estimates"), "{:?}", evidence.warnings);
}

const DRIFT: &str = "chunk,chunk,chunk,chunk,age,age,age,sex,sex\nchunk,chunk,chunk,chunk,kolmogorov_smirnov,kolmogorov_smirnov,kolmogorov_smirnov,chi2,chi2\n\
    key,chunk_index,start_index,end_index,value,upper_threshold,alert,value,alert\n\
    [0:624],0,0,624,0.1484,0.0476,True,3.91,False\n[625:1249],1,625,1249,,0.0476,False,0.43,\n";

/// Checks that the evidence says what [`DRIFT`] says, in any shape; `join` is how the shape joins a
/// column and its method.
fn is_drift(evidence: &Evidence, join: &str) {
    let names: Vec<_> =
        evidence.measurements.iter().map(|m| (m.source_name.as_str(), m.value)).collect();
    let (ks, chi2, bound) = (
        format!("age{join}kolmogorov_smirnov"),
        format!("sex{join}chi2"),
        format!("age{join}kolmogorov_smirnov/upper_threshold"),
    );
    assert_eq!(
        names,
        [
            (ks.as_str(), Some(0.1484)),
            (&bound, Some(0.0476)),
            (&chi2, Some(3.91)),
            (&ks, None),
            (&bound, Some(0.0476)),
            (&chi2, Some(0.43)),
        ]
    );
    assert_eq!(
        checks(evidence),
        [
            (format!("{ks} no alert [[0:624]]").as_str(), false),
            (&format!("{chi2} no alert [[0:624]]"), true),
            // Without a value nothing was compared, and an empty alert is not a pass.
            (&format!("{ks} no alert [[625:1249]]"), false),
            (&format!("{chi2} no alert [[625:1249]]"), false),
        ]
    );
}

#[test]
fn every_shape_of_a_frame_says_the_same() {
    is_drift(&found(DRIFT), "/");
    let indexed: Vec<String> = DRIFT
        .lines()
        .enumerate()
        .map(|(i, line)| if i < 3 { format!(",{line}\n") } else { format!("{},{line}\n", i - 3) })
        .collect();
    is_drift(&found(&indexed.concat()), "/");
    let flat = "chunk_key,chunk_index,chunk_start_index,chunk_end_index,age_kolmogorov_smirnov_value,age_kolmogorov_smirnov_upper_threshold,age_kolmogorov_smirnov_alert,sex_chi2_value,sex_chi2_alert\n\
        [0:624],0,0,624,0.1484,0.0476,True,3.91,False\n[625:1249],1,625,1249,,0.0476,False,0.43,\n";
    is_drift(&found(flat), "_");
    let row = |join: &dyn Fn(&[&str]) -> String,
               key: &str,
               ks: &str,
               alert: &str,
               chi2: &str,
               quiet: &str| {
        let name = |levels: &[&str]| join(levels);
        format!(
            r#"{{"{}": "{key}", "{}": 0, "{}": 0, "{}": 624, "{}": {ks}, "{}": 0.0476, "{}": {alert}, "{}": {chi2}, "{}": {quiet}}}"#,
            name(&["chunk", "chunk", "key"]),
            name(&["chunk", "chunk", "chunk_index"]),
            name(&["chunk", "chunk", "start_index"]),
            name(&["chunk", "chunk", "end_index"]),
            name(&["age", "kolmogorov_smirnov", "value"]),
            name(&["age", "kolmogorov_smirnov", "upper_threshold"]),
            name(&["age", "kolmogorov_smirnov", "alert"]),
            name(&["sex", "chi2", "value"]),
            name(&["sex", "chi2", "alert"]),
        )
    };
    let bars = |levels: &[&str]| levels.join("|");
    let tuple = |levels: &[&str]| format!("('{}')", levels.join("', '"));
    for join in [&bars as &dyn Fn(&[&str]) -> String, &tuple] {
        let first = row(join, "[0:624]", "0.1484", "true", "3.91", "false");
        let second = row(join, "[625:1249]", "null", "false", "0.43", "null");
        is_drift(&found(&format!("[{first}, {second}]")), "/");
    }
    let columns = r#"{"chunk|key": {"0": "[0:9]"}, "chunk|chunk_index": {"0": 0}, "chunk|start_index": {"0": 0}, "chunk|end_index": {"0": 9},
        "f1|value": {"0": 0.5}, "f1|alert": {"0": false}}"#;
    assert_eq!(checks(&found(columns)), [("f1 no alert [[0:9]]", true)]);
}

#[test]
fn the_reference_period_is_told_apart() {
    let evidence = found(&REALIZED.replace("analysis", "reference"));
    assert_eq!(named(&evidence, "accuracy").scope.as_deref(), Some("reference"));
    assert!(evidence.warnings[0].contains("period"), "{:?}", evidence.warnings);
    assert!(found(REALIZED).warnings.is_empty());
}

#[test]
fn a_result_without_chunks_is_not_good_news() {
    let header: Vec<&str> = REALIZED.lines().take(2).collect();
    let evidence = found(&(header.join("\n") + "\n"));
    assert_eq!(checks(&evidence), [("chunks", false)]);
}

#[test]
fn a_broken_frame_is_refused_with_its_place() {
    let cut = REALIZED.replace(",0.84,False", "");
    let error = read(cut.as_bytes(), None).unwrap_err();
    assert!(error.to_string().contains("line 3"), "{error}");
    for text in ["[1]", "{}", "a,b\n1,2\n", "7", r#"[{"chunk|key": 1}, {"x": 2}]"#] {
        assert!(read(text.as_bytes(), Some("nannyml")).is_err(), "{text}");
    }
}

#[test]
fn a_confusion_matrix_gives_the_counts() {
    let counts = [
        ("recall", "0.75"),
        ("true_positive", "3"),
        ("false_positive", "1"),
        ("true_negative", "4"),
        ("false_negative", "1"),
    ];
    let of = |recall: &str, negatives: &str| {
        let (mut names, mut fields, mut cells) = (String::new(), String::new(), String::new());
        for (name, value) in counts {
            names += &format!(",{name}");
            fields += ",value";
            cells += &format!(
                ",{}",
                if name == "recall" {
                    recall
                } else if name == "true_negative" {
                    negatives
                } else {
                    value
                }
            );
        }
        let evidence = found(&format!(
            "chunk,chunk,chunk,chunk,chunk{names}\nkey,chunk_index,start_index,end_index,targets_missing_rate{fields}\n[0:8],0,0,8,0.0{cells}\n"
        ));
        (named(&evidence, "recall").trials, named(&evidence, "recall").successes)
    };
    assert_eq!(of("0.75", "4"), (Some(4), Some(3)));
    // Other rows, or shares instead of counts.
    assert_eq!(of("0.8", "4"), (None, None));
    assert_eq!(of("0.75", "5"), (None, None));
    assert_eq!(of("0.75", "0.4"), (None, None));
}
