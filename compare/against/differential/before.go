package main

import "github.com/mqttwire/mqttwire/compare/against/outcome"

// newBefore makes the side that the working tree is compared with: here the
// working tree itself. scripts/differential lets this file, in a copy, import the
// same code over an older commit.
func newBefore() side { return outcome.New() }
