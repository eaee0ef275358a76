//! Third-party verifiers accept our exports, and refuse changed ones.

use super::build::{ARTIFACT, Gate, PUBLIC_URLS, record};
use modelgate::{ledger::Proof, model::Outcome};
use sigstore_verify::{
    PublicKeyVerificationPolicy, Verifier,
    trust_root::TrustedRoot,
    types::{Bundle, DerPublicKey},
};

struct Theirs {
    bundle: String,
    root: String,
    key: DerPublicKey,
}

impl Theirs {
    fn verify(&self, artifact: &[u8]) -> Result<(), String> {
        let root = TrustedRoot::from_json(&self.root).map_err(|e| e.to_string())?;
        let bundle = Bundle::from_json(&self.bundle).map_err(|e| e.to_string())?;
        let policy = PublicKeyVerificationPolicy::new(self.key.clone());
        let verifier = Verifier::new(&root).map_err(|e| e.to_string())?;
        verifier.verify(artifact, &bundle, &policy).map(drop).map_err(|e| e.to_string())
    }
}

#[test]
fn sigstore_verifies_the_bundle_offline() {
    PUBLIC_URLS.into_iter().for_each(sigstore_verifies);
}

fn sigstore_verifies(public_url: &'static str) {
    let exported = Gate::at(public_url).export(&record(Outcome::Allow));
    let text = |path: &str| String::from_utf8(exported.files[path].clone()).unwrap();
    let key = DerPublicKey::from_pem(&text("trust/decision.pem")).unwrap();
    let theirs =
        |bundle: String| Theirs { bundle, root: text("trust/trusted_root.json"), key: key.clone() };
    let bundle = text("decision.sigstore.json");
    theirs(bundle.clone()).verify(ARTIFACT).unwrap();
    assert!(theirs(bundle.clone()).verify(b"another model").is_err());
    let other = Gate::new().export(&record(Outcome::Allow));
    let other_root = String::from_utf8(other.files["trust/trusted_root.json"].clone()).unwrap();
    assert!(Theirs { root: other_root, ..theirs(bundle.clone()) }.verify(ARTIFACT).is_err());
    let other_key =
        DerPublicKey::from_pem(std::str::from_utf8(&other.files["trust/decision.pem"]).unwrap())
            .unwrap();
    assert!(Theirs { key: other_key, ..theirs(bundle.clone()) }.verify(ARTIFACT).is_err());
    let denied = Gate::new().export(&record(Outcome::Deny));
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let foreign = value(std::str::from_utf8(&denied.files["decision.sigstore.json"]).unwrap());
    for part in [
        "/dsseEnvelope",
        "/verificationMaterial/tlogEntries/0/inclusionProof",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
    ] {
        let mut mixed = value(&bundle);
        *mixed.pointer_mut(part).unwrap() = foreign.pointer(part).unwrap().clone();
        assert!(theirs(mixed.to_string()).verify(ARTIFACT).is_err(), "{part}");
    }
}

#[test]
fn tlog_tiles_and_signed_note_verify_the_proofs() {
    let exported = Gate::new().export(&record(Outcome::Allow));
    let text = |path: &str| String::from_utf8(exported.files[path].clone()).unwrap();
    let vkey = text("trust/log.vkey");
    let keys = signed_note::VerifierList::new(vec![Box::new(
        signed_note::StandardVerifier::new(vkey.trim_end()).unwrap(),
    )]);
    for (proof, leaf) in
        [("record.tlog-proof", "record.leaf.json"), ("decision.tlog-proof", "leaf.json")]
    {
        let text = text(proof);
        let (head, note) = text.split_once("\n\n").unwrap();
        let note = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        assert_eq!(note.verify(&keys).unwrap().0.len(), 1);
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(checkpoint.origin(), "gate.example.com/log/acme");
        let mut lines = head.lines().skip(1);
        let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
        let path: Vec<_> = lines.map(|line| tlog_tiles::Hash::parse_hash(line).unwrap()).collect();
        let hash = tlog_tiles::record_hash(&exported.files[leaf]);
        tlog_tiles::check_record(&path, checkpoint.size(), *checkpoint.hash(), index, hash)
            .unwrap();
        let ours: Proof = text.parse().unwrap();
        assert_eq!((ours.index, ours.path.len()), (index, path.len()));
    }
}
