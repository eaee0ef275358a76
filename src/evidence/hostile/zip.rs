//! Zip archives whose names, headers and sizes are false.

use super::{names, refused};
use crate::evidence::{
    EvidenceError,
    archive::{self, MAX_MEMBERS},
};
use std::io::Write;

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
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
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
    let bytes =
        zip(&[entry("a/b.json", b"{}"), deflated("ü.json", &[b' '; 3000]), entry("folder/", b"")]);
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
