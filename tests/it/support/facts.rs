//! Facts that must be read from a file, in the format of the fixtures' `expected.json`.
//!
//! A metric fact is found if a measurement has its name (the source's or ours, without case and
//! punctuation), its slice (by values alone if the file names no key) and its value, and does not
//! contradict its n. Units and percentages can differ by their factor if a unit or a percent is
//! named. A fact that is not finite is found if no measurement with this name and slice has a
//! value. A check fact is found if the name of a check contains its name and the outcomes are
//! equal.

use serde_json::Value;
use std::collections::BTreeMap;

/// The result for a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was found; and, if it has an n, whether the n is stated.
    Yes { n: Option<bool> },
    /// It was not found, or another value was.
    No,
    /// It is text, or needs keys or other files.
    PassedOver,
}

/// Searches for `fact` in the output of `evidence inspect` on its file.
pub fn find(document: &Value, fact: &Value) -> Found {
    if fact.get("check").is_some() { check(document, fact) } else { measurement(document, fact) }
}

fn check(document: &Value, fact: &Value) -> Found {
    let name = norm(&fact["check"]);
    if name.is_empty() || name.contains("signature") || name.contains("hmac") {
        return Found::PassedOver;
    }
    let same = |c: &Value| norm(&c["name"]).contains(&name) && c["passed"] == fact["passed"];
    if list(document, "checks").iter().any(same) { Found::Yes { n: None } } else { Found::No }
}

fn measurement(document: &Value, fact: &Value) -> Found {
    let (name, slice) = (norm(&fact["metric"]), slice(&fact["slice"]));
    let here = |m: &&Value| {
        (norm(&m["source_name"]) == name || norm(&m["metric"]) == name)
            && same_slice(&slice, &self::slice(&m["slice"]))
    };
    let mine: Vec<&Value> = list(document, "measurements").iter().filter(here).collect();
    let want = match &fact["value"] {
        Value::String(text)
            if !["nan", "inf", "infinity"].contains(&norm(&fact["value"]).as_str()) =>
        {
            // A number written as text is a number; other text is for people.
            match text.parse::<f64>() {
                Ok(number) => Some(number),
                Err(_) => return Found::PassedOver,
            }
        }
        value => value.as_f64(),
    };
    let Some(want) = want else {
        let undefined = mine.iter().all(|m| m["value"].is_null());
        return if undefined { Found::Yes { n: None } } else { Found::No };
    };
    if want.abs() > 1e300 {
        return Found::PassedOver;
    }
    let n = fact["n"].as_u64();
    let agree: Vec<_> = mine
        .iter()
        .filter(|m| {
            m["value"]
                .as_f64()
                .is_some_and(|got| scales(fact, m).iter().any(|f| near(want * f, got)))
        })
        .filter(|m| n.is_none() || m["n"].is_null() || m["n"].as_u64() == n)
        .collect();
    if agree.is_empty() {
        return Found::No;
    }
    Found::Yes { n: n.map(|_| agree.iter().any(|m| m["n"].as_u64() == n)) }
}

fn list<'d>(document: &'d Value, key: &str) -> &'d [Value] {
    document[key].as_array().map_or(&[], Vec::as_slice)
}

fn norm(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

fn slice(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Object(map) => {
            map.iter().map(|(k, v)| (norm(&Value::String(k.clone())), norm(v))).collect()
        }
        Value::String(text) if !text.is_empty() && text != "overall" => {
            [(String::new(), norm(value))].into()
        }
        _ => BTreeMap::new(),
    }
}

fn same_slice(want: &BTreeMap<String, String>, have: &BTreeMap<String, String>) -> bool {
    let values = |slice: &BTreeMap<String, String>| {
        let mut values: Vec<String> = slice.values().cloned().collect();
        values.sort();
        values
    };
    want == have || (!want.is_empty() && values(want) == values(have))
}

fn scales(fact: &Value, m: &Value) -> &'static [f64] {
    let text = format!("{} {} {} {}", fact["metric"], fact["unit"], m["unit"], m["source_name"])
        .to_lowercase();
    if ["percent", "%", "pct"].iter().any(|word| text.contains(word)) {
        return &[1.0, 100.0, 0.01];
    }
    if fact["unit"].is_string() || m["unit"].is_string() {
        return &[1.0, 1e3, 1e-3, 1e6, 1e-6, 1e9, 1e-9];
    }
    &[1.0]
}

fn near(want: f64, got: f64) -> bool {
    if want == 0.0 || got == 0.0 {
        (want - got).abs() <= 1e-12
    } else {
        (want - got).abs() <= 1e-9 * got.abs()
    }
}
