package main

// golang.org/x/mod/sumdb/{note,tlog}: the libraries behind the Go checksum database.

import (
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// openNote opens a signed note and prints how many signatures held, how many lines are other keys',
// and the text.
func openNote(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	raw, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	opened, err := open(arguments[0], raw)
	if err != nil {
		return err
	}
	fmt.Printf("verified %d unknown %d\n", len(opened.Sigs), len(opened.UnverifiedSigs))
	fmt.Print(opened.Text)
	return nil
}

func open(vkey string, raw []byte) (*note.Note, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vkey, err)
	}
	return note.Open(raw, note.VerifierList(verifier))
}

// head is the tree that a signed checkpoint commits to.
func head(vkey string, raw []byte) (tlog.Tree, error) {
	opened, err := open(vkey, raw)
	if err != nil {
		return tlog.Tree{}, err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil {
		return tlog.Tree{}, err
	}
	return checkpoint.Tree, nil
}

// served is the site of a log, the tree of its checkpoint, and that as it stands.
func served(vkey, place string) (string, tlog.Tree, []byte, error) {
	base, err := site(place)
	if err != nil {
		return "", tlog.Tree{}, nil, err
	}
	raw, err := get(base + "checkpoint")
	if err != nil {
		return "", tlog.Tree{}, nil, err
	}
	tree, err := head(vkey, raw)
	return base, tree, raw, err
}

// tiles reads tiles for tlog, under the paths of C2SP tlog-tiles: Go's own name the tile's height
// first, and call entries data.
type tiles struct{ site string }

func (tiles) Height() int { return 8 }

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		var err error
		if data[i], err = get(t.site + tilePath(tile)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	if entries, cut := strings.CutPrefix(path, "data/"); cut {
		path = "entries/" + entries
	}
	return "tile/" + path
}

// checkTiles recomputes the tree hash from the tiles, proves entries of the bundles and older
// checkpoints, and prints the size, the root, and how much was proven.
func checkTiles(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	vkey := arguments[0]
	base, tree, _, err := served(vkey, arguments[1])
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, tiles{base})
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("tiles give the root %v, the checkpoint %v", root, tree.Hash)
	}
	entries, err := everyEntry(base, tree, hashes)
	if err != nil {
		return err
	}
	records, err := proveRecords(tree, hashes)
	if err != nil {
		return err
	}
	for _, file := range arguments[2:] {
		if err := proveOlder(vkey, file, tree, hashes); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	fmt.Printf("%d %v entries %d records %d older %d\n",
		tree.N, tree.Hash, entries, records, len(arguments[2:]))
	return nil
}

// everyEntry compares the hash of each entry of each bundle with level 0 of the tree.
func everyEntry(base string, tree tlog.Tree, hashes tlog.HashReader) (int64, error) {
	for first := int64(0); first < tree.N; first += 256 {
		width := min(256, tree.N-first)
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}
		bundle, err := get(base + tilePath(tile))
		if err != nil {
			return 0, err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i, leaf := range leaves {
			var entry []byte
			if entry, bundle, err = torchwood.ReadTileEntry(bundle); err != nil {
				return 0, fmt.Errorf("%s: %w", tilePath(tile), err)
			}
			if tlog.RecordHash(entry) != leaf {
				return 0, fmt.Errorf("%s: entry %d is not what the tree holds", tilePath(tile), i)
			}
		}
		if len(bundle) != 0 {
			return 0, fmt.Errorf("%s: %d bytes too many", tilePath(tile), len(bundle))
		}
	}
	return tree.N, nil
}

// proveRecords makes and checks inclusion proofs.
func proveRecords(tree tlog.Tree, hashes tlog.HashReader) (int, error) {
	chosen := samples(tree.N)
	for _, index := range chosen {
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return 0, err
		}
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0]); err != nil {
			return 0, err
		}
	}
	return len(chosen), nil
}

// proveOlder proves that the tree extends the one of an older checkpoint.
func proveOlder(vkey, file string, tree tlog.Tree, hashes tlog.HashReader) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	old, err := head(vkey, raw)
	if err != nil || old.N == 0 {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}
