//! What separated text and JSON Lines may look like, and what is refused.

use super::tests::{refusal, rows, want};
use crate::predictions::{Limits, PredictionsError, block::Kind::*};
use std::fmt::Write;

fn read(text: &str, wanted: &[(&str, crate::predictions::block::Kind)]) -> Vec<Vec<String>> {
    rows(&[("t", text.as_bytes().to_vec())], &want(wanted)).unwrap()
}

fn refused(
    text: &str,
    column: &str,
    kind: crate::predictions::block::Kind,
) -> (&'static str, String) {
    refusal("t", text.as_bytes(), &[(column, kind)])
}

#[test]
fn every_separator_quoting_and_line_end_is_understood() {
    let expected = [["1", "x, \"y\"\nz"], ["2.5", ""]];
    for text in [
        "a,b\n1,\"x, \"\"y\"\"\nz\"\n2.5,\n",
        "a;b\n1;\"x, \"\"y\"\"\nz\"\n2.5;",
        "a\tb\n1\t\"x, \"\"y\"\"\nz\"\n2.5\t\n\n\n",
        "\u{feff}\"a\"|\"b\"\r\n\"1\"|\"x, \"\"y\"\"\nz\"\r\n 2.5 |\"\"\r\n\r\n",
        "b,c,a\n\"x, \"\"y\"\"\nz\",\"\",1\n,,2.5",
    ] {
        assert_eq!(read(text, &[("a", Number), ("b", Category)]), expected, "{text:?}");
    }
    assert_eq!(read("a\n1\n-2e-3\n+3.\n", &[("a", Number)]).concat(), ["1", "-0.002", "3"]);
    assert_eq!(read("a,b;c\n1,2\n", &[("b;c", Any)]).concat(), ["2"]);
    assert_eq!(read("a,b\n", &[("b", Any)]), Vec::<Vec<String>>::new());
    assert_eq!(
        read("x,x y\n1,N/A\n", &[("x y", Category), ("x", Any), ("x", Number)]).concat(),
        ["N/A", "1", "1"]
    );
}

#[test]
fn separated_text_is_refused_where_it_is_wrong() {
    let cases = [
        (
            "a,b\n1,\"p\nq\"\nnan,2\n",
            "a",
            "predictions-not-finite",
            "`nan` in column `a` at row 2 (line 4) of `t`",
        ),
        (
            "a,b\n1,2\n-inf,2",
            "a",
            "predictions-not-finite",
            "`-inf` in column `a` at row 2 (line 3)",
        ),
        ("a\n1e999\n", "a", "predictions-not-finite", "`1e999`"),
        ("a,b\n,2\n", "a", "predictions-null", "null in column `a` at row 1 (line 2)"),
        ("a,b\n1,2\nx1,2\n", "a", "predictions-type", "row 2 (line 3) of `t` has `x1`"),
        (
            "a,b\n1,2,3\n",
            "a",
            "predictions-syntax",
            "line 2 of `t` has 3 fields where the header has 2",
        ),
        ("a,b\n1,2\n3\n4,5,6\n", "a", "predictions-syntax", "line 3 of `t` has 1 field where"),
        ("a,b\n1,2\n\n3,4\n", "a", "predictions-syntax", "line 3 of `t` is empty where"),
        (
            "a,b\n1,2\n3,5\" pipe\n",
            "a",
            "predictions-syntax",
            "line 3 of `t`: a quote stands inside",
        ),
        ("a,b\n1,\"x\"y\n", "a", "predictions-syntax", "line 2 of `t`: something stands between"),
        ("a,b\n1,2\n3,\"x\n", "a", "predictions-syntax", "line 3 of `t`: a quote is not closed"),
        ("a,b,a\n1,2,3\n", "b", "predictions-duplicate-column", "more than one column `a`"),
        ("scores,label\n1,2\n", "score", "predictions-missing-column", "did you mean `scores`? "),
        ("a\u{1b}[2J,b\n1,2\n", "c", "predictions-missing-column", "it has `a\\u{1b}[2J`, `b`"),
        ("", "a", "predictions-unsupported", "it is empty"),
        ("[{\"a\":1}]", "a", "predictions-unsupported", "one object a line"),
        ("PK\u{3}\u{4}\0\0", "a", "predictions-unsupported", "no format that is read"),
    ];
    for (text, column, code, says) in cases {
        let (got, message) = refused(text, column, Number);
        assert_eq!(got, code, "{text:?}: {message}");
        assert!(message.contains(says.trim_end()), "{text:?}: {message}");
    }
    assert_eq!(refusal("t", b"\xff\xfea\0", &[("a", Any)]).0, "predictions-unsupported");
    let (code, message) = refusal("t", b"a,b\nx,1\nM\xe4ori,1\n", &[("a", Category)]);
    assert_eq!((code, message.contains("row 2 (line 3)")), ("predictions-syntax", true));
}

