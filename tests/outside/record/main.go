// Reads a log that Tongxing published, with Go's own packages for logs and notes, and fails on the first thing that
// does not hold. Usage: record FOLDER LOG_VKEY [WITNESS_VKEY...]
//
// FOLDER holds checkpoint and tile/, and perhaps proofs/*.tlog-proof and requests/* (what witnesses are asked). Go's
// packages know no cosignatures and other paths of tiles: those lines stand here.
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type counts struct {
	Size, Tiles, Entries, Proofs, Requests, Cosignatures int64
}

var (
	folder string
	known  []note.Verifier
	found  counts
)

func main() {
	if len(os.Args) < 3 {
		fail("usage: record FOLDER LOG_VKEY [WITNESS_VKEY...]")
	}
	folder = os.Args[1]
	log, err := note.NewVerifier(os.Args[2])
	must(err)
	known = append(known, log)
	for _, vkey := range os.Args[3:] {
		known = append(known, witness(vkey))
	}
	content, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	tree, _ := checkpoint(content)
	found.Size = tree.N
	reader := tlog.TileHashReader(tree, tiles{})
	checkTiles(tree)
	checkEntries(tree, reader)
	checkProofs(tree)
	checkRequests(reader)
	must(json.NewEncoder(os.Stdout).Encode(found))
}

// checkpoint is what a signed note says: a log of a known key must have signed, known witnesses are counted.
func checkpoint(content []byte) (tlog.Tree, *note.Note) {
	opened, err := note.Open(content, note.VerifierList(known...))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != known[0].Name() {
		fail("not three lines, or another origin")
	}
	signed := false
	for _, signature := range opened.Sigs {
		if signature.Name == known[0].Name() && signature.Hash == known[0].KeyHash() {
			signed = true
		} else {
			found.Cosignatures++
		}
	}
	if !signed {
		fail("the log has not signed")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}, opened
}

// witness verifies cosignatures: tlog-cosignature, Ed25519.
func witness(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if raw[0] != 4 || len(raw) != 33 {
		fail("no key of a witness")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	return cosigner{parts[0], uint32(hash), ed25519.PublicKey(raw[1:])}
}

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 72 {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return ed25519.Verify(c.key, []byte(signed), signature[8:])
}

type tiles struct{}

func (tiles) Height() int                     { return height }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(folder, path(tile)))
		if err != nil {
			return nil, err
		}
		read = append(read, content)
	}
	return read, nil
}

// path is where tlog-tiles has what Go's own database keeps below its height.
func path(tile tlog.Tile) string {
	theirs := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(theirs, "data/", "entries/", 1)
}

// checkTiles computes every tile anew from the entries' hashes and compares it with the file.
func checkTiles(tree tlog.Tree) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	number := int64(0)
	for _, entry := range entries(tree) {
		added, err := tlog.StoredHashes(number, entry, reader)
		must(err)
		stored = append(stored, added...)
		number++
	}
	root, err := tlog.TreeHash(tree.N, reader)
	must(err)
	if root != tree.Hash {
		fail("the entries do not make the root")
	}
	published := tlog.NewTiles(height, 0, tree.N)
	for at, tile := range published {
		// Go lists a tile once for each width that it has had; only the last has to be there.
		if at+1 < len(published) && published[at+1].L == tile.L && published[at+1].N == tile.N {
			continue
		}
		expected, err := tlog.ReadTileData(tile, reader)
		must(err)
		content, err := os.ReadFile(filepath.Join(folder, path(tile)))
		must(err)
		if !bytes.Equal(content, expected) {
			fail("another tile than the entries make: " + path(tile))
		}
		found.Tiles++
	}
}

func entries(tree tlog.Tree) [][]byte {
	var all [][]byte
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)}
		content, err := os.ReadFile(filepath.Join(folder, path(tile)))
		must(err)
		for len(content) > 0 {
			length := int(binary.BigEndian.Uint16(content))
			all = append(all, content[2:2+length])
			content = content[2+length:]
		}
	}
	if int64(len(all)) != tree.N {
		fail("not as many entries as the checkpoint says")
	}
	return all
}

// checkEntries proves every entry from the tiles.
func checkEntries(tree tlog.Tree, reader tlog.HashReader) {
	for number, entry := range entries(tree) {
		proof, err := tlog.ProveRecord(tree.N, int64(number), reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(number), tlog.RecordHash(entry)))
		found.Entries++
	}
}

// checkProofs reads proofs that stand alone (tlog-proof) and compares them with those that Go makes.
func checkProofs(tree tlog.Tree) {
	all := entries(tree)
	for _, name := range files("proofs") {
		head, rest := parts(name)
		lines := strings.Split(head, "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" {
			fail("no proof: " + name)
		}
		number, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		must(err)
		at, _ := checkpoint(rest)
		proof := tlog.RecordProof(hashes(lines[2:]))
		must(tlog.CheckRecord(proof, at.N, at.Hash, number, tlog.RecordHash(all[number])))
		found.Proofs++
	}
}

// checkRequests reads what witnesses are asked; the older root is Go's own.
func checkRequests(reader tlog.HashReader) {
	for _, name := range files("requests") {
		head, rest := parts(name)
		lines := strings.Split(head, "\n")
		old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
		must(err)
		at, _ := checkpoint(rest)
		if old > 0 {
			before, err := tlog.TreeHash(old, reader)
			must(err)
			must(tlog.CheckTree(tlog.TreeProof(hashes(lines[1:])), at.N, at.Hash, old, before))
		}
		found.Requests++
	}
}

func files(below string) []string {
	names, err := filepath.Glob(filepath.Join(folder, below, "*"))
	must(err)
	return names
}

func parts(name string) (string, []byte) {
	content, err := os.ReadFile(name)
	must(err)
	split := bytes.SplitN(content, []byte("\n\n"), 2)
	if len(split) != 2 {
		fail("no empty line: " + name)
	}
	return string(split[0]), split[1]
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err)
		all = append(all, hash)
	}
	return all
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
