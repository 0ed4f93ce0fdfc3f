// An independent check of our public formats, by Go's own packages for signed notes and tiled logs:
//
//	interop verify DIR   checks the mirror, proofs and receipts that 3bot wrote into DIR
//	interop make DIR N   makes a log of N entries in DIR, for 3bot to check
//
// It prints what it checked, a phrase a line, and fails at the first thing that does not hold.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
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

// Inclusion is a proof that a leaf is in the tree of a size.
type Inclusion struct {
	Index int64
	Size  int64
	Root  []byte
	Leaf  []byte
	Proof [][]byte
}

// Consistency is a proof that one tree continues another.
type Consistency struct {
	From     int64
	To       int64
	FromRoot []byte
	ToRoot   []byte
	Proof    [][]byte
}

// Proofs is the file proofs.json.
type Proofs struct {
	Inclusion   []Inclusion
	Consistency []Consistency
}

func main() {
	defer func() {
		if failed := recover(); failed != nil {
			fmt.Fprintln(os.Stderr, failed)
			os.Exit(1)
		}
	}()
	switch os.Args[1] {
	case "verify":
		verify(os.Args[2])
	case "make":
		n, err := strconv.ParseInt(os.Args[3], 10, 64)
		must(err)
		makeLog(os.Args[2], n)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func read(parts ...string) []byte {
	data, err := os.ReadFile(filepath.Join(parts...))
	must(err)
	return data
}

func hashOf(data []byte) tlog.Hash {
	var hash tlog.Hash
	if copy(hash[:], data) != tlog.HashSize || len(data) != tlog.HashSize {
		panic("not a hash")
	}
	return hash
}

func hashes(list [][]byte) []tlog.Hash {
	var all []tlog.Hash
	for _, one := range list {
		all = append(all, hashOf(one))
	}
	return all
}

// checkpoint opens a signed note with the verifier key of the log and reads the three lines of C2SP tlog-checkpoint.
func checkpoint(msg []byte, vkey string) (string, tlog.Tree) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(msg, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	return lines[0], tlog.Tree{N: size, Hash: hashOf(root)}
}

// tilePath is the path of C2SP tlog-tiles, which leaves out the height that Go's own path begins with.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

// mirror reads tiles of height 8 from a folder; what it reads is authenticated by tlog.TileHashReader.
type mirror string

func (mirror) Height() int                         { return 8 }
func (mirror) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (m mirror) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(m), tilePath(tile)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func verify(dir string) {
	vkey := strings.TrimSpace(string(read(dir, "vkey")))
	origin, tree := checkpoint(read(dir, "checkpoint"), vkey)
	fmt.Printf("checkpoint of %s: %d leaves\n", origin, tree.N)
	reader := tlog.TileHashReader(tree, mirror(dir))

	// Every leaf hash, authenticated against the root; every tile of every level with it.
	var indexes []int64
	for i := int64(0); i < tree.N; i++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, i))
	}
	leaves, err := reader.ReadHashes(indexes)
	must(err)
	for level := 0; tree.N>>(8*uint(level)) > 0; level++ {
		width := tree.N >> (8 * uint(level))
		for n := int64(0); n*256 < width; n++ {
			tile := tlog.Tile{H: 8, L: level, N: n, W: 256}
			if left := width - n*256; left < 256 {
				tile.W = int(left)
			}
			want, err := tlog.ReadTileData(tile, reader)
			must(err)
			if !bytes.Equal(want, read(dir, tilePath(tile))) {
				panic(tilePath(tile) + " is not what the tree says")
			}
			if level == 0 {
				entries(read(dir, strings.Replace(tilePath(tile), "tile/0/", "tile/entries/", 1)), leaves[n*256:n*256+int64(tile.W)])
			}
		}
	}
	fmt.Printf("tiles and entries: %d leaves\n", len(leaves))

	for i := int64(0); i < tree.N; i += 1 + tree.N/50 {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaves[i]))
		older, err := tlog.TreeHash(i+1, reader)
		must(err)
		consistency, err := tlog.ProveTree(tree.N, i+1, reader)
		must(err)
		must(tlog.CheckTree(consistency, tree.N, tree.Hash, i+1, older))
	}
	fmt.Println("proofs made from the tiles")

	var proofs Proofs
	must(json.Unmarshal(read(dir, "proofs.json"), &proofs))
	for _, one := range proofs.Inclusion {
		must(tlog.CheckRecord(hashes(one.Proof), one.Size, hashOf(one.Root), one.Index, hashOf(one.Leaf)))
	}
	for _, one := range proofs.Consistency {
		must(tlog.CheckTree(hashes(one.Proof), one.To, hashOf(one.ToRoot), one.From, hashOf(one.FromRoot)))
	}
	fmt.Printf("proofs made by 3bot: %d of inclusion, %d of consistency\n", len(proofs.Inclusion), len(proofs.Consistency))

	receipts, err := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	must(err)
	for _, path := range receipts {
		receipt(read(path), vkey)
	}
	fmt.Printf("receipts: %d\n", len(receipts))
}

