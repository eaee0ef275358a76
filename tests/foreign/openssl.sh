#!/bin/sh
# The signatures of an export, verified by openssl and nothing that knows of DSSE.
# Usage: openssl.sh EXPORT TRUST
set -eu
exported=$1 trust=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in record decision; do
    file=$exported/$name.dsse.json
    [ "$name" = decision ] && [ ! -e "$file" ] && continue
    field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$file"; }
    field payload | openssl base64 -d -A >"$work/payload"
    field sig | openssl base64 -d -A >"$work/signature"
    type=$(field payloadType)
    printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$work/payload")" >"$work/message"
    cat "$work/payload" >>"$work/message"
    openssl pkeyutl -verify -pubin -inkey "$trust/decision.pem" -rawin -in "$work/message" -sigfile "$work/signature" >/dev/null
    echo "ok  openssl: the signature in $name.dsse.json"
done
