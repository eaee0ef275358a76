//! Documents made to attack their reader: each is refused, or read as what it is, in bounded time
//! and memory.

use super::{
    Document, EvidenceError, MAX_DOCUMENT_BYTES,
    archive::{self, MAX_MEMBERS, Member},
    json::{MAX_DEPTH, MAX_VALUES},
    table, unpack, xml, yaml,
};
use crate::model::Digest;
use std::io::Write;

fn refused(bytes: &[u8], says: &str) {
    match archive::members(bytes) {
        Ok(members) => {
            panic!("{says}: {:?}", members.iter().map(|member| &member.name).collect::<Vec<_>>())
        }
        Err(error) => assert!(error.to_string().contains(says), "{says}: {error}"),
    }
}

fn names(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.name.as_str()).collect()
}

mod zip {
    use super::*;

    /// One member as its two headers describe it. They may be false.
    #[derive(Clone)]
    struct Entry {
        local: Vec<u8>,
        central: Vec<u8>,
        flags: u16,
        method: u16,
        packed: Vec<u8>,
        declared: u32,
        declared_packed: Option<u32>,
        mode: u32,
        crc: u32,
        /// The index of the member whose place this one claims.
        at: Option<usize>,
    }

    fn entry(name: &str, content: &[u8]) -> Entry {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Entry {
            local: name.into(),
            central: name.into(),
            flags: 1 << 11,
            method: 0,
            packed: content.to_vec(),
            declared: u32::try_from(content.len()).unwrap(),
            declared_packed: None,
            mode: 0o100_644,
            crc: crc.sum(),
            at: None,
        }
    }

