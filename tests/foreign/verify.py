"""The envelopes of an export, verified by securesystemslib's DSSE implementation.

Usage: python3 verify.py EXPORT TRUST
"""

import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

exported, trust = map(pathlib.Path, sys.argv[1:3])
crypto_key = load_pem_public_key((trust / "decision.pem").read_bytes())
der = crypto_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
key = SSlibKey.from_crypto(crypto_key, keyid=hashlib.sha256(der).hexdigest())

jwk = json.loads((trust / "jwks.json").read_text())["keys"]
assert [k["kid"] for k in jwk] == [key.keyid], "the JWKS names another key"

for name in ("record.dsse.json", "decision.dsse.json"):
    path = exported / name
    if name == "decision.dsse.json" and not path.exists():
        continue
    envelope = Envelope.from_dict(json.loads(path.read_text()))
    envelope.verify([key], 1)
    assert envelope.payload_type == "application/vnd.in-toto+json"
    statement = json.loads(envelope.payload)
    print(f"ok  python securesystemslib: {name} holds {statement['predicateType']}")

record = json.loads(Envelope.from_dict(json.loads((exported / "record.dsse.json").read_text())).payload)["predicate"]
inputs = exported / "inputs.json"
if inputs.exists():
    digest = "sha256:" + hashlib.sha256(inputs.read_bytes()).hexdigest()
    assert digest == record["inputs_digest"], "inputs.json is not what the record was decided on"
    print("ok  python hashlib: inputs.json has the record's inputs_digest")
if record.get("verdict_digest") and inputs.exists():
    digest = "sha256:" + hashlib.sha256((exported / "verdict.json").read_bytes()).hexdigest()
    assert digest == record["verdict_digest"], "verdict.json is not the record's verdict"
    found = {"sha256:" + hashlib.sha256(p.read_bytes()).hexdigest() for p in (exported / "approvals").glob("*")}
    assert found == set(record["approvals"]), "approvals/ does not hold what the record lists"
    print("ok  python hashlib: verdict.json and approvals/ have the record's digests")
if inputs.exists():
    # Version 1 contains its inputs, version 2 their digest.
    of = record.get("inputs") or json.loads(inputs.read_text())
    listed = {"policies": [p["digest"] for p in of["policies"]], "evidence": [e["digest"] for e in of["evidence"]]}
    for folder, digests in listed.items():
        found = sorted("sha256:" + hashlib.sha256(p.read_bytes()).hexdigest() for p in (exported / folder).glob("*"))
        assert found == sorted(digests), f"{folder}/ does not hold what the record lists"
        print(f"ok  python hashlib: {folder}/ holds what the record lists")
