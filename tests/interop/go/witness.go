package main

// transparency-dev/witness's client, and what litewitness needs to be run.

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	formats "github.com/transparency-dev/formats/note"
	tessera "github.com/transparency-dev/tessera/client"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/note"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func encode(bytes []byte) string { return base64.StdEncoding.EncodeToString(bytes) }

// newKey makes a note key. It prints the secret, the vkey, and the vkey of the same key for
// cosignatures.
func newKey(arguments []string) error {
	if err := atLeast(arguments, 1); err != nil {
		return err
	}
	secret, vkey, err := note.GenerateKey(rand.Reader, arguments[0])
	if err != nil {
		return err
	}
	cosigner, err := formats.VKeyToCosignatureV1(vkey)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n%s\n", secret, vkey, cosigner)
	return nil
}

// serveAgent is an ssh-agent that holds one new Ed25519 key, whose fingerprint it prints.
func serveAgent(arguments []string) error {
	if err := atLeast(arguments, 1); err != nil {
		return err
	}
	_, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	public, err := ssh.NewPublicKey(secret.Public())
	if err != nil {
		return err
	}
	keyring := agent.NewKeyring()
	if err := keyring.Add(agent.AddedKey{PrivateKey: secret}); err != nil {
		return err
	}
	listener, err := net.Listen("unix", arguments[0])
	if err != nil {
		return err
	}
	fmt.Println(ssh.FingerprintSHA256(public))
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() { _ = agent.ServeAgent(keyring, connection) }()
	}
}

// addLitewitnessLog writes a log and its key into litewitness's database, as `witnessctl add-log` and
// `add-key` do.
func addLitewitnessLog(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(arguments[1])
	if err != nil {
		return err
	}
	database, err := sqlite.OpenConn(arguments[0], 0)
	if err != nil {
		return err
	}
	defer database.Close()
	const log = `INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)`
	empty := sha256.Sum256(nil)
	err = sqlitex.Execute(database, log, &sqlitex.ExecOptions{Args: []any{verifier.Name(), encode(empty[:])}})
	if err != nil {
		return err
	}
	const key = `INSERT INTO key (origin, key) VALUES (?, ?)`
	return sqlitex.Execute(database, key, &sqlitex.ExecOptions{Args: []any{verifier.Name(), arguments[1]}})
}