#[test]
fn rows_are_counted_right_across_pieces_whatever_the_thread() {
    let mut text = "id,note,score\n".to_owned();
    for i in 0..60_000 {
        let _ = writeln!(text, "{i},\"line one, of {i}\nline \"\"two\"\"\",{}", f64::from(i) / 8.0);
    }
    let wanted = [("id", Number), ("note", Any), ("score", Number)];
    let all = read(&text, &wanted);
    assert_eq!(all.len(), 60_000);
    assert_eq!(all[59_999], ["59999", "line one, of 59999\nline \"two\"", "7499.875"]);
    let (code, message) = refused(&format!("{text}60000,x,NaN\n1,2,3\n"), "score", Number);
    assert_eq!(code, "predictions-not-finite");
    assert!(message.contains("at row 60001 (line 120002)"), "{message}");
    let lines: String = (0..60_000)
        .map(|i| format!("{{\"id\": {i}, \"score\": {}}}\n", f64::from(i) / 8.0))
        .collect();
    assert_eq!(read(&lines, &[("score", Number)])[59_999], ["7499.875"]);
    let (_, message) = refused(&format!("{lines}\n{{\"id\": 1, \"score\": NaN}}"), "score", Number);
    assert!(message.starts_with("NaN in column `score` at line 60002 of `t`"), "{message}");
}

#[test]
fn lines_of_json_may_have_any_order_and_more_than_is_wanted() {
    let text = concat!(
        "{\"a\":1,\"b\":\"x\",\"in\":{\"c\":true,\"deep\":{\"d\":0.5}},\"in.e\":\"p\"}\r\n\n",
        "  { \"in.e\" : \"\\u0101\\n\" , \"z\":[{\"a\":2},null,NaN,\"\\\"}\"], \"b\":\"\",\"in\":{\"deep\":{\"q\":1,\"d\":-2E1},\"c\":false} , \"a\":7 }  "
    );
    let wanted =
        [("a", Number), ("b", Category), ("in.c", Category), ("in.deep.d", Number), ("in.e", Any)];
    assert_eq!(
        read(text, &wanted),
        [["1", "x", "true", "0.5", "p"], ["7", "", "false", "-20", "ā\n"]]
    );
    // The types that a column turns out to have.
    assert_eq!(
        read("{\"a\":1}\n{\"a\":2.5}\n{\"a\":3}", &[("a", Any)]).concat(),
        ["1", "2.5", "3"]
    );
    assert_eq!(
        read("{\"a\":1}\n{\"a\":\"1.0\"}\n{\"a\":1.50}\n{\"a\":true}", &[("a", Any)]).concat(),
        ["1", "1.0", "1.50", "true"]
    );
    let wide = "{\"a\":1}\n{\"a\":123456789012345678901}";
    assert_eq!(read(wide, &[("a", Any)]).concat(), ["1", "123456789012345678901"]);
    assert_eq!(
        read("{\"a\":9007199254740993}\n{\"a\":0.5}", &[("a", Any)]).concat(),
        ["9007199254740993", "0.5"]
    );
    assert_eq!(read("{\"a\":true}\n{\"a\":false}", &[("a", Any)]).concat(), ["true", "false"]);
}

