// Package fuzz holds the native fuzz targets that see the library as its users
// do: whole packets and whole streams, of every version. Each seeds itself from
// the corpus.
//
//	go test -fuzz=FuzzPacket -fuzztime=1m ./fuzz
//	go test -fuzz=FuzzStream -fuzztime=1m ./fuzz
//
// and so on; CONTRIBUTING.md lists all. The exhaustive test compares verdicts
// with those of the reference model in internal/model.
package fuzz
