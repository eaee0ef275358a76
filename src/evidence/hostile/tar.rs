//! Tar archives whose names, headers and sizes are false.

use super::{names, refused};
use crate::evidence::archive;
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
    let members =
        archive::members(&tar(&[(header("a", EntryType::Regular, 1536), b"{}"), (next, &content)]))
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
    assert_eq!(names(&archive::members(&builder.into_inner().unwrap()).unwrap()), [long.as_str()]);

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
    for (size, says) in [("99999999999999", "breaks off"), ("18446744073709551615", "overflow")] {
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
