// The bundle of an export, verified offline by Sigstore's own JavaScript client.
// Usage: node verify.mjs EXPORT TRUST
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { Verifier, toSignedEntity, toTrustMaterial } from "@sigstore/verify";
import { createHash, createPublicKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [exported, trust] = process.argv.slice(2);
const path = join(exported, "decision.sigstore.json");
if (!existsSync(path)) {
  console.log("ok  npm @sigstore/verify: no bundle here, as for pending and revoked decisions");
  process.exit(0);
}
const pem = readFileSync(join(trust, "decision.pem"), "utf8");
const publicKey = createPublicKey(pem);
const hint = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
const root = TrustedRoot.fromJSON(JSON.parse(readFileSync(join(trust, "trusted_root.json"), "utf8")));
const keys = (asked) => {
  if (asked !== hint) throw new Error(`the bundle asks for another key: ${asked}`);
  return { publicKey: pem, validFor: () => true };
};
const verifier = new Verifier(toTrustMaterial(root, keys), { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 });
const bundle = bundleFromJSON(JSON.parse(readFileSync(path, "utf8")));
verifier.verify(toSignedEntity(bundle));
const statement = JSON.parse(bundle.content.dsseEnvelope.payload.toString());
console.log(`ok  npm @sigstore/verify: ${statement.predicate.verificationResult} for ${statement.predicate.resourceUri}`);
