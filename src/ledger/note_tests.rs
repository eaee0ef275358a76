use super::*;
use crate::ledger::{Checkpoint, fixture::TestSigner};
use proptest::prelude::*;
use signed_note::{Verifier as _, Verifiers as _};

/// C2SP signed-note, "Verifier keys", Example.
const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn signer(name: &str) -> NoteSigner {
    NoteSigner::new(name, TestSigner::generate()).unwrap()
}

#[test]
fn the_example_of_the_specification_verifies() {
    let key: VerifierKey = VKEY.parse().unwrap();
    assert_eq!(key.to_string(), VKEY);
    let keys = [key];
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.verify(&keys).unwrap().0, "This is an example message.\n");
    let other = Note::parse(&NOTE.replace("example message", "exemple message")).unwrap();
    assert_eq!(other.verify(&keys).unwrap_err().code(), "ledger-bad-signature");
    assert_eq!(note.verify(&[]).unwrap_err().code(), "ledger-unknown-key");
}

#[test]
fn the_oracle_verifies_what_we_sign() {
    let ours = signer("gate.example.com/log/acme");
    let note = Checkpoint::sign(42, [7; 32], &ours).unwrap();
    let key = signed_note::StandardVerifier::new(&ours.verifier().to_string()).unwrap();
    assert_eq!(key.key_id(), u32::from_be_bytes(ours.verifier().id()));
    let keys = signed_note::VerifierList::new(vec![Box::new(key)]);
    assert!(
        keys.verifier("gate.example.com/log/acme", u32::from_be_bytes(ours.verifier().id()))
            .is_ok()
    );
    let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unverified) = read.verify(&keys).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let head = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!(
        (head.origin(), head.size(), head.hash().0),
        ("gate.example.com/log/acme", 42, [7; 32])
    );
    assert_eq!(head.extension(), "");
}

#[test]
fn we_verify_what_the_oracle_signs() {
    const SEED: [u8; 32] = [5; 32];
    let vkey =
        VerifierKey::new("gate.example.com/log/acme", TestSigner::from_seed(&SEED).key()).unwrap();
    let seed = STANDARD.encode([&[1], SEED.as_slice()].concat());
    let skey = format!("PRIVATE+KEY+{}+{}+{seed}", vkey.name(), hex::encode(vkey.id()));
    let theirs = signed_note::StandardSigner::new(&skey).unwrap();
    let text =
        tlog_tiles::Checkpoint::new("gate.example.com/log/acme", 9, tlog_tiles::Hash([3; 32]), "")
            .unwrap();
    let mut note = signed_note::Note::new(&text.to_bytes(), &[]).unwrap();
    note.add_sigs(&[&theirs]).unwrap();
    let note = String::from_utf8(note.to_bytes()).unwrap();
    let keys = [vkey];
    let head = Checkpoint::verify(&note, &keys).unwrap();
    assert_eq!((head.size, head.root), (9, [3; 32]));
}

#[test]
fn only_the_log_itself_speaks_for_it() {
    let (ours, witness) = (signer("a.example/log/acme"), signer("witness.example/w1"));
    let note = Checkpoint::sign(1, [1; 32], &ours).unwrap();
    let both = [ours.verifier().clone(), witness.verifier().clone()];
    assert!(Checkpoint::verify(&note, &both).is_ok());
    let text = Note::parse(&note).unwrap().unverified_text().to_owned();
    let by_witness = witness.sign(&text).unwrap();
    assert_eq!(Checkpoint::verify(&by_witness, &both).unwrap_err().code(), "ledger-unknown-key");
    // A witness's signature on the log's note changes nothing, and an unknown line is ignored.
    let line = by_witness.rsplit_once("\n\n").unwrap().1;
    assert!(Checkpoint::verify(&format!("{note}{line}"), &both).is_ok());
    assert!(Checkpoint::verify(&format!("{note}{line}"), &both[..1]).is_ok());
    // A line that names the log's key but is not its signature makes the note invalid.
    let mut bytes = ours.verifier().id().to_vec();
    bytes.extend([9; 64]);
    let line = format!("\u{2014} a.example/log/acme {}\n", STANDARD.encode(bytes));
    assert_eq!(
        Checkpoint::verify(&format!("{note}{line}"), &both).unwrap_err().code(),
        "ledger-bad-signature"
    );
}

#[test]
fn heads_have_one_form() {
    let root = STANDARD.encode([1; 32]);
    assert!(Checkpoint::parse_text(&format!("o\n12\n{root}\n")).is_ok());
    assert!(Checkpoint::parse_text(&format!("o\n0\n{root}\n")).is_ok());
    for bad in [
        format!("o\n012\n{root}\n"),
        format!("o\n+1\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n\n{root}\n"),
        format!("\n1\n{root}\n"),
        format!("o\n1\n{root}"),
        format!("o\n1\n{root}\nextension\n"),
        format!("o\n1\n{root}\n\n"),
        format!("o\n99999999999999999999\n{root}\n"),
        "o\n1\nAAAA\n".into(),
        format!("o\n1\n{}\n", root.trim_end_matches('=')),
        format!("o\n1\n {root}\n"),
        String::new(),
        "o\n1\n".into(),
    ] {
        assert!(Checkpoint::parse_text(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn notes_and_keys_that_are_none_are_refused() {
    let line = NOTE.rsplit_once("\n\n").unwrap().1;
    for bad in [
        "",
        "\n\n",
        "text\n",
        &NOTE[..NOTE.len() - 1],
        &NOTE.replace("\n\n", "\n"),
        &NOTE.replace('\u{2014}', "-"),
        &NOTE.replace("This", "This\r"),
        &NOTE.replace("This", "\u{0}"),
        &NOTE.replace("example.com/foo", ""),
        &NOTE.replace("example.com/foo", "a+b"),
        &NOTE.replace("aQM=", "aQM"),
        &format!("{NOTE}\n"),
        &format!("{NOTE}x\n"),
        &format!("text\n\n{}", line.repeat(65)),
        &"x".repeat(200_000),
        "text\n\n\u{2014} name AAAAAA==\n",
    ] {
        assert!(Note::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Note::parse(&format!("text\n\n{}", line.repeat(16))).is_ok());
    for bad in [
        "",
        "+",
        "a+b",
        "a+530d903a+",
        &VKEY.replace("530d903a", "530D903A"),
        &VKEY.replace("530d903a", "530d903b"),
        &VKEY.replace("foo", "bar"),
        &VKEY.replace("Aeky", "BOky"),
        &VKEY.replace("foo", "f oo"),
        &format!("{VKEY}="),
        &format!("{VKEY}\n"),
        &VKEY[..40],
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text: String, base in prop::sample::select(vec![NOTE, VKEY]), at: prop::sample::Index, byte: char) {
        let mut changed: Vec<char> = base.chars().collect();
        *at.get_mut(&mut changed) = byte;
        let changed: String = changed.into_iter().collect();
        let keys = [VKEY.parse::<VerifierKey>().unwrap()];
        for text in [text, changed] {
            if let Ok(note) = Note::parse(&text) {
                let verified = note.verify(&keys).is_ok();
                prop_assert!(!verified || text == NOTE, "{text:?}");
            }
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text.as_str());
            }
            let _ = Checkpoint::verify(&text, &keys);
            let _ = Checkpoint::parse_text(&text);
        }
    }
}
