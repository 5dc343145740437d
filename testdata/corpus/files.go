// Package corpus carries the texts of the corpus into the programs that read
// it; package internal/corpus parses them.
package corpus

import "embed"

// Files holds the corpus, one file for each group of cases. Those of whole
// connections stand in the folder streams.
//
//go:embed *.txt streams/*.txt
var Files embed.FS
