//! Documents that earlier versions hashed: they must read, and write as the same bytes, for ever.
//! The files were written by those versions; this folder only grows.

use super::*;

macro_rules! kept {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/facts/", $name, ".v1.json"))
    };
}

fn same<D: Document>(kept: &[u8], subject: impl Fn(&D) -> bool) {
    let read = D::parse(kept).unwrap();
    assert!(subject(&read), "{}", read.subject());
    assert_eq!(String::from_utf8_lossy(&read.to_bytes().unwrap()), String::from_utf8_lossy(kept));
}

#[test]
fn kept_documents_read_and_write_as_the_same_bytes() {
    same::<ReleaseRequested>(kept!("release-requested"), |d| {
        d.subject() == "01M8H02G5QM3XCS5WE97RBTA9A"
    });
    same::<MappingPublished>(kept!("mapping-published"), |d| d.subject() == "ours");
    same::<DatasetRegistered>(kept!("dataset-registered"), |d| d.subject() == "holdout-labels");
    same::<ReferenceProposed>(kept!("reference-proposed"), |d| {
        d.release.as_str() == "01M8H02G5XDARBMJ5HVZAVN950"
    });
    same::<ReferenceApproved>(kept!("reference-approved"), |d| d.roles == ["model-risk"]);
    same::<KeyAdded>(kept!("key-added-decision"), |d| d.origin.is_none());
    same::<KeyAdded>(kept!("key-added-log"), |d| {
        d.origin.as_deref() == Some("gate.example.com/log/acme")
    });
}

#[test]
fn a_document_with_an_unknown_field_is_of_no_version_that_we_know() {
    let more = br#"{"name":"a","digest":"sha256:00","published_by":{"id":"a","name":"b"},"published_at":"2026-01-01T00:00:00Z","more":1}"#;
    assert!(MappingPublished::parse(more).is_err());
}
