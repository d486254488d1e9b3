package main

// filippo.io/torchwood: client, proofs and policies. transparency-dev/formats reads the same files.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/tlog"
)

// readWithTorchwood has torchwood's client read every entry, which it does only along the tree.
func readWithTorchwood(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	base, tree, _, err := served(arguments[0], arguments[1])
	if err != nil {
		return err
	}
	client, err := newClient(base)
	if err != nil {
		return err
	}
	count := int64(0)
	for index := range client.AllEntries(context.Background(), tree, 0) {
		if index != count {
			return fmt.Errorf("entry %d came as entry %d", count, index)
		}
		count++
	}
	if err := client.Err(); err != nil {
		return err
	}
	fmt.Printf("%d %v entries %d\n", tree.N, tree.Hash, count)
	return nil
}

func newClient(base string) (*torchwood.Client, error) {
	fetcher, err := torchwood.NewTileFetcher(base)
	if err != nil {
		return nil, err
	}
	return torchwood.NewClient(fetcher)
}

// checkProof verifies a .tlog-proof whose extra line carries the record, under a policy. It prints
// index and record as transparency-dev/formats reads them.
func checkProof(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	rules, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	policy, err := torchwood.ParsePolicy(rules)
	if err != nil {
		return err
	}
	record, err := torchwood.ProofExtraData(raw)
	if err != nil {
		return err
	}
	if err := torchwood.VerifyProof(policy, tlog.RecordHash(record), raw); err != nil {
		return err
	}
	var read proof.TLogProof
	if err := read.Unmarshal(raw); err != nil {
		return err
	}
	if string(read.Marshal()) != string(raw) {
		return errors.New("formats writes the proof in another form")
	}
	fmt.Printf("index %d record %x\n", read.Index, read.ExtraData)
	return nil
}

// prove writes an entry of a served log to a file, and prints torchwood's proof of it.
func prove(arguments []string) error {
	if err := atLeast(arguments, 4); err != nil {
		return err
	}
	index, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil {
		return err
	}
	base, tree, raw, err := served(arguments[0], arguments[1])
	if err != nil {
		return err
	}
	client, err := newClient(base)
	if err != nil {
		return err
	}
	entry, path, err := client.Entry(context.Background(), tree, index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(arguments[3], entry, 0o644); err != nil {
		return err
	}
	fmt.Print(string(torchwood.FormatProof(index, path, raw)))
	return nil
}

// parsePolicies prints for each file whether torchwood and transparency-dev/formats take it.
func parsePolicies(files []string) error {
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, first := torchwood.ParsePolicy(raw)
		_, second := witness.ParsePolicy(raw)
		fmt.Printf("%s torchwood %s formats %s\n", file, verdict(first), verdict(second))
	}
	return nil
}

// checkQuorum prints for each checkpoint whether torchwood, and transparency-dev/formats, find it
// cosigned by enough witnesses.
func checkQuorum(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	raw, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	policy, err := torchwood.ParsePolicy(raw)
	if err != nil {
		return err
	}
	group, err := witness.ParsePolicy(raw)
	if err != nil {
		return err
	}
	for _, file := range arguments[1:] {
		checkpoint, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, _, err = torchwood.VerifyCheckpoint(checkpoint, policy)
		fmt.Printf("%s torchwood %t formats %t\n", file, err == nil, group.Satisfied(checkpoint))
	}
	return nil
}

func verdict(err error) string {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n", err)
		return "refuses"
	}
	return "takes"
}
