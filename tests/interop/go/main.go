// Command interop runs the libraries of other people over what Ledgerline wrote or serves. Each
// subcommand prints what the library found, and fails with its words if it refuses.
package main

import (
	"flag"
	"fmt"
	"os"

	"k8s.io/klog/v2"
)

var commands = map[string]struct {
	arguments string
	run       func(arguments []string) error
}{
	"note":        {"VKEY FILE", openNote},
	"tiles":       {"VKEY SITE [CHECKPOINT]...", checkTiles},
	"torchwood":   {"VKEY SITE", readWithTorchwood},
	"tessera":     {"VKEY SITE [CHECKPOINT]...", readWithTessera},
	"proof":       {"POLICY PROOF", checkProof},
	"prove":       {"VKEY SITE INDEX LEAF-FILE", prove},
	"policy":      {"FILE...", parsePolicies},
	"quorum":      {"POLICY CHECKPOINT...", checkQuorum},
	"key":         {"NAME", newKey},
	"agent":       {"SOCKET", serveAgent},
	"litelog":     {"DATABASE VKEY", addLitewitnessLog},
	"submit":      {"WITNESS-URL WITNESS-VKEY LOG-VKEY SITE CHECKPOINT...", submit},
	"cosign":      {"KEY-FILE CHECKPOINT", cosign},
	"cosigned":    {"CHECKPOINT WITNESS-VKEY...", checkCosignatures},
	"monitor":     {"WITNESS-URL WITNESS-VKEY LOG-VKEY", monitor},
	"refusals":    {"WITNESS-URL LOG-KEY-FILE SITE", refusals},
	"tessera-log": {"DIR KEY-FILE POLICY COUNT", growTesseraLog},
}

func main() {
	// Tessera's libraries log through klog; their errors reach us as values.
	klog.InitFlags(nil)
	_ = flag.Set("logtostderr", "false")
	if len(os.Args) < 2 {
		usage()
	}
	command, known := commands[os.Args[1]]
	if !known {
		usage()
	}
	if err := command.run(os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "interop %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func usage() {
	for name, command := range commands {
		fmt.Fprintf(os.Stderr, "interop %s %s\n", name, command.arguments)
	}
	os.Exit(2)
}

// atLeast refuses a command line that is too short.
func atLeast(arguments []string, count int) error {
	if len(arguments) < count {
		return fmt.Errorf("expected at least %d arguments, found %d", count, len(arguments))
	}
	return nil
}
