//! Compares every function of `stats` with reference values from scipy, statsmodels, scikit-learn
//! and fairlearn.
//!
//! The cases are in the file that the variable `MODELGATE_STATS_REFERENCE` names, otherwise in
//! `tests/fixtures/stats/reference.json`. `make_reference.py` next to it makes them, and its
//! docstrings are the specification.

use crate::support::areas::delong;
use modelgate::stats::{
    Bounds, Undefined, drift, impact, multiplicity, paired, proportion, quantile, resample,
    sample_size, score, two_proportions,
};
use sample_size::Side;
use serde_json::{Value, json};
use std::{collections::BTreeSet, env, fs, panic};

/// Functions of the specification that modelgate does not have, because no decision needs them. The disparities,
/// calibration errors and bootstraps of raw predictions are compared with the libraries in `compute.rs`.
const NOT_OURS: [&str; 11] = [
    "adjust_p",
    "auc_delong_paired",
    "calibration",
    "confidence_sequence",
    "fairness",
    "four_fifths_gate",
    "ladder",
    "mcnemar_exact",
    "mn_noninferiority_p",
    "poisson_bootstrap",
    "scoring_rate",
];

#[test]
fn every_reference_case_agrees() {
    let path = env::var("MODELGATE_STATS_REFERENCE").unwrap_or_else(|_| {
        format!("{}/tests/fixtures/stats/reference.json", env!("CARGO_MANIFEST_DIR"))
    });
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    let document: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path} is not JSON: {error}"));
    let cases = document["cases"].as_array().expect("a list of cases");
    assert!(!cases.is_empty(), "{path} has no cases");
    let (mut functions, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in cases {
        let name = case["fn"].as_str().expect("the name of a function");
        if NOT_OURS.contains(&name) {
            continue;
        }
        functions.insert(name);
        let Ok(got) = panic::catch_unwind(|| ours(name, &In(&case["input"]))) else {
            wrong.push(format!("{}: panicked, as said above, on {}", case["id"], case["input"]));
            continue;
        };
        let tolerance =
            (number(&case["tol"]["abs"]).unwrap(), number(&case["tol"]["rel"]).unwrap());
        if let Err(why) = same(&got, &case["expected"], tolerance) {
            wrong.push(format!(
                "{}: {why}\n    got  {got}\n    want {}",
                case["id"], case["expected"]
            ));
        }
    }
    let (all, kinds) = (cases.len(), functions.len());
    assert!(kinds > 0, "{path} has only cases of functions that modelgate does not have");
    assert!(wrong.is_empty(), "{} of {all} cases disagree\n  {}", wrong.len(), wrong.join("\n  "));
    println!("{all} cases of {kinds} functions agree");
}

/// Whether our result equals the expected one, within its tolerance, to the last key.
fn same(got: &Value, want: &Value, tolerance: (f64, f64)) -> Result<(), String> {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            // NaN is not a reference value: if a library returns NaN, we can have no number, and
            // must give a reason. `out` ensures that we never return NaN ourselves.
            let undefined = want.values().any(|value| value == "NaN");
            let more = |key: &&String| !(want.contains_key(*key) || undefined && *key == "code");
            if let Some(key) = got.keys().find(more) {
                return Err(format!("`{key}` is not wanted"));
            }
            want.iter().filter(|(_, want)| *want != "NaN").try_for_each(|(key, want)| {
                let got = got.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
                same(got, want, tolerance).map_err(|why| format!("{key}: {why}"))
            })
        }
        (Value::Array(got), Value::Array(want)) => {
            if got.len() != want.len() {
                return Err(format!("{} entries, not {}", got.len(), want.len()));
            }
            let mut pairs = got.iter().zip(want).enumerate();
            pairs.try_for_each(|(i, (got, want))| {
                same(got, want, tolerance).map_err(|why| format!("[{i}]: {why}"))
            })
        }
        (_, Value::String(want)) if want == "NaN" => Ok(()),
        (Value::Number(_), Value::Number(_)) => {
            let (x, y) = (number(got).unwrap(), number(want).unwrap());
            let within = (x - y).abs() <= tolerance.0 + tolerance.1 * y.abs();
            if within { Ok(()) } else { Err(format!("{x} is not {y}")) }
        }
        _ if got == want => Ok(()),
        _ => Err(format!("{got} is not {want}")),
    }
}

