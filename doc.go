// Package mqttwire is the wire layer of MQTT 3.1, 3.1.1 and 5.0: it cuts packets
// from a stream of bytes, and reads and writes the parts that packets are made
// of. The packets themselves stand in package packets. Neither does I/O on its
// own, keeps what it is given, starts a goroutine or writes a log.
//
// # Terms
//
// A packet is one MQTT control packet. A frame is its bytes, cut from the
// stream and not looked into. The body is the frame after the fixed header. To
// decode is to go from bytes to a struct, to encode is to go back. A sender is
// the client or the server. Plain is what is legal at a glance in every version,
// such as a topic name in ASCII: nearly all that is ever sent; what is not plain
// may be legal all the same, and gets a closer look. A message is prepared when it
// is laid out once to be sent many times; each time is a delivery. To patch is to
// change a field of a frame in its place; to splice is to change a part of it and copy
// the rest as it is; to peek is to look at the beginning of a packet before the rest
// is there. The place of a field is where in the bytes of its packet it stands. A loss
// is what a packet says and another version has no place for. A record is a message at
// rest, as a store keeps it; of a client, what is kept of its session. A cluster is
// several brokers that share clients and messages; each is a node. An engine is a
// program outside that does for nodes what they ask for. A node holds a client that it
// alone may speak for; it claims one that it wants to hold. A log is messages in order,
// each at a position. All other names are the standard's own.
//
// # Versions
//
// A Version is a parameter of all that decodes or encodes: the same bytes mean
// different things in different versions, and one packet value can be written
// for many peers. Only CONNECT tells its version itself.
//
//	                                     3.1     3.1.1   5.0
//	protocol name and level              MQIsdp 3  MQTT 4  MQTT 5
//	bridge bit 0x80 of the level         yes     yes     no
//	client identifier                    1-23 characters  0-65535 bytes  0-65535 bytes
//	password without a user name         no      no      yes
//	DUP on PUBREL, (UN)SUBSCRIBE         yes     no      no
//	DUP on PUBLISH of QoS 0              yes     no      no
//	reserved flag bits                   ignored checked checked
//	CONNACK Session Present              no      yes     yes
//	SUBACK codes                         0-2     0-2, 0x80  reason codes
//	codes in other acknowledgements      no      no      reason codes
//	DISCONNECT from the server           no      no      yes
//	AUTH                                 no      no      yes
//	properties                           no      no      27
//	Java's modified UTF-8 in strings     yes     no      no
//
// Where the standards leave a receiver free, decoding accepts. What it accepts
// and a receiver may still want to refuse, package packets checks on request.
//
// # Ownership
//
// What is decoded aliases the bytes it was decoded from, and ends where its part
// of them ends, so that appending to it cannot overwrite what follows. Nothing
// is copied, and nothing is kept. Each packet has a Clone method.
//
// Functions that append take a slice, do not touch its present elements, and
// return the extended slice; on error they return it as it was.
//
// # Errors
//
// Bytes that are no legal packet, and values that no legal packet can carry,
// give an *Error: which packet, which field, which byte, what was found there,
// what is allowed, the statement of the standard, the reason code to answer
// with, and a class for errors.Is: ErrMalformed, ErrProtocol, ErrTooLarge,
// ErrUnsupportedVersion. Each check is a Rule, a row of one table.
//
// Decoding is strict. A Tolerance decides rule by rule what is let pass where the
// packet stays readable; Interop and ReportAll are profiles of it.
//
// ErrIncomplete says that bytes are missing that may still come. A Reader
// returns io.EOF between packets only, and io.ErrUnexpectedEOF inside one. A
// timeout of what it reads from ends nothing: the call can be made again.
//
// # Limits
//
// All input is untrusted. No input makes the package panic, read outside the
// frame, loop, or take memory for a length that was only declared: memory
// follows the bytes that arrived. The work is linear in their number however
// they are split.
//
// The largest packet of the protocol is MaxPacketSize, 268435460 bytes. A Reader
// or a Feeder takes less unless Limits says otherwise: packets of 1 MiB, and a
// first packet, which nobody has authenticated yet, of 128 KiB. A larger packet
// is an error that need not be the end: topic name and packet identifier can be
// peeked at for an acknowledgement, and the packet can be skipped; 128 KiB of it
// are held at most. CutFrame has a maximum only if it is given one, as it looks
// at memory that the caller already has.
package mqttwire
