package main

import (
	"github.com/mqttwire/mqttwire/compare/against/rows"
	"github.com/mqttwire/mqttwire/compare/against/work"
)

// beforeRows are the rows of the side that the working tree is compared with: here
// of the working tree itself. scripts/speed-against lets this file, in a copy,
// import the same code over an older commit.
func beforeRows() []work.Row { return rows.All() }