/// A number, or one of the strings for values that JSON has no number for.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) if text == "NaN" => Some(f64::NAN),
        Value::String(text) if text == "Infinity" => Some(f64::INFINITY),
        Value::String(text) if text == "-Infinity" => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

/// One of our floats; none of them can be NaN.
fn out(x: f64) -> Value {
    assert!(!x.is_nan(), "NaN came out");
    match x {
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(x),
    }
}

fn maybe(x: Option<f64>) -> Value {
    x.map_or(Value::Null, out)
}

/// The word of the specification for a reason.
fn reason(why: Undefined) -> &'static str {
    match why {
        Undefined::EmptySample => "empty_sample",
        Undefined::InvalidInput => "invalid_input",
        Undefined::NonFinite => "non_finite_input",
        Undefined::SingleClass => "single_class",
        Undefined::TooFewForVariance => "too_few_for_variance",
        Undefined::ZeroVariance => "zero_variance",
        Undefined::ZeroRates => "zero_rates",
        Undefined::SingleCategory => "single_category",
    }
}

fn code(why: Undefined) -> Value {
    json!({ "code": reason(why) })
}

/// `value`, with `code` if there is a reason.
fn coded(mut value: Value, why: Option<Undefined>) -> Value {
    if let Some(why) = why {
        value["code"] = json!(reason(why));
    }
    value
}

/// The input of a case.
struct In<'a>(&'a Value);

impl In<'_> {
    fn float(&self, key: &str) -> f64 {
        number(&self.0[key]).unwrap_or_else(|| panic!("`{key}` is not a number in {}", self.0))
    }

    fn count(&self, key: &str) -> u64 {
        self.0[key].as_u64().unwrap_or_else(|| panic!("`{key}` is not a count in {}", self.0))
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("`{key}` is not text in {}", self.0))
    }

    fn list<T>(&self, key: &str, each: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        let list = self.0[key].as_array().and_then(|list| list.iter().map(each).collect());
        list.unwrap_or_else(|| panic!("`{key}` is not such a list in {}", self.0))
    }

    fn floats(&self, key: &str) -> Vec<f64> {
        self.list(key, number)
    }

    fn counts(&self, key: &str) -> Vec<u64> {
        self.list(key, Value::as_u64)
    }

    fn labels(&self, key: &str) -> Vec<bool> {
        self.list(key, |value| value.as_bool().or_else(|| Some(value.as_i64()? == 1)))
    }

    fn categories(&self, key: &str) -> Vec<impact::Category> {
        self.list(key, |value| {
            let name = value["name"].as_str()?.to_owned();
            Some(impact::Category {
                name,
                n: value["n"].as_u64()?,
                selected: value["selected"].as_u64()?,
            })
        })
    }

    fn alpha(&self) -> f64 {
        self.float("alpha")
    }

    fn side(&self) -> Side {
        match self.text("direction") {
            ">=" => Side::AtLeast,
            "<=" => Side::AtMost,
            other => panic!("`{other}` is no direction"),
        }
    }
}

/// Our result for a case.
fn ours(name: &str, input: &In) -> Value {
    match name {
        "prop_bounds" => prop_bounds(input),
        "prop_gate" => prop_gate(input),
        "min_n_perfect" => {
            json!({ "n": sample_size::least_perfect(input.float("threshold"), Side::AtLeast, input.alpha()) })
        }
        "acceptance_number" => {
            let (n, limit) = (input.count("n"), input.float("threshold"));
            json!({ "max_failures": sample_size::allowed_failures(n, limit, Side::AtLeast, input.alpha()) })
        }
        "newcombe_diff" => newcombe(input).0,
        "noninferiority_unpaired" => {
            let (mut value, bounds) = newcombe(input);
            let margin = input.float("margin");
            value["verdict"] = verdict(bounds.lower > -margin, bounds.upper < -margin);
            value
        }
        "ratio_score_ci" => ratio(input),
        "tango_paired" => {
            let [a, b, c, d] = ["a", "b", "c", "d"].map(|key| input.count(key));
            let bounds = paired::tango(a, b, c, d, input.alpha());
            bounds.map_or_else(|| empty(-1.0, 1.0), bounded)
        }
        "auc_delong" => auc_delong(input),
        "poisson_weights" => poisson_weights(input),
        "bca_from_replicates" => {
            let (values, mut replicates) = (input.floats("values"), input.floats("replicates"));
            let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
            let left_out: Vec<f64> = values.iter().map(|x| (sum - x) / (n - 1.0)).collect();
            let estimate = sum / n;
            let bounds = resample::bca(estimate, &left_out, &mut replicates, input.alpha());
            json!({ "lower": maybe(bounds.map(|b| b.0)), "upper": maybe(bounds.map(|b| b.1)) })
        }
        "impact_ratio" => impact_ratio(input),
        "alpha_spend" => {
            let (alpha, k) = (input.alpha(), input.count("k"));
            let left = alpha - (1..=k).map(|i| multiplicity::spend(alpha, i)).sum::<f64>();
            json!({ "alpha_k": out(multiplicity::spend(alpha, k)), "alpha_left_after": out(left) })
        }
        "quantile_bounds" => quantile_bounds(input),
        "psi" | "ks" | "wasserstein" | "js" | "chi2_drift" => distance(name, input),
        other => panic!("there is no function `{other}` in stats: write it, or correct the name"),
    }
}

