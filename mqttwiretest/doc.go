// Package mqttwiretest is a test kit for codecs of MQTT 3.1, 3.1.1 and 5.0. It
// is made for package mqttwire and holds any other implementation to the same
// measure.
//
// # Judging a codec
//
// Codec is a small interface over the implementation under test. Judge puts
// every case of the corpus to it and returns a Report: a Row for each case, with
// the verdict that the standard demands, the one that the codec gave, and what
// is wrong. Run does the same inside a test and fails it. A codec that panics is
// told of in its row, and the next case follows; one that never returns, or uses
// up the stack, cannot be survived.
//
// # Cases
//
// A Case is the bytes of one packet, in one version and from one side, with what
// must come of them. Cases returns the corpus. PlantedCases makes more: it takes
// legal packets of every form and plants each Violation that they have a place
// for.
//
// # Generators
//
// Packet, Stream and a function for each packet type return generators for
// pgregory.net/rapid. What they make is legal by construction, and reaches for
// the edges: empty and longest fields, sizes at which a length takes one more
// byte, every property and every reason code that the packet may have, text of
// one to four bytes a character, and the forms that only MQTT 3.1 has.
//
// # Mutators
//
// A Violation changes the bytes of a legal packet so that they break one rule,
// and knows which. A Fault does the same to a value that is to be encoded. Both
// take the choices they have to make from a function, so that they work with
// rapid, with a random source or with none.
package mqttwiretest
