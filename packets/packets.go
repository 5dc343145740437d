// Package packets holds the fifteen control packets of MQTT 3.1, 3.1.1 and 5.0,
// one file for each form, over the wire layer in package mqttwire.
//
// # Decoding
//
// Decode is the easy way: a frame in, a packet out. A Set does the same and
// reuses its packets, so that it allocates nothing once each type has been seen.
// If the type is known, the Decode method of that packet does it. All are strict,
// but for what a Tolerance lets pass: what breaks a rule that one packet alone can
// show gives an *mqttwire.Error, and the packet is left reset. CheckSender adds
// the rules that depend on which side sent the packet, CheckOptional those that a
// receiver may enforce or not.
//
// # Connections
//
// A Stream is a connection over a net.Conn or its like: it receives and sends
// packets. A Connection is the same without I/O: it is given the bytes that came, and
// returns those to send. Both check what depends on the packets before and on what
// both sides have announced, and answer a packet that was refused.
//
// They are made of a Decoder and an Encoder, one for each direction, which who
// watches a connection, or has the two in different places, uses by themselves. Reply
// says how to answer then. ReadHeader and Writer are for payloads that are not in
// memory.
//
// Clone, PacketID, SetPacketID, ReasonCode, SetReasonCode and PropertiesOf are for
// packets whose type does not matter. Forward makes of a PUBLISH that a server has received the one
// that it sends on, Acknowledge the packet that answers another one; CheckSuback and
// CheckUnsuback look at a request and its answer. Convert says a packet in another
// version, and tells what is lost; AppendRecord and DecodeRecord keep a message at rest;
// AppendFields tells where each field stands in the bytes of a packet, broken ones too.
//
// # One message for many receivers
//
// Prepare lays an application message out once. Each Delivery of the Prepared is then
// a copy of its header, in any version, into which the few bytes are written that are
// the receiver's own; the payload is shared by all. Encoder, Connection, Writer, Stream
// and Buffers each send it.
//
// PatchDup, PatchRetain, PatchQoS, PatchPacketID, PatchMessageExpiryInterval and
// PatchReasonCode change one field of a frame in its place, and decode no more of it
// than shows where the field stands: so a proxy passes packets on. What they read they
// check as Decode does, and return its error; of a value that Append would refuse they
// return its error. Else the result is what decoding, changing and encoding gives, but
// that what the standards leave free stays as it was. With an error, ErrNoField and
// ErrPatchLength among them, the frame is not changed.
//
// # Ownership
//
// The packet's byte slices alias f.Body; use Clone to keep them.
//
// # Encoding
//
// Append appends a packet for the given version, and refuses what a receiver
// would refuse. What an older version has no place for, properties and success
// codes, is left out; what would change the meaning, such as a failure code in
// an acknowledgement, is an error.
//
// The memory behind dst must not be what the packet's slices alias, as the frame
// that it was decoded from: it is written to while they are read.
//
// A packet that was decoded and not changed encodes to the same bytes, but for
// what the standards leave free. All is written in the shortest legal form:
// acknowledgements and DISCONNECT of 5.0 without the property length of an empty
// list, and without the code if that is 0 too, AUTH without both or neither; and
// the remaining length in the fewest bytes, which 3.x does not ask for. The bits
// that 3.1 calls unused, and flags for a user name or password that is not there,
// are cleared.
//
// # Splicing
//
// The functions whose names begin with Splice change one part of an encoded packet, for
// proxies: they copy what stands before and behind it byte for byte, and only those
// lengths and flags follow that have to. frame is the bytes of one whole packet, from
// its first byte to its last one, and has to be one that Decode accepts. The packet as
// it is to be is appended to dst:
//
//   - Its remaining length is the same bytes if the size has not changed; else it is in
//     the fewest bytes, which 3.x does not ask for.
//   - A property list that gets empty is left out where Append leaves it out, and with
//     it a reason code of 0; what was left out before is written where it has to be.
//   - A part that is as it is to be is left as it is, also if Append would write it in
//     another form, and so is all the rest.
//
// If frame is as Append writes it, the result is too: it is what comes of decoding,
// changing the field, and encoding.
//
// What is put in is checked as Append checks it, by itself and together with what else
// the packet has: what is returned is always legal. On error dst is returned as it was,
// nothing has been written, and the *mqttwire.Error has an Offset if it is about frame,
// and is Own if it is about what was to be put in.
//
// The memory behind dst must not be that of frame, with one exception: dst may be
// frame[:0]. Then the packet is written over frame if nothing in it gets longer, and
// into new memory else; and what is put in must not be of the memory of frame. Nothing
// else is allocated if dst has room.
//
// The functions whose names begin with Peek look at the beginning of a packet, of which
// more may be to come. They need no more bytes than those that they report on and those
// before; while these are not there they return mqttwire.ErrIncomplete.
//
// # JSON and logs
//
// Package encoding/json writes and reads every packet, in the form that JSON
// documents, and package log/slog writes it as a group. Both keep user names,
// passwords and authentication data out unless they are asked for. LogError does
// the same for errors.
package packets

