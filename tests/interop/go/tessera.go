package main

// github.com/transparency-dev/tessera: client, fsck, and a whole log of its own.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"

	"github.com/transparency-dev/formats/log"
)

var hasher = rfc6962.DefaultHasher

// servedLog is a log as Tessera's client sees it.
type servedLog struct {
	fetcher    *client.HTTPFetcher
	verifier   note.Verifier
	checkpoint *log.Checkpoint
	raw        []byte
	builder    *client.ProofBuilder
}

func openServed(vkey, place string) (*servedLog, error) {
	ctx := context.Background()
	base, err := site(place)
	if err != nil {
		return nil, err
	}
	root, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	served := &servedLog{}
	if served.verifier, err = note.NewVerifier(vkey); err != nil {
		return nil, err
	}
	if served.fetcher, err = client.NewHTTPFetcher(root, nil); err != nil {
		return nil, err
	}
	origin := served.verifier.Name()
	served.checkpoint, served.raw, _, err =
		client.FetchCheckpoint(ctx, served.fetcher.ReadCheckpoint, served.verifier, origin)
	if err != nil {
		return nil, err
	}
	served.builder, err =
		client.NewProofBuilder(ctx, served.checkpoint.Size, served.fetcher.ReadTile)
	return served, err
}

// readWithTessera proves entries and older checkpoints with Tessera's client, then has its fsck
// re-derive the whole tree from the entry bundles.
func readWithTessera(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	ctx := context.Background()
	served, err := openServed(arguments[0], arguments[1])
	if err != nil {
		return err
	}
	size := served.checkpoint.Size
	for _, index := range samples(int64(size)) {
		if err := served.proveEntry(ctx, uint64(index)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	for _, file := range arguments[2:] {
		if err := served.proveOlder(ctx, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	check := fsck.New(served.verifier.Name(), served.verifier, served.fetcher, leafHashes, fsck.Opts{N: 2})
	if err := check.Check(ctx); err != nil {
		return fmt.Errorf("fsck: %w", err)
	}
	status := check.Status()
	for _, ranges := range append(status.TileRanges, status.EntryRanges) {
		for _, part := range ranges {
			if part.State != fsck.OK {
				return fmt.Errorf("fsck: %v", status)
			}
		}
	}
	fmt.Printf("%d %s older %d levels %d\n",
		size, encode(served.checkpoint.Hash), len(arguments[2:]), len(status.TileRanges))
	return nil
}

func (s *servedLog) proveEntry(ctx context.Context, index uint64) error {
	bundle, err := client.GetEntryBundle(ctx, s.fetcher.ReadEntryBundle, index/256, s.checkpoint.Size)
	if err != nil {
		return err
	}
	if index%256 >= uint64(len(bundle.Entries)) {
		return errors.New("not in its bundle")
	}
	path, err := s.builder.InclusionProof(ctx, index)
	if err != nil {
		return err
	}
	leaf := hasher.HashLeaf(bundle.Entries[index%256])
	return proof.VerifyInclusion(hasher, index, s.checkpoint.Size, leaf, path, s.checkpoint.Hash)
}

func (s *servedLog) proveOlder(ctx context.Context, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	old, _, _, err := log.ParseCheckpoint(raw, s.verifier.Name(), s.verifier)
	if err != nil || old.Size == 0 {
		return err
	}
	path, err := s.builder.ConsistencyProof(ctx, old.Size, s.checkpoint.Size)
	if err != nil {
		return err
	}
	return proof.VerifyConsistency(hasher, old.Size, s.checkpoint.Size, path, old.Hash, s.checkpoint.Hash)
}

// leafHashes hashes the entries of a bundle, as fsck asks for.
func leafHashes(bundle []byte) ([][]byte, error) {
	var read api.EntryBundle
	if err := read.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(read.Entries))
	for i, entry := range read.Entries {
		hashes[i] = hasher.HashLeaf(entry)
	}
	return hashes, nil
}

// growTesseraLog adds entries to a Tessera log that publishes only what the policy's witnesses have
// cosigned, one checkpoint for each half of them, and prints the last one.
func growTesseraLog(arguments []string) error {
	if err := atLeast(arguments, 4); err != nil {
		return err
	}
	secret, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(string(secret))
	if err != nil {
		return err
	}
	policy, err := os.ReadFile(arguments[2])
	if err != nil {
		return err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy(policy)
	if err != nil {
		return err
	}
	var count int
	if _, err := fmt.Sscan(arguments[3], &count); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	driver, err := posix.New(ctx, posix.Config{Path: arguments[0]})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(uint(max(count/2, 1)), 50*time.Millisecond).
		WithCheckpointInterval(100*time.Millisecond).
		WithWitnesses(witnesses, &tessera.WitnessOptions{Timeout: 10 * time.Second})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	published := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	for i := range count {
		added := appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d of Tessera's", i)))
		// Waiting in the middle makes at least two checkpoints, so that one needs a proof.
		if i == count/2 || i == count-1 {
			if _, _, err := published.Await(ctx, added); err != nil {
				return err
			}
		}
	}
	if err := shutdown(ctx); err != nil {
		return err
	}
	raw, err := reader.ReadCheckpoint(ctx)
	if err != nil {
		return err
	}
	if !witnesses.Satisfied(raw) {
		return errors.New("the published checkpoint lacks the witnesses' cosignatures")
	}
	fmt.Print(string(raw))
	return nil
}
