// Package store keeps the journals of sessions in a file, so that what they have
// promised outlives the process: a session.Journal on bbolt.
//
// A Store holds any number of sessions. Append is back when its records are on the
// disk; callers that come meanwhile share the next transaction, so that a thousand
// sessions cost little more than one. A snapshot takes the place of the records of
// its session that are before it. The file is open in one process at a time, and a session
// has one user at a time: see Store.Claim.
//
// # What may happen to the file
//
// A process that is killed, or a machine that loses its power, at any moment leaves
// what was appended before, and of what was under way either the whole transaction
// or nothing. What else has changed in the pages that are in use is damage: Open reads
// them all before bbolt may use them, and says at which byte one is wrong. Damage to the
// newest of the two head pages cannot be told from a write of it that was torn: then the
// last transaction is gone without a word. It never begins anew in silence: an empty
// file, or one of another program, is damage too, and a new file appears under its name
// when it is whole.
//
// If a write fails, or what it has reached is not known, all records of that
// transaction are refused with the error, and so is everything after it, until Load
// has opened the file again: a session is then what the journal says.
package store
