use super::*;
use crate::ledger::{Sealed, Sealer, Signer as _, fixture::TestSigner};
use crate::model::Digest;
use proptest::prelude::*;
use std::sync::Arc;

/// The DSSE protocol's own test vector: type `http://example.com/HelloWorld`, body `hello world`.
#[test]
fn pae_is_that_of_the_specification() {
    let text = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), text);
    assert_eq!(pae("", "\u{e9}".as_bytes()), "DSSEv1 0  2 \u{e9}".as_bytes());
}

fn sealed() -> (Arc<TestSigner>, Sealed) {
    let signer = TestSigner::generate();
    let sealed = Sealer::new(signer.clone()).unwrap().seal(b"{\"a\":1}").unwrap();
    (signer, sealed)
}

#[test]
fn a_sealed_payload_verifies_with_its_key_alone() {
    let (signer, sealed) = sealed();
    let key = signer.key();
    let envelope = Envelope::parse(&sealed.envelope).unwrap();
    assert_eq!(envelope.to_bytes(), sealed.envelope);
    assert_eq!(sealed.envelope_digest, Digest::of(&sealed.envelope));
    assert_eq!(envelope.payload, b"{\"a\":1}");
    assert_eq!(envelope.keyid, signer.kid());
    assert_eq!(envelope.verify(&[key]), Ok(&key));
    let other = TestSigner::generate().key();
    assert_eq!(envelope.verify(&[other]).unwrap_err().code(), "ledger-unknown-key");
    let renamed = Envelope { keyid: other.kid(), ..envelope.clone() };
    assert_eq!(renamed.verify(&[other, key]).unwrap_err().code(), "ledger-bad-signature");
    let changed = Envelope { payload: b"{\"a\":2}".to_vec(), ..envelope };
    assert_eq!(changed.verify(&[key]).unwrap_err().code(), "ledger-bad-signature");
}

/// The JSON that we write by hand equals the JSON that the JCS library writes.
#[test]
fn envelope_and_leaf_are_canonical_json() {
    let sealed = sealed().1;
    for bytes in [&sealed.envelope, &sealed.leaf] {
        let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        assert_eq!(crate::model::jcs::to_vec(&value).unwrap(), *bytes);
    }
}

#[test]
fn only_one_form_is_read() {
    let good = String::from_utf8(sealed().1.envelope).unwrap();
    let signature = &good[good.find("{\"keyid\"").unwrap()..good.len() - 2];
    for bad in [
        String::new(),
        "{}".into(),
        "[]".into(),
        "null".into(),
        good.replace("in-toto", "in-tutu"),
        good.replace("payloadType", "payloadtype"),
        good.replace(signature, ""),
        good.replace(signature, &format!("{signature},{signature}")),
        good.replacen('{', "{\"payload\":\"\",", 1),
        good.replacen('{', "{\"extra\":1,", 1),
        good.replace("\"keyid\"", "\"cert\":\"\",\"keyid\""),
        good.replace("\"payload\":\"", "\"payload\":\"!"),
        good.replace("\"keyid\":\"", "\"keyid\":\"\\u0041"),
        format!("{good}x"),
    ] {
        assert!(Envelope::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// Every known point of small order, with either sign, and coordinates that are not reduced.
#[test]
fn weak_keys_are_refused() {
    let mut weak: Vec<[u8; 32]> = super::super::key::SMALL_ORDER.to_vec();
    for first in 0xed..=0xff {
        let mut unreduced = [0xff; 32];
        (unreduced[0], unreduced[31]) = (first, 0x7f);
        weak.push(unreduced);
    }
    for point in weak {
        for sign in [0, 0x80] {
            let mut point = point;
            point[31] |= sign;
            assert!(PublicKey::from_raw(&point).is_err(), "{}", hex::encode(point));
        }
    }
}

/// A signature whose scalar is not reduced (RFC 8032, section 5.1.7) is a second form of a valid
/// one.
#[test]
fn signatures_have_one_spelling() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let signer = TestSigner::generate();
    let key = signer.key();
    let mut signature = signer.sign(b"x").unwrap();
    assert!(key.verifies(b"x", &signature));
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert!(!key.verifies(b"x", &signature));
    assert!(!key.verifies(b"x", &signature[..63]));
    assert!(!key.verifies(b"x", &[]));
}

#[test]
fn public_keys_are_read_as_others_write_them() {
    // RFC 8410, section 10.1.
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let key = PublicKey::from_pem(pem).unwrap();
    assert_eq!(key.to_pem(), pem);
    assert_eq!(PublicKey::from_pem(&pem.replace('\n', "\r\n")), Ok(key));
    assert_eq!(PublicKey::from_der(&key.to_der()), Ok(key));
    for bad in [
        "",
        "x",
        &pem.repeat(2),
        &pem.replace("PUBLIC", "PRIVATE"),
        &pem.replace("MCow", "MCox"),
        &pem.replace("uE=", "u="),
    ] {
        assert!(PublicKey::from_pem(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, text: String) {
        let _ = Envelope::parse(&bytes);
        let _ = PublicKey::from_der(&bytes);
        let _ = PublicKey::from_raw(&bytes);
        let _ = PublicKey::from_pem(&text);
    }

    #[test]
    fn what_is_read_comes_back(payload: Vec<u8>, signature: Vec<u8>, keyid in "[0-9a-f]{0,64}") {
        let envelope = Envelope { payload, keyid, signature };
        prop_assert_eq!(Envelope::parse(&envelope.to_bytes()), Ok(envelope));
    }
}
