// Command strictness puts the corpus to each codec of package codecs, prints the
// summary and writes STRICTNESS.md in the current directory:
//
//	go run ./strictness
package main

import (
	"fmt"
	"os"
)

const file = "STRICTNESS.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "strictness:", err)
		os.Exit(1)
	}
}

func run() error {
	versions, err := moduleVersions()
	if err != nil {
		return err
	}
	selected := selectCases()
	measured := measureAll(selected.put)
	fmt.Print(summary(measured))
	return os.WriteFile(file, []byte(document(measured, selected, versions)), 0o644)
}