// submit feeds checkpoints of a served log to a witness in this order, each twice, and checks every
// cosignature with the verifiers of torchwood and of transparency-dev. It prints the sizes.
func submit(arguments []string) error {
	if err := atLeast(arguments, 5); err != nil {
		return err
	}
	feed, err := newFeed(arguments[0], arguments[2], arguments[3])
	if err != nil {
		return err
	}
	for _, file := range arguments[4:] {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for range 2 {
			if err := feed.once(raw, arguments[1]); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		fmt.Printf("%d cosigned\n", feed.old)
	}
	return nil
}

// feed is one log's way to one witness.
type feed struct {
	witness client.Witness
	log     *servedLog
	old     uint64
}

func newFeed(witnessURL, logVkey, place string) (*feed, error) {
	root, err := url.Parse(witnessURL)
	if err != nil {
		return nil, err
	}
	served, err := openServed(logVkey, place)
	if err != nil {
		return nil, err
	}
	return &feed{witness: client.NewWitness(root, http.DefaultClient), log: served}, nil
}

// once submits a checkpoint; what the witness says of its state is believed once, as feeders do.
func (f *feed) once(raw []byte, witnessVkey string) error {
	cosignature, known, err := f.update(raw)
	if errors.Is(err, witness.ErrCheckpointStale) {
		f.old = known
		cosignature, _, err = f.update(raw)
	}
	if err != nil {
		return err
	}
	checkpoint, _, _, err := log.ParseCheckpoint(raw, f.log.verifier.Name(), f.log.verifier)
	if err != nil {
		return err
	}
	f.old = checkpoint.Size
	return holds(append(raw, cosignature...), witnessVkey)
}

func (f *feed) update(raw []byte) ([]byte, uint64, error) {
	ctx := context.Background()
	path, err := f.path(ctx, raw)
	if err != nil {
		return nil, 0, err
	}
	return f.witness.Update(ctx, f.old, raw, path)
}

// path is the consistency proof from what the witness holds.
func (f *feed) path(ctx context.Context, raw []byte) ([][]byte, error) {
	checkpoint, _, _, err := log.ParseCheckpoint(raw, f.log.verifier.Name(), f.log.verifier)
	if err != nil || f.old == 0 || f.old >= checkpoint.Size {
		return nil, err
	}
	builder, err := tessera.NewProofBuilder(ctx, checkpoint.Size, f.log.fetcher.ReadTile)
	if err != nil {
		return nil, err
	}
	return builder.ConsistencyProof(ctx, f.old, checkpoint.Size)
}

// holds demands a valid cosignature with a time, by both libraries, or by formats alone if it is of
// ML-DSA-44, which this torchwood does not know.
func holds(cosigned []byte, vkey string) error {
	verifier, err := formats.NewVerifierForCosignatureV1(vkey)
	if err != nil {
		return fmt.Errorf("formats: %s: %w", vkey, err)
	}
	verifiers := []note.Verifier{verifier}
	if len(vkey) < 1000 {
		verifier, err := torchwood.NewCosignatureVerifier(vkey)
		if err != nil {
			return fmt.Errorf("torchwood: %s: %w", vkey, err)
		}
		verifiers = append(verifiers, verifier)
	}
	for _, verifier := range verifiers {
		opened, err := note.Open(cosigned, note.VerifierList(verifier))
		if err != nil {
			return fmt.Errorf("%w in %q", err, cosigned)
		}
		if len(opened.Sigs) != 1 {
			return fmt.Errorf("expected one cosignature, found %d", len(opened.Sigs))
		}
		seconds, err := torchwood.CosignatureTimestamp(opened.Sigs[0])
		if err != nil || seconds == 0 {
			return fmt.Errorf("the cosignature's time is %d: %w", seconds, err)
		}
	}
	return nil
}

// monitor demands the newest checkpoint of a log from a witness, cosigned, and prints its size and root.
func monitor(arguments []string) error {
	if err := atLeast(arguments, 3); err != nil {
		return err
	}
	verifier, err := note.NewVerifier(arguments[2])
	if err != nil {
		return err
	}
	name := sha256.Sum256([]byte(verifier.Name()))
	raw, err := get(fmt.Sprintf("%s/%x/checkpoint", strings.TrimSuffix(arguments[0], "/"), name))
	if err != nil {
		return err
	}
	if err := holds(raw, arguments[1]); err != nil {
		return err
	}
	tree, err := head(arguments[2], raw)
	if err != nil {
		return err
	}
	fmt.Printf("%d %v\n", tree.N, tree.Hash)
	return nil
}

// cosign prints transparency-dev/formats' cosignature of a checkpoint by a key in a file.
func cosign(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	secret, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	signer, err := formats.NewSignerForCosignatureV1(string(secret))
	if err != nil {
		return err
	}
	text, _, found := strings.Cut(string(raw), "\n\n")
	if !found {
		return errors.New("no signed note")
	}
	signed, err := note.Sign(&note.Note{Text: text + "\n"}, signer)
	if err != nil {
		return err
	}
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	fmt.Print(lines)
	return nil
}

// checkCosignatures demands that a checkpoint carries the cosignature of each of these witnesses.
func checkCosignatures(arguments []string) error {
	if err := atLeast(arguments, 2); err != nil {
		return err
	}
	raw, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	for _, vkey := range arguments[1:] {
		if err := holds(raw, vkey); err != nil {
			return fmt.Errorf("%s: %w", vkey, err)
		}
	}
	return nil
}

// refusals asks for what a witness of the served log's newest checkpoint must refuse, and prints what
// the client library makes of each answer.
func refusals(arguments []string) error {
	if err := atLeast(arguments, 3); err != nil {
		return err
	}
	secret, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	known, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return err
	}
	vkey, err := vkeyOf(strings.TrimSpace(string(secret)))
	if err != nil {
		return err
	}
	stranger, err := strangers(known.Name())
	if err != nil {
		return err
	}
	feed, err := newFeed(arguments[0], vkey, arguments[2])
	if err != nil {
		return err
	}
	size, root := feed.log.checkpoint.Size, feed.log.checkpoint.Hash
	other := sha256.Sum256(root)
	origin := known.Name()
	for _, attempt := range []struct {
		name   string
		signer note.Signer
		origin string
		old    uint64
		size   uint64
		root   []byte
		proof  [][]byte
	}{
		{"another origin", known, origin + "/unknown", size, size, root, nil},
		{"another key", stranger, origin, size, size, root, nil},
		{"an old size too large", known, origin, size + 1, size, root, nil},
		{"another old size", known, origin, size - 1, size, root, nil},
		{"same size, another root", known, origin, size, size, other[:], nil},
		{"a fork", known, origin, size, size + 1, other[:], [][]byte{root}},
	} {
		text := fmt.Sprintf("%s\n%d\n%s\n", attempt.origin, attempt.size, encode(attempt.root))
		raw, err := note.Sign(&note.Note{Text: text}, attempt.signer)
		if err != nil {
			return err
		}
		_, held, err := feed.witness.Update(context.Background(), attempt.old, raw, attempt.proof)
		if err == nil {
			return fmt.Errorf("%s: cosigned", attempt.name)
		}
		fmt.Printf("%s: %v", attempt.name, err)
		if errors.Is(err, witness.ErrCheckpointStale) {
			fmt.Printf(", it holds %d", held)
		}
		fmt.Println()
	}
	return nil
}

// strangers is a signer of this name with a key that nobody knows.
func strangers(name string) (note.Signer, error) {
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	return note.NewSigner(secret)
}

// vkeyOf is the vkey of a secret Ed25519 note key.
func vkeyOf(secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("no secret note key")
	}
	bytes, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(bytes) != 1+ed25519.SeedSize {
		return "", errors.New("no secret Ed25519 note key")
	}
	public := ed25519.NewKeyFromSeed(bytes[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], public)
}
