// The proofs of an export, verified by the checksum database's reference implementation of notes and tiles.
// Usage: verify EXPORT TRUST
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED  go x/mod/sumdb:", err)
		os.Exit(1)
	}
}

func check(ok bool, why string) {
	if !ok {
		must(fmt.Errorf("%s", why))
	}
}

func read(parts ...string) []byte {
	bytes, err := os.ReadFile(filepath.Join(parts...))
	must(err)
	return bytes
}

func verify(exported string, verifier note.Verifier, proof, leaf string) {
	halves := strings.SplitN(string(read(exported, proof)), "\n\n", 2)
	check(len(halves) == 2, "no checkpoint in "+proof)
	lines := strings.Split(halves[0], "\n")
	check(len(lines) >= 2 && lines[0] == "c2sp.org/tlog-proof@v1", "no proof in "+proof)
	check(strings.HasPrefix(lines[1], "index "), "no index in "+proof)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		path = append(path, hash)
	}
	signed, err := note.Open([]byte(halves[1]), note.VerifierList(verifier))
	must(err)
	head := strings.Split(signed.Text, "\n")
	check(len(head) == 4 && head[0] == verifier.Name(), "the checkpoint is not that of "+verifier.Name())
	size, err := strconv.ParseInt(head[1], 10, 64)
	must(err)
	bytes, err := base64.StdEncoding.DecodeString(head[2])
	must(err)
	var root tlog.Hash
	check(copy(root[:], bytes) == len(root), "the root is not a hash")
	must(tlog.CheckRecord(path, size, root, index, tlog.RecordHash(read(exported, leaf))))
	fmt.Printf("ok  go x/mod/sumdb: %s is entry %d of %d in %s\n", leaf, index, size, head[0])
}

func main() {
	exported, trust := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(trust, "log.vkey"))))
	must(err)
	verify(exported, verifier, "record.tlog-proof", "record.leaf.json")
	if _, err := os.Stat(filepath.Join(exported, "decision.dsse.json")); err == nil {
		verify(exported, verifier, "decision.tlog-proof", "leaf.json")
	}
	// The entries of the documents, in an export whose record is of version 2.
	proofs, err := filepath.Glob(filepath.Join(exported, "proofs", "*", "*.tlog-proof"))
	must(err)
	for _, path := range proofs {
		proof, err := filepath.Rel(exported, path)
		must(err)
		verify(exported, verifier, proof, strings.TrimSuffix(proof, ".tlog-proof")+".leaf.json")
	}
}
