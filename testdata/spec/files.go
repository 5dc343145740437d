// Package spec carries the tables of statements into the programs that read
// them; package internal/conformance parses them.
package spec

import "embed"

// Files holds the tables, one file for each.
//
//go:embed *.tsv
var Files embed.FS
