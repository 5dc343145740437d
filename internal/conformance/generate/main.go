// Generate writes CONFORMANCE.md and the pages in conformance/. It is run by go
// generate, in the folder of package conformance.
package main

import (
	"log"

	"github.com/mqttwire/mqttwire/internal/conformance"
)

func main() {
	log.SetFlags(0)
	const root = "../.."
	report, err := conformance.Read(root)
	if err != nil {
		log.Fatal(err)
	}
	if err := conformance.Write(root, report.Pages()); err != nil {
		log.Fatal(err)
	}
}
