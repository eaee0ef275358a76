//! Compressed text, XML, tables and YAML that are broken, deep or large.

use crate::{
    evidence::{
        Document, EvidenceError, MAX_DOCUMENT_BYTES,
        json::{MAX_DEPTH, MAX_VALUES},
        table, unpack, xml, yaml,
    },
    model::Digest,
};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compression_is_undone_once_and_to_its_end() {
    let both = [gzip(b"{\"a\""), gzip(b": 1}")].concat();
    assert_eq!(unpack::unpack(&both).unwrap().as_ref(), b"{\"a\": 1}");
    let twice = gzip(&gzip(b"{}"));
    assert_eq!(unpack::unpack(&twice).unwrap().as_ref(), gzip(b"{}"));
    let trailed = [gzip(b"{}"), b"rubbish".to_vec()].concat();
    assert_eq!(unpack::unpack(&trailed).unwrap_err().code(), "evidence-compressed");
    let skipped = [
        &[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..],
        &zstd::encode_all(&b"{}"[..], 3).unwrap(),
    ]
    .concat();
    assert_eq!(
        unpack::unpack(&skipped).unwrap().as_ref(),
        skipped,
        "a zstd frame to be skipped is no start of a document"
    );
}

#[test]
fn utf16_grows_only_as_far_as_a_document_may() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend([0x2d, 0x4e].repeat(MAX_DOCUMENT_BYTES / 3 + 1));
    assert_eq!(unpack::unpack(&bytes).unwrap_err(), EvidenceError::TooLarge);
    for broken in
        [&[0xff, 0xfe, 0x2d][..], &[0xff, 0xfe, 0x00, 0xd8], &[0xfe, 0xff, 0xdc, 0x00, 0x00, 0x41]]
    {
        assert_eq!(unpack::unpack(broken).unwrap().as_ref(), broken, "no text, and left as it is");
    }
}

