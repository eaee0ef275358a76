//! `modelgate evidence compute`: compared with scikit-learn, scipy and fairlearn, and the same for
//! any order of rows.

use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/predictions")
}

fn file(name: &str) -> String {
    folder().join(name).to_str().unwrap().to_owned()
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder().join(name)).unwrap()).unwrap()
}

fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelgate"));
    command
        .args(["evidence", "compute"])
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn compute(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one measurement with this source name and slice.
fn find<'d>(document: &'d Value, name: &str, slice: &Value) -> &'d Value {
    let all = document["measurements"].as_array().unwrap();
    let found: Vec<_> =
        all.iter().filter(|m| m["source_name"] == name && m["slice"] == *slice).collect();
    assert_eq!(found.len(), 1, "{name} {slice}");
    found[0]
}

fn near(got: &Value, want: &Value, what: &str) {
    let want = want.as_f64().unwrap_or_else(|| panic!("{what}: {want}"));
    let got = got.as_f64().unwrap_or_else(|| panic!("{what} is {got}, expected {want}"));
    assert!((got - want).abs() <= 1e-9 * want.abs().max(1e-3), "{what}: {got} against {want}");
}

const COLUMNS: [&str; 8] =
    ["--label", "label", "--prediction", "pred", "--score", "score", "--latency", "latency_ms"];

#[test]
fn agrees_with_the_reference_libraries() {
    let reference = read("reference_metrics.json");
    let groups = ["sex", "race", "age_band"].as_slice();
    for (name, table, groups) in [
        ("adult_good.csv", "adult_good", groups),
        ("adult_good.parquet", "adult_good", groups),
        ("adult_good.arrow", "adult_good", groups),
        ("adult_good.arrows", "adult_good", groups),
        ("adult_bad.jsonl", "adult_bad", groups),
        ("adult_base.csv", "adult_base", groups),
        ("adult_unicode.csv", "adult_unicode", groups),
        ("adult_unicode.jsonl", "adult_unicode", groups),
        ("bc_good.csv", "bc_good", &["radius_band"]),
        ("bc_bad.csv", "bc_bad", &["radius_band"]),
    ] {
        let path = file(name);
        let groups: Vec<&str> = groups.iter().flat_map(|g| ["--group", g]).collect();
        let got = compute(
            &[&[path.as_str(), "--replicates", "100"], COLUMNS.as_slice(), &groups].concat(),
        );
        let want = &reference["tables"][table];
        for (metric, entry) in want["metrics"].as_object().unwrap() {
            let ours = match metric.as_str() {
                "brier" => "brier_score_loss",
                "ece_10_uniform_bins" => "expected_calibration_error",
                other => other,
            };
            near(
                &find(&got, ours, &json!({}))["value"],
                &entry["value"],
                &format!("{name} {metric}"),
            );
        }
        for (attribute, fairness) in want["fairness"].as_object().unwrap() {
            agrees_on_fairness(&got, name, attribute, fairness);
        }
        for q in ["50", "90", "95", "99"] {
            near(
                &find(&got, &format!("p{q}"), &json!({}))["value"],
                &want["latency_ms"][format!("p{q}_linear")],
                name,
            );
        }
    }
}

fn agrees_on_fairness(got: &Value, name: &str, attribute: &str, fairness: &Value) {
    let mut undefined = false;
    for (group, rates) in fairness["by_group"].as_object().unwrap() {
        let slice = json!({ attribute: group });
        for (theirs, ours) in [
            ("accuracy", "accuracy"),
            ("selection_rate", "selection_rate"),
            ("tpr", "true_positive_rate"),
            ("fpr", "false_positive_rate"),
            ("fnr", "false_negative_rate"),
        ] {
            let m = find(got, ours, &slice);
            if m["trials"] == 0 {
                // fairlearn returns 0 here.
                assert!(m["value"].is_null() && m["interval"].is_null(), "{m}");
                undefined = true;
            } else {
                near(&m["value"], &rates[theirs], &format!("{name} {slice} {ours}"));
                assert_eq!(m["interval"]["method"], "clopper-pearson");
            }
        }
    }
    for disparity in [
        "demographic_parity_difference",
        "demographic_parity_ratio",
        "equalized_odds_difference",
        "equalized_odds_ratio",
        "equal_opportunity_difference",
    ] {
        let m = find(got, &format!("{disparity} by {attribute}"), &json!({}));
        assert_eq!((&m["aggregate"], &m["scope"]), (&json!(true), &json!(attribute)));
        if !m["value"].is_null() {
            near(
                &m["value"],
                &fairness[disparity]["value"],
                &format!("{name} {attribute} {disparity}"),
            );
        } else {
            assert!(
                undefined
                    || fairness[disparity]["value"] == 0.0
                    || fairness[disparity]["value"] == "NaN",
                "{name} {attribute} {disparity}"
            );
        }
    }
}