import "github.com/mqttwire/mqttwire"

// To add a packet type, three places are touched:
//
//  1. the constants and the table of package mqttwire's fixed_header.go: name,
//     flags, who sends it; and if it has codes or properties, their tables in
//     reason.go and properties.go;
//  2. a file here with the struct and its methods: those of mqttwire.Packet and
//     of the interface packet, below, and Clone, Pinned, String, MarshalJSON,
//     UnmarshalJSON and LogValue; and of the interface droppable if it may have a
//     Reason String, of listJudge if there is a property that it may need;
//  3. its line in the table newPacket, below.
//
// read.go and write.go have what decode and Append are made of; auth.go is an
// example of a type that not every version has, and disconnect.go of one that
// all have.
//
// Rules of the new packet alone that are not about its bytes have a place each:
// check_sender.go if one side may not say all of its codes or properties,
// check_optional.go for what a receiver may let pass, direction.go for its place
// among other packets: orderFault, checkSaid and note, and free.go: binds. A type
// that binds does not name is checked each time, and may stand where any other may.
// What of it another version has no place for has its rows in convert_rules.go.
// Command mqttdump prints its fields as text where textpacket.go says so.
//
// The tests run over all packet types that Known reports, and fail until the
// corpus has cases of the new one, and mqttwiretest (generate_packet.go,
// anatomy.go) and internal/model know it: these read no table of the library.

// newPacket makes a packet of each type. A type that is not there is not known.
var newPacket = [16]func() packet{
	mqttwire.CONNECT:     func() packet { return new(Connect) },
	mqttwire.CONNACK:     func() packet { return new(Connack) },
	mqttwire.PUBLISH:     func() packet { return new(Publish) },
	mqttwire.PUBACK:      func() packet { return new(Puback) },
	mqttwire.PUBREC:      func() packet { return new(Pubrec) },
	mqttwire.PUBREL:      func() packet { return new(Pubrel) },
	mqttwire.PUBCOMP:     func() packet { return new(Pubcomp) },
	mqttwire.SUBSCRIBE:   func() packet { return new(Subscribe) },
	mqttwire.SUBACK:      func() packet { return new(Suback) },
	mqttwire.UNSUBSCRIBE: func() packet { return new(Unsubscribe) },
	mqttwire.UNSUBACK:    func() packet { return new(Unsuback) },
	mqttwire.PINGREQ:     func() packet { return new(Pingreq) },
	mqttwire.PINGRESP:    func() packet { return new(Pingresp) },
	mqttwire.DISCONNECT:  func() packet { return new(Disconnect) },
	mqttwire.AUTH:        func() packet { return new(Auth) },
}

// New returns an empty packet of type t, or nil if there is no such type.
func New(t mqttwire.PacketType) mqttwire.Packet {
	if p := newOf(t); p != nil {
		return p
	}
	return nil // not a nil packet in an interface
}

// Decode decodes f, a frame of version v, into a new packet of the type that its
// fixed header names. For CONNECT, which tells its own version, v may be 0; see
// Connect. The packet's byte slices alias f.Body; use Clone to keep them. Errors
// are of type *mqttwire.Error.
func Decode(f mqttwire.Frame, v mqttwire.Version) (mqttwire.Packet, error) {
	return decodeInto(newOf(f.Header.Type), f, v, nil)
}