// entries takes a bundle apart (C2SP tlog-tiles) and compares what each entry hashes to.
func entries(bundle []byte, leaves []tlog.Hash) {
	for _, leaf := range leaves {
		length := int(binary.BigEndian.Uint16(bundle))
		if tlog.RecordHash(bundle[2:2+length]) != leaf {
			panic("an entry does not hash to its leaf")
		}
		bundle = bundle[2+length:]
	}
	if len(bundle) > 0 {
		panic("a bundle goes on")
	}
}

// receipt checks a .tlog-proof file (C2SP tlog-proof) whose extra data is a line of a 3bot book.
func receipt(file []byte, vkey string) {
	head, msg, _ := bytes.Cut(file, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		panic("not a tlog-proof")
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	var proof []tlog.Hash
	for _, line := range lines[3:] {
		data, err := base64.StdEncoding.DecodeString(line)
		must(err)
		proof = append(proof, hashOf(data))
	}
	var line struct {
		Payload    string
		Signatures json.RawMessage
		At         int64
	}
	must(json.Unmarshal(extra, &line))
	entry := fmt.Sprintf(`{"at":%d,"record":"%x","signatures":"%x","v":1}`, line.At, sha256.Sum256([]byte(line.Payload)), sha256.Sum256(line.Signatures))
	_, tree := checkpoint(msg, vkey)
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash([]byte(entry))))
}

// log keeps the hashes of a tree in Go's own order.
type log []tlog.Hash

func (l log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, index := range indexes {
		all = append(all, l[index])
	}
	return all, nil
}

func write(data []byte, parts ...string) {
	path := filepath.Join(parts...)
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, data, 0o644))
}

func makeLog(dir string, n int64) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "example.com/go-log")
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	write([]byte(vkey+"\n"), dir, "vkey")

	var stored log
	var bundle []byte
	for i := int64(0); i < n; i++ {
		entry := []byte(fmt.Sprintf("entry %d", i))
		more, err := tlog.StoredHashes(i, entry, stored)
		must(err)
		stored = append(stored, more...)
		bundle = append(append(bundle, byte(len(entry)>>8), byte(len(entry))), entry...)
		if i%256 == 255 || i == n-1 {
			tile := tlog.Tile{H: 8, L: 0, N: i / 256, W: int(i%256) + 1}
			write(bundle, dir, strings.Replace(tilePath(tile), "tile/0/", "tile/entries/", 1))
			bundle = nil
		}
	}
	for _, tile := range tlog.NewTiles(8, 0, n) {
		data, err := tlog.ReadTileData(tile, stored)
		must(err)
		write(data, dir, tilePath(tile))
	}

	root, err := tlog.TreeHash(n, stored)
	must(err)
	// An extension line: C2SP allows it, and ours must read it.
	text := fmt.Sprintf("example.com/go-log\n%d\n%s\nextension\n", n, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	write(signed, dir, "checkpoint")

	var proofs Proofs
	for i := int64(0); i < n; i += 1 + n/20 {
		leaf := stored[tlog.StoredHashIndex(0, i)]
		proof, err := tlog.ProveRecord(n, i, stored)
		must(err)
		proofs.Inclusion = append(proofs.Inclusion, Inclusion{i, n, root[:], leaf[:], bytesOf(proof)})
		older, err := tlog.TreeHash(i+1, stored)
		must(err)
		consistency, err := tlog.ProveTree(n, i+1, stored)
		must(err)
		proofs.Consistency = append(proofs.Consistency, Consistency{i + 1, n, older[:], root[:], bytesOf(consistency)})
	}
	data, err := json.Marshal(proofs)
	must(err)
	write(data, dir, "proofs.json")
	fmt.Printf("a log of %d entries\n", n)
}

func bytesOf(list []tlog.Hash) [][]byte {
	all := [][]byte{}
	for _, one := range list {
		one := one
		all = append(all, one[:])
	}
	return all
}
