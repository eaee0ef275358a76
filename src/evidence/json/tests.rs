use super::*;
use proptest::prelude::*;

fn message(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

/// The tree as serde_json has it; `None` if it cannot represent it.
fn as_serde(json: &Json<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as S;
    Some(match &json.value {
        Value::Null => S::Null,
        Value::Bool(b) => S::Bool(*b),
        Value::Number(n) => serde_json::from_str(n.text()).ok()?,
        Value::NonFinite(_) => return None,
        Value::String(s) => S::String(s.to_string()),
        Value::Array(a) => S::Array(a.iter().map(as_serde).collect::<Option<_>>()?),
        Value::Object(o) => S::Object(
            o.iter()
                .map(|m| Some((m.key.to_string(), as_serde(&m.value)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

#[test]
fn order_text_and_places_are_kept() {
    let json =
        parse("\u{feff}{\"z\": 1.50,\n \"é\": [\"\\u00e9\\ud83d\\ude00\\n\", null]}".as_bytes())
            .unwrap();
    let object = json.as_object().unwrap();
    assert_eq!(object.iter().map(|m| &*m.key).collect::<Vec<_>>(), ["z", "é"]);
    assert_eq!(object.get("z").unwrap().as_number().unwrap().text(), "1.50");
    let list = object.get("é").unwrap().as_array().unwrap();
    assert_eq!(list[0].as_str(), Some("é😀\n"));
    let text = "\u{feff}{\"z\": 1.50,\n \"é\": [\"\\u00e9\\ud83d\\ude00\\n\", null]}";
    assert_eq!(Place::of(text, list[1].at), Place { line: 2, column: 32 });
    assert_eq!(Place::of(text, json.at), Place { line: 1, column: 1 });
}

#[test]
fn text_without_escapes_is_borrowed() {
    let json = parse(b"{\"key\": \"value\"}").unwrap();
    let member = json.as_object().unwrap().iter().next().unwrap();
    assert!(matches!(member.key, std::borrow::Cow::Borrowed("key")));
    assert!(matches!(member.value.value, Value::String(std::borrow::Cow::Borrowed("value"))));
}

#[test]
fn what_is_not_finite_is_kept_as_written() {
    for text in ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"] {
        assert_eq!(parse(text.as_bytes()).unwrap().value, Value::NonFinite(text), "{text}");
    }
    let long = "9".repeat(400);
    assert_eq!(parse(long.as_bytes()).unwrap().value, Value::NonFinite(&long));
    for text in ["nan", "inf", "+Infinity", "-NaN", "Nan"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn errors_name_line_and_column_in_characters() {
    let cases = [
        ("", "line 1, column 1: expected a value, the document ends here"),
        ("{\"é\": tru}", "line 1, column 7: expected a value, found `t`"),
        ("{\"a\": 1,\n  \"b\" 2}", "line 2, column 7: expected `:` after the key, found `2`"),
        ("[1, 2", "line 1, column 6: expected `,` or `]`, the document ends here"),
        ("[1,]", "line 1, column 4: expected a value, found `]`"),
        ("{\"a\": 1,}", "line 1, column 9: expected a key in double quotes, found `}`"),
        ("{} {}", "line 1, column 4: expected the end of the document, found `{`"),
        ("[01]", "line 1, column 2: a number may not start with a zero and go on"),
        ("[1.]", "line 1, column 4: expected a digit after the decimal point, found `]`"),
        ("[\"ab", "line 1, column 2: text that starts here is never closed"),
        ("[\"a\tb\"]", "line 1, column 4: a control character in text must be escaped"),
        ("[\"\\ud800\"]", "line 1, column 3: half of a surrogate pair is no character"),
        ("[\"\\x\"]", "line 1, column 3: `\\` must be followed by one of \" \\ / b f n r t u"),
        ("{'a': 1}", "line 1, column 2: expected a key in double quotes, found `\\'`"),
    ];
    for (text, want) in cases {
        assert_eq!(message(text), want, "{text}");
    }
}

#[test]
fn a_repeated_key_names_both_places() {
    let want = "line 2, column 2: the key `a` is given twice, first at line 1, column 2; which one counts is not for us to guess";
    assert_eq!(message("{\"a\": 1,\n \"\\u0061\": 2}"), want);
    let keys: Vec<String> = (0..100).map(|i| format!("\"k{}\": 0", i % 99)).collect();
    let text = format!("{{{}}}", keys.join(", "));
    assert!(
        matches!(parse(text.as_bytes()), Err(JsonError::DuplicateKey { key, .. }) if key == "k0")
    );
    assert!(parse(b"[{\"a\": 1}, {\"a\": 1}]").is_ok());
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    for open in ["[", "{\"a\":"] {
        let error = parse(open.repeat(10_000).as_bytes()).unwrap_err();
        assert!(matches!(error, JsonError::TooDeep { limit: MAX_DEPTH, .. }), "{error}");
    }
    let most = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(parse(most.as_bytes()).is_ok());
    assert!(parse(format!("[{most}]").as_bytes()).is_err());
}

#[test]
fn many_small_values_do_not_eat_the_memory() {
    let text = format!("[{}0]", "0,".repeat(MAX_VALUES));
    assert!(matches!(parse(text.as_bytes()), Err(JsonError::TooMany { .. })));
}

#[test]
fn bytes_that_are_not_utf8_are_named() {
    let error = parse(b"{\"a\":\n\"\xff\"}").unwrap_err();
    assert!(
        matches!(error, JsonError::NotUtf8 { byte: 7, place: Place { line: 2, column: 2 }, .. }),
        "{error:?}"
    );
    assert!(parse(b"\xff\xfe{\0}\0").unwrap_err().to_string().contains("UTF-16"));
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Map, Value as S, json};
    let leaf = prop_oneof![
        Just(S::Null),
        any::<bool>().prop_map(S::Bool),
        any::<i64>().prop_map(|i| json!(i)),
        any::<u64>().prop_map(|i| json!(i)),
        any::<f64>().prop_map(|f| json!(f)),
        any::<String>().prop_map(S::String),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(S::Array),
            prop::collection::vec((any::<String>(), inner), 0..24)
                .prop_map(|members| S::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn reads_what_serde_json_writes(json in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
        let ours = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(as_serde(&ours), Some(json));
    }

    /// Texts that are nearly JSON: we accept exactly what serde_json accepts, except keys given
    /// twice and numbers beyond the range of a double.
    #[test]
    fn accepts_what_serde_json_accepts(text in "([\\[\\]{},:\" \n]|\"a\"|\"b\"|\"\\\\u00e9\"|null|true|-?[0-9]{1,2}|[0-9]\\.[0-9]|1e[+-]?[0-9]|\\\\){0,12}") {
        let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
        match (parse(text.as_bytes()), theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(as_serde(&ours), Some(theirs)),
            (Err(JsonError::DuplicateKey { .. }), Ok(_)) | (Err(_), Err(_)) => {}
            (Ok(ours), Err(_)) if as_serde(&ours).is_none() => {}
            (ours, theirs) => prop_assert!(false, "{:?} against {:?}", ours, theirs),
        }
    }

    #[test]
    fn numbers_are_read_as_doubles(x in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
        let text = format!("{x:?}");
        let json = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(json.as_number().unwrap().value(), x);
    }
}
