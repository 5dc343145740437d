// Command strictness puts the corpus to each codec of package codecs, prints the
// summary and writes the whole to a file: STRICTNESS.md in the current directory,
// which is to be compare/, or what -o names.
//
//	go run ./strictness [-o FILE]
package main

import (
	"flag"
	"fmt"
	"os"
)

// file is where the document stands in the repository, in the folder compare.
const file = "STRICTNESS.md"

func main() {
	out := flag.String("o", file, "write the document to `FILE`")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "strictness:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	versions, err := moduleVersions()
	if err != nil {
		return err
	}
	selected := selectCases()
	measured := measureAll(selected.put)
	fmt.Print(summary(measured))
	return os.WriteFile(out, []byte(document(measured, selected, versions)), 0o644)
}