/// The result without observations, with bounds that carry no information.
fn empty(lower: f64, upper: f64) -> Value {
    json!({ "code": reason(Undefined::EmptySample), "estimate": null, "lower": out(lower), "upper": out(upper) })
}

fn bounded(bounds: Bounds) -> Value {
    json!({ "estimate": out(bounds.estimate), "lower": out(bounds.lower), "upper": out(bounds.upper) })
}

fn verdict(holds: bool, broken: bool) -> Value {
    json!(match (holds, broken) {
        (true, false) => "pass",
        (false, true) => "fail",
        _ => "inconclusive",
    })
}

fn four(input: &In) -> [u64; 4] {
    ["x1", "n1", "x2", "n2"].map(|key| input.count(key))
}

fn prop_bounds(input: &In) -> Value {
    let counts = input.0["successes"].as_u64().zip(input.0["n"].as_u64());
    let Some((x, n)) = counts.filter(|(x, n)| x <= n) else { return code(Undefined::InvalidInput) };
    let alpha = input.alpha();
    let bounds = match input.text("method") {
        "wilson" => score::wilson(x, n, alpha),
        "jeffreys" => score::jeffreys(x, n, alpha),
        "clopper_pearson" => proportion::clopper_pearson_lower(x, n, alpha)
            .zip(proportion::clopper_pearson_upper(x, n, alpha))
            .map(|(lower, upper)| Bounds { estimate: x as f64 / n as f64, lower, upper }),
        other => panic!("`{other}` is no method"),
    };
    if n == 0 { empty(0.0, 1.0) } else { bounded(bounds.unwrap()) }
}

fn prop_gate(input: &In) -> Value {
    let (x, n, limit) = (input.count("successes"), input.count("n"), input.float("threshold"));
    let power = number(&input.0["power"]).unwrap_or(0.8);
    let (side, alpha) = (input.side(), input.alpha());
    let (lower, upper) = proportion::clopper_pearson_lower(x, n, alpha)
        .zip(proportion::clopper_pearson_upper(x, n, alpha))
        .unwrap_or((0.0, 1.0));
    let verdict = match side {
        _ if n == 0 => verdict(false, false),
        Side::AtLeast => verdict(lower >= limit, upper < limit),
        Side::AtMost => verdict(upper <= limit, lower > limit),
    };
    let needed = (verdict == "inconclusive" && n > 0)
        .then(|| sample_size::total_needed(x as f64 / n as f64, limit, side, alpha, power))
        .flatten()
        .map(|total| total.max(n + 1));
    json!({ "verdict": verdict, "lower": out(lower), "upper": out(upper), "n_required": needed })
}

fn newcombe(input: &In) -> (Value, Bounds) {
    let [x1, n1, x2, n2] = four(input);
    match two_proportions::newcombe_difference(x1, n1, x2, n2, input.alpha()) {
        Some(bounds) => (bounded(bounds), bounds),
        None => (empty(-1.0, 1.0), Bounds { estimate: 0.0, lower: -1.0, upper: 1.0 }),
    }
}

fn ratio(input: &In) -> Value {
    let [x1, n1, x2, n2] = four(input);
    match two_proportions::koopman_ratio(x1, n1, x2, n2, input.alpha()) {
        Some(bounds) => bounded(bounds),
        None if n1 == 0 || n2 == 0 => empty(0.0, f64::INFINITY),
        None => {
            let code = "no_events";
            json!({ "code": code, "estimate": null, "lower": 0.0, "upper": "Infinity" })
        }
    }
}