#[test]
fn byte_order_marks_and_nul_bytes_are_no_part_of_a_name() {
    let bytes = "\u{feff}a,b\n1,2\n".as_bytes();
    let document = Document::new(Digest::of(bytes), bytes);
    assert_eq!(document.csv().unwrap().header().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(document.header(b',').unwrap(), ["a", "b"]);
    let bytes = "\u{feff}<a>\0</a>".as_bytes();
    let document = Document::new(Digest::of(bytes), bytes);
    assert!(document.looks_like_xml() && document.xml().is_err());
    assert_eq!(table::read("a,b\n1,\0\n", b',').unwrap().rows()[0].get(1), Some("\0"));
}

fn xml_error(text: &str) -> String {
    xml::parse(text).unwrap_err().to_string()
}

#[test]
fn depth_cannot_be_hidden() {
    for open in [
        "<a b=\"/>\">",
        "<a b='>'>",
        "<a><?x </a> ?>",
        "<a><!-- </a> -->",
        "<a><![CDATA[</a>]]>",
        "<a b=\"'\">",
        "<a\nb = '\"/'>",
    ] {
        assert!(xml_error(&open.repeat(100_000)).contains("nested deeper"), "{open}");
        let whole = open.repeat(MAX_DEPTH - 1) + &"</a>".repeat(MAX_DEPTH - 1);
        xml::parse(&whole).unwrap();
    }
}

#[test]
fn attributes_and_namespaces_are_few() {
    let attributes =
        |count: usize| (0..count).map(|i| format!(" a{i}=''")).collect::<Vec<_>>().concat();
    assert!(xml::parse(&format!("<a{}/>", attributes(xml::MAX_ATTRIBUTES))).is_ok());
    assert!(
        xml_error(&format!("<a{}/>", attributes(200_000))).contains("more than 500 attributes")
    );
    let declared: Vec<_> =
        (0..=xml::MAX_NAMESPACES).map(|i| format!("<x xmlns:n{i}='u{i}'/>")).collect();
    assert!(
        xml_error(&format!("<a>{}</a>", declared.concat())).contains("more than 100 namespaces")
    );
}

#[test]
fn what_is_no_document_is_refused_with_its_place_and_in_time() {
    let long = "<!--".repeat(100_000);
    for text in [
        "",
        "<",
        "<a",
        "<a b=\"",
        "<!--",
        "<?",
        "<![CDATA[",
        "</a>",
        "<a/><b/>",
        "<a>&undefined;</a>",
        "<a>&#0;</a>",
        "<a b='<'/>",
        "<a></b>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        &long,
    ] {
        assert_eq!(xml::parse(text).unwrap_err().code(), "evidence-syntax", "{text:.40}");
    }
}

#[test]
fn the_root_is_found_behind_comments_and_instructions() {
    for (text, root) in [
        ("<?xml version='1.0'?>\n<!-- <x> -->\r\n<testsuites a='b'/>", Some("testsuites")),
        ("<n:bom>", Some("bom")),
        ("<a/>", Some("a")),
        ("<!DOCTYPE a><a/>", None),
        ("<!-- x", None),
        ("<?xml", None),
        ("text", None),
        ("<", None),
        ("", None),
        ("<1>", None),
    ] {
        assert_eq!(xml::root(text), root, "{text}");
    }
}

#[test]
fn character_data_and_instructions_are_what_they_are() {
    let document =
        xml::parse("<?x <b>?><n:a xmlns:n='u'><![CDATA[<b>&amp;]]><!-- c --><?y?></n:a>").unwrap();
    let root = document.root_element();
    assert_eq!((root.tag_name().name(), root.text()), ("a", Some("<b>&amp;")));
}

#[test]
fn too_many_cells_are_refused_before_they_are_held() {
    for text in
        [",".repeat(MAX_VALUES + 1), "\n".repeat(MAX_VALUES + 1), "a,\n".repeat(MAX_VALUES / 2 + 1)]
    {
        let error = table::read(&text, b',').unwrap_err();
        assert!(error.to_string().contains("more than 6000000 cells"), "{error}");
        assert_eq!(table::header(&text, b'\t'), None);
    }
    assert_eq!(table::header(&",".repeat(1 << 20), b','), None);
    assert_eq!(table::header(&format!("a,b\n{}", ",".repeat(1 << 20)), b',').unwrap(), ["a", "b"]);
}

#[test]
fn a_quote_within_a_cell_opens_nothing() {
    let table = table::read("size,name\n1,5\" disk\n2,7\"\n", b',').unwrap();
    assert_eq!(table.rows()[1].get(1), Some("7\""));
    for text in ["a,\"b", "a,b\n1,\"2\n3,4\n", "\"", "a,b\n1,\"2\"\"\n", "a\tb\n1\t\"\n"] {
        let separator = if text.contains('\t') { b'\t' } else { b',' };
        assert!(
            table::read(text, separator).unwrap_err().to_string().contains("never ends"),
            "{text}"
        );
    }
    assert_eq!(table::read("a,b\n1,\"x\ny\"", b',').unwrap().rows()[0].get(1), Some("x\ny"));
    assert!(table::header("a,\"b\nc", b',').is_none_or(|header| header.len() == 2));
}

#[test]
fn odd_tables_are_read_as_they_are() {
    let table = table::read("a,b,a\r1,2,3\r\n\r\n4\n", b',').unwrap();
    assert_eq!((table.column("b"), table.column("a"), table.column("")), (Some(1), None, None));
    assert_eq!((table.rows().len(), table.rows()[1].get(1)), (2, None));
    assert_eq!(table::read("", b',').unwrap().all().len(), 0);
}

#[test]
fn a_megabyte_of_yaml_takes_no_longer_than_it_should() {
    let most = yaml::MAX_YAML_BYTES;
    for line in [
        "- a: 1\n",
        "- {a: 1}\n",
        "- [ü, é]\n",
        "- x\n",
        "-\n  ? a\n  : b\n",
        "- \"ü\": |\n    ü\n",
    ] {
        let text = line.repeat(most / line.len());
        assert!(yaml::parse(&text, 0, text.len()).is_ok(), "{line}");
    }
    let flow = format!("[{}]", "{a: 1}, ".repeat(most / 9));
    assert!(yaml::parse(&flow, 0, flow.len()).is_ok());
    let keys = (0..most / 12).map(|i| format!("k{i}: 1\n")).collect::<Vec<_>>().concat();
    assert!(yaml::parse(&keys, 0, keys.len()).is_ok());
    assert!(
        yaml::parse(&"#".repeat(most + 1), 0, most + 1).unwrap_err().to_string().contains("1 MiB")
    );
}

#[test]
fn what_is_not_plain_yaml_is_refused_with_its_place() {
    for (text, says) in [
        ("a: 1\n---\nb: 2\n", "second document"),
        ("<<: *base\n", "unknown anchor"),
        ("? [1, 2]\n: 3\n", "no text"),
        ("a: !!binary x\n", "tag"),
        ("{a: 1, a: 2}\n", "given twice"),
        ("a: 'x\n", "YAML"),
        ("", "nothing"),
    ] {
        let error = yaml::parse(text, 0, text.len()).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with("line "), "{text:?}: {error}");
    }
}

#[test]
fn places_are_right_behind_letters_of_several_bytes() {
    let text = "ü: {é: 1}\nß:\n  - ö: 2\n    ä: 3\n";
    let json = yaml::parse(text, 0, text.len()).unwrap();
    let list = json.get("ß").unwrap().as_array().unwrap();
    assert_eq!(list[0].get("ä").unwrap().at, text.find('3').unwrap());
    assert_eq!(json.get("ü").unwrap().get("é").unwrap().at, text.find('1').unwrap());
}
