#!/bin/sh
# Verifies an exported decision with programs that others wrote, each with keys from TRUST:
# openssl, Python's securesystemslib, Sigstore's JavaScript client, Go's checksum database.
#
#   tests/foreign/run.sh EXPORT [TRUST]
#
# TRUST holds decision.pem, jwks.json, log.vkey and trusted_root.json, as the service publishes them. Without it the
# export's own are used: that shows the formats to be right, and proves nothing about who decided.
# The clients are installed once, in $MODELGATE_FOREIGN (default: target/foreign).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exported=${1:?usage: run.sh EXPORT [TRUST]}
trust=${2:-$exported/trust}
home=${MODELGATE_FOREIGN:-$here/../../target/foreign}
mkdir -p "$home"

for program in openssl python3 node npm go; do
    command -v "$program" >/dev/null || { echo "run.sh needs $program (Debian: openssl python3-venv nodejs npm golang-go golang-golang-x-mod-dev)" >&2; exit 2; }
done
stamp=$(cat "$here/package.json" "$here/requirements.txt" "$here/verify.go" | cksum)
if [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ]; then
    cp "$here/package.json" "$here/verify.mjs" "$here/verify.py" "$home/"
    (cd "$home" && npm install --silent --no-audit --no-fund --no-package-lock >&2)
    python3 -m venv "$home/venv" >&2
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    (cd "$home" && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= go build -o "$home/verify-go" "$here/verify.go")
    echo "$stamp" >"$home/stamp"
fi
cp "$here/verify.mjs" "$here/verify.py" "$home/"

failed=0
"$here/openssl.sh" "$exported" "$trust" || { echo "FAILED  openssl" >&2; failed=1; }
"$home/venv/bin/python" "$home/verify.py" "$exported" "$trust" || { echo "FAILED  python" >&2; failed=1; }
node "$home/verify.mjs" "$exported" "$trust" || { echo "FAILED  npm" >&2; failed=1; }
"$home/verify-go" "$exported" "$trust" || { echo "FAILED  go" >&2; failed=1; }
exit $failed