fn auc_delong(input: &In) -> Value {
    match delong(&input.labels("labels"), &input.floats("scores"), input.alpha()) {
        Err(Undefined::SingleClass) => {
            json!({ "code": reason(Undefined::SingleClass), "auc": null })
        }
        Err(why) => code(why),
        Ok(area) => {
            let mut value = json!({ "auc": out(area.estimate), "variance": maybe(area.variance) });
            if let Some((lower, upper)) = area.bounds {
                value["lower"] = out(lower);
                value["upper"] = out(upper);
            }
            coded(value, area.why)
        }
    }
}

fn poisson_weights(input: &In) -> Value {
    let (seed, rows, replicates) = (input.count("seed"), input.count("rows"), input.count("reps"));
    let weight = |row, replicate| resample::weight(resample::row_state(seed, row), replicate);
    let weights: Vec<Vec<u32>> = (0..replicates)
        .map(|replicate| (0..rows).map(|row| weight(row, replicate)).collect())
        .collect();
    json!({ "weights": weights, "table_u53": resample::POISSON })
}

fn impact_ratio(input: &In) -> Value {
    let least = number(&input.0["exclude_below"]);
    let least =
        least.map_or(impact::Share { part: 2, of: 100 }, |x| impact::Share::of_decimal(x).unwrap());
    match impact::impact_ratio(&input.categories("categories"), least) {
        Err(why) => code(why),
        Ok((lines, why)) => {
            let row = |line: impact::Line| {
                json!({
                    "name": line.name, "rate": maybe(line.rate), "excluded": line.excluded,
                    "impact_ratio": maybe(line.impact_ratio), "below_four_fifths": line.below_four_fifths,
                })
            };
            coded(json!({ "rows": lines.into_iter().map(row).collect::<Vec<_>>() }), why)
        }
    }
}

/// The quantile of raw values, and the order statistics at the ranks that bound it.
fn quantile_bounds(input: &In) -> Value {
    let mut values = input.floats("values");
    if values.iter().any(|x| x.is_nan()) {
        return code(Undefined::NonFinite);
    }
    values.sort_unstable_by(f64::total_cmp);
    let q = input.float("q");
    let Some(estimate) = quantile::type7(&values, q) else { return code(Undefined::EmptySample) };
    let (lower, upper) = quantile::ranks(values.len() as u64, q, input.alpha());
    let at = |rank: Option<u64>| rank.map(|rank| values[usize::try_from(rank).unwrap() - 1]);
    let mut value =
        json!({ "estimate": out(estimate), "lower": maybe(at(lower)), "upper": maybe(at(upper)) });
    if lower.is_none() || upper.is_none() {
        value["code"] = json!("unbounded");
    }
    value
}

/// Drift: a value, or the reason why there is none.
fn distance(name: &str, input: &In) -> Value {
    let counts = |a, b| (input.counts(a), input.counts(b));
    let found = match name {
        "psi" => {
            let (expected, actual) = counts("expected_counts", "actual_counts");
            drift::psi(&expected, &actual, input.float("floor"), input.alpha())
                .map(|found| json!({ "psi": out(found.psi), "critical": maybe(found.critical) }))
        }
        "js" => {
            let (p, q) = counts("p_counts", "q_counts");
            drift::jensen_shannon(&p, &q)
                .map(|(distance, divergence)| json!({ "distance": out(distance), "divergence": out(divergence) }))
        }
        "chi2_drift" => {
            let (expected, actual) = counts("expected_counts", "actual_counts");
            drift::chi_squared(&expected, &actual).map(|found| {
                let (chi2, p, v) = (out(found.statistic), out(found.p), out(found.cramers_v));
                coded(
                    json!({ "chi2": chi2, "dof": found.dof, "p_value": p, "cramers_v": v }),
                    found.why,
                )
            })
        }
        "ks" => drift::kolmogorov_smirnov(&input.floats("a"), &input.floats("b"))
            .map(|found| json!({ "d": out(found.d), "p_asymptotic": maybe(found.p) })),
        "wasserstein" => drift::wasserstein(&input.floats("a"), &input.floats("b"))
            .map(|w1| json!({ "w1": out(w1) })),
        other => panic!("`{other}` is no distance"),
    };
    found.unwrap_or_else(code)
}
