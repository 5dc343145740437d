package packets

import "github.com/mqttwire/mqttwire"

// visitor is told of each field of a packet, by the method visit of the packet's
// type: to write it as JSON, to read it from JSON, or to write it to a log. So a
// packet says once what its fields are called, and in which order they stand.
//
// A field that is rare is left out where it is zero: where a version has no place
// for it, or the wire may leave it out too.
type visitor interface {
	flag(key string, p *bool, rare bool)
	byte(key string, p *uint8, rare bool)
	number(key string, p *uint16, rare bool)

	// code is told of a reason code of a packet of type t, codes of a list of them.
	code(key string, p *mqttwire.ReasonCode, t mqttwire.PacketType, rare bool)
	codes(key string, p *[]mqttwire.ReasonCode, rare bool)

	// text is told of bytes that are text as a rule; secret of those that are not
	// for everybody, and are absent if nil; payload of those that may be many.
	text(key string, p *[]byte)
	secret(key string, p *[]byte)
	payload(key string, p *[]byte)

	properties(key string, p *mqttwire.Properties)

	// object is told of fields that are there together or not at all. A reader
	// calls create before, if they are there.
	object(key string, there bool, create func(), fields func(visitor))

	// list is told of a list of n entries, each with fields of its own. A reader
	// calls create with their number before.
	list(key string, n int, create func(n int), entry func(i int, v visitor))
}

const (
	always = false
	rare   = true
)
