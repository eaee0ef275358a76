//! Values of another type than a format writes: whatever a reader does with them, no failed check
//! can get lost.

use modelgate::{
    evidence::{
        self,
        json::{self, Json, Value},
    },
    model::Evidence,
};
use std::{collections::BTreeSet, fs, path::Path};

/// Larger files only repeat the content of smaller ones.
const LARGEST: u64 = 150_000;

/// The number of places tested in a file.
const PLACES: usize = 150;

/// The start of each value, and the possible replacements for it. A list or an object that becomes
/// an empty one of the other type is empty in both cases, and an optional value can be missing:
/// these are not mistakes.
fn places(json: &Json<'_>, found: &mut Vec<(usize, &'static [&'static str])>) {
    match &json.value {
        Value::Array(elements) => {
            found.push((json.at, &["\"x\"", "7"]));
            elements.iter().for_each(|element| places(element, found));
        }
        Value::Object(object) => {
            found.push((json.at, &["\"x\"", "7"]));
            object.iter().for_each(|member| places(&member.value, found));
        }
        Value::Bool(_) => found.push((json.at, &["\"x\"", "7", "[]", "null"])),
        Value::Number(_) => found.push((json.at, &["\"x\"", "{}"])),
        Value::String(_) => found.push((json.at, &["7", "[]"])),
        Value::Null | Value::NonFinite(_) => {}
    }
}

/// The end of the value that starts at `at`.
fn end(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut quoted, mut i) = (0, false, at);
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'\\' if quoted => i += 1,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted && depth > 0 => depth -= 1,
            b',' | b']' | b'}' if !quoted && depth == 0 => return i,
            _ => {}
        }
        i += 1;
        if depth == 0 && !quoted && matches!(byte, b'"' | b']' | b'}') {
            return i;
        }
    }
    bytes.len()
}

fn failed(evidence: &Evidence) -> BTreeSet<&str> {
    evidence.checks.iter().filter(|check| !check.passed).map(|check| check.name.as_str()).collect()
}

/// The changes after which a failed check of the file is lost, and nothing fails instead.
fn lost(format: &str, bytes: &[u8]) -> Vec<String> {
    let (Ok(parsed), Ok(whole)) = (json::parse(bytes), evidence::read(bytes, Some(format))) else {
        return Vec::new();
    };
    let before = failed(&whole);
    if before.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    places(&parsed, &mut all);
    let mut lost = Vec::new();
    for (at, others) in all.iter().step_by((all.len() / PLACES).max(1)) {
        // The document itself.
        if *at == parsed.at {
            continue;
        }
        let (head, tail) = (&bytes[..*at], &bytes[end(bytes, *at)..]);
        for other in *others {
            let changed = [head, other.as_bytes(), tail].concat();
            let Ok(evidence) = evidence::read(&changed, Some(format)) else { continue };
            let after = failed(&evidence);
            if before.difference(&after).next().is_some() && after.is_subset(&before) {
                let place = json::Place::in_bytes(bytes, *at);
                lost.push(format!(
                    "{place}: {} became {other}",
                    String::from_utf8_lossy(&bytes[*at..end(bytes, *at)])
                ));
            }
        }
    }
    lost
}

#[test]
fn no_failed_check_gets_lost_behind_a_value_of_another_kind() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/evidence");
    let folders = fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    let (mut tried, mut all) = (0, Vec::new());
    for folder in folders {
        let format = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if !path.is_file()
                || path.ends_with("expected.json")
                || entry.metadata().unwrap().len() > LARGEST
            {
                continue;
            }
            tried += 1;
            let name = entry.file_name().into_string().unwrap();
            all.extend(
                lost(&format, &fs::read(&path).unwrap())
                    .iter()
                    .map(|lost| format!("{format}/{name}, {lost}")),
            );
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(all.is_empty(), "{} changes:\n{}", all.len(), all.join("\n"));
}

#[test]
fn a_value_is_cut_out_whole() {
    let text = br#"{"a": [1, {"b]": "x\"}"}], "c":true}"#;
    for (at, value) in [(6, r#"[1, {"b]": "x\"}"}]"#), (7, "1"), (17, r#""x\"}""#), (31, "true")] {
        assert_eq!(std::str::from_utf8(&text[at..end(text, at)]).unwrap(), value);
    }
}
