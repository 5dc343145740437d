// Package corpus carries the texts of the corpus into the programs that read
// it; package internal/corpus parses them.
package corpus

import "embed"

// Files holds the corpus, one file for each group of cases.
//
//go:embed *.txt
var Files embed.FS