#[test]
fn many_classes_agree_with_scikit_learn() {
    let want = &read("tasks/expected.json")["multiclass"];
    let path = file("tasks/multiclass.csv");
    let got = compute(&[&path, "--label", "truth", "--prediction", "answer", "--group", "site"]);
    for (metric, value) in want["overall"].as_object().unwrap() {
        near(&find(&got, metric, &json!({}))["value"], value, metric);
    }
    for (class, values) in want["class"].as_object().unwrap() {
        for metric in ["precision", "recall", "f1"] {
            let m = find(&got, metric, &json!({ "class": class }));
            near(&m["value"], &values[metric], &format!("{class} {metric}"));
            assert_eq!(m["aggregate"], class.ends_with(" avg"));
            assert!(m["interval"]["lower"].as_f64() < m["value"].as_f64(), "{m}");
        }
        assert_eq!(
            find(&got, "recall", &json!({ "class": class }))["n"].as_f64(),
            values["support"].as_f64()
        );
    }
    for (site, values) in want["site"].as_object().unwrap() {
        for (metric, value) in values.as_object().unwrap() {
            near(&find(&got, metric, &json!({ "site": site }))["value"], value, metric);
        }
    }
}

#[test]
fn a_regression_agrees_with_scikit_learn() {
    let want = &read("tasks/expected.json")["regression"];
    let path = file("tasks/regression.csv");
    let got = compute(&[&path, "--label", "truth", "--prediction", "guess", "--group", "site"]);
    assert!(got["warnings"].to_string().contains("measured as a regression"));
    let agrees = |values: &Value, slice: &Value| {
        for (metric, value) in values.as_object().unwrap() {
            let m = find(&got, metric, slice);
            near(&m["value"], value, metric);
            if metric != "max_error" {
                let bound = |end: &str| m["interval"][end].as_f64().unwrap();
                let value = value.as_f64().unwrap();
                assert!(bound("lower") < value && value < bound("upper"), "{m}");
            }
        }
    };
    agrees(&want["overall"], &json!({}));
    for (site, values) in want["site"].as_object().unwrap() {
        agrees(values, &json!({ "site": site }));
    }
}

#[test]
fn drift_agrees_with_scipy() {
    let want = &read("reference_metrics.json")["drift"]["drift_reference_vs_drift_shifted"];
    let (now, before) = (file("drift_shifted.csv"), file("drift_reference.csv"));
    let mut args = vec![now.as_str(), "--drift-reference", &before];
    let features: Vec<&String> = want.as_object().unwrap().keys().collect();
    args.extend(features.iter().flat_map(|f| ["--feature", f.as_str()]));
    let got = compute(&args);
    for (feature, values) in want.as_object().unwrap() {
        for (theirs, ours) in [
            ("ks", "ks_statistic"),
            ("wasserstein", "wasserstein_distance"),
            ("psi_reference_deciles", "psi"),
            ("chi2", "chi_square"),
            ("jensen_shannon_base2", "jensen_shannon_distance"),
        ] {
            // The reference script has a single bin here, because nearly all values are 0, and
            // never finds drift.
            let blind = theirs == "psi_reference_deciles"
                && values["psi_reference_deciles"]["edges"] == json!([]);
            if let Some(entry) = values.get(theirs).filter(|_| !blind) {
                near(
                    &find(&got, ours, &json!({ "feature": feature }))["value"],
                    &entry["value"],
                    &format!("{feature} {ours}"),
                );
            }
        }
    }
}

