use crate::evidence::read;
use crate::model::{Evidence, Measurement, Slice};

const HEADER: &str = "model_id,score_threshold,k,attribute_name,attribute_value,tpr,fpr,precision,ppr,pprev,prev,for,fp,fn,tn,tp,group_size,fpr_disparity,fpr_ref_group_value,fpr_significance,FPR Parity";
/// Two rows of Aequitas' crosstab on a census table: 301 women who earn more, 44 of them found.
const FEMALE: &str = "0,binary 0/1,459,sex,Female,0.1461794019933555,0.006510416666666667,0.8979591836734694,0.10675381263616558,0.04583723105706267,0.2815715622076707,0.2519607843137255,5,257,763,44,1069,0.0746645,Male,True,False";
const MALE: &str = "0,binary 0/1,459,sex,Male,0.48299319727891155,0.08719560094265515,0.7189873417721519,0.8605664488017429,0.2122514777001612,0.3159591617409995,0.2073669849931787,111,304,1162,284,1861,1.0,Male,,True";

fn table(rows: &[&str]) -> Evidence {
    let evidence =
        read([HEADER].iter().chain(rows).copied().collect::<Vec<_>>().join("\n").as_bytes(), None)
            .unwrap();
    assert_eq!(evidence.format, "aequitas");
    evidence
}

fn of<'e>(evidence: &'e Evidence, group: &str, name: &str) -> &'e Measurement {
    let slice = Slice::one("sex", group);
    evidence.measurements.iter().find(|m| m.slice == slice && m.source_name == name).unwrap()
}

#[test]
fn every_rate_has_its_own_trials() {
    let evidence = table(&[FEMALE, MALE]);
    let counts = |name| {
        let m = of(&evidence, "Female", name);
        (m.metric.as_str(), m.n, m.successes, m.trials)
    };
    assert_eq!(counts("tpr"), ("true_positive_rate", Some(1069), Some(44), Some(301)));
    assert_eq!(counts("fpr"), ("false_positive_rate", Some(1069), Some(5), Some(768)));
    assert_eq!(counts("pprev"), ("selection_rate", Some(1069), Some(49), Some(1069)));
    assert_eq!(counts("ppr"), ("ppr", Some(1069), Some(49), Some(459)));
    assert_eq!(counts("precision"), ("precision", Some(1069), Some(44), Some(49)));
    assert_eq!(counts("for"), ("false_omission_rate", Some(1069), Some(257), Some(1020)));
    assert_eq!(counts("fpr_disparity"), ("fpr_disparity", Some(1069), None, None));
}

#[test]
fn parities_and_masks_are_checks() {
    let evidence = table(&[FEMALE, MALE]);
    let checks: Vec<_> = evidence.checks.iter().map(|c| (c.name.as_str(), c.passed)).collect();
    assert_eq!(
        checks,
        [
            ("fpr_significance [sex=Female]", false),
            ("FPR Parity [sex=Female]", false),
            ("FPR Parity [sex=Male]", true)
        ]
    );
    assert_eq!(
        evidence.checks[1].detail.as_deref(),
        Some("`fpr_disparity` is 0.0746645 against `Male`")
    );
}

#[test]
fn a_parity_that_is_undefined_did_not_pass() {
    let json =
        br#"[{"attribute_name": "sex", "attribute_value": "x", "tpr": null, "TPR Parity": null}]"#;
    let evidence = read(json, None).unwrap();
    assert!(!evidence.checks[0].passed);
    assert_eq!(evidence.measurements[0].value, None);
    let overall =
        read(br#"{"Unsupervised Fairness": true, "Overall Fairness": "Undefined"}"#, None).unwrap();
    assert_eq!(overall.checks.iter().map(|c| c.passed).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn counts_that_do_not_fit_give_no_trials() {
    let evidence = table(&[&FEMALE.replace("44,1069", "44,1070")]);
    assert_eq!(
        (of(&evidence, "Female", "tpr").n, of(&evidence, "Female", "tpr").trials),
        (Some(1070), None)
    );
    let evidence = table(&[&FEMALE.replace("0.1461794019933555", "0.9")]);
    assert_eq!(
        (of(&evidence, "Female", "tpr").trials, of(&evidence, "Female", "fpr").trials),
        (None, Some(768))
    );
    assert!(
        evidence.warnings.iter().any(|w| w.contains("`tpr` of `sex = Female`")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn a_p_value_is_a_number_and_ten_is_a_division_by_zero() {
    let male = MALE.replace("0.08719560094265515", "0.0").replace("111,304,1162", "0,304,1273");
    let evidence = table(&[&FEMALE.replace("0.0746645,Male,True", "10.0,Male,0.031"), &male]);
    assert_eq!(of(&evidence, "Female", "fpr_significance").value, Some(0.031));
    assert!(
        evidence.warnings.iter().any(|w| w.contains("division by zero")),
        "{:?}",
        evidence.warnings
    );
}

#[test]
fn models_and_thresholds_are_kept_apart() {
    let second = FEMALE.replacen('0', "1", 1);
    let evidence = table(&[FEMALE, &second]);
    let scopes: Vec<_> = evidence
        .measurements
        .iter()
        .filter(|m| m.source_name == "tpr")
        .map(|m| m.scope.clone())
        .collect();
    assert_eq!(
        scopes,
        [Some("model 0, binary 0/1".to_owned()), Some("model 1, binary 0/1".to_owned())]
    );
}

#[test]
fn a_record_a_line_and_no_rows() {
    let lines = "{\"attribute_name\": \"a\", \"attribute_value\": 1, \"tpr\": 0.5}\n{\"attribute_name\": \"a\", \"attribute_value\": 2, \"tpr\": 0.5}\n";
    assert_eq!(read(lines.as_bytes(), None).unwrap().measurements.len(), 2);
    assert!(!read(HEADER.as_bytes(), None).unwrap().checks[0].passed);
    assert!(read(b"[{\"attribute_name\": \"a\"}]", Some("aequitas")).is_err());
    assert!(read(b"\x00\xff", Some("aequitas")).is_err());
}

#[test]
fn the_ten_places_of_pandas_are_sharpened_by_the_counts() {
    let json = r#"[{"attribute_name":"sex","attribute_value":"F","fpr":0.0065104167,"tp":44,"fp":5,"tn":763,"fn":257,"fpr_disparity":0.0746645083,"fpr_ref_group_value":"M"},
                   {"attribute_name":"sex","attribute_value":"M","fpr":0.0871956009,"tp":284,"fp":111,"tn":1162,"fn":304,"fpr_disparity":1.0,"fpr_ref_group_value":"M"}]"#;
    let evidence = read(json.as_bytes(), None).unwrap();
    assert_eq!(of(&evidence, "F", "fpr").value, Some(5.0 / 768.0));
    assert_eq!(of(&evidence, "F", "fpr_disparity").value, Some((5.0 / 768.0) / (111.0 / 1273.0)));
    // Two decimal places are too few to determine more digits.
    let rounded = read(
        json.replace("0.0065104167", "0.01")
            .replace("0.0746645083", "0.07")
            .replace("0.0871956009", "0.09")
            .as_bytes(),
        None,
    );
    assert_eq!(of(&rounded.unwrap(), "F", "fpr").value, Some(0.01));
}