    fn deflated(name: &str, content: &[u8]) -> Entry {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).unwrap();
        Entry { method: 8, packed: encoder.finish().unwrap(), ..entry(name, content) }
    }

    fn common(entry: &Entry, name: &[u8]) -> Vec<u8> {
        let packed = entry.declared_packed.unwrap_or(u32::try_from(entry.packed.len()).unwrap());
        let mut out = Vec::new();
        for part in [20, entry.flags, entry.method, 0, 0x21] {
            out.extend(u16::to_le_bytes(part));
        }
        for part in [entry.crc, packed, entry.declared] {
            out.extend(u32::to_le_bytes(part));
        }
        out.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out
    }

    fn zip_of(entries: &[Entry], told: u16) -> Vec<u8> {
        let (mut out, mut offsets) = (Vec::new(), Vec::new());
        for entry in entries {
            offsets.push(u32::try_from(out.len()).unwrap());
            if entry.at.is_none() {
                out.extend(b"PK\x03\x04");
                out.extend(common(entry, &entry.local));
                out.extend(&entry.local);
                out.extend(&entry.packed);
            }
        }
        let start = u32::try_from(out.len()).unwrap();
        for (i, entry) in entries.iter().enumerate() {
            out.extend(b"PK\x01\x02");
            out.extend((0x0314_u16).to_le_bytes());
            out.extend(common(entry, &entry.central));
            out.extend([0; 6]);
            out.extend((entry.mode << 16).to_le_bytes());
            out.extend(offsets[entry.at.unwrap_or(i)].to_le_bytes());
            out.extend(&entry.central);
        }
        let length = u32::try_from(out.len()).unwrap() - start;
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(told.to_le_bytes());
        out.extend(told.to_le_bytes());
        out.extend(length.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out
    }

    fn zip(entries: &[Entry]) -> Vec<u8> {
        zip_of(entries, u16::try_from(entries.len()).unwrap())
    }

    #[test]
    fn an_honest_archive_is_read() {
        let bytes = zip(&[
            entry("a/b.json", b"{}"),
            deflated("ü.json", &[b' '; 3000]),
            entry("folder/", b""),
        ]);
        let members = archive::members(&bytes).unwrap();
        assert_eq!(names(&members), ["a/b.json", "ü.json"]);
        assert_eq!(members[1].bytes, [b' '; 3000]);
        let inner = zip(&[entry("inner.zip", &bytes)]);
        assert_eq!(
            archive::members(&inner).unwrap()[0].bytes,
            bytes,
            "an archive in an archive is a file like others"
        );
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "C:\\x",
            "c:x",
            "\\\\host\\x",
            "..\\x",
            "a\0b",
            "a/..",
            "..",
        ] {
            refused(&zip(&[entry(name, b"")]), "leads out of it");
        }
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused_however_it_is_spelled() {
        for name in ["a/b", "./a/b", "a//b", "a/./b", "a\\b"] {
            refused(
                &zip(&[entry("a/b", b"1"), entry(name, b"2")]),
                if name == "a/b" { "duplicate" } else { "twice" },
            );
        }
    }

    #[test]
    fn links_and_encrypted_members_are_refused() {
        refused(&zip(&[Entry { mode: 0o120_777, ..entry("link", b"/etc/passwd") }]), "is a link");
        refused(&zip(&[Entry { flags: 1, ..entry("a", b"secret secret secret") }]), "assword");
    }

    #[test]
    fn headers_that_disagree_are_refused() {
        refused(
            &zip(&[Entry { local: b"b.json".to_vec(), ..entry("a.json", b"{}") }]),
            "inconsistency",
        );
        let hidden = [entry("a.json", b"{}"), entry("b.json", b"{}")];
        let mut bytes = zip(&hidden);
        let told = zip(&hidden[..1]).len();
        bytes.truncate(bytes.len().min(told + 500));
        refused(&zip_of(&hidden, 3), "");
    }

    #[test]
    fn members_that_share_their_bytes_are_refused() {
        let content = vec![0; 1 << 20];
        let first = deflated("0", &content);
        let mut all = vec![first.clone()];
        all.extend((1..200).map(|i| Entry {
            at: Some(0),
            central: i.to_string().into(),
            ..first.clone()
        }));
        refused(&zip(&all), "inconsistency");
    }

    #[test]
    fn sizes_are_not_believed() {
        let bomb = deflated("a", &vec![0; 40 << 20]);
        assert_eq!(
            archive::members(&zip(std::slice::from_ref(&bomb))).unwrap_err().code(),
            "evidence-too-large"
        );
        for declared_packed in [u32::MAX - 1, 0, 3] {
            let lie = Entry { declared_packed: Some(declared_packed), ..bomb.clone() };
            assert!(archive::members(&zip(&[lie])).is_err());
        }
        for declared in [0, 1, 3, u32::MAX - 1] {
            assert!(
                archive::members(&zip(&[Entry { declared, ..entry("a", b"{}") }])).is_err(),
                "{declared}"
            );
            assert!(
                archive::members(&zip(&[Entry { declared, ..deflated("a", b"{}") }])).is_err(),
                "{declared}"
            );
        }
        refused(&zip_of(&[entry("a", b"")], u16::MAX - 1), "");
        assert!(archive::members(&zip(&[Entry { crc: 7, ..entry("a", b"{}") }])).is_err());
    }

    #[test]
    fn too_many_members_and_too_many_bytes_are_refused() {
        let many: Vec<_> = (0..=MAX_MEMBERS).map(|i| entry(&i.to_string(), b"")).collect();
        refused(&zip(&many), "more than 10000 members");
        let large = vec![b' '; 17 << 20];
        let four: Vec<_> = (0..4).map(|i| entry(&i.to_string(), &large)).collect();
        assert_eq!(archive::members(&zip(&four)).unwrap_err(), EvidenceError::TooLarge);
    }

    #[test]
    fn what_is_cut_off_or_changed_is_refused_or_read_but_never_a_panic() {
        let bytes = zip(&[entry("a.json", b"{}"), deflated("b.json", &[b'x'; 400])]);
        for end in 0..bytes.len() {
            assert!(archive::members(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                let _ = archive::members(&changed);
            }
        }
    }
}

mod tar {
    use super::*;
    use ::tar::{Builder, EntryType, Header};

    fn header(name: &str, kind: EntryType, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        header
    }

    fn tar(entries: &[(Header, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (header, content) in entries {
            out.extend(header.as_bytes());
            out.extend(*content);
            out.resize(out.len().next_multiple_of(512), 0);
        }
        out.extend([0; 1024]);
        out
    }

    fn one(name: &str, content: &[u8]) -> (Header, Vec<u8>) {
        (header(name, EntryType::Regular, content.len() as u64), content.to_vec())
    }

    fn file(name: &str) -> Vec<u8> {
        let (header, content) = one(name, b"{}");
        tar(&[(header, &content)])
    }

    #[test]
    fn names_that_lead_out_links_and_devices_are_refused() {
        for name in ["../x", "a/../../x", "/etc/passwd", "..", "a\\..\\b", "C:/x"] {
            refused(&file(name), "leads out of it");
        }
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Block,
            EntryType::Fifo,
            EntryType::GNUSparse,
        ] {
            refused(&tar(&[(header("a", kind, 0), b"")]), "");
        }
    }

    #[test]
    fn a_name_that_is_given_twice_is_refused_however_it_is_spelled() {
        for second in ["a/b", "./a/b", "a//b"] {
            let (first, second) = (one("a/b", b"1"), one(second, b"2"));
            refused(&tar(&[(first.0, &first.1), (second.0, &second.1)]), "`a/b` is in it twice");
        }
    }

    #[test]
    fn sizes_are_not_believed() {
        for size in [513, 1 << 33, u64::MAX - 600, u64::MAX] {
            refused(&tar(&[(header("a", EntryType::Regular, size), b"{}")])[..1024], "");
        }
        // With a size that reaches into the next member, the header of that member is read as
        // content.
        let (next, content) = one("b", b"{}");
        let members = archive::members(&tar(&[
            (header("a", EntryType::Regular, 1536), b"{}"),
            (next, &content),
        ]))
        .unwrap();
        assert_eq!((names(&members), members[0].bytes.len()), (vec!["a"], 1536));
        let mut wrong = file("a");
        wrong[0] = b'b';
        refused(&wrong, "checksum");
    }

    #[test]
    fn long_names_of_gnu_and_pax_are_the_names_that_count() {
        let long = "d/".repeat(100) + "x.json";
        let mut builder = Builder::new(Vec::new());
        builder.append_data(&mut header("x", EntryType::Regular, 2), &long, &b"{}"[..]).unwrap();
        assert_eq!(
            names(&archive::members(&builder.into_inner().unwrap()).unwrap()),
            [long.as_str()]
        );

        let pax = |path: &[u8]| {
            let mut builder = Builder::new(Vec::new());
            builder.append_pax_extensions([("path", path)]).unwrap();
            builder.append(&header("innocent", EntryType::Regular, 2), &b"{}"[..]).unwrap();
            builder.into_inner().unwrap()
        };
        assert_eq!(names(&archive::members(&pax("ü/a.json".as_bytes())).unwrap()), ["ü/a.json"]);
        refused(&pax(b"../../x"), "leads out of it");
        refused(&pax(b"a\0b"), "leads out of it");
        refused(&pax(&[0xff, 0xfe]), "not UTF-8");

        let gnu = |name: &[u8], size: u64| {
            tar(&[
                (header("././@LongLink", EntryType::GNULongName, size), name),
                (header("a", EntryType::Regular, 0), b""),
            ])
        };
        refused(&gnu(b"../x\0", 5), "leads out of it");
        refused(&gnu(b"x\0", 1 << 40), "");
        assert_eq!(names(&archive::members(&gnu(b"b/c\0", 4)).unwrap()), ["b/c"]);
    }

    #[test]
    fn a_size_that_pax_overrides_is_the_size_that_counts() {
        for (size, says) in [("99999999999999", "breaks off"), ("18446744073709551615", "overflow")]
        {
            let mut builder = Builder::new(Vec::new());
            builder.append_pax_extensions([("size", size.as_bytes())]).unwrap();
            builder.append(&header("a", EntryType::Regular, 2), &b"{}"[..]).unwrap();
            refused(&builder.into_inner().unwrap(), says);
        }
    }

    #[test]
    fn the_global_header_of_git_and_folders_are_passed_over() {
        let pax = b"19 comment=abcdefg\n";
        let (a, content) = one("a.json", b"{}");
        let bytes = tar(&[
            (header("pax_global_header", EntryType::XGlobalHeader, pax.len() as u64), pax),
            (header("d/", EntryType::Directory, 0), b""),
            (a, &content),
        ]);
        assert_eq!(names(&archive::members(&bytes).unwrap()), ["a.json"]);
    }

    #[test]
    fn what_is_changed_is_refused_or_read_but_never_a_panic() {
        let bytes = file("a.json");
        for at in 0..600 {
            for value in [0, b'7', 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                let _ = archive::members(&changed);
            }
        }
        for end in 263..1024 {
            let _ = archive::members(&bytes[..end]);
        }
        refused(&bytes[..513], "breaks off");
        refused(&bytes[..1024], "without an end");
    }
}

mod text {
    use super::*;

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
        for broken in [
            &[0xff, 0xfe, 0x2d][..],
            &[0xff, 0xfe, 0x00, 0xd8],
            &[0xfe, 0xff, 0xdc, 0x00, 0x00, 0x41],
        ] {
            assert_eq!(
                unpack::unpack(broken).unwrap().as_ref(),
                broken,
                "no text, and left as it is"
            );
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
}

mod markup {
    use super::*;

    fn error(text: &str) -> String {
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
            assert!(error(&open.repeat(100_000)).contains("nested deeper"), "{open}");
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
            error(&format!("<a{}/>", attributes(200_000))).contains("more than 500 attributes")
        );
        let declared: Vec<_> =
            (0..=xml::MAX_NAMESPACES).map(|i| format!("<x xmlns:n{i}='u{i}'/>")).collect();
        assert!(
            error(&format!("<a>{}</a>", declared.concat())).contains("more than 100 namespaces")
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
            xml::parse("<?x <b>?><n:a xmlns:n='u'><![CDATA[<b>&amp;]]><!-- c --><?y?></n:a>")
                .unwrap();
        let root = document.root_element();
        assert_eq!((root.tag_name().name(), root.text()), ("a", Some("<b>&amp;")));
    }
}

mod cells {
    use super::*;

    #[test]
    fn too_many_cells_are_refused_before_they_are_held() {
        for text in [
            ",".repeat(MAX_VALUES + 1),
            "\n".repeat(MAX_VALUES + 1),
            "a,\n".repeat(MAX_VALUES / 2 + 1),
        ] {
            let error = table::read(&text, b',').unwrap_err();
            assert!(error.to_string().contains("more than 6000000 cells"), "{error}");
            assert_eq!(table::header(&text, b'\t'), None);
        }
        assert_eq!(table::header(&",".repeat(1 << 20), b','), None);
        assert_eq!(
            table::header(&format!("a,b\n{}", ",".repeat(1 << 20)), b',').unwrap(),
            ["a", "b"]
        );
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
}

mod front {
    use super::*;

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
            yaml::parse(&"#".repeat(most + 1), 0, most + 1)
                .unwrap_err()
                .to_string()
                .contains("1 MiB")
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
}
