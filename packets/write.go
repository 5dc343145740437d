package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// Each packet is written by one function. It checks what no single field shows,
// asks once for room, and writes straight on; the first broken rule makes it
// return dst as it was, with the error. What is plain is checked while it is
// written, or at a glance before; what is not gets its own closer look, by the
// functions of wire.

// appendHeader appends a fixed header and makes room for the n bytes of body that
// follow, of which there are size in all, at most MaxVarint.
func appendHeader(dst []byte, first byte, size, n uint64) []byte {
	dst = slices.Grow(dst, 1+mqttwire.MaxVarintSize+int(n))
	if size < 1<<7 {
		return append(dst, first, byte(size))
	}
	return appendLength(append(dst, first), size)
}

// appendLength appends n, which is at most MaxVarint, as a variable byte integer.
func appendLength(dst []byte, n uint64) []byte {
	for ; n >= 1<<7; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

// appendPrefixed appends two bytes of length and s, which has at most 65535.
func appendPrefixed(dst, s []byte) []byte {
	return append(append(dst, byte(len(s)>>8), byte(len(s))), s...)
}

// plainList returns the list to be written for the owner in version v: none before
// 5.0. It reports false if checkList has to look at it first.
func plainList(p *mqttwire.Properties, owner mqttwire.PropertyOwner, v mqttwire.Version) (list []byte, ok bool) {
	if v != mqttwire.V5 {
		return nil, true
	}
	return wire.PlainProperties(p, owner)
}

// plainListSize is what a list of plainList takes.
func plainListSize(list []byte, v mqttwire.Version) uint64 {
	switch {
	case v != mqttwire.V5:
		return 0
	case len(list) < 1<<7:
		return 1 + uint64(len(list))
	}
	return uint64(mqttwire.SizeVarint(uint32(len(list)))) + uint64(len(list))
}

// appendPlainList appends a list of plainList with its length.
func appendPlainList(dst, list []byte, v mqttwire.Version) []byte {
	switch {
	case v != mqttwire.V5:
		return dst
	case len(list) == 0:
		return append(dst, 0)
	}
	return append(appendLength(dst, uint64(len(list))), list...)
}

// An acknowledgement or DISCONNECT of 5.0 ends with a reason code and a property
// list, and leaves out what says nothing: an empty list, U-3.4.2.2.1-1, and with
// it the code if that is 0, U-3.4.2.1-1.

// codeAndListSize is what a reason code and a property list at the end take.
func codeAndListSize(code mqttwire.ReasonCode, p *mqttwire.Properties) uint64 {
	switch {
	case !p.Empty():
		return 1 + uint64(p.Size())
	case code != 0:
		return 1
	}
	return 0
}

// plainCodeAndListSize is codeAndListSize for a list of plainList.
func plainCodeAndListSize(code mqttwire.ReasonCode, list []byte) uint64 {
	switch {
	case len(list) != 0:
		return 1 + plainListSize(list, mqttwire.V5)
	case code != 0:
		return 1
	}
	return 0
}

// appendCodeAndList appends a reason code and a list of plainList at the end.
func appendCodeAndList(dst []byte, code mqttwire.ReasonCode, list []byte) []byte {
	switch {
	case len(list) != 0:
		return appendPlainList(append(dst, byte(code)), list, mqttwire.V5)
	case code != 0:
		return append(dst, byte(code))
	}
	return dst
}

// plainCode reports whether packets of type t may say the code in version v.
// Success, which is 0, they all may, if only by leaving it out.
func plainCode(code mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) bool {
	return code == 0 || code.AllowedIn(t, v, 0)
}

// checkList returns nil if the owner may have the list in version v. It is for
// lists that are not plain.
func checkList(p *mqttwire.Properties, owner mqttwire.PropertyOwner, v mqttwire.Version) error {
	if v != mqttwire.V5 {
		return nil
	}
	return wire.CheckProperties(p, owner)
}

// appendCodes appends the reason codes of a packet of type t to b, which has room
// for them; those up to most are legal, and only the others are looked up. It
// returns dst, to which the packet is appended, if one is not.
func appendCodes(dst, b []byte, codes []mqttwire.ReasonCode, most mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) ([]byte, error) {
	at := len(b)
	b = b[:at+len(codes)]
	to := b[at:]
	for i, code := range codes {
		if code > most && !code.AllowedIn(t, v, 0) {
			return refuseCode(dst, t, v, code)
		}
		to[i] = byte(code)
	}
	return b, nil
}

// refuseID refuses packet identifier 0. [MQTT-2.2.1-3]
func refuseID(dst []byte, t mqttwire.PacketType, v mqttwire.Version) ([]byte, error) {
	return wire.Refuse(dst, mqttwire.RulePacketIDZero, t, v, mqttwire.FieldPacketID, 0)
}

// refuseCode refuses a code that packets of type t may not say in version v.
// [MQTT-3.2.2-8] and its like in the other packets
func refuseCode(dst []byte, t mqttwire.PacketType, v mqttwire.Version, code mqttwire.ReasonCode) ([]byte, error) {
	return wire.Refuse(dst, mqttwire.RuleReasonCode, t, v, mqttwire.FieldReasonCode, int64(code))
}

// refuseFrame says why there is no packet of type t in version v whose body has n
// bytes.
func refuseFrame(dst []byte, t mqttwire.PacketType, v mqttwire.Version, n uint64) ([]byte, error) {
	switch {
	case !v.Known():
		return wire.Refuse(dst, mqttwire.RuleVersion, t, v, mqttwire.FieldVersion, int64(v))
	case !t.Known(v):
		return wire.Refuse(dst, mqttwire.RulePacketType, t, v, mqttwire.FieldPacketType, int64(t))
	}
	return wire.Refuse(dst, mqttwire.RuleRemainingLength, t, v, mqttwire.FieldRemainingLength, int64(n))
}
