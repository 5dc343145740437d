package main

import "github.com/mqttwire/mqttwire/compare/against/outcome"

// newBefore makes the side that the working tree is compared with: here the
// working tree itself. scripts/differential lets this file, in a copy, import the
// same code over an older commit. It is taken to do what the working tree does
// otherwise on purpose, unless the comparison is to be exact.
func newBefore(exact bool) side {
	s := outcome.New()
	s.Intended = !exact
	return s
}
