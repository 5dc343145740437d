// Generate writes CONFORMANCE.md. It is run by go generate, in the folder of
// package conformance.
package main

import (
	"log"
	"os"

	"github.com/mqttwire/mqttwire/internal/conformance"
)

func main() {
	log.SetFlags(0)
	report, err := conformance.Read("../..")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("../../CONFORMANCE.md", []byte(report.Markdown()), 0o644); err != nil {
		log.Fatal(err)
	}
}
