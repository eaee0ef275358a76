//! Signatures of model-signing, by the Open Source Security Foundation: a Sigstore bundle around an
//! in-toto statement that lists the model's files.
//!
//! Nothing is verified here, neither the signature nor the files: a reader of evidence has no key.
//! What is checked is that the statement is consistent: since 1.0 the subject's digest is the
//! SHA-256 over the digests of the resources, in their order. Version 0.2 (`Digests/v0.1`) lists
//! the files as subjects instead and has no digest of the whole. Files with other digests than
//! SHA-256 (`blake2b`, `blake3`) become links without a digest.

use super::common::{is_sha256, kind_of, sha256};
use crate::evidence::{
    Adapter, Carries, Collector, Declined, Document, EvidenceError, Family,
    json::{self, Json, Number},
    quoted,
};
use crate::model::{Digest, Evidence, Link, Producer, Subject, Timestamp};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// The row of this format in the table of formats.
pub const ADAPTER: Adapter = Adapter {
    id: "model-signing",
    title: "OpenSSF model-signing: model.sig",
    family: Family::SupplyChain,
    written_by: "model_signing sign key MODEL --private_key key.pem --signature model.sig",
    reads: "every file as a link with its digest, the only one of a model of one file as the subject too, and the check `manifest digest`: \
            whether the listed files give the subject's digest. The signature is not verified.",
    carries: &[Carries::Checks, Carries::Links],
    recognised_by: "a `dsseEnvelope` whose statement has a predicate type of `https://model_signing/`",
    rule: "id = \"signature-lists-its-files\"\ncheck = \"manifest digest\"",
    detect,
    read,
};

const PREDICATE: &str = "https://model_signing/";
const LISTS_SUBJECTS: &str = "https://model_signing/Digests/v0.1";

fn detect(document: &Document<'_>) -> Result<(), Declined> {
    let object = document.object()?;
    let envelope =
        object.get("dsseEnvelope").ok_or_else(|| Declined::because("no key `dsseEnvelope`"))?;
    let bytes = payload(envelope).ok_or_else(|| Declined::because("no `payload` in base64"))?;
    if memchr::memmem::find(&bytes, PREDICATE.as_bytes()).is_none() {
        return Err(Declined::because(format!(
            "the statement has no predicate type of `{PREDICATE}`"
        )));
    }
    Ok(())
}

fn payload(envelope: &Json<'_>) -> Option<Vec<u8>> {
    // Protocol buffers accept both base64 alphabets.
    let text = envelope.text("payload")?;
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

fn read(document: &Document<'_>) -> Result<Evidence, EvidenceError> {
    let bundle = document.json().map_err(Clone::clone)?;
    let refuse = |at: usize, why: String| document.invalid(ADAPTER.id, at, why);
    document.require(ADAPTER.id, detect(document))?;
    let at = bundle
        .get("dsseEnvelope")
        .and_then(|envelope| envelope.get("payload"))
        .map_or(bundle.at, |payload| payload.at);
    let bytes = bundle.get("dsseEnvelope").and_then(payload).unwrap_or_default();
    let statement = json::parse(&bytes)
        .map_err(|error| refuse(at, format!("the payload is no statement: {error}")))?;
    let predicate = statement.text("predicateType").filter(|kind| kind.starts_with(PREDICATE));
    let Some(predicate) = predicate else {
        let kind = statement.text("predicateType").unwrap_or("");
        return Err(refuse(
            at,
            format!("the predicate type is {}, not one of `{PREDICATE}`", quoted(kind)),
        ));
    };
    let mut collector = Collector::new(document, ADAPTER.id);
    about(&mut collector, bundle);
    collector.warn("the signature was parsed, not verified: anybody can write such a file");
    if predicate == LISTS_SUBJECTS {
        subjects(&mut collector, &statement).map_err(|why| refuse(at, why))?;
    } else {
        resources(&mut collector, &statement).map_err(|why| refuse(at, why))?;
    }
    collector.finish()
}

fn about(collector: &mut Collector<'_>, bundle: &Json<'_>) {
    collector.evidence.producer =
        Some(Producer { tool: Some("model-signing".to_owned()), ..Producer::default() });
    let entries = collector.list(bundle.at_path(&["verificationMaterial", "tlogEntries"]));
    let logged =
        entries.iter().filter_map(|entry| entry.get("integratedTime")).filter_map(|time| {
            // Protocol buffers write 64-bit integers as text.
            let number = time.as_number().or_else(|| time.as_str().and_then(Number::parse))?;
            i64::try_from(number.count()?.checked_mul(1_000_000)?).ok()
        });
    collector.evidence.produced_at = logged.min().map(Timestamp::from_micros);
    let signatures = collector.list(bundle.at_path(&["dsseEnvelope", "signatures"]));
    let signed = signatures.iter().any(|signature| signature.text("sig").is_some());
    if !signed {
        collector.check("signed", false, Some("there is no signature".to_owned()));
    }
}

/// The list at `key` of the statement, for which there are no places in the document.
fn listed<'j, 'a>(json: &'j Json<'a>, key: &str) -> Result<&'j [Json<'a>], String> {
    let list = json.get(key);
    list.and_then(Json::as_array)
        .ok_or_else(|| format!("{}; a list was expected", kind_of(list, key)))
}

