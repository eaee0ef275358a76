use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn ours<T: Serialize>(value: &T) -> String {
    String::from_utf8(to_vec(value).unwrap()).unwrap()
}

fn theirs<T: Serialize>(value: &T) -> String {
    serde_json_canonicalizer::to_string(value).unwrap()
}

#[test]
fn sorts_keys_and_writes_numbers_as_the_standard_does() {
    let value: Value = serde_json::from_str(r#"{"b":1e21,"a":[1.0,0.000001,"\u20ac"]}"#).unwrap();
    assert_eq!(ours(&value), r#"{"a":[1,0.000001,"€"],"b":1e+21}"#);
}

/// RFC 8785, sections 3.2.2 and 3.2.4: the example in the standard.
#[test]
fn writes_the_example_of_the_standard() {
    let text = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
        "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        ours(&value),
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
}

/// RFC 8785, section 3.2.3: keys are sorted by UTF-16 code units.
#[test]
fn sorts_keys_by_utf16() {
    let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
    let keys = ["\\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"];
    let mut at = 0;
    for key in keys {
        at += ours(&value)[at..].find(&format!("\"{key}\":")).expect(key);
    }
}

/// RFC 8785, appendix B: the bits of a double and its text.
#[test]
fn writes_the_numbers_of_the_standard() {
    for (bits, text) in [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let value = f64::from_bits(bits);
        assert_eq!(ours(&value), text, "{bits:x}");
        assert_eq!(ours(&value), theirs(&value), "{bits:x}");
    }
}

#[test]
fn refuses_what_json_cannot_say() {
    assert!(to_vec(&f64::NAN).is_err());
    assert!(to_vec(&f64::INFINITY).is_err());
    assert!(to_vec(&f32::NEG_INFINITY).is_err());
    assert!(to_vec(&BTreeMap::from([(Some(1), 1)])).is_err());
    assert!(to_vec(&BTreeMap::from([([1], 1)])).is_err());
    let raw = serde_json::value::RawValue::from_string("{ }".into()).unwrap();
    assert!(to_vec(&raw).is_err());
}

#[derive(Serialize)]
struct Twice {
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[test]
fn refuses_one_key_twice() {
    assert!(to_vec(&Twice { a: 1, rest: BTreeMap::from([("a".into(), 2)]) }).is_err());
    assert_eq!(ours(&Twice { a: 1, rest: BTreeMap::from([("A".into(), 2)]) }), r#"{"A":2,"a":1}"#);
}

#[derive(Serialize)]
enum Shape {
    Unit,
    Newtype(u64),
    Tuple(i8, String),
    Struct { z: bool, a: Option<f32> },
}

#[test]
fn every_shape_of_value_agrees_with_the_oracle() {
    let shapes = [
        Shape::Unit,
        Shape::Newtype(u64::MAX),
        Shape::Tuple(-1, "x".into()),
        Shape::Struct { z: true, a: None },
    ];
    assert_eq!(ours(&shapes), theirs(&shapes));
    let nested = (
        BTreeMap::from([('b', [1_i128, -(1 << 100)]), ('a', [0, 1])]),
        ((), "é\u{7f}\u{0}\u{1f}\u{2028}"),
        u128::MAX,
    );
    assert_eq!(ours(&nested), theirs(&nested));
    let empty = (BTreeMap::<String, u8>::new(), Vec::<u8>::new(), [[0_u8; 0]; 2], "");
    assert_eq!(ours(&empty), r#"[{},[],[[],[]],""]"#);
    assert_eq!(ours(&BTreeMap::from([(true, 1), (false, 2)])), r#"{"false":2,"true":1}"#);
    for edge in [1_u64 << 53, (1 << 53) + 1, (1 << 53) - 1, u64::MAX] {
        assert_eq!(ours(&edge), theirs(&edge));
        assert_eq!(ours(&edge.cast_signed()), theirs(&edge.cast_signed()));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|x| json!(x)),
        (-1e6..1e6_f64).prop_map(|x| json!(x)),
        any::<String>().prop_map(Value::from),
        "[ -~\\x00-\\x1f\u{80}-\u{10ffff}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn agrees_with_the_oracle(value in any_json()) {
        prop_assert_eq!(ours(&value), theirs(&value));
    }

    #[test]
    fn numbers_agree_with_the_oracle(bits: u64, small in -1e9..1e9_f64, scale in -30_i32..30) {
        for value in [f64::from_bits(bits), small, small * 10_f64.powi(scale), small.round()] {
            if value.is_finite() {
                prop_assert_eq!(ours(&value), theirs(&value));
                prop_assert_eq!(ours(&value).parse::<f64>().unwrap(), value);
            }
        }
    }
}