/// Reference values: the table of pairs, and R's pROC::roc.test(paired = TRUE, method = "delong").
#[test]
fn a_champion_is_compared_with_on_the_same_rows() {
    let want = &read("reference_metrics.json")["pairs"]["adult_good_vs_adult_base"];
    let (candidate, champion) = (file("adult_good.csv"), file("adult_base.csv"));
    for id in [&["--id", "id"][..], &[]] {
        let got = compute(
            &[&[candidate.as_str(), "--champion", &champion], COLUMNS.as_slice(), id].concat(),
        );
        let all = got["comparisons"].as_array().unwrap();
        let find = |metric: &str| all.iter().find(|c| c["metric"] == metric).unwrap();
        let accuracy = find("accuracy");
        near(&accuracy["value"], &want["accuracy"]["candidate"], "accuracy");
        near(&accuracy["baseline"], &want["accuracy"]["baseline"], "accuracy");
        for (ours, theirs) in [
            ("both", "both_right"),
            ("candidate_only", "only_candidate_right"),
            ("baseline_only", "only_baseline_right"),
            ("neither", "both_wrong"),
        ] {
            assert_eq!(accuracy["pairs"][ours], want["table"][theirs]);
        }
        assert_eq!(accuracy["bounds"][0]["method"], "gaffke-paired");
        let area = find("roc_auc");
        let difference = area["value"].as_f64().unwrap() - area["baseline"].as_f64().unwrap();
        let error = difference / want["delong_paired"]["value"].as_f64().unwrap();
        let lower = difference - 1.644_853_626_951_472_2 * error;
        // On thousands of rows, one unseen row adds little to DeLong's bound.
        let got = area["bounds"][0]["lower"].as_f64().unwrap();
        assert!((got - lower).abs() < 0.5 * (difference - lower), "{area}");
        for comparison in all {
            let (lower, upper) = (
                comparison["bounds"][0]["lower"].as_f64(),
                comparison["bounds"][0]["upper"].as_f64(),
            );
            let value =
                comparison["value"].as_f64().unwrap() - comparison["baseline"].as_f64().unwrap();
            assert!(lower.unwrap() <= value && value <= upper.unwrap(), "{comparison}");
        }
    }
    let other = file("bc_good.csv");
    let output =
        run(&[&[candidate.as_str(), "--champion", &other, "--format", "json"], &COLUMNS[..4]]
            .concat());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn no_order_split_or_pool_changes_a_digit() {
    let text = fs::read_to_string(folder().join("adult_good.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    let dir = tempfile::tempdir().unwrap();
    let groups = ["--group", "sex", "race", "--intersections"];
    let measured = |files: &[String], more: &[&str]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let few = ["--replicates", "100"];
        compute(&[&files, COLUMNS.as_slice(), groups.as_slice(), &few, more].concat())["measurements"].clone()
    };
    for more in [&[][..], &["--id", "id"], &["--cluster", "race"]] {
        let want = measured(&[file("adult_good.csv")], &[&["--threads", "1"], more].concat());
        for (round, threads) in ["1", "2", "3", "4"].into_iter().enumerate() {
            let turn = 700 * round + 13;
            rows.rotate_left(turn);
            rows.reverse();
            rows.sort_by_key(|row| row.len() % (round + 2));
            let mut files = Vec::new();
            for (i, part) in rows.chunks(3_000 / (round + 1) + 1).enumerate() {
                let path = dir.path().join(format!("{round}-{i}.csv"));
                fs::write(&path, format!("{header}\n{}\n", part.join("\n"))).unwrap();
                files.push(path.to_str().unwrap().to_owned());
            }
            let got = measured(&files, &[&["--threads", threads], more].concat());
            assert!(got == want, "{more:?}, {threads} threads: {} measurements differ", {
                let pairs = got.as_array().unwrap().iter().zip(want.as_array().unwrap());
                pairs.filter(|(a, b)| a != b).inspect(|(a, b)| println!("{a}\n{b}")).count()
            });
        }
    }
}

#[test]
fn labels_kept_apart_give_what_labels_beside_give() {
    let text = fs::read_to_string(folder().join("adult_good.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let write = |path: &Path, columns: &[usize], rows: &[Vec<&str>]| {
        let line = |row: &Vec<&str>| columns.iter().map(|c| row[*c]).collect::<Vec<_>>().join(",");
        fs::write(path, rows.iter().map(|row| line(row) + "\n").collect::<String>()).unwrap();
    };
    let dir = tempfile::tempdir().unwrap();
    let (apart, labels) = (dir.path().join("predictions.csv"), dir.path().join("labels.csv"));
    let mut turned = rows.clone();
    turned[1..].reverse();
    write(&apart, &[0, 9, 10, 11], &rows);
    write(&labels, &[0, 5, 8], &turned);
    let (apart, labels) = (apart.to_str().unwrap(), labels.to_str().unwrap());
    let more = ["--id", "id", "--group", "sex"];
    let got = compute(&[&[apart, "--labels", labels], COLUMNS.as_slice(), &more].concat());
    let want = compute(&[&[file("adult_good.csv").as_str()], COLUMNS.as_slice(), &more].concat());
    assert_eq!(got["measurements"], want["measurements"]);
    let refused = |rows: &[Vec<&str>]| {
        write(Path::new(labels), &[0, 5, 8], rows);
        let output =
            run(&[&[apart, "--labels", labels, "--format", "json"], COLUMNS.as_slice(), &more]
                .concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["error"]["code"].clone()
    };
    assert_eq!(refused(&turned[..turned.len() - 1]), "predictions-missing-label");
    let mut more_rows = turned.clone();
    more_rows.push(turned[1].clone());
    assert_eq!(refused(&more_rows), "predictions-duplicate-id");
    more_rows.last_mut().unwrap()[0] = "row-new";
    assert_eq!(refused(&more_rows), "predictions-missing-prediction");
}

#[test]
fn native_output_is_evidence() {
    let output = run(&[
        &[file("adult_good.parquet").as_str()],
        COLUMNS.as_slice(),
        &["--group", "sex", "--format", "native"],
    ]
    .concat());
    assert!(output.status.success(), "{output:?}");
    let dir = tempfile::tempdir().unwrap();
    let (evidence, policy) = (dir.path().join("evidence.json"), dir.path().join("policy.toml"));
    fs::write(&evidence, &output.stdout).unwrap();
    let rules = "name = \"p\"\n[[rule]]\nid = \"accuracy\"\nmetric = \"accuracy\"\nmin = 0.77\n\
                 [[rule]]\nid = \"recall\"\nmetric = \"recall\"\nslices = [\"sex\"]\nmin = 0.3\n";
    fs::write(&policy, rules).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_modelgate"))
        .args([
            "check",
            "--policy",
            policy.to_str().unwrap(),
            "--evidence",
            evidence.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(0), "{check:?}");
}

#[test]
fn what_does_not_fit_is_a_wrong_call() {
    let good = file("adult_good.csv");
    let edge = file("edge_nan_inf.parquet");
    for (args, code) in [
        (
            vec![good.as_str(), "--label", "label", "--prediction", "pred", "--latency", "age"],
            "no-unit",
        ),
        (vec![&good, "--label", "label"], "predictions-nothing-predicted"),
        (
            vec![&good, "--label", "sex", "--prediction", "sex", "--task", "binary"],
            "predictions-not-binary",
        ),
        (
            vec![&good, "--label", "label", "--prediction", "pred", "--positive", "yes"],
            "predictions-unknown-positive",
        ),
        (
            vec![&good, "--label", "label", "--prediction", "pred", "--confidence", "1.5"],
            "predictions-bad-confidence",
        ),
    ] {
        let output = run(&[&args[..], &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["error"]["code"], code, "{document}");
    }
    for args in [
        vec![edge.as_str(), "--label", "label", "--prediction", "pred", "--score", "score"],
        vec![&edge, "--label", "label", "--prediction", "pred", "--group", "race"],
        vec![&good, "--label", "no_such_column", "--prediction", "pred"],
        vec!["no/such/file.csv", "--label", "label", "--prediction", "pred"],
    ] {
        assert_eq!(run(&args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn text_is_for_people() {
    let output =
        run(&[file("adult_good.csv").as_str(), "--label", "label", "--prediction", "pred"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("rows      3,000") && text.contains("accuracy"), "{text}");
    assert!(text.contains("one-sided bound at 95%"), "{text}");
}

/// Rows written here as a file.
fn rows(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn bounds(document: &Value, name: &str, slice: &Value) -> [Option<f64>; 2] {
    let interval = &find(document, name, slice)["interval"];
    ["lower", "upper"].map(|end| interval[end].as_f64())
}

/// Reference values: DeLong, DeLong and Clarke-Pearson (1988), implemented in NumPy and confirmed
/// by R's pROC::ci.auc; for few rows, 4,000,000 draws of one more row's weight by NumPy.
#[test]
fn the_bounds_of_an_area_are_delongs_on_many_rows_and_wider_on_few() {
    let good =
        compute(&[&[file("adult_good.csv").as_str()][..], &COLUMNS, &["--group", "sex"]].concat());
    for (slice, lower, upper) in [
        (json!({}), 0.819_085_420_551_538_1, 0.845_492_241_275_443_3),
        (json!({"sex": "Female"}), 0.818_597_765_289_591_9, 0.862_019_794_234_217_8),
    ] {
        let got = bounds(&good, "roc_auc", &slice);
        let width = upper - lower;
        assert!((got[0].unwrap() - lower).abs() < 0.15 * width, "{got:?} against {lower}");
        assert!((got[1].unwrap() - upper).abs() < 0.15 * width, "{got:?} against {upper}");
    }
    let folder = tempfile::tempdir().unwrap();
    let few = rows(&folder, "few.csv", "y,p,s\n0,0,.2\n0,1,.4\n0,0,.3\n1,1,.6\n1,0,.35\n1,1,.9\n");
    let got = compute(&[&few, "--label", "y", "--prediction", "p", "--score", "s"]);
    let low = bounds(&got, "roc_auc", &json!({}))[0].unwrap();
    assert!((0.25..0.32).contains(&low), "{low}");
}

#[test]
fn what_is_absent_or_stands_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (text, more, told) in [
        ("y,p\n1,1\n0,0\n1,\n0,\n", &[][..], "an empty value"),
        ("y,p\n,\n,\n1,0\n0,0\n", &[], "an empty value"),
        ("y,p\n1,1\nNaN,0\n", &[], "`NaN`"),
        ("y,p\n1,1\n0,null\n", &[], "`null`"),
        ("y,p,id\n1,1,a\n0,0,a\n", &["--id", "id"], "stands twice"),
    ] {
        let file = rows(&folder, "rows.csv", text);
        let output = run(&[&[file.as_str(), "--label", "y", "--prediction", "p"], more].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}: {error}");
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn replicates_that_are_all_alike_leave_room_for_an_unseen_row() {
    let folder = tempfile::tempdir().unwrap();
    let perfect = rows(&folder, "rows.csv", &format!("y,p,s\n{}", "0,0,.1\n1,1,.9\n".repeat(5)));
    let got = compute(&[&perfect, "--label", "y", "--prediction", "p", "--score", "s"]);
    for metric in ["matthews_corrcoef", "cohen_kappa"] {
        let [lower, upper] = bounds(&got, metric, &json!({})).map(Option::unwrap);
        assert!(lower < 0.8 && upper == 1.0, "{metric}: {lower}, {upper}");
    }
    // Ten losses of 0.01: one more can be 0 or 1, and its weight is Beta(1, 10). A tenth of the error
    // is kept in reserve.
    let share = 0.045_f64.powf(0.1);
    let [lower, upper] = bounds(&got, "brier_score_loss", &json!({})).map(Option::unwrap);
    assert!((lower - 0.01 * share).abs() < 1e-9, "{lower}");
    assert!((upper - (1.0 - 0.99 * share)).abs() < 1e-9, "{upper}");
}

fn view(list: &[String]) -> Vec<(&str, usize)> {
    list.iter().map(|v| (v.as_str(), 1)).collect()
}

/// PSI by its definition on the values themselves: Σ (a − e) ln(a / e), with shares of at least
/// 0.0001.
#[test]
fn the_drift_of_few_values_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let column = |counts: &[(&str, usize)]| {
        counts
            .iter()
            .fold("y,f\n".to_owned(), |text, (value, n)| text + &format!("0,{value}\n").repeat(*n))
    };
    let psi = |before: &[(&str, usize)], now: &[(&str, usize)]| {
        let (before, now) =
            (rows(&folder, "before.csv", &column(before)), rows(&folder, "now.csv", &column(now)));
        let got = compute(&[
            &now,
            "--label",
            "y",
            "--prediction",
            "y",
            "--drift-reference",
            &before,
            "--feature",
            "f",
        ]);
        find(&got, "psi", &json!({"feature": "f"}))["value"].as_f64().unwrap()
    };
    let flag = psi(&[("0", 950), ("1", 50)], &[("0", 100), ("1", 900)]);
    assert!((flag - 4.370_414).abs() < 1e-6, "{flag}");
    let moved = psi(
        &[("1", 300), ("2", 301), ("3", 100), ("4", 299)],
        &[("1", 300), ("2", 301), ("3", 399)],
    );
    assert!((moved - 2.805_858_846).abs() < 1e-6, "{moved}");
    let tail = |zeros: usize| {
        let mut values: Vec<String> = vec!["0".to_owned(); zeros];
        values.extend((0..1000 - zeros).map(|i| format!("{}.5", i + 1)));
        values
    };
    let (before, now) = (tail(930), tail(100));
    assert!(psi(&view(&before), &view(&now)) > 1.0);
}