/// Reads a statement of 1.0: one subject, and the files in the predicate.
fn resources(collector: &mut Collector<'_>, statement: &Json<'_>) -> Result<(), String> {
    let subjects = listed(statement, "subject")?;
    let [subject] = subjects else {
        return Err(format!("the statement has {} subjects; one was expected", subjects.len()));
    };
    let stated = subject.get("digest").and_then(|digest| digest.text("sha256"));
    let digest = stated.and_then(sha256).ok_or("the subject has no digest by SHA-256")?;
    let name = subject.text("name").unwrap_or("model");
    collector.evidence.links.push(Link {
        rel: "signed-manifest".to_owned(),
        href: name.to_owned(),
        digest: Some(digest),
    });
    let predicate = statement.get("predicate").ok_or("the statement has no predicate")?;
    let resources = listed(predicate, "resources")?;
    let mut together = Vec::new();
    for resource in resources {
        let name = resource.text("name").ok_or("a resource has no name")?;
        let digits = resource
            .text("digest")
            .ok_or_else(|| format!("the resource {} has no digest", quoted(name)))?;
        let bytes = hex::decode(digits)
            .map_err(|_| format!("the digest of {} is not hexadecimal", quoted(name)))?;
        together.extend_from_slice(&bytes);
        file(collector, name, resource.text("algorithm").unwrap_or("sha256"), digits);
    }
    // The digest of a manifest is not that of a file. Only a model of one file has the digest that
    // an artifact has.
    if let [only] = resources {
        let file = only
            .text("digest")
            .filter(|_| is_sha256(only.text("algorithm").unwrap_or("sha256")))
            .and_then(sha256);
        collector.evidence.subject =
            file.map(|digest| Subject { digest: Some(digest), ..Subject::default() });
    }
    let same = Digest::of(&together) == digest;
    let passed = same && !resources.is_empty();
    let detail = match (same, resources.len()) {
        (_, 0) => "no files are listed".to_owned(),
        (true, files) => format!("{files} files; the signature is not verified"),
        (false, _) => "the listed files do not give the subject's digest".to_owned(),
    };
    collector.check("manifest digest", passed, Some(detail));
    Ok(())
}

/// Reads a statement of 0.2: the files are the subjects.
fn subjects(collector: &mut Collector<'_>, statement: &Json<'_>) -> Result<(), String> {
    let files = listed(statement, "subject")?;
    for subject in files {
        let name = subject.text("name").ok_or("a subject has no name")?;
        let digest = subject.get("digest").and_then(|digest| digest.text("sha256"));
        let digest = digest
            .ok_or_else(|| format!("the subject {} has no digest by SHA-256", quoted(name)))?;
        file(collector, name, "sha256", digest);
    }
    if files.is_empty() {
        collector.check("manifest digest", false, Some("no files are listed".to_owned()));
    }
    Ok(())
}

