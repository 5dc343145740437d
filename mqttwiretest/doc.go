// Package mqttwiretest is a test kit for codecs of MQTT 3.1, 3.1.1 and 5.0. It
// is made for package mqttwire and holds any other implementation to the same
// measure.
//
// # Judging a codec
//
// Codec is a small interface over the implementation under test. Run puts every
// case of the corpus to it and fails a test: with a line for each case that
// something is wrong with, and if the codec knows no version at all. Judge does
// the same outside a test and returns a Report: a Row for each case, with the
// verdict that the standard demands, the one that the codec gave, and what is
// wrong. Options choose the cases and the time that one packet may take.
//
// If a codec panics, ends its goroutine or does not return in time, the row of the
// case says so, and the next case follows. Two kinds of codec end the test binary,
// since Go cannot recover from them: one that uses up the stack, and one that
// takes more memory than there is. Run fails the test as soon as a case is judged,
// so that "go test -v" shows what was found until then. A codec most often takes
// too much memory for a length that is declared and whose bytes do not come; to
// see what else is wrong, leave those cases out:
//
//	cases := slices.DeleteFunc(mqttwiretest.Cases(), mqttwiretest.Case.DeclaresLarge)
//	mqttwiretest.Options{Cases: cases}.Run(t, codec)
//
// In the same way Case.WrongSenderOnly leaves out the cases that a codec cannot
// refuse if it is not told which side a packet comes from.
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
// one to four bytes a character, and the forms that only MQTT 3.1 has. Stream
// keeps to the rules of a connection too.
//
// The generators return values of package packets. Legal bytes that Append does
// not write, such as an acknowledgement with the length of an empty property list,
// a remaining length in more bytes than needed before 5.0, or bits that 3.1 has
// receivers ignore, are in the corpus only.
//
// # Mutators
//
// A Violation changes the bytes of a legal packet so that they break one rule,
// and knows which. A Fault does the same to a value that is to be encoded. Both
// take the choices they have to make from a function, so that they work with
// rapid, with a random source or with none.
package mqttwiretest
