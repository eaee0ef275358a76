use super::*;
use crate::{
    ledger::{Sealer, fixture::TestSigner},
    model::jcs,
};
use proptest::prelude::*;

#[test]
fn facts_are_canonical_json_and_come_back() {
    for (fact, word) in FACTS {
        let hash = Digest::of(word.as_bytes());
        let bytes = fact_bytes(fact, &hash);
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(jcs::to_vec(&value).unwrap(), bytes);
        assert_eq!(value["kind"], "modelgate-fact");
        assert_eq!(value["spec"]["type"], word);
        assert_eq!(value["spec"]["hash"]["value"], hash.hex());
        assert_eq!(Entry::parse(&bytes), Ok(Entry::Fact { fact, hash }));
    }
}

#[test]
fn a_sealed_statement_has_the_entry_of_its_envelope() {
    let sealer = Sealer::new(TestSigner::generate()).unwrap();
    let sealed = sealer.seal(b"{}").unwrap();
    let envelope = Envelope::parse(&sealed.envelope).unwrap();
    let entry = SignedEntry::of(&envelope, *sealer.key());
    assert_eq!(entry.to_bytes(), sealed.leaf);
    assert_eq!(Entry::parse(&sealed.leaf), Ok(Entry::Signed(entry)));
    assert_eq!(leaf_hash(&sealed.leaf), sealed.leaf_hash);
}

#[test]
fn only_the_very_bytes_are_read() {
    let sealed = Sealer::new(TestSigner::generate()).unwrap().seal(b"{}").unwrap();
    let signed = String::from_utf8(sealed.leaf).unwrap();
    let fact = String::from_utf8(fact_bytes(Fact::KeyAdded, &Digest::of(b""))).unwrap();
    for good in [&signed, &fact] {
        assert!(Entry::parse(good.as_bytes()).is_ok());
        for bad in [
            format!(" {good}"),
            format!("{good}\n"),
            good.replace("\"kind\"", "\"kind\" "),
            good.replace("sha256", "sha512"),
            good.replace("apiVersion\":\"", "apiVersion\":\"9"),
            good.replace("\"kind\":\"", "\"kind\":\"x"),
            good.replacen('{', "{\"a\":1,", 1),
            good.replace("\"spec\":{", "\"spec\":{\"a\":1,"),
            good.replace("key-added", "key-adopted"),
            good.replace("value\":\"", "value\":\"A"),
        ] {
            assert!(bad == *good || Entry::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
        let _ = Entry::parse(&bytes);
        let good = fact_bytes(Fact::EvidenceAccepted, &Digest::of(b"x"));
        let mut changed = good.clone();
        *at.get_mut(&mut changed) = byte;
        if let Ok(entry) = Entry::parse(&changed) {
            prop_assert_eq!(entry.to_bytes(), changed);
        }
    }
}