#[test]
fn lines_of_json_are_refused_where_they_are_wrong() {
    let ok = "{\"a\":1}\n";
    let cases = [
        ("{\"a\":null}", "predictions-null", "null in column `a` at line 2 of `t`"),
        ("{\"b\":1}", "predictions-null", "null in column `a` at line 2 of `t`"),
        ("{}", "predictions-null", "at line 2"),
        (
            "{\"a\":1,\"a\":1}",
            "predictions-duplicate-column",
            "line 2 of `t` has the key `a` twice",
        ),
        ("{\"a\":Infinity}", "predictions-not-finite", "Infinity in column `a` at line 2"),
        ("{\"a\":-Infinity}", "predictions-not-finite", "-Infinity in column `a` at line 2"),
        ("{\"a\":1e999}", "predictions-not-finite", "`1e999` in column `a` at line 2"),
        ("{\"a\":\"1\"}", "predictions-type", "line 2 of `t` has `\"1\"`"),
        ("{\"a\":true}", "predictions-type", "line 2 of `t` has `true`"),
        ("{\"a\":[1]}", "predictions-type", "holds a list or an object in line 2"),
        (
            "{\"a\":01}",
            "predictions-syntax",
            "line 2, column 6 of `t`: a number is not written as JSON",
        ),
        (
            "{\"ā\":1,\"a\" 1}",
            "predictions-syntax",
            "line 2, column 12 of `t`: a colon was expected",
        ),
        ("{\"a\":1", "predictions-syntax", "line 2, column 7 of `t`: the line ends within a row"),
        ("{\"a\":1,\n\"b\":2}", "predictions-syntax", "one object on one line"),
        (
            "{\"a\":1} {\"a\":2}",
            "predictions-syntax",
            "line 2, column 9 of `t`: something stands behind",
        ),
        ("1", "predictions-syntax", "line 2, column 1 of `t`: an object was expected"),
        ("{\"b\":\"x\ty\",\"a\":1}", "predictions-syntax", "a control character"),
    ];
    for (line, code, says) in cases {
        let (got, message) = refused(&format!("{ok}{line}"), "a", Number);
        assert_eq!(got, code, "{line}: {message}");
        assert!(message.contains(says), "{line}: {message}");
    }
    let deep = format!("{{\"b\":{}{},\"a\":1}}", "[".repeat(100), "]".repeat(100));
    assert!(refused(&format!("{ok}{deep}"), "a", Number).1.contains("it nests too deep"));
    assert_eq!(
        refused("{\"a\":{\"x\":1},\"b.c\":2}", "a.y", Any).1,
        "`t` has no column `a.y`; did you mean `a.x`?; it has `a.x`, `b.c`"
    );
    assert_eq!(refused(&format!("{ok}{{\"a\":1.5}}"), "a", Category).0, "predictions-type");
    assert_eq!(refusal("t", b"{\"a\":\"\xff\"}", &[("a", Any)]).0, "predictions-syntax");
}

#[test]
fn limits_are_kept() {
    let open = |text: &str, limits: Limits| -> Result<bool, PredictionsError> {
        let input = crate::predictions::Input::bytes("t", text.as_bytes().to_vec());
        let reader = super::open(vec![input], &want(&[("a", Any)]), &limits)?;
        reader.worker()?.next(&mut Default::default())
    };
    let all = Limits::default();
    let csv = "a,b\nxyz,1\nuvw,2\n";
    let json = "{\"a\":\"xyz\",\"b\":1}\n{\"a\":\"uvw\",\"b\":1}\n";
    for text in [csv, json] {
        assert_eq!(open(text, all), Ok(true));
        for limits in [
            Limits { rows: 1, ..all },
            Limits { bytes: 10, ..all },
            Limits { cell: 2, ..all },
            Limits { distinct: 1, ..all },
        ] {
            assert_eq!(
                open(text, limits).unwrap_err().code,
                "predictions-too-large",
                "{text} {limits:?}"
            );
        }
    }
    assert_eq!(open(csv, Limits { columns: 1, ..all }).unwrap_err().code, "predictions-too-large");
    assert!(open(json, Limits { columns: 1, ..all }).is_err());
}