// packet is what every packet of this package is.
type packet interface {
	mqttwire.Packet

	// decode reads the packet, and reports whether all rules are kept that j does
	// not let pass. It is the one function that knows the order of the fields.
	decode(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool

	// judged is decode with a Judge, for the error; on error the packet is left
	// reset. Decode is decode without one and, if that says no, judged.
	judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error

	// reset empties the packet, but for the room of lists that so many bytes of
	// body may fill.
	reset(n int)

	// properties returns the property list, or nil if the type has none.
	properties() *mqttwire.Properties

	// packetID returns the packet identifier, or nil if the packet has none.
	packetID() *uint16

	// reasonCode returns the reason code, or nil if the type has none, or a list.
	reasonCode() *mqttwire.ReasonCode

	// listIn returns where the property list of f stands, a packet of the type. It
	// looks at no field of the receiver, and keeps nothing.
	listIn(f mqttwire.Frame, v mqttwire.Version) listPlace

	// clone is Clone, which returns the packet's own type.
	clone() mqttwire.Packet

	// convert makes dst, a packet of the same type or the packet itself, what the packet
	// is in another version: see Convert. On error dst is left as it was.
	convert(dst packet, c *Conversion) error

	// visit tells v of the packet's fields, for JSON and logs.
	visit(v visitor)
}

// newOf returns an empty packet of type t, or nil if there is no such type.
func newOf(t mqttwire.PacketType) packet {
	if int(t) >= len(newPacket) || newPacket[t] == nil {
		return nil
	}
	return newPacket[t]()
}

// DecodeTolerant is Decode, but for what the tolerance lets pass. What it let
// pass stands in its Findings; nil lets nothing pass.
func DecodeTolerant(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	return decodeInto(newOf(f.Header.Type), f, v, tolerance)
}

// Set decodes packets of any type and reuses them: once each type has been seen,
// Decode allocates nothing. The zero Set is ready to use. It is for one
// goroutine at a time.
//
// Besides the last packet it holds lists of 96 KiB at most, and what it has
// decoded since the last packet of over 4 KiB keeps alive the buffers that it was
// cut from. Release gives back all of that.
type Set struct {
	packets *[16]mqttwire.Packet // made with the first packet: a peer that sends none costs little
	will    *Will                // of the CONNECT, kept while a CONNECT has none
	large   bool                 // whether the last packet was large
}

// largePacket is the size of a body, in bytes, from which on a Set does not keep
// the packet beyond the next one, unless it decodes into it: its lists may take
// ten times as much memory, and the buffer that it was cut from, of which other
// packets may be too, is one that streams would like to give back.
const largePacket = 4 << 10

// Release gives back all memory that the Set holds. The packets that it has
// returned are no longer valid.
func (s *Set) Release() { *s = Set{} }

// forget empties all packets but that of type t, to decode into, after a large one.
func (s *Set) forget(t mqttwire.PacketType) {
	for i, p := range s.packets {
		if p != nil && mqttwire.PacketType(i) != t {
			p.(packet).reset(0)
		}
	}
	if s.will != nil && t != mqttwire.CONNECT {
		*s.will = Will{}
	}
}

// Decode is as the function Decode. The packet it returns is valid until the
// next call with a frame of the same type.
func (s *Set) Decode(f mqttwire.Frame, v mqttwire.Version) (mqttwire.Packet, error) {
	p := s.ready(f.Header.Type, len(f.Body))
	if p == nil {
		return s.decodeTolerant(f, v, nil)
	}
	if err := p.Decode(f, v); err != nil {
		return nil, err
	}
	return p, nil
}

// ready returns the packet of type t if it can be decoded into as it is, or nil.
func (s *Set) ready(t mqttwire.PacketType, n int) mqttwire.Packet {
	if s.packets == nil || s.large || n >= largePacket || t >= 16 || t == mqttwire.CONNECT {
		return nil
	}
	return s.packets[t]
}

// DecodeTolerant is as the function DecodeTolerant; the packet is valid as that
// of Decode.
func (s *Set) DecodeTolerant(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	p := s.ready(f.Header.Type, len(f.Body))
	if p == nil {
		return s.decodeTolerant(f, v, tolerance)
	}
	if q := p.(packet); !q.decode(f, v, nil) {
		return judgeInto(q, f, v, tolerance)
	}
	return p, nil // legal, so that there is nothing to let pass
}

// decodeTolerant is DecodeTolerant for a packet that has to be made ready first.
func (s *Set) decodeTolerant(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	t := f.Header.Type & 15
	if s.packets == nil {
		s.packets = new([16]mqttwire.Packet)
	}
	if s.large {
		s.forget(t)
	}
	s.large = len(f.Body) >= largePacket
	if s.packets[t] == nil {
		s.packets[t] = New(f.Header.Type)
	}
	if c, ok := s.packets[t].(*Connect); ok {
		return s.decodeConnect(c, f, v, tolerance)
	}
	p, _ := s.packets[t].(packet)
	return decodeInto(p, f, v, tolerance)
}

// decodeConnect decodes into c, which may have a Will or not, without making a new
// one each time. The one that waits for its next use keeps nothing alive.
func (s *Set) decodeConnect(c *Connect, f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	if s.will == nil {
		s.will = new(Will)
	}
	c.Will = s.will // for Decode to use, or to drop
	p, err := decodeInto(c, f, v, tolerance)
	if c.Will == nil {
		*s.will = Will{}
	}
	return p, err
}

// publish returns the PUBLISH of the set.
func (s *Set) publish() *Publish {
	if s.packets == nil {
		s.packets = new([16]mqttwire.Packet)
	}
	p, ok := s.packets[mqttwire.PUBLISH].(*Publish)
	if !ok {
		p = new(Publish)
		s.packets[mqttwire.PUBLISH] = p
	}
	return p
}

// isPublish reports whether p is the PUBLISH of the set.
func (s *Set) isPublish(p *Publish) bool {
	if s.packets == nil {
		return false
	}
	q, ok := s.packets[mqttwire.PUBLISH].(*Publish)
	return ok && q == p
}

// decodeInto decodes f into p, which is nil if the frame's type is none.
func decodeInto(p packet, f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	switch {
	case p == nil:
		return nil, unknownType(f, v)
	case p.decode(f, v, nil): // legal, so that there is nothing to let pass
		return p, nil
	}
	return judgeInto(p, f, v, tolerance)
}

// judgeInto is decodeInto for a frame that is not legal.
func judgeInto(p packet, f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) (mqttwire.Packet, error) {
	if err := p.judged(f, v, tolerance); err != nil {
		return nil, err
	}
	return p, nil
}

// unknownType is the error for a frame whose packet type is none.
func unknownType(f mqttwire.Frame, v mqttwire.Version) error {
	j := wire.Judge(f, f.Header.Type, v, nil)
	if wire.Frame(&j, f, f.Header.Type, v) {
		wire.PassAt(&j, mqttwire.RulePacketType, mqttwire.FieldPacketType, 0, int64(f.Header.Type))
	}
	return wire.Err(&j)
}

// packetSize is the size of a packet whose body has n bytes.
func packetSize(n uint64) int {
	if n > mqttwire.MaxVarint {
		return 1 + mqttwire.MaxVarintSize + int(min(n, maxInt-1-mqttwire.MaxVarintSize))
	}
	return 1 + mqttwire.SizeVarint(uint32(n)) + int(n)
}

const maxInt = uint64(^uint(0) >> 1)

// stringSize is what a string or binary data takes, where a body's size is
// counted: in 64 bits, so that no sum of many fields can wrap.
func stringSize(b []byte) uint64 { return 2 + uint64(len(b)) }

// propertiesSize is what a property list takes in version v.
func propertiesSize(p *mqttwire.Properties, v mqttwire.Version) uint64 {
	if v != mqttwire.V5 {
		return 0
	}
	return uint64(p.Size())
}