fn file(collector: &mut Collector<'_>, name: &str, algorithm: &str, digits: &str) {
    let digest = if is_sha256(algorithm) { sha256(digits) } else { None };
    if digest.is_none() {
        collector.left_out(&format!("the digest of {name}, by {algorithm}"));
    }
    collector.evidence.links.push(Link {
        rel: "resource".to_owned(),
        href: name.to_owned(),
        digest,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::read;

    fn bundle(statement: &str) -> Vec<u8> {
        let payload = STANDARD.encode(statement);
        format!(
            r#"{{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {{"tlogEntries":
            [{{"integratedTime": "1700000000"}}]}}, "dsseEnvelope": {{"payload": "{payload}", "payloadType":
            "application/vnd.in-toto+json", "signatures": [{{"sig": "MEYCIQ"}}]}}}}"#
        )
        .into_bytes()
    }

    fn statement(root: &str, resources: &str) -> String {
        format!(
            r#"{{"_type": "https://in-toto.io/Statement/v1", "subject": [{{"name": "m", "digest": {{"sha256": "{root}"}}}}],
            "predicateType": "https://model_signing/signature/v1.0", "predicate": {{"resources": [{resources}]}}}}"#
        )
    }

    fn resource(name: &str, algorithm: &str, digest: &str) -> String {
        format!(r#"{{"name": "{name}", "algorithm": "{algorithm}", "digest": "{digest}"}}"#)
    }

    #[test]
    fn the_manifest_is_the_digest_over_the_resources() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let root = Digest::of(&[*a.as_bytes(), *b.as_bytes()].concat());
        let files = format!(
            "{},{}",
            resource("a", "sha256", &a.hex()),
            resource("d/b:0:9", "sha256", &b.hex())
        );
        let evidence = read(&bundle(&statement(&root.hex(), &files)), None).unwrap();
        assert_eq!(evidence.subject, None, "no artifact is known by the digest of such a manifest");
        let links: Vec<_> =
            evidence.links.iter().map(|link| (link.href.as_str(), link.digest)).collect();
        assert_eq!(links, [("m", Some(root)), ("a", Some(a)), ("d/b:0:9", Some(b))]);
        let alone = read(
            &bundle(&statement(
                &Digest::of(a.as_bytes()).hex(),
                &resource("a", "sha256", &a.hex()),
            )),
            None,
        );
        assert_eq!(alone.unwrap().subject.unwrap().digest, Some(a));
        assert!(
            evidence.checks.iter().all(|check| check.passed && check.name == "manifest digest")
        );
        assert!(evidence.warnings[0].contains("not verified"));
        assert_eq!(evidence.produced_at.unwrap().to_string(), "2023-11-14T22:13:20Z");
        let other = read(&bundle(&statement(&a.hex(), &files)), None).unwrap();
        assert!(!other.checks[0].passed);
    }

    #[test]
    fn other_digests_are_links_without_one_and_no_files_are_no_pass() {
        let digits = "ab".repeat(64);
        let root = Digest::of(&[0xab; 64]);
        let evidence =
            read(&bundle(&statement(&root.hex(), &resource("a", "blake2b", &digits))), None)
                .unwrap();
        assert_eq!((evidence.links[1].digest, evidence.checks[0].passed), (None, true));
        assert!(evidence.warnings.iter().any(|warning| warning.contains("blake2b")));
        let empty = read(&bundle(&statement(&Digest::of(b"").hex(), "")), None).unwrap();
        assert!(!empty.checks[0].passed);
    }

    #[test]
    fn the_form_before_1_0_lists_its_files_as_subjects() {
        let text = format!(
            r#"{{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://model_signing/Digests/v0.1",
            "subject": [{{"name": "a", "digest": {{"sha256": "{}"}}}}]}}"#,
            Digest::of(b"a").hex()
        );
        let evidence = read(&bundle(&text), None).unwrap();
        assert_eq!(
            (evidence.links.len(), evidence.subject.is_none(), evidence.checks.len()),
            (1, true, 0)
        );
    }

    #[test]
    fn broken_statements_are_refused_and_other_attestations_declined() {
        let a = Digest::of(b"a").hex();
        for broken in [
            statement("zz", ""),
            statement(&a, &resource("a", "sha256", "not hex")),
            statement(&a, r#"{"name": "a"}"#),
            statement(&a, "").replace("\"resources\": []", "\"resources\": 1"),
            statement(&a, "").replace("signature/v1.0\",", "signature/v1.0\""),
            "{\"x\": \"https://model_signing/\"}".to_owned(),
        ] {
            let error = read(&bundle(&broken), None).unwrap_err();
            assert_eq!(error.code(), "evidence-invalid", "{broken}");
            assert!(error.to_string().contains("line "), "{error}");
        }
        let slsa = r#"{"predicateType": "https://slsa.dev/provenance/v1"}"#;
        assert_eq!(read(&bundle(slsa), None).unwrap_err().code(), "evidence-not-understood");
    }
}
